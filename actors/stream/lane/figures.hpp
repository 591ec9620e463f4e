// The gauges of a lane: what waits in its source, what its receivers have yet to take, where its partitions
// stand.
#pragma once

#include "actors/stream/lane/schedule.hpp"
#include "actors/stream/lane/shared.hpp"
#include "runtime/delivery/common_watermark.hpp"

#include <cstdint>
#include <optional>

namespace millrace::lane {

class figures {
public:
  figures(shared& all, const schedule& when) : all_(all), schedule_(when) {}

  /// A chunk has come, and p.last_data is the time of the one before. Some chunks have no records: they tell of
  /// an end, or of positions without records.
  void note_records(const partition& p, const source::chunk& c);
  /// The sum is known where that of every partition is; replayed records are no part of it.
  void note_lag(const source::backlog& b);
  /// A turn ends.
  void update();

private:
  void update(const partition& p, delivery::common_watermark& of_all) const;
  void update_due();

  shared& all_;
  const schedule& schedule_;
  std::optional<std::int64_t> to_be_made_;  // records, of a source that makes them by its rate
};

}  // namespace millrace::lane
