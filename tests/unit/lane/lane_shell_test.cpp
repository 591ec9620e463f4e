// Tests how the actor of a lane ends: whom it tells, and that all it has ends with it while its handle is still held.
#include "actors/stream/lane/lane_actor.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/lane/driven_lane.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace millrace;

namespace {

/// Has nothing.
class empty_reader final : public source::reader {
public:
  expected<std::vector<source::partition_info>> discover(std::chrono::milliseconds) override {
    return std::vector<source::partition_info>{{"0", {}, {}}};
  }
  expected<void> assign(const std::string&, position) override { return {}; }
  void unassign(const std::string&) override {}
  expected<std::optional<source::chunk>> read(std::span<const std::string>, std::size_t,
                                              std::chrono::milliseconds) override {
    return std::optional<source::chunk>();
  }
  void acknowledge(const std::string&, position) override {}
  std::optional<source::backlog> lag() override { return std::nullopt; }
  void interrupt() override {}
};

class spawned_lane {
public:
  explicit spawned_lane(bool opens) {
    supervisor_ = system_.spawn([this](caf::event_based_actor* self) -> caf::behavior {
      self->set_default_handler(caf::drop);
      self->set_down_handler([this](const caf::down_msg&) { heard.emplace_back("down"); });
      return {[this](const messages::stage_failed& m) { heard.push_back("failed: " + m.why.message); },
              [this](const messages::stopped&) { heard.emplace_back("stopped"); },
              [self](const caf::actor& other) { self->monitor(other); }};
    });
    auto o = lane_test::options_of({"0"});
    o.ahead.helpers = 1;
    o.make_reader = [opens, kept = token]() -> expected<std::unique_ptr<source::reader>> {
      if (!opens)
        return unexpected(error{ec::unavailable, fault::outside, false, "no such file", {}});
      return std::make_unique<empty_reader>();
    };
    lane = caf::actor_cast<caf::actor>(
        lane::spawn_lane(system_, std::move(o), 1, delivery::lane_log::start::at_lowest,
                         caf::actor_cast<messages::supervisor>(supervisor_), {}));
    caf::anon_send(supervisor_, lane);
    go_on();
  }
  ~spawned_lane() {
    for (const auto& a : {lane, supervisor_})
      caf::anon_send_exit(a, caf::exit_reason::kill);
    go_on();
  }
  spawned_lane(const spawned_lane&) = delete;
  spawned_lane& operator=(const spawned_lane&) = delete;

  template<class M>
  void send(M message) {
    caf::anon_send(lane, std::move(message));
    go_on();
  }
  /// Returns whether the lane's actor still has its options.
  [[nodiscard]] bool has_state() const { return token.use_count() > 1; }

  std::vector<std::string> heard;
  std::shared_ptr<int> token = std::make_shared<int>(0);
  caf::actor lane;

private:
  /// A source that has nothing asks itself for more without an end.
  void go_on() {
    for (int turns = 0; turns < 100 && turns_.try_run_once(); ++turns) {
    }
  }

  test::turn_by_turn config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& turns_ = test::turns_of(system_);
  caf::actor supervisor_;
};

using words = std::vector<std::string>;

}  // namespace

TEST_CASE("a lane's actor whose source cannot be opened says so, ends, and leaves nothing") {
  spawned_lane l(false);
  CHECK(l.heard == words{"failed: no such file", "down"});
  CHECK_FALSE(l.has_state());
}

TEST_CASE("a lane's actor that was told to stop ends once its reader has, and leaves nothing") {
  spawned_lane l(true);
  CHECK(l.heard.empty());
  CHECK(l.has_state());
  l.send(messages::stop{});
  CHECK(l.heard == words{"stopped", "down"});
  CHECK_FALSE(l.has_state());
}

TEST_CASE("a lane's actor that has failed leaves nothing") {
  spawned_lane l(true);
  l.send(messages::fail_now{"broken"});
  CHECK(l.heard == words{"down"});
  CHECK_FALSE(l.has_state());
}
