// Frames that a shard has not taken because too much of its output is kept: in order by log, bounded by the
// senders' credit. Pure; of lanes `message` has a `frame`, a pointer to a lane_frame. Progress and idle notes
// need no credit: progress that follows progress of the same log is joined to it, and a note gives way to the
// next frame. The end of a log stays alone: the watermark that precedes it counts.
#pragma once

#include "runtime/delivery/frame.hpp"

#include <deque>
#include <iterator>
#include <map>
#include <memory>
#include <optional>

namespace millrace::delivery {

/// A log was idle, and `then` goes on: nobody needs to know any more.
[[nodiscard]] inline bool outdates(const lane_frame& then, const lane_frame& note) {
  return note.idle && note.from == note.to && note.stamp == then.stamp && note.to == then.from;
}
/// One frame for two, when neither holds anything but progress; nothing otherwise.
[[nodiscard]] std::shared_ptr<const lane_frame> join_progress(const lane_frame& first,
                                                              const lane_frame& then);

/// Takes the front of the queue that is furthest behind, among those whose front is allowed: its
/// `reached(front)` is least.
template<class message, class predicate, class mark_of>
[[nodiscard]] std::optional<message> take_hindmost(std::map<log_id, std::deque<message>>& queues,
                                                   predicate may, mark_of reached) {
  auto found = queues.end();
  for (auto q = queues.begin(); q != queues.end(); ++q)
    if (may(q->second.front()) &&
        (found == queues.end() || reached(q->second.front()) < reached(found->second.front())))
      found = q;
  if (found == queues.end())
    return std::nullopt;
  auto m = std::move(found->second.front());
  found->second.pop_front();
  if (found->second.empty())
    queues.erase(found);
  return m;
}

template<class message>
class stalled_input {
public:
  void push(message m) {
    auto& q = queues_[m.frame->log];
    // Frames are kept in order of position: a catch-up reader's may come after live ones with higher
    // positions.
    auto at = q.end();
    while (at != q.begin() && std::prev(at)->frame->from > m.frame->from)
      --at;
    if (at != q.begin() && outdates(*m.frame, *std::prev(at)->frame))
      at = q.erase(std::prev(at));
    if (at != q.begin())
      if (auto joined = join_progress(*std::prev(at)->frame, *m.frame)) {
        std::prev(at)->frame = std::move(joined);
        return;
      }
    q.insert(at, std::move(m));
  }
  /// The lane has asked anew: what it sent before is sent again.
  void drop(const log_id& log) { queues_.erase(log); }
  void clear() { queues_.clear(); }
  [[nodiscard]] bool empty() const { return queues_.empty(); }
  [[nodiscard]] bool holds(const log_id& log) const { return queues_.contains(log); }

  /// Takes the front of the log that is behind the others, among those for which `may` says yes.
  template<class predicate>
  [[nodiscard]] std::optional<message> take(predicate may) {
    return take_hindmost(
        queues_, [&](const message& m) { return may(*m.frame); },
        [](const message& m) { return m.frame->watermark; });
  }

private:
  std::map<log_id, std::deque<message>> queues_;
};

/// The same for the output of upstream windows, which comes in order in each log.
class stalled_output {
public:
  void push(const output_ptr& f);
  /// Its sender begins again from what was taken.
  void drop(const log_id& log) { queues_.erase(log); }
  void clear() { queues_.clear(); }
  [[nodiscard]] bool empty() const { return queues_.empty(); }

  /// Takes the front of the log that is behind the others, among those for which `may` says yes.
  template<class predicate>
  [[nodiscard]] output_ptr take(predicate may) {
    return take_hindmost(
               queues_, [&](const output_ptr& f) { return may(*f); },
               [](const output_ptr& f) { return f->reached; })
        .value_or(nullptr);
  }

private:
  std::map<log_id, std::deque<output_ptr>> queues_;
};

}  // namespace millrace::delivery
