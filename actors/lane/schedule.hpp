// When a lane reads, and which partitions it asks for: one request at a time; the partition with the least
// watermark first; none that is too far ahead of the slowest (`max_drift`); none from a source that is away,
// until its time. How many records may go now (`rate`), and which timers are to be armed. Pure: the lane says
// where its partitions stand and what time it is.
#pragma once

#include "actors/lane/drift_limit.hpp"
#include "actors/lane/rate_limit.hpp"
#include "actors/lane/source_health.hpp"
#include "actors/lane/wake_ups.hpp"
#include "actors/source/requests.hpp"

#include <span>
#include <string_view>

namespace millrace::lane {

class schedule {
public:
  using clock = std::chrono::steady_clock;
  struct limits {
    std::optional<double> rate;  // records a second
    std::optional<micros> max_drift;
    std::size_t chunk_bytes = 0;  // one read
  };
  /// `seed` decides its random waits.
  schedule(limits l, std::uint64_t seed, clock::time_point now)
      : rate(l.rate, now), health(seed), limits_(l), drift_(l.max_drift) {}

  /// Where a partition stands.
  struct place {
    std::string_view name;
    event_micros watermark = no_watermark;
    bool has_more = true;  // there is something to read, as far as is known
    bool wanted = false;   // somebody takes it, and there is room for a chunk
  };
  struct turn {
    std::optional<source::read> request;
    bool held = false;  // someone waits for slower partitions: to be looked at again after `drift_wait`
  };
  /// How soon a partition that was held back by `max_drift` looks again at the others.
  static constexpr std::chrono::milliseconds drift_wait{20};

  /// A request under way is answered first.
  [[nodiscard]] bool is_reading() const { return reading_; }
  /// What to ask the source for now; `others`: the watermark of the slowest partition of the parser's other
  /// lanes. Call it when nothing is_reading().
  [[nodiscard]] turn next(std::span<const place> places, event_micros others);
  /// The request was answered.
  void answered() { reading_ = false; }
  /// Of the newest request.
  [[nodiscard]] std::uint64_t ticket() const { return ticket_; }

  /// Whether partitions may be too far apart at all.
  [[nodiscard]] bool limits_drift() const { return drift_.limits(); }
  /// Watermark of the slowest of these that has more.
  [[nodiscard]] static event_micros slowest(std::span<const place> places);

  rate_limit rate;
  source_health health;
  wake_ups timers;

private:
  limits limits_;
  drift_limit drift_;
  bool reading_ = false;
  std::uint64_t ticket_ = 0;
};

}  // namespace millrace::lane
