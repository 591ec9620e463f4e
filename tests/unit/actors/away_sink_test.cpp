// A sink whose target is away, turn by turn under CAF's testing scheduler.
#include "tests/unit/actors/spawned_sink.hpp"

using namespace millrace;

namespace {

using names = std::vector<std::string>;

/// A life of a lane, which notes when it is told to ask again.
caf::behavior lane(caf::event_based_actor*, const std::string& name, names* told) {
  return {[=](const messages::ask_again&) { told->push_back(name); },
          [](const messages::position_answered&) {}};
}

}  // namespace

TEST_CASE("while its target is away a sink keeps the newest life of a lane, whichever asked last") {
  const bool older_last = GENERATE(true, false);
  names told;
  test::fake_target target;
  target.fails["open"] = test::gone;
  test::turn_by_turn config;
  caf::actor_system system(config);
  auto& turns = test::turns_of(system);
  const auto older = system.spawn(lane, "older", &told);
  const auto newer = system.spawn(lane, "newer", &told);
  sink::sink_options o;
  o.name = "rows";
  o.make_writer = [&]() -> expected<std::unique_ptr<sink::writer>> { return target.writer(); };
  o.lane_logs["clicks:0"] = {};
  const auto gauges = o.gauges;
  const auto under_test = caf::actor_cast<caf::actor>(sink::spawn_sink(system, std::move(o), 1, {}));
  turns.run();
  REQUIRE(target.claims.size() == 1);  // in vain
  CHECK(life_of(gauges->life) == life(1, 1));
  const messages::ask_position of_older{"clicks:0", 1, 0, caf::actor_cast<messages::frame_sender>(older)};
  const messages::ask_position of_newer{"clicks:0", 2, 0, caf::actor_cast<messages::frame_sender>(newer)};
  caf::anon_send(under_test, older_last ? of_newer : of_older);
  caf::anon_send(under_test, older_last ? of_older : of_newer);
  turns.run();
  turns.advance_time(std::chrono::seconds(20));
  turns.run();
  REQUIRE(target.claims.size() == 2);
  CHECK(life_of(gauges->life) > life(1, 1));
  CHECK(told == names{"newer"});
  for (const auto& a : {under_test, older, newer})
    caf::anon_send_exit(a, caf::exit_reason::kill);
  turns.run();
}

TEST_CASE("a target answers again once it has taken what it could not take, not when it is opened") {
  bool is_full = true;
  test::spawned_sink s;
  s.target.on_call = [&](const std::string& name) -> std::optional<error> {
    if (name != "commit" || !is_full || s.target.uncommitted == 0)
      return std::nullopt;
    return error{ec::io, fault::outside, true, "no space is left", {}};
  };
  s.ask();
  CHECK(s.gauges->reached);
  s.send(10, true);
  s.pass(std::chrono::seconds(1));
  CHECK(s.gauges->away);
  s.asked_again = false;
  s.pass(std::chrono::seconds(20));
  REQUIRE(s.asked_again);
  s.ask();
  CHECK(s.gauges->away);
  s.send(5, false);  // progress alone finds room
  s.pass(std::chrono::seconds(120));
  CHECK(s.gauges->commits == 1);
  CHECK(s.gauges->away);
  is_full = false;
  s.ask();
  CHECK(s.answer->have.at.minor == 5);
  s.send(10, true);
  s.pass(std::chrono::seconds(1));
  CHECK(s.gauges->rows == 1);
  CHECK_FALSE(s.gauges->away);
}

TEST_CASE("a call to the target is told of while it is under way, and what a commit takes afterwards") {
  std::vector<bool> noted;  // by each call, whether the gauges say that it is under way
  test::spawned_sink s(true, [&](const std::string&) {
    noted.push_back(s.gauges->call.age({}).has_value());
    return std::nullopt;
  });
  CHECK(noted == std::vector<bool>{true});  // the opening
  CHECK_FALSE(s.gauges->call.age({}));
  noted.clear();
  s.ask();
  CHECK_FALSE(s.gauges->in_target.mean());
  s.send(1, true);
  s.pass(std::chrono::seconds(1));
  CHECK(s.gauges->row_commits == 1);
  CHECK(noted == std::vector<bool>{true, true});  // the rows, the commit
  CHECK(s.gauges->in_target.mean());
  CHECK_FALSE(s.gauges->call.age({}));
  s.pass(std::chrono::seconds(61));
  CHECK(noted == std::vector<bool>{true, true, true});  // kept alive
  CHECK_FALSE(s.gauges->call.age({}));
}
