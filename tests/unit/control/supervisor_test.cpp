// The supervisor with actors that do what a test says, turn by turn under CAF's testing scheduler: what it
// keeps for a lane's next life, and what it waits for.
#include "runtime/control/supervisor.hpp"
#include "tests/support/turn_by_turn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

using namespace millrace;

namespace {

struct heard {
  std::vector<delivery::failing_records> given;  // to each life of the lane
  std::vector<messages::keep_start> to_keep;
  std::vector<std::string> logs_of_sink;
  std::vector<std::string> partitions_of_lane;
  std::optional<control::run_ended> end;
};

caf::behavior a_lane(caf::event_based_actor* self, heard* h) {
  return {[](const messages::receiver_up&) {},
          [](const messages::receiver_down&) {},
          [=](const messages::partition_started& m) { h->partitions_of_lane.push_back(m.partition); },
          [](const messages::set_paused&) {},
          [](const messages::fail_now& m) { throw std::runtime_error(m.reason); },
          [=](const messages::stop&) { self->quit(); }};
}

caf::behavior a_sink(caf::event_based_actor* self, heard* h) {
  return {[=](const messages::log_found& m) { h->logs_of_sink.push_back(m.log); },
          [](const messages::receiver_up&) {}, [](const messages::collect_report&) {},
          [=](const messages::stop&) { self->quit(); }};
}

class supervised {
public:
  supervised() : turns_(test::turns_of(system_)) {
    keeper_ = system_.spawn(
        [](caf::event_based_actor* self, heard* h) -> caf::behavior {
          return {[=](const messages::keep_start& m) { h->to_keep.push_back(m); },
                  [=](const messages::stop&) { self->quit(); }};
        },
        &heard_);
    const auto owner = system_.spawn(
        [](caf::event_based_actor* self, heard* h) -> caf::behavior {
          return {[=](const control::run_ended& m) {
            h->end = m;
            self->quit();
          }};
        },
        &heard_);
    control::supervisor_options o;
    control::sink_spec sink;
    sink.name = "dead_letters";
    sink.takes_dead_letters = true;
    sink.spawn = [this](const life&, const std::map<log_id, mark>&, const messages::supervisor&) {
      return caf::actor_cast<messages::sink>(system_.spawn(a_sink, &heard_));
    };
    o.sinks.push_back(std::move(sink));
    control::lane_spec lane;
    lane.name = "parsed/lane0";
    lane.parser = "parsed";
    lane.partitions = 1;
    lane.receivers = {"dead_letters"};
    lane.spawn = [this](const life& now, delivery::lane_log::start,
                        const std::vector<control::found_partition>&, delivery::failing_records& failing,
                        const messages::supervisor&) -> expected<messages::lane> {
      for (const auto& r : failing.to_give_up())
        failing.give_up(r.log, r.at);
      heard_.given.push_back(failing);
      terms_.push_back(now);
      lives_.push_back(system_.spawn(a_lane, &heard_));
      return caf::actor_cast<messages::lane>(lives_.back());
    };
    o.lanes.push_back(std::move(lane));
    o.state_keeper = caf::actor_cast<messages::state_keeper>(keeper_);
    o.next_term = [this]() -> expected<incarnation> { return ++term_; };
    supervisor_ = caf::actor_cast<caf::actor>(
        control::spawn_supervisor(system_, std::move(o), caf::actor_cast<control::run_owner>(owner)));
    turns_.run();
    REQUIRE(lives_.size() == 1);
  }
  ~supervised() {
    for (const auto& a : {supervisor_, keeper_})
      caf::anon_send_exit(a, caf::exit_reason::kill);
    for (const auto& a : lives_)
      caf::anon_send_exit(a, caf::exit_reason::kill);
    turns_.run();
    turns_.clock().cancel_all();
  }
  supervised(const supervised&) = delete;
  supervised& operator=(const supervised&) = delete;

  /// One of the lane's lives says this.
  template<class M>
  void says(std::size_t which, M m) {
    m.life = terms_[which];
    caf::send_as(lives_[which], supervisor_, std::move(m));
    turns_.run();
  }
  void fails_on(std::size_t which, std::int64_t record) {
    says(which, messages::attempt_failed{"parsed/lane0",
                                         {},
                                         {"parsed/0", {0, record}, {0, record + 1}, 1, position{0, record}},
                                         "poison",
                                         {{"parsed/0", {0, record - 1}}}});
  }
  /// Then so much time passes, by default as much as it may wait for its next life.
  void dies(std::chrono::milliseconds time = std::chrono::seconds(10)) {
    caf::anon_send(lives_.back(), messages::fail_now{"x"});
    turns_.run();
    turns_.advance_time(time);
    turns_.run();
  }
  void keeper_says(messages::start_kept m) {
    m.life = terms_.back();
    caf::send_as(keeper_, supervisor_, std::move(m));
    turns_.run();
  }
  void keeper_dies() {
    caf::anon_send_exit(keeper_, caf::exit_reason::unhandled_exception);
    turns_.run();
    turns_.advance_time(std::chrono::seconds(30));
    turns_.run();
  }
  [[nodiscard]] const heard& now() const { return heard_; }

private:
  test::turn_by_turn config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& turns_;
  heard heard_;
  incarnation term_ = 0;
  std::vector<caf::actor> lives_;
  std::vector<life> terms_;  // of the lane's lives
  caf::actor keeper_;
  caf::actor supervisor_;
};

}  // namespace

TEST_CASE("what a lane's lives have said comes to the next one as a value") {
  supervised s;
  for (std::size_t life = 0; life < 3; ++life) {
    s.fails_on(life, 7);
    s.dies();
    REQUIRE(s.now().given.size() == life + 2);
  }
  CHECK_FALSE(s.now().given[0].next("parsed/0", {0, 0}, {0, 100}));
  CHECK(s.now().given[1].next("parsed/0", {0, 0}, {0, 100})->from == position{0, 7});
  CHECK(s.now().given[2].given_up_in_a_row() == 0);
  CHECK(s.now().given[3].given_up_in_a_row() == 1);
  CHECK(s.now().given[3].settled().at("parsed/0") == position{0, 6});
  s.says(3, messages::attempt_went_well{"parsed/lane0", {}, "parsed/0", {0, 8}});
  s.dies();
  CHECK(s.now().given.back().given_up_in_a_row() == 0);
}

TEST_CASE("what a former life says of records does not count") {
  supervised s;
  s.dies();
  s.fails_on(0, 7);
  s.dies();
  REQUIRE(s.now().given.size() == 3);
  CHECK_FALSE(s.now().given.back().next("parsed/0", {0, 0}, {0, 100}));
}

TEST_CASE("a lane that fails again and again is never given up") {
  supervised s;
  for (int i = 0; i < 50; ++i)
    s.dies();
  CHECK(s.now().given.size() == 51);
  CHECK_FALSE(s.now().end);
}

TEST_CASE("a lane that has recovered begins again soon") {
  supervised s;
  for (int i = 0; i < 20; ++i)
    s.dies();
  const auto lives = s.now().given.size();
  SECTION("it has not") {
    s.dies(std::chrono::milliseconds(50));
    CHECK(s.now().given.size() == lives);
  }
  SECTION("it has") {
    s.says(lives - 1, messages::recovered{"parsed/lane0", {}});
    s.dies(std::chrono::milliseconds(50));
    CHECK(s.now().given.size() == lives + 1);
  }
  SECTION("a former life says so, which counts no more") {
    s.says(0, messages::recovered{"parsed/lane0", {}});
    s.dies(std::chrono::milliseconds(50));
    CHECK(s.now().given.size() == lives);
  }
}

TEST_CASE("nobody hears of a partition before its start is durable, then each once") {
  supervised s;
  const messages::partition_found found{"parsed/lane0", {}, "1", {0, 4}};
  const messages::start_kept kept{"parsed/lane0", {}, "1", "parsed/1", {{0, 4}, no_watermark}, {}};
  s.says(0, found);
  s.says(0, found);
  REQUIRE(s.now().to_keep.size() == 2);
  CHECK(s.now().to_keep[0].plan == "parsed");
  CHECK(s.now().to_keep[0].first == position{0, 4});
  auto failed = kept;
  failed.failure = error{ec::io, fault::outside, true, "no space left", {}};
  s.keeper_says(failed);
  CHECK(s.now().logs_of_sink.empty());
  s.keeper_says(kept);
  s.keeper_says(kept);
  CHECK(s.now().logs_of_sink == std::vector<std::string>{"parsed/1"});
  CHECK(s.now().partitions_of_lane == std::vector<std::string>{"1"});
  s.says(0, found);
  CHECK(s.now().to_keep.size() == 2);
}

TEST_CASE("the run ends where the keeper of the state folder has failed") {
  supervised s;
  s.keeper_dies();
  REQUIRE(s.now().end);
  REQUIRE(s.now().end->failure);
  CHECK(s.now().end->failure->retry);
}
