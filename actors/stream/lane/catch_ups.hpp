// The readers that reread a log for receivers that are behind: at most two a lane. Each serves receivers of
// one partition that go along with it; who makes place for whom is decided here, too. Pure: the lane opens
// readers and reads with them; this says when.
#pragma once

#include "actors/stream/lane/frame_former.hpp"
#include "actors/stream/lane/reader_number.hpp"
#include "actors/stream/lane/source_health.hpp"
#include "actors/stream/lane/waiting_chunk.hpp"
#include "runtime/delivery/lane_log.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace millrace::lane {

/// A reader for some receivers. Receivers further on than the reader wait until it has come there.
struct catch_up {
  using clock = std::chrono::steady_clock;
  /// One for each.
  struct served {
    std::size_t receiver = 0;
    delivery::fence stamp;  // it is over when the receiver has answered again
    std::optional<clock::time_point> waits_since{};
  };

  std::size_t partition = 0;
  std::vector<served> all;
  reader_number reader = 0;
  std::unique_ptr<frame_former> former;
  source_health health;
  bool reading = false;
  std::optional<waiting_chunk> waiting{};          // waits for credit
  std::optional<clock::time_point> waits_since{};  // none of those that its next frame goes to takes anything

  [[nodiscard]] bool serves(std::size_t receiver, const delivery::fence& stamp) const;
  [[nodiscard]] std::vector<std::size_t> receivers() const;
  /// Receivers that its next frame goes to.
  [[nodiscard]] std::vector<std::size_t> at(const delivery::lane_log& log, position where) const;
  /// Returns where the next frame ends at the latest: where the lane stands, or where a receiver waits for
  /// the reader.
  [[nodiscard]] position limit(const delivery::lane_log& log, position where) const;
  /// Drops receivers that have caught up, or have answered again. True: none is left.
  bool is_over(const delivery::lane_log& log);
  /// Notes which of those that its next frame goes to take anything now. One that has taken nothing for `patience` is left
  /// out where another takes: the others go on.
  template<class F>
  void note_credit(const std::vector<std::size_t>& next, F&& has_credit, clock::duration patience,
                   clock::time_point now) {
    bool takes = next.empty();
    for (auto& s : all) {
      if (std::ranges::find(next, s.receiver) == next.end() || has_credit(s.receiver))
        s.waits_since.reset();
      else if (!s.waits_since)
        s.waits_since = now;
      takes = takes || (!s.waits_since && std::ranges::find(next, s.receiver) != next.end());
    }
    if (!takes) {
      waits_since = waits_since.value_or(now);
      return;
    }
    waits_since.reset();
    std::erase_if(all, [&](const served& s) { return s.waits_since && now - *s.waits_since >= patience; });
  }
};

/// Returns whether a receiver that stands at `where` goes along with a reader that stands at `reader`; else
/// it gets one of its own. It does if the way from the reader to the receiver is no longer than the way from
/// the receiver to the lane. A reader of another file does not count: that distance is unknown.
[[nodiscard]] bool goes_along(position reader, position where, position lane);

class catch_ups {
public:
  using clock = std::chrono::steady_clock;
  static constexpr std::size_t most = 2;
  /// A reader waits so long for credit before it makes place: longer than a receiver is merely busy, since
  /// another reader costs a connection.
  static constexpr std::chrono::seconds yield_after{1};

  explicit catch_ups(std::uint64_t seed) : seed_(seed) {}

  [[nodiscard]] bool serves(std::size_t partition, std::size_t receiver, const delivery::fence& stamp) const;
  /// A reader of the partition that it can go along with; none: it needs one of its own.
  [[nodiscard]] catch_up* to_go_along(std::size_t partition, position where, position lane);

  struct place {
    bool free = false;
    std::optional<reader_number> taken_from{};  // it is closed, and is none of them any more
    bool look_again = false;                    // set after `yield_after`
  };
  /// Looks for a place for one more reader. A receiver that takes nothing for now makes place for one that
  /// does: it may be what the former waits for (shards that keep too much output wait until sinks have whole
  /// windows of the others).
  [[nodiscard]] place find_place(bool has_credit, clock::time_point now);
  /// The number of the next reader, which nobody has had before.
  [[nodiscard]] reader_number next_reader() const { return newest_ + 1; }
  /// It is open.
  catch_up& add(std::size_t partition, std::size_t receiver, const delivery::fence& stamp,
                std::unique_ptr<frame_former> former);

  [[nodiscard]] catch_up* find(reader_number reader);
  [[nodiscard]] const std::vector<std::unique_ptr<catch_up>>& all() const { return all_; }
  /// Leaves out those that are over, and returns their numbers.
  template<class F>
  [[nodiscard]] std::vector<reader_number> remove_if(F&& is_over) {
    std::vector<reader_number> out;
    std::erase_if(all_, [&](const auto& c) {
      if (!is_over(*c))
        return false;
      out.push_back(c->reader);
      return true;
    });
    return out;
  }

private:
  std::uint64_t seed_;
  reader_number newest_ = live_reader;
  std::vector<std::unique_ptr<catch_up>> all_;
};

/// Decides when the log says that receivers of a partition are behind: once for all that fell behind
/// together, and for the readers that make place for each other.
class lag_notice {
public:
  using clock = std::chrono::steady_clock;
  /// A target that fails again and again leaves its sink downstream of each time.
  static constexpr std::chrono::seconds said_again_after{10};

  /// A reader begins.
  [[nodiscard]] bool is_due(clock::time_point now) {
    const bool said = last_ && now - *last_ < said_again_after;
    last_ = now;
    return !said;
  }

private:
  std::optional<clock::time_point> last_;
};

}  // namespace millrace::lane
