// The lives on other nodes that local actors are introduced to, and what is said of them.
#include "actors/node/host/remote_ends.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace millrace::host {
namespace {

using lines = std::vector<std::string>;

std::string text(const life& l) { return fmt::format("{}.{}", l.term, l.count); }

std::string text(const told_actor& t) {
  struct {
    std::string operator()(const messages::receiver_up& m) const {
      return fmt::format("receiver {} life {} is up", m.receiver, text(m.life));
    }
    std::string operator()(const messages::receiver_down& m) const {
      return fmt::format("receiver {} life {} is down", m.receiver, text(m.life));
    }
    std::string operator()(const messages::sender_up& m) const {
      return fmt::format("sender of {} life {} is up, stand-in {}", m.log, text(m.life), m.stand_in);
    }
  } shown;
  return t.to + ": " + std::visit(shown, t.what);
}
std::string text(const introduce_remote& m) {
  return fmt::format("link to {}: edge {} has life {}{}", m.node, m.what.edge, text(m.what.now),
                     m.local_is_from ? ", sent to" : "");
}
std::string text(const forget_remote& m) {
  return fmt::format("link to {}: edge {} has no more life {}{}", m.node, m.what.edge, text(m.what.last),
                     m.local_is_from ? ", sent to" : "");
}
lines texts(const remote_effect_list& all) {
  lines out;
  for (const auto& t : all)
    out.push_back(std::visit([](const auto& x) { return text(x); }, t));
  return out;
}

/// A lane here sends to life 2.1 of a shard on b by edge 7, and a sink here takes from life 3.1 of a shard on c by
/// edge 8.
struct scene {
  scene() {
    met = texts(ends.introduce(7, {"b", "lane0", 4, {}, {2, 1}}));
    for (auto& line : texts(ends.introduce(8, {"c", "rows", 0, "w/0/0", {3, 1}})))
      met.push_back(line);
  }
  lines up_b() { return texts(ends.up("b", {7, stand_in, {2, 1}})); }
  lines up_c() { return texts(ends.up("c", {8, stand_in, {3, 1}})); }

  caf::actor_system_config config;
  caf::actor_system system{config};
  link::stand_in stand_in = caf::actor_cast<link::stand_in>(
      // CAF 0.17 needs an argument, whichever: without one it binds a reference to a tuple that is not there.
      system.spawn([](caf::event_based_actor*, std::monostate) -> caf::behavior { return {[](int) {}}; },
                   std::monostate{}));
  remote_ends ends;
  lines met;
};

}  // namespace

TEST_CASE("an introduction is passed to the link, and the stand-in to the local actor") {
  scene s;
  CHECK(s.met == lines{"link to b: edge 7 has life 2.1, sent to", "link to c: edge 8 has life 3.1"});
  CHECK(s.up_b() == lines{"lane0: receiver 4 life 2.1 is up"});
  CHECK(s.up_c() == lines{"rows: sender of w/0/0 life 3.1 is up, stand-in 2"});
}

TEST_CASE("each stand-in of a sender has a higher number, also where the sender is introduced anew") {
  scene s;
  s.up_c();
  CHECK(s.ends.down("c", {8, {3, 1}}).empty());
  CHECK(s.up_c() == lines{"rows: sender of w/0/0 life 3.1 is up, stand-in 2"});
  (void)s.ends.forget(8);
  (void)s.ends.introduce(8, {"c", "rows", 0, "w/0/0", {3, 1}});
  CHECK(s.up_c() == lines{"rows: sender of w/0/0 life 3.1 is up, stand-in 3"});
}

TEST_CASE("news of another node, another edge or another life is dropped") {
  scene s;
  CHECK(s.ends.up("c", {7, s.stand_in, {2, 1}}).empty());
  CHECK(s.ends.up("b", {9, s.stand_in, {2, 1}}).empty());
  CHECK(s.ends.up("b", {7, s.stand_in, {2, 2}}).empty());
  s.up_b();
  CHECK(s.ends.down("c", {7, {2, 1}}).empty());
  CHECK(s.ends.down("b", {7, {1, 1}}).empty());
  CHECK(texts(s.ends.standing("b", false)) == lines{"lane0: receiver 4 life 2.1 is down"});
}

TEST_CASE("a sender hears once that its receiver's stand-in is void; a receiver of output does not") {
  scene s;
  s.up_b();
  s.up_c();
  SECTION("of one edge") {
    CHECK(texts(s.ends.down("b", {7, {2, 1}})) == lines{"lane0: receiver 4 life 2.1 is down"});
    CHECK(s.ends.down("c", {8, {3, 1}}).empty());
  }
  SECTION("of a link") {
    CHECK(texts(s.ends.unlinked("b")) == lines{"lane0: receiver 4 life 2.1 is down"});
    CHECK(s.ends.unlinked("c").empty());
  }
  CHECK(s.ends.down("b", {7, {2, 1}}).empty());
  CHECK(s.ends.unlinked("b").empty());
  CHECK(s.up_b() == lines{"lane0: receiver 4 life 2.1 is up"});  // this is the next session
}

TEST_CASE("a sender rests while the node of its receiver is silent") {
  scene s;
  CHECK(s.ends.standing("b", false).empty());  // there is no stand-in yet
  s.up_b();
  s.up_c();
  CHECK(texts(s.ends.standing("b", false)) == lines{"lane0: receiver 4 life 2.1 is down"});
  CHECK(texts(s.ends.standing("b", true)) == lines{"lane0: receiver 4 life 2.1 is up"});
  CHECK(s.ends.standing("c", false).empty());
}

TEST_CASE("who is forgotten is told to the link, and heard of no more") {
  scene s;
  SECTION("by the edge") {
    CHECK(texts(s.ends.forget(7)) == lines{"link to b: edge 7 has no more life 2.1, sent to"});
    CHECK(s.ends.forget(7).empty());
  }
  SECTION("with the local actor") {
    CHECK(texts(s.ends.forget_all_of("lane0")) == lines{"link to b: edge 7 has no more life 2.1, sent to"});
    CHECK(s.ends.forget_all_of("lane0").empty());
  }
  CHECK(s.up_b().empty());
  CHECK(s.up_c() == lines{"rows: sender of w/0/0 life 3.1 is up, stand-in 1"});
}

}  // namespace millrace::host
