// Two nodes with a link actor each and the way between them in memory, turn by turn. Each has an owner that notes
// what it is told, and tells model actors of stand-ins as a supervisor does.
#pragma once

#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/link_actor/memory_way.hpp"
#include "tests/unit/link_actor/model_actors.hpp"

#include <vector>

namespace millrace::link::test {

struct noted_news {
  std::vector<link_news> all;
  std::vector<std::string> control;
  lane_model lane;  // is introduced to what stand_in_up brings

  template<class T>
  [[nodiscard]] std::vector<T> of() const {
    std::vector<T> out;
    for (const auto& n : all)
      if (const auto* x = std::get_if<T>(&n))
        out.push_back(*x);
    return out;
  }
};

inline link_owner::behavior_type noting_owner(link_owner::pointer self,
                                              const std::shared_ptr<noted_news>& news) {
  return {[=](const link_told& m) {
    news->all.push_back(m.what);
    if (const auto* c = std::get_if<mail_came>(&m.what))
      news->control.push_back(c->bytes);
    if (!news->lane)
      return;
    if (const auto* up = std::get_if<stand_in_up>(&m.what))
      self->send(news->lane, messages::receiver_up{0, up->handle, up->remote});
    if (const auto* down = std::get_if<stand_in_down>(&m.what))
      self->send(news->lane, messages::receiver_down{0, down->remote});
  }};
}

struct two_links {
  static constexpr edge_id edge = (1U << 20U) + 1;

  explicit two_links(limits l = {}) : system(config), turns(millrace::test::turns_of(system)) {
    for (int side = 0; side < 2; ++side)
      links[side] = begin(side, side == 0 ? 10 : 20, l);
  }
  ~two_links() {
    for (auto& l : links)
      caf::anon_send(l, messages::stop{});
    turns.run();
    news[0]->all.clear();
    news[1]->all.clear();
    news[0]->lane = nullptr;
    caf::anon_send_exit(owners[0], caf::exit_reason::user_shutdown);
    caf::anon_send_exit(owners[1], caf::exit_reason::user_shutdown);
    turns.run();
  }

  link_handle begin(int side, std::uint64_t process, const limits& l) {
    const std::string name = side == 0 ? "a" : "b";
    news[side] = std::make_shared<noted_news>();
    owners[side] = system.spawn(noting_owner, news[side]);
    link_options o;
    o.link = {
        {"production", name, {process, 0}, {}, spoken, {}, 0, "caf " + name}, side == 0 ? "b" : "a", l, {}};
    o.make_transport = side_of(wire, side);
    o.owner = owners[side];
    o.clock = &wall;
    return spawn_link(system, std::move(o));
  }

  /// Everything that is under way, and what it brings about.
  void settle() {
    for (bool any = true; any;) {
      turns.run();
      any = wire->carry(0);
      any = wire->carry(1) || any;
    }
  }
  void pass(std::int64_t milliseconds) {
    for (; milliseconds > 0; milliseconds -= 50) {
      turns.clock().advance_time(std::chrono::milliseconds(50));
      wall.set(wall.now() + 50'000);
      settle();
    }
  }
  /// Time passes until a session is open, or a second has.
  void open() { pass(1000); }

  millrace::test::turn_by_turn config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& turns;
  fake_clock wall{1'700'000'000'000'000};
  std::shared_ptr<memory_wire> wire = std::make_shared<memory_wire>();
  std::shared_ptr<noted_news> news[2];
  link_owner owners[2];
  link_handle links[2];
};

}  // namespace millrace::link::test
