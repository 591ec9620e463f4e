// A shard between neighbours that the test plays: lanes, an upstream shard, receivers of its output, the snapshot
// writer with its disk, and the supervisor. Each notes what it is told, and answers when the test says so. Time is the
// test's.
#pragma once

#include "tests/unit/shard/driven_shard.hpp"
#include "tests/unit/shard/regular_windows.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::shard_test {

using namespace std::chrono_literals;

inline const log_id own_log = "b/0/0";
inline const log_id lane_log = "parsed/0";
inline const log_id upstream_log = "w/0/0";

inline const error disk_is_full{ec::io, fault::outside, true, "no space left", {}};
inline const error taken_over{ec::locked, fault::outside, true, "another process reads the chain", {}};
inline const error newer_life{ec::fenced, fault::outside, false, "a newer life has the chain", {}};

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

class shard_scene : public driven_shard {
public:
  explicit shard_scene(shard_setup s = {}) : setup_(std::move(s)) {
    auto made = std::make_unique<regular_windows>();
    windows = made.get();
    core = std::make_shared<delivery::shard_core>(setup_of_core(), std::move(made));
    REQUIRE(core->restore(setup_.captures));
    clock.set(setup_.begins_at);
    for (const auto& name : setup_.receivers)
      gauges->held_by[name] = 0;
    shard::shard_options o;
    o.name = "b/0";
    o.stage = "b";
    o.snapshot_every = setup_.snapshot_every;
    o.tick_every = setup_.tick_every;
    o.clock = &clock;
    o.gauges = gauges;
    o.losses = losses;
    o.flow = flow;
    o.taps = setup_.taps;
    begin(std::move(o), core, setup_.now);
    run();
  }

  template<class Message>
  void say(Message m) {
    queue([m = std::move(m)](shard::shard& s) { hear(s, m); });
    run();
  }
  /// The second one is there before the shard hears the first.
  template<class First, class Second>
  void say_both(First a, Second b) {
    queue([a = std::move(a)](shard::shard& s) { hear(s, a); });
    say(std::move(b));
  }
  /// Time passes, a second at most at once, so that timers which are set again come again.
  void pass(std::chrono::microseconds d) { pass_time(d); }

  // --- a lane

  /// The lane asks, and goes on from the answer.
  void attach(const life& of = 1, const log_id& log = lane_log) {
    say(messages::ask_position{log, of, 0, {}});
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

  void introduce(const life& of) { say(messages::sender_up{upstream_log, {}, of}); }
  void send(const life& of, delivery::output_frame f) {
    say(messages::output{std::make_shared<const delivery::output_frame>(std::move(f)), of});
  }

  // --- receivers of its output

  void resume(const std::string& name, const life& of, std::optional<position> at = {},
              std::optional<position> taken = {}, bool durable = true) {
    say(messages::resume_output{own_log, name, of, at, taken, {}, durable});
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

  [[nodiscard]] shard::key_found ask(const shard::look_up_key& question) {
    return present().look_up(question);
  }

  fake_clock clock;
  std::shared_ptr<shard::shard_gauges> gauges = std::make_shared<shard::shard_gauges>();
  std::vector<stage::loss_notice> lost;
  std::shared_ptr<stage::losses> losses =
      std::make_shared<stage::losses>([this](const stage::loss_notice& n) { lost.push_back(n); });
  std::shared_ptr<stage::flow> flow = std::make_shared<stage::flow>();
  regular_windows* windows = nullptr;
  std::shared_ptr<delivery::shard_core> core;

private:
  [[nodiscard]] static messages::take_frame message_with(delivery::lane_frame f) {
    return {std::make_shared<const delivery::lane_frame>(std::move(f)), 0, {}};
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
  std::map<log_id, delivery::answer> feeds_;
};

}  // namespace millrace::shard_test
