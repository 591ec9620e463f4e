// A sink whose target is away, turn by turn under CAF's testing scheduler.
#include "actors/stream/sink/sink_actor.hpp"
#include "tests/support/turn_by_turn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <variant>

using namespace millrace;

namespace {

/// Cannot be opened the first time.
class away_at_first final : public sink::writer {
public:
  explicit away_at_first(bool& is_open) : is_open_(is_open) {}
  expected<std::optional<sink::progress>> open(const sink::claim&) override {
    if (!std::exchange(tried_, true))
      return unexpected(error{ec::unavailable, fault::outside, true, "nobody answers", {}});
    is_open_ = true;
    return std::optional<sink::progress>{};
  }
  expected<void> write(const data::batch&) override { return {}; }
  expected<std::uint64_t> commit(const sink::progress&) override { return 0; }

private:
  bool& is_open_;
  bool tried_ = false;
};

/// Can be opened and takes progress, but no rows as long as it is full.
class full_target final : public sink::writer {
public:
  explicit full_target(bool& is_full) : is_full_(is_full) {}
  expected<std::optional<sink::progress>> open(const sink::claim&) override {
    rows_ = 0;
    return stored_;
  }
  expected<void> write(const data::batch& b) override {
    rows_ += b.rows;
    return {};
  }
  expected<std::uint64_t> commit(const sink::progress& p) override {
    if (is_full_ && rows_ != 0)
      return unexpected(error{ec::io, fault::outside, true, "no space is left", {}});
    rows_ = 0;
    stored_ = p;
    return 0;
  }

private:
  bool& is_full_;
  std::uint64_t rows_ = 0;
  std::optional<sink::progress> stored_;
};

/// Notes for each call whether the gauges say that it is under way.
class noting_target final : public sink::writer {
public:
  noting_target(const sink::sink_gauges& gauges, std::vector<bool>& noted) : gauges_(gauges), noted_(noted) {}
  expected<std::optional<sink::progress>> open(const sink::claim&) override {
    note();
    return std::optional<sink::progress>{};
  }
  expected<void> write(const data::batch&) override {
    note();
    return {};
  }
  expected<std::uint64_t> commit(const sink::progress&) override {
    note();
    return 0;
  }
  expected<void> keep_alive() override {
    note();
    return {};
  }

private:
  void note() { noted_.push_back(gauges_.call.age({}).has_value()); }

  const sink::sink_gauges& gauges_;
  std::vector<bool>& noted_;
};

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
  bool is_open = false;
  test::turn_by_turn config;
  caf::actor_system system(config);
  auto& turns = test::turns_of(system);
  const auto older = system.spawn(lane, "older", &told);
  const auto newer = system.spawn(lane, "newer", &told);
  sink::sink_options o;
  o.name = "rows";
  o.make_writer = [&]() -> expected<std::unique_ptr<sink::writer>> {
    return std::make_unique<away_at_first>(is_open);
  };
  o.lane_logs["clicks:0"] = {};
  const auto gauges = o.gauges;
  const auto under_test = caf::actor_cast<caf::actor>(sink::spawn_sink(system, std::move(o), 1, {}));
  turns.run();
  REQUIRE_FALSE(is_open);
  CHECK(life_of(gauges->life) == life(1, 1));
  const messages::ask_position of_older{"clicks:0", 1, 0, caf::actor_cast<messages::frame_sender>(older)};
  const messages::ask_position of_newer{"clicks:0", 2, 0, caf::actor_cast<messages::frame_sender>(newer)};
  caf::anon_send(under_test, older_last ? of_newer : of_older);
  caf::anon_send(under_test, older_last ? of_older : of_newer);
  turns.run();
  turns.advance_time(std::chrono::seconds(20));
  turns.run();
  REQUIRE(is_open);
  CHECK(life_of(gauges->life) > life(1, 1));
  CHECK(told == names{"newer"});
  for (const auto& a : {under_test, older, newer})
    caf::anon_send_exit(a, caf::exit_reason::kill);
  turns.run();
}

TEST_CASE("a target answers again once it has taken what it could not take, not when it is opened") {
  const std::string log = "clicks:0";
  bool is_full = true;
  std::optional<delivery::answer> answer;
  bool asked_again = false;
  test::turn_by_turn config;
  caf::actor_system system(config);
  auto& turns = test::turns_of(system);
  const auto behavior = [&](caf::event_based_actor*, std::monostate) -> caf::behavior {
    return {[&](const messages::ask_again&) { asked_again = true; },
            [&](const messages::position_answered& m) { answer = m.answer; },
            [](const messages::credit_returned&) {}, [](const messages::acknowledged&) {}};
  };
  // CAF 0.17 needs an argument, whichever: without one it binds a reference to a tuple that is not there.
  const auto stand_in = system.spawn(behavior, std::monostate{});
  const auto lane = caf::actor_cast<messages::frame_sender>(stand_in);
  sink::sink_options o;
  o.name = "rows";
  o.make_writer = [&]() -> expected<std::unique_ptr<sink::writer>> {
    return std::make_unique<full_target>(is_full);
  };
  o.lane_logs[log] = {};
  const auto gauges = o.gauges;
  const auto under_test = caf::actor_cast<caf::actor>(sink::spawn_sink(system, std::move(o), 1, {}));
  turns.run();
  const auto pass = [&](std::chrono::seconds time) {
    turns.run();
    turns.advance_time(time);
    turns.run();
  };
  incarnation term = 0;
  const auto ask = [&] {
    caf::anon_send(under_test, messages::ask_position{log, ++term, 0, lane});
    turns.run();
    REQUIRE(answer);
  };
  const auto send = [&](std::int64_t to, bool rows) {
    delivery::lane_frame f;
    f.log = log;
    f.stamp = answer->stamp;
    f.from = answer->have.at;
    f.to = {f.from.major, to};
    if (rows) {
      f.content = std::make_shared<const delivery::row_batches>(delivery::row_batches{{nullptr, {}, 1}});
    }
    caf::anon_send(under_test,
                   messages::take_frame{std::make_shared<const delivery::lane_frame>(std::move(f)), 0, lane});
  };
  const auto reopened = [&] {
    asked_again = false;
    pass(std::chrono::seconds(20));
    REQUIRE(asked_again);
    ask();
  };

  ask();
  CHECK(gauges->reached);
  send(10, true);
  pass(std::chrono::seconds(1));
  CHECK(gauges->away);
  reopened();
  CHECK(gauges->away);
  send(5, false);  // progress alone finds room
  pass(std::chrono::seconds(120));
  CHECK(gauges->commits == 1);
  CHECK(gauges->away);
  is_full = false;
  ask();
  CHECK(answer->have.at.minor == 5);
  send(10, true);
  pass(std::chrono::seconds(1));
  CHECK(gauges->rows == 1);
  CHECK_FALSE(gauges->away);
  for (const auto& a : {under_test, stand_in})
    caf::anon_send_exit(a, caf::exit_reason::kill);
  turns.run();
}

TEST_CASE("a call to the target is told of while it is under way, and what a commit takes afterwards") {
  const std::string log = "clicks:0";
  std::optional<delivery::answer> answer;
  std::vector<bool> noted;
  test::turn_by_turn config;
  caf::actor_system system(config);
  auto& turns = test::turns_of(system);
  const auto behavior = [&](caf::event_based_actor*, std::monostate) -> caf::behavior {
    return {[](const messages::ask_again&) {},
            [&](const messages::position_answered& m) { answer = m.answer; },
            [](const messages::credit_returned&) {}, [](const messages::acknowledged&) {}};
  };
  const auto stand_in = system.spawn(behavior, std::monostate{});
  const auto lane = caf::actor_cast<messages::frame_sender>(stand_in);
  sink::sink_options o;
  o.name = "rows";
  const auto gauges = o.gauges;
  o.make_writer = [&]() -> expected<std::unique_ptr<sink::writer>> {
    return std::make_unique<noting_target>(*gauges, noted);
  };
  o.lane_logs[log] = {};
  const auto under_test = caf::actor_cast<caf::actor>(sink::spawn_sink(system, std::move(o), 1, {}));
  turns.run();
  CHECK(noted == std::vector<bool>{true});  // the opening
  CHECK_FALSE(gauges->call.age({}));
  noted.clear();
  caf::anon_send(under_test, messages::ask_position{log, 1, 0, lane});
  turns.run();
  REQUIRE(answer);
  CHECK_FALSE(gauges->in_target.mean());
  delivery::lane_frame f;
  f.log = log;
  f.stamp = answer->stamp;
  f.from = answer->have.at;
  f.to = {f.from.major, 1};
  f.content = std::make_shared<const delivery::row_batches>(delivery::row_batches{{nullptr, {}, 1}});
  caf::anon_send(under_test,
                 messages::take_frame{std::make_shared<const delivery::lane_frame>(std::move(f)), 0, lane});
  turns.run();
  turns.advance_time(std::chrono::seconds(1));
  turns.run();
  CHECK(gauges->row_commits == 1);
  CHECK(noted == std::vector<bool>{true, true});  // the rows, the commit
  CHECK(gauges->in_target.mean());
  CHECK_FALSE(gauges->call.age({}));
  turns.advance_time(std::chrono::seconds(61));
  turns.run();
  CHECK(noted == std::vector<bool>{true, true, true});  // kept alive
  CHECK_FALSE(gauges->call.age({}));
  for (const auto& a : {under_test, stand_in})
    caf::anon_send_exit(a, caf::exit_reason::kill);
  turns.run();
}
