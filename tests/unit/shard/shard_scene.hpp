// A shard actor between neighbours that the test plays: lanes, an upstream shard, receivers of its output, the
// snapshot writer with its disk, and the supervisor. Each notes what it is told, and answers when the test says so.
// Time is the test's.
#pragma once

#include "actors/stream/shard/shard_actor.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/shard/regular_windows.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <catch2/catch.hpp>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::shard_test {

using namespace std::chrono_literals;

inline const log_id own_log = "b/0/0";
inline const log_id lane_log = "parsed/0";
inline const log_id upstream_log = "w/0/0";

inline const error disk_is_full{ec::io, fault::outside, true, "no space left", {}};
inline const error newer_life{ec::fenced, fault::outside, false, "a newer life has the chain", {}};

/// Keeps what is logged as long as it lives, in place of the default logger.
class kept_log {
public:
  kept_log() { spdlog::set_default_logger(std::make_shared<spdlog::logger>("kept", lines_)); }
  ~kept_log() { spdlog::set_default_logger(before_); }
  kept_log(const kept_log&) = delete;
  kept_log& operator=(const kept_log&) = delete;

  /// Counts the lines that hold this text.
  [[nodiscard]] std::ptrdiff_t count(std::string_view text) const {
    return std::count_if(lines_->all.begin(), lines_->all.end(),
                         [&](const std::string& l) { return l.find(text) != std::string::npos; });
  }

private:
  struct lines final : spdlog::sinks::base_sink<std::mutex> {
    void sink_it_(const spdlog::details::log_msg& m) override {
      all.emplace_back(m.payload.data(), m.payload.size());
    }
    void flush_() override {}
    std::vector<std::string> all;
  };
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
  std::shared_ptr<lines> lines_ = std::make_shared<lines>();
};

struct shard_setup {
  life now = 1;
  std::vector<std::string> receivers{"db"};
  std::map<log_id, mark> logs{{lane_log, {delivery::test::at(0), no_watermark}}};
  std::vector<log_id> upstream{};
  delivery::outbox_limits limits{};
  std::optional<micros> snapshot_every{};
  std::optional<micros> tick_every{};   // set with updates
  std::vector<std::string> captures{};  // captures to begin from
  event_micros begins_at = 0;
  std::shared_ptr<stage::taps> taps{};
};

/// The lists of what each neighbour has been told, in order.
struct asked_of_writer {
  std::vector<messages::write_capture> captures;
  std::vector<messages::write_segment> segments;
  std::vector<messages::read_segment> reads;
  std::vector<messages::remove_segments> removals;
  std::map<segment_id, std::vector<delivery::output_ptr>> disk;
};
struct told_supervisor {
  std::vector<messages::completed> completed;
  std::vector<messages::stage_failed> failed;
  std::vector<messages::fenced> fenced;
  std::vector<messages::stopped> stopped;
  std::vector<messages::report_part> reports;
};
struct told_lane {
  std::vector<messages::position_answered> answers;
  std::vector<messages::acknowledged> acknowledged;
  std::vector<messages::credit_returned> credit;
};
struct told_upstream {
  std::vector<messages::resume_output> resumed;
  std::vector<messages::furthest_known> furthest;
  std::vector<messages::output_taken> taken;
  std::vector<messages::output_acknowledged> acknowledged;
};
using ends = std::vector<event_micros>;
struct told_receiver {
  std::vector<messages::output_resumed> resumed;
  std::vector<messages::output> output;
  /// Lists the ends of the windows that its frames reach, in their order.
  [[nodiscard]] ends windows() const {
    ends out;
    for (const auto& m : output)
      out.push_back(m.frame->reached.major);
    return out;
  }
};

template<class... Message>
caf::behavior noting(caf::event_based_actor*, std::vector<Message>*... lists) {
  const auto into = []<class M>(std::vector<M>* list) { return [list](const M& m) { list->push_back(m); }; };
  return {into(lists)...};
}

/// `well`: whether it ended without an error.
inline caf::behavior watching(caf::event_based_actor* self, const caf::actor& who,
                              std::optional<bool>* well) {
  self->monitor(who);
  self->set_down_handler([well](const caf::down_msg& m) { *well = !m.reason; });
  return {[](int) {}};
}

class shard_scene {
public:
  explicit shard_scene(shard_setup s = {}) : setup_(std::move(s)) {
    auto made = std::make_unique<regular_windows>();
    windows = made.get();
    core = std::make_shared<delivery::shard_core>(setup_of_core(), std::move(made));
    REQUIRE(core->restore(setup_.captures));
    clock.set(setup_.begins_at);
    for (const auto& name : setup_.receivers)
      gauges->held_by[name] = 0;
    auto& w = writer;
    const auto writing = spawn(&w.captures, &w.segments, &w.reads, &w.removals);
    auto& p = supervisor;
    const auto supervising = spawn(&p.completed, &p.failed, &p.fenced, &p.stopped, &p.reports);
    shard::shard_options o;
    o.name = "b/0";
    o.stage = "b";
    o.snapshot_every = setup_.snapshot_every;
    o.tick_every = setup_.tick_every;
    o.clock = &clock;
    o.snapshot_writer = caf::actor_cast<messages::snapshot_writer>(writing);
    o.gauges = gauges;
    o.losses = losses;
    o.flow = flow;
    o.taps = setup_.taps;
    shard_ = caf::actor_cast<caf::actor>(shard::spawn_shard(
        system_, std::move(o), core, setup_.now, caf::actor_cast<messages::supervisor>(supervising)));
    actors_.push_back(shard_);
    actors_.push_back(system_.spawn(watching, shard_, &ended_well));
    lane_ = spawn(&lane.answers, &lane.acknowledged, &lane.credit);
    turns_.run();
  }
  ~shard_scene() {
    for (const auto& a : actors_)
      caf::anon_send_exit(a, caf::exit_reason::kill);
    turns_.run();
  }
  shard_scene(const shard_scene&) = delete;
  shard_scene& operator=(const shard_scene&) = delete;

  template<class Message>
  void say(Message m) {
    caf::anon_send(shard_, std::move(m));
    turns_.run();
  }
  /// The second one is there before the shard hears the first.
  template<class First, class Second>
  void say_both(First a, Second b) {
    caf::anon_send(shard_, std::move(a));
    say(std::move(b));
  }
  /// Time passes, a second at most at once, so that timers which are set again come again.
  void pass(std::chrono::microseconds d) {
    turns_.advance_time(d);
    turns_.run();
  }

  // --- a lane

  /// The lane asks, and goes on from the answer.
  void attach(const life& of = 1, const log_id& log = lane_log) {
    say(messages::ask_position{log, of, 0, caf::actor_cast<messages::frame_sender>(lane_)});
    if (!lane.answers.empty() && lane.answers.back().log == log && lane.answers.back().answer)
      feeds_[log] = *lane.answers.back().answer;
  }
  /// Sends a record of the lane's log that leads it to `watermark`. It takes one byte of credit.
  void feed(event_micros watermark, const log_id& log = lane_log) { say(next_record(watermark, log)); }
  [[nodiscard]] messages::take_frame next_record(event_micros watermark, const log_id& log = lane_log) {
    auto& at = feeds_.at(log);
    delivery::lane_frame f;
    f.log = log;
    f.stamp = at.stamp;
    f.from = at.have.at;
    f.to = {f.from.major, f.from.minor + 1};
    f.watermark = watermark;
    f.content = std::make_shared<const delivery::dead_letters>();
    f.bytes = 1;
    at.have = {f.to, watermark};
    return message_with(std::move(f));
  }
  void give(delivery::lane_frame f) { say(message_with(std::move(f))); }
  [[nodiscard]] const delivery::answer& fed(const log_id& log = lane_log) const { return feeds_.at(log); }
  [[nodiscard]] std::size_t credit() const {
    std::size_t bytes = 0;
    for (const auto& m : lane.credit)
      bytes += m.bytes;
    return bytes;
  }

  // --- an upstream shard

  void introduce(const life& of) {
    if (!upstream_) {
      auto& u = upstream;
      upstream_ = spawn(&u.resumed, &u.furthest, &u.taken, &u.acknowledged);
    }
    say(messages::sender_up{upstream_log, caf::actor_cast<messages::output_sender>(upstream_), of});
  }
  void send(const life& of, delivery::output_frame f) {
    say(messages::output{std::make_shared<const delivery::output_frame>(std::move(f)), of});
  }

  // --- receivers of its output

  void resume(const std::string& name, const life& of, std::optional<position> at = {},
              std::optional<position> taken = {}, bool durable = true) {
    resume_by(name, name, of, at, taken, durable);
  }
  /// Messages to this life come into the list receiver[by].
  void resume_by(const std::string& by, const std::string& name, const life& of,
                 std::optional<position> at = {}, std::optional<position> taken = {}, bool durable = true) {
    auto& handle = receivers_[by];
    if (!handle)
      handle = spawn(&receiver[by].resumed, &receiver[by].output);
    say(messages::resume_output{own_log, name, of, at, taken,
                                caf::actor_cast<messages::output_receiver>(handle), durable});
  }
  /// It has all up to the end of this window durable.
  void acknowledge(const std::string& name, event_micros window) {
    say(messages::output_acknowledged{own_log, name, {window, whole}});
  }

  // --- the snapshot writer answers what it was asked last

  void capture_is_durable() { say(messages::capture_written{writer.captures.back().twice, {}}); }
  void capture_fails(const error& why = disk_is_full) {
    say(messages::capture_written{writer.captures.back().twice, why});
  }
  void segment_is_durable() {
    const auto& asked = writer.segments.back();
    writer.disk[asked.id] = *asked.frames;
    say(messages::segment_written{asked.id, {}});
  }
  void segment_fails(const error& why = disk_is_full) {
    say(messages::segment_written{writer.segments.back().id, why});
  }
  void segment_is_read() {
    const auto id = writer.reads.back().id;
    say(messages::segment_read{id, writer.disk.at(id), {}});
  }
  void segment_is_not_read(const error& why) { say(messages::segment_read{writer.reads.back().id, {}, why}); }
  /// All that it was asked to remove.
  [[nodiscard]] std::vector<segment_id> removed() const {
    std::vector<segment_id> all;
    for (const auto& m : writer.removals)
      all.insert(all.end(), m.ids.begin(), m.ids.end());
    return all;
  }
  [[nodiscard]] std::vector<std::string> captures() const {
    std::vector<std::string> all;
    for (const auto& m : writer.captures)
      all.push_back(*m.bytes);
    return all;
  }

  template<class Ask>
  [[nodiscard]] auto ask(Ask question) {
    shard::key_found found;
    const auto asking = [](caf::event_based_actor* self, const shard::open_shard& whom, Ask what,
                           shard::key_found* into) {
      self->request(whom, caf::infinite, std::move(what)).then([into](const shard::key_found& f) {
        *into = f;
      });
    };
    system_.spawn(asking, gauges->door.find(), std::move(question), &found);
    turns_.run();
    return found;
  }

  kept_log log;
  fake_clock clock;
  asked_of_writer writer;
  told_supervisor supervisor;
  told_lane lane;
  told_upstream upstream;
  std::map<std::string, told_receiver> receiver;
  std::optional<bool> ended_well;  // none: it lives
  std::shared_ptr<shard::shard_gauges> gauges = std::make_shared<shard::shard_gauges>();
  std::vector<stage::loss_notice> lost;
  std::shared_ptr<stage::losses> losses =
      std::make_shared<stage::losses>([this](const stage::loss_notice& n) { lost.push_back(n); });
  std::shared_ptr<stage::flow> flow = std::make_shared<stage::flow>();
  regular_windows* windows = nullptr;
  std::shared_ptr<delivery::shard_core> core;

private:
  [[nodiscard]] messages::take_frame message_with(delivery::lane_frame f) const {
    return {std::make_shared<const delivery::lane_frame>(std::move(f)), 0,
            caf::actor_cast<messages::frame_sender>(lane_)};
  }
  template<class... Message>
  caf::actor spawn(std::vector<Message>*... lists) {
    return actors_.emplace_back(system_.spawn(noting<Message...>, lists...));
  }
  [[nodiscard]] delivery::shard_core::setup setup_of_core() const {
    delivery::shard_core::setup s;
    s.log = own_log;
    s.window = "b";
    s.life = setup_.now;
    s.receivers = setup_.receivers;
    s.logs = setup_.logs;
    s.upstream = setup_.upstream;
    s.limits = setup_.limits;
    s.updates = setup_.tick_every.has_value();
    return s;
  }

  shard_setup setup_;
  test::turn_by_turn config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& turns_ = test::turns_of(system_);
  std::vector<caf::actor> actors_;
  caf::actor shard_, lane_, upstream_;
  std::map<std::string, caf::actor> receivers_;
  std::map<log_id, delivery::answer> feeds_;
};

}  // namespace millrace::shard_test
