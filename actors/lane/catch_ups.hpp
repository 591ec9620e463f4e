// The readers that reread a log for receivers that are behind: at most two a lane, one a receiver and
// partition, and who makes place for whom. Pure: the lane opens readers and reads with them; this says when.
#pragma once

#include "actors/lane/frame_former.hpp"
#include "actors/lane/neighbours.hpp"
#include "actors/lane/source_health.hpp"
#include "actors/lane/waiting_chunk.hpp"
#include "runtime/delivery/lane_log.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace millrace::lane {

/// A reader for one receiver.
struct catch_up {
  std::size_t partition = 0;
  std::size_t receiver = 0;
  delivery::fence stamp;  // it is over when the receiver has answered again
  reader_number reader = 0;
  std::unique_ptr<frame_former> former;
  source_health health;
  bool reading = false;
  std::optional<waiting_chunk> waiting{};  // for credit
  std::optional<std::chrono::steady_clock::time_point> waits_since{};

  [[nodiscard]] bool is_over(const delivery::lane_log& log) const {
    const auto behind = log.behind();
    return std::find(behind.begin(), behind.end(), receiver) == behind.end() || log.stamp(receiver) != stamp;
  }
  /// Notes whether its receiver takes anything now.
  void has_credit(bool has, std::chrono::steady_clock::time_point now) {
    if (has)
      waits_since.reset();
    else if (!waits_since)
      waits_since = now;
  }
};

class catch_ups {
public:
  using clock = std::chrono::steady_clock;
  static constexpr std::size_t most = 2;
  /// A reader waits so long for credit before it makes place: longer than a receiver is merely busy, since
  /// another reader costs a connection.
  static constexpr std::chrono::seconds yield_after{1};

  explicit catch_ups(std::uint64_t seed) : seed_(seed) {}

  [[nodiscard]] bool serves(std::size_t partition, std::size_t receiver, const delivery::fence& stamp) const;

  struct place {
    bool free = false;
    std::optional<reader_number> taken_from{};  // it is closed, and is none of them any more
    bool look_again = false;                    // after `yield_after`
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

/// When it is said that receivers of a partition are behind: once for all that fell behind together, and for
/// the readers that make place for each other.
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
