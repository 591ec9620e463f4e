// Tests which actors a lane takes for its receivers, under which handle, and when it ends, turn by turn under
// CAF's testing scheduler.
#include "actors/stream/lane/lane_actor.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/lane/driven_lane.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <vector>

using namespace millrace;

namespace {

/// Gives nothing; what it notes is another text each time.
class silent_reader final : public source::reader {
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
  [[nodiscard]] std::string identity() const override {
    return notes_ == 0 ? std::string() : "note " + std::to_string(notes_);
  }
  [[nodiscard]] std::uint64_t identity_version() const override { return notes_; }
  void note_progress() override { ++notes_; }

private:
  std::uint64_t notes_ = 0;
};

/// A lane of one partition, and three handles of its first receiver.
class lane_scene {
public:
  lane_scene() {
    auto o = lane_test::options_of({"0"});
    o.make_reader = []() -> expected<std::unique_ptr<source::reader>> {
      return std::make_unique<silent_reader>();
    };
    for (auto* const a : {&supervisor_, &keeper_})
      *a = system_.spawn([this](caf::event_based_actor* self) -> caf::behavior {
        self->set_default_handler(caf::drop);
        return {[this](const messages::stopped& m) { heard.push_back(m.actor + " has stopped"); },
                [this](const messages::keep_value& m) { heard.push_back(m.value); }};
      });
    lane_ = caf::actor_cast<caf::actor>(lane::spawn_lane(system_, std::move(o), 1,
                                                         delivery::lane_log::start::at_lowest,
                                                         caf::actor_cast<messages::supervisor>(supervisor_),
                                                         caf::actor_cast<messages::state_keeper>(keeper_)));
    for (std::size_t n = 0; n < 3; ++n)
      handles_.push_back(system_.spawn(
          [this](caf::event_based_actor*, std::size_t number) -> caf::behavior {
            return {[this, number](const messages::ask_position&) { asked.push_back(number); }};
          },
          n));
    go_on();
  }
  ~lane_scene() {
    for (const auto& a : {lane_, supervisor_, keeper_, handles_[0], handles_[1], handles_[2]})
      caf::anon_send_exit(a, caf::exit_reason::kill);
    go_on();
  }
  lane_scene(const lane_scene&) = delete;
  lane_scene& operator=(const lane_scene&) = delete;

  void up(std::size_t handle, const life& now) {
    caf::anon_send(
        lane_, messages::receiver_up{0, caf::actor_cast<messages::frame_receiver>(handles_[handle]), now});
    go_on();
  }
  void down(const life& last) {
    caf::anon_send(lane_, messages::receiver_down{0, last});
    go_on();
  }
  void ask_again() {
    caf::anon_send(lane_, messages::ask_again{lane_test::driven_lane::log("0"), 0});
    go_on();
  }

  /// Answers for all receivers.
  void answer(std::int64_t at) {
    for (messages::receiver_index r = 0; r < 3; ++r)
      caf::anon_send(lane_, messages::position_answered{lane_test::driven_lane::log("0"), r,
                                                        delivery::answer{{5, 1}, {{0, at}, no_watermark}}});
    go_on();
  }
  void stop() {
    caf::anon_send(lane_, messages::stop{});
    go_on();
  }

  std::vector<std::size_t> asked;  // indexed by handle
  std::vector<std::string> heard;  // messages to keeper and supervisor, in order

private:
  /// A source that has nothing asks itself for more without an end.
  void go_on() {
    for (int turns = 0; turns < 100 && turns_.try_run_once(); ++turns) {
    }
  }

  test::turn_by_turn config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& turns_ = test::turns_of(system_);
  caf::actor lane_;
  caf::actor supervisor_;
  caf::actor keeper_;
  std::vector<caf::actor> handles_;
};

}  // namespace

TEST_CASE(
    "a life of a receiver that was lost and comes again under another handle is asked where it stands") {
  lane_scene s;
  s.up(0, 5);
  CHECK(s.asked == std::vector<std::size_t>{0});
  s.down(5);
  s.ask_again();  // it was sent before the session was over
  CHECK(s.asked == std::vector<std::size_t>{0});
  s.up(1, 5);
  CHECK(s.asked == std::vector<std::size_t>{0, 1});
  s.ask_again();
  CHECK(s.asked == std::vector<std::size_t>{0, 1, 1});
}

TEST_CASE("a receiver that was suspect for a while is asked again under the same handle") {
  lane_scene s;
  s.up(0, 5);
  s.down(5);
  s.up(0, 5);
  CHECK(s.asked == std::vector<std::size_t>{0, 0});
}

TEST_CASE("news of a receiver's earlier life that comes late changes nothing") {
  lane_scene s;
  s.up(0, 5);
  s.up(1, 6);
  s.down(5);
  s.up(0, 5);
  s.ask_again();
  CHECK(s.asked == std::vector<std::size_t>{0, 1, 1});
}

TEST_CASE("a lane has stopped once what its reader notes at the end is with the keeper") {
  lane_scene s;
  s.up(0, 5);
  s.answer(3);
  REQUIRE(s.heard == std::vector<std::string>{"note 1"});
  SECTION("told once") { s.stop(); }
  SECTION("told twice") {
    s.stop();
    s.stop();
  }
  CHECK(s.heard == std::vector<std::string>{"note 1", "note 2", "parsed/lane0 has stopped"});
}
