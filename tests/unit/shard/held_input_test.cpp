// Tests the order in which held input is taken, and that each frame of it is a step of its own.
#include "actors/stream/shard/held_input.hpp"
#include "tests/unit/shard/setups.hpp"

#include <set>

namespace millrace::shard_test {
namespace {

messages::take_frame of_lane(const log_id& log, std::int64_t from) {
  auto f = std::make_shared<delivery::lane_frame>();
  f->log = log;
  f->from = delivery::test::at(from);
  f->to = delivery::test::at(from + 1);
  f->content = std::make_shared<const delivery::dead_letters>();
  return {std::move(f), 0, {}};
}
delivery::output_ptr of_window(event_micros at) {
  return std::make_shared<const delivery::output_frame>(
      delivery::test::part(upstream_log, lowest_position, at, 0, 1, true));
}
std::string log_of(const shard::held_input::frame& f) {
  const auto* const lane = std::get_if<messages::take_frame>(&f);
  return lane != nullptr ? lane->frame->log : std::get<delivery::output_ptr>(f)->log;
}
template<class Predicate>
std::vector<std::string> all_of(shard::held_input& held, Predicate may) {
  std::vector<std::string> out;
  while (const auto f = held.next(may))
    out.push_back(log_of(*f));
  return out;
}
std::vector<std::string> all_of(shard::held_input& held) {
  return all_of(held, [](const auto&) { return true; });
}

}  // namespace

TEST_CASE("held frames of lanes are taken before those of windows") {
  shard::held_input held;
  CHECK(held.empty());
  held.push(of_window(10));
  held.push(of_lane("parsed/0", 1));
  held.push(of_lane("parsed/0", 2));
  CHECK(all_of(held) == std::vector<std::string>{"parsed/0", "parsed/0", upstream_log});
  CHECK(held.empty());
}

TEST_CASE("frames of lanes that may be taken after some of windows wait until no window's may") {
  shard::held_input held;
  held.push(of_lane("parsed/0", 1));
  held.push(of_window(10));
  held.push(of_window(20));
  std::set<std::string> taken;
  std::vector<std::string> order;
  const auto may = [&](const auto& f) { return f.log != "parsed/0" || taken.contains(upstream_log); };
  while (const auto f = held.next(may)) {
    order.push_back(log_of(*f));
    taken.insert(order.back());
  }
  CHECK(order == std::vector<std::string>{upstream_log, upstream_log, "parsed/0"});
}

TEST_CASE("what may not be taken stays, and what a sender begins anew is dropped") {
  shard::held_input held;
  held.push(of_lane("parsed/0", 1));
  held.push(of_lane("parsed/1", 1));
  held.push(of_window(10));
  CHECK(all_of(held, [](const auto&) { return false; }).empty());
  held.drop_lane("parsed/0");
  CHECK(all_of(held, [](const auto& f) { return f.log != upstream_log; }) ==
        std::vector<std::string>{"parsed/1"});
  CHECK_FALSE(held.empty());
  held.drop_window(upstream_log);
  CHECK(held.empty());
}

TEST_CASE("the effects of a held frame leave before the next one is taken") {
  shard_setup setup;
  setup.limits.retain = bytes_of_window();
  shard_scene s(setup);
  s.resume("db", 1);
  feed_up_to(s, 50);
  REQUIRE(s.gauges->stalled);
  const auto had = s.credit();
  s.steps.clear();
  s.acknowledge("db", s.receiver["db"].windows().back());
  CHECK(s.credit() > had);
  REQUIRE(s.steps.size() > 3);  // the event, the firing, frames, and the rest
  CHECK(s.steps[2] != 0);
}

}  // namespace millrace::shard_test
