#include "actors/link/edge_table.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::link;

namespace {

/// A table and what it said last, as text: "begin 1 5>7" is an end with its number and lives.
struct table {
  explicit table(std::size_t held = edge_table::most_held) : edges(limits{}, held) {}

  template<class F>
  std::vector<std::string> said(F what) {
    edge_effect_list effects;
    what(effects);
    std::vector<std::string> out;
    for (const auto& a : effects)
      out.push_back(std::visit([](const auto& x) { return text(x); }, a));
    return out;
  }
  static std::string text(const edge_effects::begin& a) {
    return "begin " + std::to_string(a.end) + " " + std::to_string(a.of.from.term) + ">" +
           std::to_string(a.of.to.term);
  }
  static std::string text(const edge_effects::stop& a) { return "stop " + std::to_string(a.end); }
  static std::string text(const edge_effects::deliver& a) {
    return "deliver " + std::to_string(a.end) + " " + std::string(a.message.bytes);
  }
  static std::string text(const edge_effects::tell_up& a) {
    return "up " + std::to_string(a.end) + " " + std::to_string(a.remote.term);
  }
  static std::string text(const edge_effects::tell_down& a) {
    return "down " + std::to_string(a.remote.term);
  }

  auto local(std::uint64_t term, bool hears_first) {
    return said([&](auto& out) { edges.local_up(1, life(term), hears_first, out); });
  }
  auto local_over(std::uint64_t term) {
    return said([&](auto& out) { edges.local_down(1, life(term), out); });
  }
  auto remote(std::uint64_t term) {
    return said([&](auto& out) { edges.remote_up(1, life(term), out); });
  }
  auto remote_over(std::uint64_t term) {
    return said([&](auto& out) { edges.remote_down(1, life(term), out); });
  }
  auto open() {
    return said([&](auto& out) { edges.session_opened(out); });
  }
  auto end() {
    return said([&](auto& out) { edges.session_ended(out); });
  }
  auto over(end_number n) {
    return said([&](auto& out) { edges.is_over(n, out); });
  }
  auto come(std::uint64_t from, std::uint64_t to, std::string message) {
    return said([&](auto& out) {
      came =
          edges.arrived(1, make_piece(text_of(with_header({life(from), life(to)}, std::move(message)))), out)
              .has_value();
    });
  }

  edge_table edges;
  bool came = true;
};
using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a stand-in is there while a session, the local life and an introduced remote life are") {
  table t;
  CHECK(t.local(5, false).empty());
  CHECK(t.remote(7).empty());
  CHECK(t.open() == lines{"begin 1 5>7", "up 1 7"});
  CHECK(t.come(7, 5, "hello") == lines{"deliver 1 hello"});
  CHECK(t.end() == lines{"stop 1"});
  CHECK(t.open().empty());  // the former end has yet to give away what it has
  CHECK(t.come(7, 5, "early").empty());
  CHECK(t.over(1) == lines{"down 7", "begin 2 5>7", "up 2 7", "deliver 2 early"});
  CHECK_FALSE(t.edges.is_current(1, 1));
  CHECK(t.edges.is_current(1, 2));
}

TEST_CASE("a new life at either side gets a stand-in of its own, and a lower one counts for nothing") {
  table t;
  t.open();
  t.local(5, false);
  t.remote(7);
  CHECK(t.remote(6).empty());
  CHECK(t.remote(8) == lines{"stop 1"});
  CHECK(t.over(1) == lines{"down 7", "begin 2 5>8", "up 2 8"});
  CHECK(t.local(4, false).empty());
  CHECK(t.local_over(4).empty());
  CHECK(t.local(6, false) == lines{"stop 2"});
  CHECK(t.over(2) == lines{"down 8", "begin 3 6>8", "up 3 8"});
  CHECK(t.remote_over(7).empty());
  CHECK(t.remote_over(8) == lines{"stop 3"});
  CHECK(t.over(3) == lines{"down 8"});
  CHECK(t.remote(8) == lines{"begin 4 6>8", "up 4 8"});
  CHECK(t.local_over(6) == lines{"stop 4"});
  CHECK(t.local(6, false).empty());  // a life is not lived twice
}

TEST_CASE("a receiver hears of its sender by the sender's first message, in each session anew") {
  table t;
  t.open();
  CHECK(t.local(5, true).empty());
  CHECK(t.come(7, 5, "ask") == lines{"begin 1 5>7", "deliver 1 ask"});
  CHECK(t.come(8, 5, "ask") == lines{"stop 1"});
  CHECK(t.come(7, 5, "late").empty());
  CHECK(t.over(1) == lines{"begin 2 5>8", "deliver 2 ask"});
  CHECK(t.end() == lines{"stop 2"});
  CHECK(t.over(2).empty());
  CHECK(t.open().empty());
  CHECK(t.come(8, 5, "again") == lines{"begin 3 5>8", "deliver 3 again"});
}

TEST_CASE("a message to or from a life that is over is dropped, one to a higher life waits for it") {
  table t;
  t.open();
  t.local(5, true);
  CHECK(t.come(7, 4, "old").empty());
  CHECK(t.come(7, 6, "early").empty());
  CHECK(t.come(7, 6, "more").empty());
  CHECK(t.edges.held() > 0);
  CHECK(t.local(6, true) == lines{"begin 1 6>7", "deliver 1 early", "deliver 1 more"});
  CHECK(t.edges.held() == 0);
  t.local_over(6);
  CHECK(t.come(7, 6, "too late").empty());
  CHECK(t.edges.held() == 0);
}

TEST_CASE("a sender's life that was not introduced is not believed") {
  table t;
  t.open();
  t.local(5, false);
  t.remote(7);
  CHECK(t.come(8, 5, "early").empty());
  CHECK(t.come(6, 5, "old").empty());
  CHECK(t.remote(8) == lines{"stop 1"});
  CHECK(t.over(1) == lines{"down 7", "begin 2 5>8", "up 2 8", "deliver 2 early"});
}

TEST_CASE("what waits for actors that are not here is bounded, and void with its session") {
  table t(1000);
  t.open();
  for (int i = 0; i < 4; ++i) {
    t.come(7, 5, std::string(50, 'x'));
    CHECK(t.came);
  }
  t.come(7, 5, std::string(50, 'x'));
  CHECK_FALSE(t.came);
  t.end();
  CHECK(t.edges.held() == 0);
  t.open();
  CHECK(t.local(5, true).empty());
}

TEST_CASE("what has no header is refused") {
  table t;
  t.open();
  edge_effect_list out;
  CHECK_FALSE(t.edges.arrived(1, make_piece("short"), out));
}
