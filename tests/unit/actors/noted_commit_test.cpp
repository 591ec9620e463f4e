// Tests that a sink tells the keeper of the state folder that it has committed, turn by turn under CAF's
// testing scheduler.
#include "actors/stream/sink/sink_actor.hpp"
#include "tests/support/turn_by_turn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

using namespace millrace;

namespace {

const error disk_full{ec::io, fault::outside, true, "no space left", {}};

/// Takes everything; goes away when a test says so.
class willing final : public sink::writer {
public:
  struct seen {
    std::vector<bool> expected;  // progress, by each opening
    bool fails = false;
  };
  explicit willing(seen& s) : seen_(s) {}
  expected<std::optional<sink::progress>> open(const sink::claim& who) override {
    seen_.expected.push_back(who.expects_progress);
    return stored_;
  }
  expected<void> write(const data::batch&) override { return {}; }
  expected<std::uint64_t> commit(const sink::progress& p) override {
    if (std::exchange(seen_.fails, false))
      return unexpected(error{ec::unavailable, fault::outside, true, "away", {}});
    stored_ = p;
    return 0;
  }

private:
  seen& seen_;
  std::optional<sink::progress> stored_;
};

struct heard {
  std::vector<messages::keep_value> to_keep;
  std::optional<delivery::answer> answer;
  bool stopped = false;
};

caf::behavior everybody(caf::event_based_actor*, heard* h) {
  return {[=](const messages::keep_value& m) { h->to_keep.push_back(m); },
          [=](const messages::position_answered& m) { h->answer = m.answer; },
          [=](const messages::stopped&) { h->stopped = true; },
          [](const messages::report_part&) {},
          [](const messages::ask_again&) {},
          [](const messages::credit_returned&) {},
          [](const messages::acknowledged&) {},
          [](const messages::completed&) {}};
}

class running_sink {
public:
  explicit running_sink(bool has_committed)
      : turns_(test::turns_of(system_)), others_(system_.spawn(everybody, &heard_)) {
    sink::sink_options o;
    o.name = "rows";
    o.topology = std::make_shared<const config::topology>();
    o.make_writer = [this]() -> expected<std::unique_ptr<sink::writer>> {
      return std::make_unique<willing>(target);
    };
    o.has_committed = has_committed;
    o.keeper = caf::actor_cast<messages::state_keeper>(others_);
    o.lane_logs["clicks/0"] = {};
    sink_ = caf::actor_cast<caf::actor>(
        sink::spawn_sink(system_, std::move(o), 1, caf::actor_cast<messages::supervisor>(others_)));
    turns_.run();
  }
  ~running_sink() {
    for (const auto& a : {sink_, others_})
      caf::anon_send_exit(a, caf::exit_reason::kill);
    turns_.run();
    turns_.clock().cancel_all();
  }
  running_sink(const running_sink&) = delete;
  running_sink& operator=(const running_sink&) = delete;

  /// Progress comes, and its commit falls due.
  void commits() {
    say(messages::ask_position{"clicks/0", 1, 0, lane()});
    REQUIRE(heard_.answer);
    delivery::lane_frame f;
    f.log = "clicks/0";
    f.stamp = heard_.answer->stamp;
    f.from = heard_.answer->have.at;
    f.to = {f.from.major, f.from.minor + 1};
    say(messages::take_frame{std::make_shared<const delivery::lane_frame>(std::move(f)), 0, lane()});
    turns_.advance_time(std::chrono::seconds(20));
    turns_.run();
    turns_.advance_time(std::chrono::seconds(20));
    turns_.run();
  }
  void kept(std::optional<error> failure = std::nullopt) {
    say(messages::value_kept{heard_.to_keep.back().name, std::move(failure)});
  }
  void stop() { say(messages::stop{}); }
  [[nodiscard]] const heard& now() const { return heard_; }
  willing::seen target;

private:
  [[nodiscard]] messages::frame_sender lane() const {
    return caf::actor_cast<messages::frame_sender>(others_);
  }
  template<class M>
  void say(M m) {
    caf::send_as(others_, sink_, std::move(m));
    turns_.run();
  }
  test::turn_by_turn config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& turns_;
  heard heard_;
  caf::actor others_;
  caf::actor sink_;
};

}  // namespace

TEST_CASE("the first commit is told once, and again with the next where it could not be kept") {
  running_sink s(false);
  CHECK(s.target.expected == std::vector<bool>{false});
  s.commits();
  REQUIRE(s.now().to_keep.size() == 1);
  CHECK(s.now().to_keep[0].name == "committed/rows");
  CHECK(s.now().to_keep[0].actor == "rows");
  s.commits();
  CHECK(s.now().to_keep.size() == 1);  // its answer is under way
  s.kept(disk_full);
  s.commits();
  CHECK(s.now().to_keep.size() == 2);
  s.kept();
  s.commits();
  CHECK(s.now().to_keep.size() == 2);
}

TEST_CASE("a target that is opened again is expected to have what was committed") {
  running_sink s(false);
  s.commits();
  s.target.fails = true;
  s.commits();
  CHECK(s.target.expected == std::vector<bool>{false, true});
}

TEST_CASE("a sink whose earlier lives have committed tells nobody") {
  running_sink s(true);
  s.commits();
  CHECK(s.target.expected == std::vector<bool>{true});
  CHECK(s.now().to_keep.empty());
}

TEST_CASE("a stop waits until the first commit is kept") {
  running_sink s(false);
  s.commits();
  s.stop();
  CHECK_FALSE(s.now().stopped);
  s.kept();
  CHECK(s.now().stopped);
}
