// A lane that a test drives by hand: its effects are kept in lists, and time is what the test says. Records
// are their event times in seconds as text; "!" is none, and "X" makes the parser fail.
#pragma once

#include "actors/stream/lane/lane.hpp"
#include "tests/support/chunk_of.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace millrace::lane_test {

using namespace std::chrono_literals;
using test::chunk_of;

inline const error broken_source{ec::corrupt, fault::outside, false, "broken", {}};
inline const error trimmed_source{ec::log_trimmed, fault::outside, false, "gone", {}};
inline const error source_is_away{ec::unavailable, fault::outside, true, "away", {}};

/// Keeps what a lane has said.
class noted final : public steady_time {
public:
  struct sent {
    std::size_t receiver = 0;
    delivery::lane_frame frame;
  };
  struct asked {
    std::size_t receiver = 0;
    log_id log;
    friend bool operator==(const asked&, const asked&) = default;
  };
  struct assigned {
    lane::reader_number reader = 0;
    std::string partition;
    position from;
    friend bool operator==(const assigned&, const assigned&) = default;
  };
  struct requested {
    lane::reader_number reader = 0;
    source::read request;
  };

  [[nodiscard]] clock::time_point now() const override { return time; }

  void operator()(lane::effects::wake_in& e) { timers.push_back(time + e.wait); }
  void operator()(lane::effects::look_in& e) { looks.push_back(e.wait); }
  void operator()(lane::effects::ask& e) { asks.push_back({e.receiver, e.log}); }
  void operator()(lane::effects::send_frame& e) { frames.push_back({e.receiver, std::move(e.frame)}); }
  void operator()(lane::effects::open& e) { opened.push_back(e.reader); }
  void operator()(lane::effects::close& e) { closed.push_back(e.reader); }
  void operator()(lane::effects::assign& e) {
    assigns.push_back({e.reader, e.where.partition, e.where.from});
  }
  void operator()(lane::effects::read& e) { reads.push_back({e.reader, std::move(e.request)}); }
  void operator()(lane::effects::parse& e) { given_away.emplace_back(e.number, std::move(e.chunk)); }
  void operator()(lane::effects::tell_durable& e) { durable.push_back(std::move(e.durable)); }
  void operator()(lane::effects::look& e) { looked_beside.push_back(std::move(e.beside.known)); }
  void operator()(lane::effects::tell_found& e) { told_found.push_back(e.found.name); }
  void operator()(lane::effects::tell_slowest& e) { told_slowest.push_back(e.watermark); }
  void operator()(lane::effects::tell_failed& e) { failures.push_back(std::move(e.why)); }
  void operator()(lane::effects::tell_attempt_failed& e) {
    failing.failed(e.what, e.error);
    failing.settle(e.settled);
  }
  void operator()(lane::effects::tell_went_well& e) { went_well.push_back({e.log, e.from}); }
  void operator()(lane::effects::end_as_fenced& e) { fenced = std::move(e.why); }
  void operator()(lane::effects::say& e) { said.emplace_back(e.level, std::move(e.text)); }

  clock::time_point time{1h};
  std::vector<clock::time_point> timers;
  std::vector<std::chrono::microseconds> looks;
  std::vector<asked> asks;
  std::vector<sent> frames;
  std::vector<lane::reader_number> opened;
  std::vector<lane::reader_number> closed;
  std::vector<assigned> assigns;
  std::vector<requested> reads;
  // chunks that were given to helpers
  std::vector<std::pair<std::uint64_t, std::shared_ptr<const source::chunk>>> given_away;
  std::vector<source::durable> durable;
  std::vector<std::set<std::string>> looked_beside;
  std::vector<std::string> told_found;
  std::vector<event_micros> told_slowest;
  std::vector<error> failures;
  delivery::failing_records failing;  // failures as they were told
  std::vector<std::pair<log_id, position>> went_well;
  std::vector<std::pair<stage::log_level, std::string>> said;
  std::optional<error> fenced;
};

class seconds_parser final : public parser::record_parser {
public:
  parser::parsed parse(const source::chunk& c) override {
    parser::parsed p;
    data::column_builder times(data::type_id::timestamp);
    for (std::uint32_t i = 0; i < c.records(); ++i) {
      if (c.record(i) == "X")
        throw std::runtime_error("X");
      if (c.record(i) == "!") {
        p.dead.push_back({i, "no row"});
        continue;
      }
      times.append_int(std::stoll(std::string(c.record(i))) * 1'000'000);
      p.records.push_back(i);
    }
    p.rows = {schema(), {times.finish()}, p.records.size()};
    return p;
  }
  [[nodiscard]] static const data::schema_ptr& schema() {
    static const auto s =
        std::make_shared<const data::schema>(std::vector<data::field>{{"time", data::type_id::timestamp}});
    return s;
  }
};

/// Makes options of a lane over these partitions with three receivers: dead letters, and two sinks that get
/// no rows, but learn how far the lane has come.
[[nodiscard]] inline lane::lane_options options_of(std::vector<std::string> partitions,
                                                   config::parser_plan parser = {}) {
  auto topology = std::make_shared<config::topology>();
  topology->stages.resize(2);
  topology->stages[0].name = "clicks";
  topology->stages[1].name = "parsed";
  parser.event_time = 0;
  topology->stages[1].plan = std::move(parser);
  auto plan = std::make_shared<lane::lane_plan>();
  plan->source = topology->stages.data();
  plan->parser = &topology->stages[1];
  plan->edges.push_back({lane::edge::kind::dead_letters, 0, "dead_letters", 0, 1});
  plan->edges.push_back({lane::edge::kind::rows, 0, "one", 1, 1});
  plan->edges.push_back({lane::edge::kind::rows, 0, "other", 2, 1});
  plan->receivers = 3;
  plan->topology = std::move(topology);
  lane::lane_options o;
  o.name = "parsed/lane0";
  o.plan = std::move(plan);
  o.known = {partitions.begin(), partitions.end()};
  o.partitions = std::move(partitions);
  o.make_parser = []() -> expected<std::unique_ptr<parser::record_parser>> {
    return std::make_unique<seconds_parser>();
  };
  return o;
}

/// Marks that the source has no more for now: a frame does not wait for the next chunk.
[[nodiscard]] inline source::chunk caught_up(source::chunk c) {
  c.caught_up = true;
  return c;
}

/// A lane whose effects are carried out into the lists, as its actor does it.
class told_lane {
public:
  told_lane(noted& around, lane::lane_options options, delivery::lane_log::start how)
      : around_(around), core_(around, std::move(options), how, 7) {}

  /// Returns whether it goes on.
  bool start() {
    hear(&lane::lane::start);
    return !core_.is_over();
  }
  void on_receiver_up(std::size_t receiver) { hear(&lane::lane::on_receiver_up, receiver); }
  void on_receiver_down(std::size_t receiver) { hear(&lane::lane::on_receiver_down, receiver); }
  void on_answer(const log_id& log, std::size_t receiver, const std::optional<delivery::answer>& answer) {
    hear(&lane::lane::on_answer, log, receiver, answer);
  }
  void on_ask_again(const log_id& log, std::size_t receiver) {
    hear(&lane::lane::on_ask_again, log, receiver);
  }
  void on_credit(const log_id& log, std::size_t receiver, const delivery::fence& stamp, std::size_t bytes) {
    hear(&lane::lane::on_credit, log, receiver, stamp, bytes);
  }
  void on_acknowledged(const log_id& log, std::size_t receiver, position below) {
    hear(&lane::lane::on_acknowledged, log, receiver, below);
  }
  void on_chunk(const source::chunk_read& m, lane::reader_number from) {
    hear(&lane::lane::on_chunk, m, from);
  }
  void on_parsed(const lane::chunk_parsed& m) { hear(&lane::lane::on_parsed, m); }
  void on_wake_up() { hear(&lane::lane::on_wake_up); }
  void on_look_now() { hear(&lane::lane::on_look_now); }
  void on_looked(const source::looked& m) { hear(&lane::lane::on_looked, m); }
  void on_partition_started(const std::string& name, const std::string& reader) {
    hear(&lane::lane::on_partition_started, name, reader);
  }
  void on_others_stand_at(event_micros slowest) { hear(&lane::lane::on_others_stand_at, slowest); }
  void on_set_paused(bool is_paused) { hear(&lane::lane::on_set_paused, is_paused); }
  void on_stop() { hear(&lane::lane::on_stop); }

  /// Readers cannot be opened.
  std::optional<error> cannot_open;

private:
  template<class Event, class... Given>
  void hear(Event event, const Given&... given) {
    carry_out_after([&] { (core_.*event)(given...); });
    while (core_.has_work())
      carry_out_after([&] { core_.work(); });
  }
  template<class F>
  void carry_out_after(F&& what) {
    try {
      what();
    } catch (...) {
      carry_out();
      throw;
    }
    carry_out();
  }
  void carry_out() {
    for (core_.take_effects(effects_); !effects_.empty(); core_.take_effects(effects_))
      for (auto& e : effects_)
        carry_out(e);
  }
  void carry_out(lane::effect& e) {
    const auto* const o = std::get_if<lane::effects::open>(&e);
    if (o != nullptr && cannot_open)
      return core_.on_could_not_open(*cannot_open);
    std::visit(around_, e);
    if (o != nullptr)
      core_.on_opened(o->reader);
  }

  noted& around_;
  lane::lane core_;
  lane::effect_list effects_;
};

class driven_lane {
public:
  explicit driven_lane(lane::lane_options options,
                       delivery::lane_log::start how = delivery::lane_log::start::at_lowest)
      : gauges(options.gauges), options(options), core(around, std::move(options), how) {}

  /// Begins: all receivers are up and answer with this position of every partition.
  void begin(std::int64_t at = 0) {
    begin_unanswered();
    for (const auto& p : options.partitions)
      for (std::size_t r = 0; r < 3; ++r)
        answer(r, at, p);
  }
  /// Begins with receivers that stand at these positions of partition 0.
  void begin_at(std::int64_t first, std::int64_t second, std::int64_t third) {
    begin_unanswered();
    answer(0, first);
    answer(1, second);
    answer(2, third);
  }
  /// Begins: all receivers are up, and none has said where it stands.
  void begin_unanswered() {
    REQUIRE(core.start());
    for (std::size_t r = 0; r < 3; ++r)
      core.on_receiver_up(r);
  }
  /// Gives an answer with a fence of its own.
  void answer(std::size_t receiver, std::int64_t at, const std::string& partition = "0",
              event_micros watermark = no_watermark) {
    core.on_answer(log(partition), receiver,
                   delivery::answer{{1, ++fences[{partition, receiver}]}, {{0, at}, watermark}});
  }
  /// Gives the answer to the newest request to this reader.
  void give(source::chunk c, lane::reader_number reader = lane::live_reader) {
    core.on_chunk({ticket(reader), std::make_shared<const source::chunk>(std::move(c)), {}, {}}, reader);
  }
  void give_nothing(lane::reader_number reader = lane::live_reader) {
    core.on_chunk({ticket(reader), nullptr, {}, {}}, reader);
  }
  void give_failure(const error& e, lane::reader_number reader = lane::live_reader) {
    core.on_chunk({ticket(reader), nullptr, e, {}}, reader);
  }
  void take_all(std::size_t receiver, const std::string& partition = "0") {
    core.on_credit(log(partition), receiver, {1, fences[{partition, receiver}]}, 1U << 30);
  }
  /// Time passes; timers that come due come.
  void pass(std::chrono::microseconds d) {
    const auto until = around.time + d;
    for (;;) {
      const auto next = std::min_element(around.timers.begin(), around.timers.end());
      if (next == around.timers.end() || *next > until)
        break;
      around.time = std::max(around.time, *next);
      around.timers.erase(next);
      core.on_wake_up();
    }
    around.time = until;
  }

  [[nodiscard]] static log_id log(const std::string& partition) { return "parsed/" + partition; }
  [[nodiscard]] std::uint64_t ticket(lane::reader_number reader) const {
    std::uint64_t newest = 0;
    for (const auto& r : around.reads)
      if (r.reader == reader)
        newest = r.request.ticket;
    return newest;
  }
  [[nodiscard]] std::size_t reads_of(lane::reader_number reader) const {
    return static_cast<std::size_t>(std::count_if(around.reads.begin(), around.reads.end(),
                                                  [&](const auto& r) { return r.reader == reader; }));
  }
  /// Lists the ranges of the frames that a receiver got, as "from-to".
  [[nodiscard]] std::vector<std::string> got(std::size_t receiver, const std::string& partition = "0") const {
    std::vector<std::string> out;
    for (const auto& s : around.frames)
      if (s.receiver == receiver && s.frame.log == log(partition))
        out.push_back(std::to_string(s.frame.from.minor) + "-" + std::to_string(s.frame.to.minor));
    return out;
  }
  [[nodiscard]] bool has_said(std::string_view part) const {
    return std::any_of(around.said.begin(), around.said.end(),
                       [&](const auto& s) { return s.second.find(part) != std::string::npos; });
  }

  noted around;
  std::shared_ptr<lane::lane_gauges> gauges;
  lane::lane_options options;
  told_lane core;
  std::map<std::pair<std::string, std::size_t>, std::uint64_t> fences{};
};

using ranges = std::vector<std::string>;

}  // namespace millrace::lane_test
