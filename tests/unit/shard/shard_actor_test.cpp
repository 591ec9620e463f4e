// Tests that a shard's actor does what the shard decides: each neighbour hears it, timers come, and its state ends with
// the actor. Turn by turn under CAF's testing scheduler.
#include "actors/stream/shard/shard_actor.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/shard/regular_windows.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <sstream>
#include <vector>

namespace millrace::shard_test {
namespace {

using namespace std::chrono_literals;

const log_id from_lane = "parsed/0";
const log_id from_window = "w/0/0";

/// Keeps what is logged as long as it lives, in place of the default logger.
class kept_log {
public:
  kept_log() { spdlog::set_default_logger(std::make_shared<spdlog::logger>("kept", sink_)); }
  ~kept_log() { spdlog::set_default_logger(before_); }
  kept_log(const kept_log&) = delete;
  kept_log& operator=(const kept_log&) = delete;
  [[nodiscard]] std::string text() const { return out_.str(); }

private:
  std::ostringstream out_;
  std::shared_ptr<spdlog::sinks::sink> sink_ = std::make_shared<spdlog::sinks::ostream_sink_mt>(out_);
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

template<class... Message>
caf::behavior noting(caf::event_based_actor*, std::vector<Message>*... lists) {
  const auto into = []<class M>(std::vector<M>* list) { return [list](const M& m) { list->push_back(m); }; };
  return {into(lists)...};
}
caf::behavior watching(caf::event_based_actor* self, const caf::actor& who, std::optional<bool>* well) {
  self->monitor(who);
  self->set_down_handler([well](const caf::down_msg& m) { *well = !m.reason; });
  return {[](int) {}};
}

/// A shard between a lane, a shard upstream, two lives of a receiver, the snapshot writer and the supervisor.
class acting_scene : test::turned_system {
public:
  explicit acting_scene(std::vector<log_id> upstream = {}, delivery::outbox_limits limits = {}) {
    delivery::shard_core::setup s;
    s.log = "b/0/0";
    s.life = 1;
    s.receivers = {"db"};
    s.logs = {{from_lane, {delivery::test::at(0), no_watermark}}};
    s.upstream = std::move(upstream);
    s.limits = limits;
    auto core = std::make_shared<delivery::shard_core>(std::move(s), std::make_unique<regular_windows>());
    core_ = core;
    shard::shard_options o;
    o.name = "b/0";
    o.topology = "clicks";
    o.gauges = gauges;
    o.snapshot_every = 1s;
    o.snapshot_writer = caf::actor_cast<messages::snapshot_writer>(spawn(&captures));
    shard_ = caf::actor_cast<caf::actor>(
        shard::spawn_shard(system_, std::move(o), std::move(core), 1,
                           caf::actor_cast<messages::supervisor>(spawn(&stopped, &fenced, &failed))));
    actors_.insert(actors_.end(), {shard_, system_.spawn(watching, shard_, &ended_well)});
    lane_ = spawn(&answers, &credit, &acknowledged);
    upstream_ = spawn(&resumed, &furthest, &taken, &acknowledged_upstream);
    for (auto& r : output)
      receivers_.push_back(spawn(&r, &begun));
    turns_.run();
  }
  ~acting_scene() { kill_all(actors_); }

  template<class Message>
  void say(Message m) {
    caf::anon_send(shard_, std::move(m));
    turns_.run();
  }
  void pass(std::chrono::microseconds d) {
    turns_.advance_time(d);
    turns_.run();
  }
  void ask() { say(messages::ask_position{from_lane, 1, 0, caf::actor_cast<messages::frame_sender>(lane_)}); }
  void feed(std::int64_t from, event_micros watermark) {
    auto f = std::make_shared<delivery::lane_frame>();
    f->log = from_lane;
    f->stamp = answers.at(0).answer->stamp;
    f->from = delivery::test::at(from);
    f->to = delivery::test::at(from + 1);
    f->watermark = watermark;
    f->content = std::make_shared<const delivery::dead_letters>();
    f->bytes = 1;
    say(messages::take_frame{std::move(f), 0, caf::actor_cast<messages::frame_sender>(lane_)});
  }
  void introduce() {
    say(messages::sender_up{from_window, caf::actor_cast<messages::output_sender>(upstream_), 3});
  }
  void resume(std::size_t receiver, const life& of, std::optional<position> at = {}) {
    say(messages::resume_output{"b/0/0", "db", of, at, lowest_position,
                                caf::actor_cast<messages::output_receiver>(receivers_[receiver]), true});
  }
  /// Returns what the shard's door leads to.
  [[nodiscard]] std::optional<shard::key_found> look_up() {
    std::optional<shard::key_found> found;
    const auto asking = [](caf::event_based_actor* self, const shard::open_shard& whom,
                           std::optional<shard::key_found>* into) {
      if (whom)
        self->request(whom, caf::infinite, shard::look_up_key{"abc", 2})
            .then([into](const shard::key_found& f) { *into = f; });
    };
    system_.spawn(asking, gauges->door.find(), &found);
    turns_.run();
    return found;
  }
  [[nodiscard]] bool has_state() const { return !core_.expired(); }

  kept_log log;
  std::vector<messages::write_capture> captures;
  std::vector<messages::stopped> stopped;
  std::vector<messages::fenced> fenced;
  std::vector<messages::stage_failed> failed;
  std::vector<messages::position_answered> answers;
  std::vector<messages::credit_returned> credit;
  std::vector<messages::acknowledged> acknowledged;
  std::vector<messages::resume_output> resumed;
  std::vector<messages::furthest_known> furthest;
  std::vector<messages::output_taken> taken;
  std::vector<messages::output_acknowledged> acknowledged_upstream;
  std::vector<messages::output> output[2];  // of each life of the receiver
  std::vector<messages::output_resumed> begun;
  std::optional<bool> ended_well;  // none: it lives
  std::shared_ptr<shard::shard_gauges> gauges = std::make_shared<shard::shard_gauges>();

private:
  template<class... Message>
  caf::actor spawn(std::vector<Message>*... lists) {
    return actors_.emplace_back(system_.spawn(noting<Message...>, lists...));
  }

  std::weak_ptr<delivery::shard_core> core_;
  std::vector<caf::actor> actors_;
  caf::actor shard_, lane_, upstream_;
  std::vector<caf::actor> receivers_;
};

}  // namespace

TEST_CASE("each neighbour of a shard's actor hears what it is told") {
  acting_scene s({from_window});
  s.ask();
  REQUIRE(s.answers.size() == 1);
  s.introduce();
  REQUIRE(s.resumed.size() == 1);
  CHECK(s.resumed.back().from);                                      // its output comes to the shard
  s.say(messages::output_resumed{from_window, 3, lowest_position});  // tells it nothing
  s.resume(0, 1);
  CHECK(s.begun.size() == 1);
  CHECK(s.furthest.size() == 1);
  s.feed(0, 10);
  CHECK(s.credit.size() == 1);
  CHECK(s.captures.empty());
  s.pass(1s);
  REQUIRE(s.captures.size() == 1);
  s.say(messages::capture_written{false, {}});
  CHECK_FALSE(s.acknowledged.empty());
  CHECK(s.look_up());
}

TEST_CASE("a shard's actor that has stopped, failed or been fenced keeps nothing of its state") {
  acting_scene s;
  REQUIRE(s.has_state());
  SECTION("stopped") {
    s.say(messages::stop{});
    if (!s.captures.empty())
      s.say(messages::capture_written{false, {}});
    CHECK(s.stopped.size() == 1);
    CHECK(s.ended_well == true);
  }
  SECTION("made to fail") {
    s.say(messages::fail_now{"a test"});
    CHECK(s.stopped.empty());
    CHECK(s.failed.empty());
    CHECK(s.ended_well == false);
  }
  SECTION("fenced") {
    s.ask();
    s.feed(0, 10);
    s.pass(1s);
    s.say(messages::capture_written{false,
                                    error{ec::fenced, fault::outside, false, "a newer life has it", {}}});
    CHECK(s.fenced.size() == 1);
    CHECK(s.ended_well == true);
  }
  CHECK_FALSE(s.has_state());
  CHECK_FALSE(s.look_up());
}

TEST_CASE("a shard's actor ends by an error on a frame that it cannot take") {
  acting_scene s;
  s.ask();
  s.feed(0, 10);
  s.feed(0, 20);  // an overlap
  CHECK(s.ended_well == false);
  CHECK_FALSE(s.has_state());
  CHECK(s.credit.size() == 1);
}

TEST_CASE("a firing of very many windows goes on by the actor's own turns") {
  acting_scene s;
  s.resume(0, 1);
  s.ask();
  s.feed(0, 200'000);
  CHECK(s.gauges->rows == 20'000);
  std::size_t rows = 0;
  for (const auto& m : s.output[0])
    rows += m.frame->end - m.frame->begin;
  CHECK(rows == 20'000);
  CHECK(s.output[0].size() < 1'000);  // windows that fire together share frames
}

TEST_CASE(
    "a shard's actor takes what it has held once there is room, and its log says for whom it has waited") {
  delivery::outbox_limits little;
  little.retain = bytes_of_window();
  acting_scene s({}, little);
  s.resume(0, 1);
  s.ask();
  for (std::int64_t n = 0; n < 4; ++n)
    s.feed(n, (n + 1) * 10);
  REQUIRE(s.gauges->stalled);
  CHECK(s.log.text().find("of output that 'db' has not made durable") != std::string::npos);
  const auto before = s.credit.size();
  s.say(messages::output_acknowledged{"b/0/0", "db", {20, whole}});
  CHECK(s.credit.size() > before);
  CHECK(s.gauges->fired > 20);
}

TEST_CASE("a shard's lines of the log name its topology and the shard") {
  acting_scene s;
  s.ask();
  s.feed(0, 10);
  s.pass(1s);
  s.say(messages::capture_written{false, error{ec::io, fault::outside, true, "no space left", {}}});
  CHECK(s.log.text().find(name_in_logs("clicks", "b/0") + ": no snapshot could be written: no space left") !=
        std::string::npos);
}

TEST_CASE("a new life of a receiver that is refused gets no output") {
  acting_scene s;
  s.resume(0, 1);
  s.ask();
  s.feed(0, 10);
  s.feed(1, 20);
  REQUIRE(s.output[0].size() == 2);
  s.say(messages::output_acknowledged{"b/0/0", "db", {20, whole}});
  s.resume(1, 2, position{10, whole});
  REQUIRE(s.failed.size() == 1);
  s.feed(2, 30);
  CHECK(s.output[1].empty());
}

}  // namespace millrace::shard_test
