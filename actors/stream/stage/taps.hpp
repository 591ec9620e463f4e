// Shows rows as they pass on an edge of the topology to those who look, for a while: some of them, at most so
// many a second. Lanes and shards offer their rows. This costs one atomic load while nobody looks, and never
// makes them wait: rows that they cannot hand over at once are not shown.
#pragma once

#include "config/plan.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/batch.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::stage {

/// "FROM->TO"; of late records "FROM.late->TO". `from`: as config::name_of(input_ref) says it.
[[nodiscard]] std::string edge_name(std::string_view from, std::string_view to);

/// The columns of a batch that any stage reads: those that are not null pointers.
[[nodiscard]] data::batch read_columns(const data::batch& b);

struct passed_row {
  std::uint64_t number = 0;  // rising with each that is shown, over all looks of this process
  event_micros at = 0;       // the time of passing, by the wall clock
  std::string row;           // a JSON object
};
struct tapped_edge {
  std::vector<passed_row> rows;  // oldest first
  std::uint64_t newest = 0;      // the highest number that was given so far; at least 1
  std::uint64_t passed = 0;      // rows, since the tap was turned on
  bool is_over = false;          // it has been turned off since the look before
};

class taps {
public:
  using clock = std::chrono::steady_clock;
  static constexpr std::size_t most_a_second = 50;
  static constexpr std::size_t most_kept = 200;
  static constexpr std::size_t most_bytes = std::size_t{1} << 20;    // limit of the rows that are kept
  static constexpr std::size_t longest_row = std::size_t{64} << 10;  // a longer one is not shown
  static constexpr std::chrono::minutes on_for{5};
  static constexpr std::chrono::seconds unwatched_for{10};

  explicit taps(
      std::shared_ptr<const config::topology> topology, const wall_clock& wall = system_clock(),
      std::function<clock::time_point()> now = [] { return clock::now(); })
      : topology_(std::move(topology)), wall_(wall), now_(std::move(now)) {}

  /// Returns whether offering anything is worth its while.
  [[nodiscard]] bool is_any_on() const { return on_.load(std::memory_order_relaxed) != 0; }

  // Called on the threads of lanes and shards. Columns that nobody reads may be null pointers; they are left
  // out.
  void offer(std::string_view edge, const data::batch& rows);
  /// Rows that a shard of this window gives, before the window's `columns`: to its edges and those of the transforms
  /// downstream of it.
  void offer_output(std::string_view window, const data::batch& rows);
  /// `count` texts; `text_of(i)` makes a JSON object of one.
  void offer(std::string_view edge, std::size_t count,
             const std::function<std::string(std::size_t)>& text_of);

  /// Returns the rows that have passed after this number. Turns the tap on where `after` is 0; it is turned
  /// off five minutes later, and earlier where nobody looks. Any thread may call.
  [[nodiscard]] tapped_edge look(const std::string& edge, std::uint64_t after);

private:
  struct tap {
    clock::time_point began{};
    clock::time_point looked{};
    clock::time_point second{};  // the beginning of the second in which `shown` rows were kept
    std::size_t shown = 0;
    std::uint64_t passed = 0;
    std::size_t bytes = 0;
    std::deque<passed_row> kept;
    bool is_on = false;
  };
  [[nodiscard]] bool is_on(std::string_view edge);
  void offer_on(std::string_view from, const data::batch& rows);
  void turn_off_what_is_over(clock::time_point now);

  std::shared_ptr<const config::topology> topology_;
  const wall_clock& wall_;
  std::function<clock::time_point()> now_;
  std::atomic<int> on_{0};
  std::mutex mutex_;  // lanes and shards only try to take it
  std::map<std::string, tap, std::less<>> taps_;
  std::uint64_t numbers_ = 1;  // 0 and 1 are no row's
};

}  // namespace millrace::stage
