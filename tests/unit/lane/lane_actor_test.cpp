// Tests which actors a lane takes for its receivers, under which handle, how its actor ends, whom it tells, and that all it has
// ends with it while its handle is still held: turn by turn under CAF's testing scheduler.
#include "actors/stream/lane/lane_actor.hpp"
#include "tests/support/fake_reader.hpp"
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

/// Gives nothing; what it notes is another text each time.
class silent_reader final : public test::fake_reader {
public:
  [[nodiscard]] std::string identity() const override {
    return notes_ == 0 ? std::string() : "note " + std::to_string(notes_);
  }
  [[nodiscard]] std::uint64_t identity_version() const override { return notes_; }
  void note_progress() override { ++notes_; }

private:
  std::uint64_t notes_ = 0;
};

/// A lane of one partition, what it tells its supervisor and the keeper, and three handles of its first receiver.
class spawned_lane : test::turned_system {
public:
  explicit spawned_lane(bool opens = true) {
    others_ = system_.spawn([this](caf::event_based_actor* self) -> caf::behavior {
      self->set_default_handler(caf::drop);
      self->set_down_handler([this](const caf::down_msg&) { heard.emplace_back("down"); });
      return {[this](const messages::stage_failed& m) { heard.push_back("failed: " + m.why.message); },
              [this](const messages::stopped& m) { heard.push_back(m.actor + " has stopped"); },
              [this](const messages::keep_value& m) { heard.push_back(m.value); },
              [self](const caf::actor& other) { self->monitor(other); }};
    });
    auto o = lane_test::options_of({"0"});
    o.ahead.helpers = 1;
    o.make_reader = [opens, kept = token_]() -> expected<std::unique_ptr<source::reader>> {
      if (!opens)
        return unexpected(error{ec::unavailable, fault::outside, false, "no such file", {}});
      return std::make_unique<silent_reader>();
    };
    lane_ = caf::actor_cast<caf::actor>(lane::spawn_lane(
        system_, std::move(o), 1, delivery::lane_log::start::at_lowest,
        caf::actor_cast<messages::supervisor>(others_), caf::actor_cast<messages::state_keeper>(others_)));
    caf::anon_send(others_, lane_);
    for (std::size_t n = 0; n < 3; ++n)
      handles_.push_back(system_.spawn(
          [this](caf::event_based_actor*, std::size_t number) -> caf::behavior {
            return {[this, number](const messages::ask_position&) { asked.push_back(number); }};
          },
          n));
    go_on();
  }
  ~spawned_lane() { kill_all({lane_, others_, handles_[0], handles_[1], handles_[2]}); }

  template<class M>
  void send(M message) {
    caf::anon_send(lane_, std::move(message));
    go_on();
  }
  void up(std::size_t handle, const life& now) {
    send(messages::receiver_up{0, caf::actor_cast<messages::frame_receiver>(handles_[handle]), now});
  }
  void down(const life& last) { send(messages::receiver_down{0, last}); }
  void ask_again() { send(messages::ask_again{lane_test::driven_lane::log("0"), 0}); }
  /// Answers for all receivers.
  void answer(std::int64_t at) {
    for (messages::receiver_index r = 0; r < 3; ++r)
      send(messages::position_answered{lane_test::driven_lane::log("0"), r,
                                       delivery::answer{{5, 1}, {{0, at}, no_watermark}}});
  }
  /// Returns whether the lane's actor still has its options.
  [[nodiscard]] bool has_state() const { return token_.use_count() > 1; }

  std::vector<std::size_t> asked;  // indexed by handle
  std::vector<std::string> heard;  // messages to keeper and supervisor, in order

private:
  /// A source that has nothing asks itself for more without an end.
  void go_on() {
    for (int turns = 0; turns < 100 && turns_.try_run_once(); ++turns) {
    }
  }

  std::shared_ptr<int> token_ = std::make_shared<int>(0);
  caf::actor others_;
  caf::actor lane_;
  std::vector<caf::actor> handles_;
};

using words = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "a life of a receiver that was lost and comes again under another handle is asked where it stands") {
  spawned_lane s;
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
  spawned_lane s;
  s.up(0, 5);
  s.down(5);
  s.up(0, 5);
  CHECK(s.asked == std::vector<std::size_t>{0, 0});
}

TEST_CASE("news of a receiver's earlier life that comes late changes nothing") {
  spawned_lane s;
  s.up(0, 5);
  s.up(1, 6);
  s.down(5);
  s.up(0, 5);
  s.ask_again();
  CHECK(s.asked == std::vector<std::size_t>{0, 1, 1});
}

TEST_CASE("a lane has stopped once what its reader notes at the end is with the keeper") {
  spawned_lane s;
  s.up(0, 5);
  s.answer(3);
  REQUIRE(s.heard == words{"note 1"});
  SECTION("told once") { s.send(messages::stop{}); }
  SECTION("told twice") {
    s.send(messages::stop{});
    s.send(messages::stop{});
  }
  CHECK(s.heard == words{"note 1", "note 2", "parsed/lane0 has stopped", "down"});
}

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
  CHECK(l.heard == words{"parsed/lane0 has stopped", "down"});
  CHECK_FALSE(l.has_state());
}

TEST_CASE("a lane's actor that has failed leaves nothing") {
  spawned_lane l(true);
  l.send(messages::fail_now{"broken"});
  CHECK(l.heard == words{"down"});
  CHECK_FALSE(l.has_state());
}
