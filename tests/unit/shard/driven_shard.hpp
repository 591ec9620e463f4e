// A shard without its actor: events come in order, effects are kept as its neighbours would hear them, and time is
// the test's.
#pragma once

#include "actors/stream/shard/shard.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::shard_test {

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
struct said {
  std::vector<shard::effects::say> lines;
  /// Counts the lines that hold this text.
  [[nodiscard]] std::ptrdiff_t count(std::string_view text) const {
    return std::count_if(lines.begin(), lines.end(),
                         [&](const auto& l) { return l.text.find(text) != std::string::npos; });
  }
};

class driven_shard {
public:
  using event = std::function<void(shard::shard&)>;

  asked_of_writer writer;
  told_supervisor supervisor;
  told_lane lane;
  told_upstream upstream;
  std::map<std::string, told_receiver> receiver;  // by name
  said log;
  std::optional<bool> ended_well;  // none: it lives
  std::vector<std::size_t> steps;  // the numbers of effects, event by event and step by step

protected:
  void begin(shard::shard_options o, std::shared_ptr<delivery::shard_core> core, const life& now) {
    shard_ = std::make_unique<shard::shard>(std::move(o), std::move(core), now, time_);
    happen([](shard::shard&) {});
  }
  /// It comes after all that has come by now.
  void queue(event e) { mailbox_.push_back(std::move(e)); }
  void run() {
    for (; !mailbox_.empty() && !ended_well; mailbox_.pop_front())
      happen(mailbox_.front());
  }
  void pass_time(std::chrono::microseconds d) {
    time_.pass(d);
    while (!timers_.empty() && timers_.begin()->first <= time_.now()) {
      const auto what = timers_.extract(timers_.begin()).mapped();
      queue([what](shard::shard& s) { s.on_wake_up(what); });
    }
    run();
  }
  [[nodiscard]] shard::shard& present() { return *shard_; }

private:
  void happen(const event& e) {
    try {
      e(*shard_);
      for (note(); shard_->has_work(); note())
        shard_->work();
    } catch (const std::runtime_error&) {
      note();
      ended_well = false;
    }
  }
  void note() {
    shard_->take_effects(effects_);
    steps.push_back(effects_.size());
    for (auto& e : effects_)
      std::visit([this](auto& x) { on(x); }, e);
  }

  void on(shard::effects::tell_lane& e) { keep(e.what, lane.answers, lane.credit, lane.acknowledged); }
  void on(shard::effects::tell_sender& e) {
    keep(e.what, upstream.resumed, upstream.furthest, upstream.taken, upstream.acknowledged);
  }
  void on(shard::effects::tell_receiver& e) {
    auto& r = receiver[std::string(e.name)];
    keep(e.what, r.resumed, r.output);
  }
  void on(shard::effects::tell_writer& e) {
    keep(e.what, writer.captures, writer.segments, writer.reads, writer.removals);
  }
  void on(shard::effects::tell_supervisor& e) {
    auto& s = supervisor;
    keep(e.what, s.completed, s.reports, s.failed, s.fenced, s.stopped);
  }
  void on(const shard::effects::wake& e) {
    if (e.after == micros(0))
      queue([what = e.what](shard::shard& s) { s.on_wake_up(what); });
    else
      timers_.emplace(time_.now() + e.after, e.what);
  }
  void on(const shard::effects::say& e) { log.lines.push_back(e); }
  void on(const shard::effects::end&) { ended_well = true; }

  /// `lists`: in the order of the alternatives.
  template<class... Message>
  static void keep(std::variant<Message...>& what, std::vector<Message>&... lists) {
    (void)((std::holds_alternative<Message>(what) && (lists.push_back(std::get<Message>(what)), true)) ||
           ...);
  }

  std::unique_ptr<shard::shard> shard_;
  fake_steady_time time_;
  std::deque<event> mailbox_;
  std::multimap<steady_time::clock::time_point, shard::wake_up> timers_;
  shard::effect_list effects_;
};

/// A shard hears messages as its actor passes them on.
inline void hear(shard::shard& s, const messages::log_found& m) { s.on_found(m); }
inline void hear(shard::shard& s, const messages::ask_position& m) { s.on_ask(m); }
inline void hear(shard::shard& s, const messages::take_frame& m) { s.on_frame(m); }
inline void hear(shard::shard& s, const messages::sender_up& m) { s.on_sender_up(m); }
inline void hear(shard::shard& s, const messages::output& m) { s.on_output(m); }
inline void hear(shard::shard& s, const messages::resume_output& m) { s.on_resume(m); }
inline void hear(shard::shard& s, const messages::furthest_known& m) { s.on_furthest(m); }
inline void hear(shard::shard& s, const messages::output_taken& m) { s.on_output_taken(m); }
inline void hear(shard::shard& s, const messages::output_acknowledged& m) { s.on_output_acknowledged(m); }
inline void hear(shard::shard& s, const messages::segment_written& m) { s.on_segment_written(m); }
inline void hear(shard::shard& s, const messages::segment_read& m) { s.on_segment_read(m); }
inline void hear(shard::shard& s, const messages::capture_written& m) { s.on_capture_written(m); }
inline void hear(shard::shard& s, const shard::wake_up& what) { s.on_wake_up(what); }
inline void hear(shard::shard& s, const messages::collect_report&) { s.on_report(); }
inline void hear(shard::shard& s, const messages::stop&) { s.on_stop(); }

}  // namespace millrace::shard_test
