// Says when a lane reads, and which partitions it asks for: one request at a time; the partition with the
// least watermark first; none that is too far ahead of the parser's slowest (`max_drift`, for which lanes
// tell each other where they stand); none from a source that is away, until its time. Says how many records
// may go now (`rate`). Pure: the lane says where its partitions stand and what time it is.
#pragma once

#include "actors/stream/lane/drift_limit.hpp"
#include "actors/stream/lane/rate_limit.hpp"
#include "actors/stream/lane/source_health.hpp"
#include "actors/stream/source/requests.hpp"

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
    bool is_only_lane = true;     // its parser has no other lanes to wait for
  };
  /// `seed` decides its random waits.
  schedule(limits l, std::uint64_t seed, clock::time_point now)
      : rate(l.rate, now), health(seed), limits_(l), drift_(l.max_drift),
        others_(l.is_only_lane ? end_of_time : no_watermark) {}

  /// A partition, and where it stands.
  struct place {
    std::string_view name;
    event_micros watermark = no_watermark;
    bool has_more = true;  // there is something to read, as far as is known
    bool wanted = false;   // somebody takes it, and there is room for a chunk
  };

  /// A request under way is answered first.
  [[nodiscard]] bool is_reading() const { return reading_; }
  /// Gives what to ask the source for now. Call it when nothing is_reading().
  [[nodiscard]] std::optional<source::read> next(std::span<const place> places);
  /// The request was answered.
  void answered() { reading_ = false; }
  /// The newest request has this one.
  [[nodiscard]] std::uint64_t ticket() const { return ticket_; }

  /// The watermark of the slowest partition of the parser's other lanes that has more.
  void others_stand_at(event_micros slowest) { others_ = slowest; }
  /// Gives what the other lanes are to be told of this one; nothing where it matters to nobody.
  [[nodiscard]] std::optional<event_micros> news_for_others(std::span<const place> places);

  rate_limit rate;
  source_health health;

private:
  limits limits_;
  drift_limit drift_;
  event_micros others_;
  std::optional<event_micros> told_others_;
  bool reading_ = false;
  std::uint64_t ticket_ = 0;
};

}  // namespace millrace::lane
