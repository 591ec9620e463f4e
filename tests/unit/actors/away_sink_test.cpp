// A sink whose target is away, turn by turn under CAF's testing scheduler.
#include "actors/sink/sink_actor.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

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
  expected<std::vector<sink::rejected_row>> rejected(std::uint64_t, std::size_t) override {
    return std::vector<sink::rejected_row>{};
  }
  void forget_rejected(std::uint64_t) override {}

private:
  bool& is_open_;
  bool tried_ = false;
};

struct turn_by_turn : caf::actor_system_config {
  turn_by_turn() { set("scheduler.policy", caf::atom("testing")); }
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
  turn_by_turn config;
  caf::actor_system system(config);
  auto& turns = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  const auto older = system.spawn(lane, "older", &told);
  const auto newer = system.spawn(lane, "newer", &told);
  sink::sink_options o;
  o.name = "rows";
  o.next_life = [n = incarnation(0)]() mutable -> expected<incarnation> { return ++n; };
  o.make_writer = [&]() -> expected<std::unique_ptr<sink::writer>> {
    return std::make_unique<away_at_first>(is_open);
  };
  o.lane_logs["clicks:0"] = {};
  const auto under_test = sink::spawn_sink(system, std::move(o), nullptr);
  turns.run();
  REQUIRE_FALSE(is_open);
  const messages::ask_position of_older{"clicks:0", 1, 0, older};
  const messages::ask_position of_newer{"clicks:0", 2, 0, newer};
  caf::anon_send(under_test, older_last ? of_newer : of_older);
  caf::anon_send(under_test, older_last ? of_older : of_newer);
  turns.run();
  turns.advance_time(std::chrono::seconds(20));
  turns.run();
  REQUIRE(is_open);
  CHECK(told == names{"newer"});
  for (const auto& a : {under_test, older, newer})
    caf::anon_send_exit(a, caf::exit_reason::kill);
  turns.run();
}
