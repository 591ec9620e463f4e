// Two ends of a link and the connection between them, for tests: bytes wait until they are carried, dropped
// or kept for later.
#pragma once

#include "runtime/link/node_link.hpp"
#include "tests/unit/link/link_fixture.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <string>
#include <vector>

namespace millrace::link::test {

struct node {
  node(const std::string& name, const std::string& other, std::uint64_t process, const limits& l)
      : link({{"production", name, {process, 0}, {}, spoken, {}, 0, "caf " + name}, other, l, join_notes}) {}

  /// Puts aside what the link has done. Bytes are copied, as a transport does.
  void take() {
    for (const auto& b : done.bytes)
      sent.push_back(text_of(b));
    for (auto& e : done.others) {
      if (auto* m = std::get_if<delivered>(&e))
        messages.push_back(std::to_string(m->edge) + ":" + std::string(m->bytes.bytes));
      else
        changes.push_back(std::move(e));
    }
    room.insert(room.end(), done.room.begin(), done.room.end());
    done = {};
  }
  template<class T>
  [[nodiscard]] std::vector<T> all() const {
    std::vector<T> out;
    for (const auto& e : changes)
      if (const auto* x = std::get_if<T>(&e))
        out.push_back(*x);
    return out;
  }

  node_link link;
  link_effect_list done;
  std::deque<std::string> sent;  // packets under way to the other
  std::vector<std::string> messages;
  std::vector<link_effect> changes;
  std::vector<edge_id> room;
};

/// The only session that `n` has had, as it names it.
inline session only_session(const node& n) {
  const auto opened = n.all<session_opened>();
  REQUIRE(opened.size() == 1);
  return opened.front().ends;
}

class two_nodes {
public:
  explicit two_nodes(const limits& l = small_limits()) : a("a", "b", 10, l), b("b", "a", 20, l) {}

  void connect() {
    a.link.connected(now, a.done);
    b.link.connected(now, b.done);
    a.take();
    b.take();
  }
  /// Carries all that is under way, and what that brings about.
  void carry() {
    while (!a.sent.empty() || !b.sent.empty()) {
      carry_one(a, b);
      carry_one(b, a);
    }
  }
  void carry_one(node& from, node& to) {
    if (from.sent.empty())
      return;
    auto bytes = std::move(from.sent.front());
    from.sent.pop_front();
    give(to, std::move(bytes));
  }
  void give(node& to, std::string bytes) {
    to.link.received(now, make_piece(std::move(bytes)), to.done);
    to.take();
  }
  void send(node& from, message m) {
    last = from.link.send(std::move(m));
    from.link.flush(from.done);
    from.take();
  }
  void pass(std::int64_t milliseconds) {
    now.steady += micros(milliseconds * 1000);
    now.wall += milliseconds * 1000;
  }
  void tick() {
    for (auto* n : {&a, &b}) {
      n->link.tick(now, n->done);
      n->take();
    }
  }
  /// Everything under way is lost.
  void drop() {
    a.sent.clear();
    b.sent.clear();
  }
  void open() {
    connect();
    carry();
  }

  moment now{micros(1'000'000), 1'700'000'000'000'000};
  node a, b;
  taken last = taken::no_session;
};

}  // namespace millrace::link::test
