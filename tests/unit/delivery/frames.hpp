// Short ways to frames, for the tests of the delivery cores.
#pragma once

#include "runtime/delivery/frame.hpp"
#include "runtime/wire/bytes.hpp"

#include <memory>
#include <numeric>

namespace millrace::delivery::test {

inline position at(std::int64_t offset) { return {0, offset}; }

inline lane_frame frame(const log_id& log, const fence& stamp, std::int64_t from, std::int64_t to,
                        event_micros watermark = 0) {
  lane_frame f;
  f.log = log;
  f.stamp = stamp;
  f.from = at(from);
  f.to = at(to);
  f.watermark = watermark;
  f.bytes = 10;
  return f;
}

inline lane_frame idle(const log_id& log, const fence& stamp, std::int64_t where, event_micros watermark) {
  auto f = frame(log, stamp, where, where, watermark);
  f.idle = true;
  return f;
}

/// A frame as an actor's message carries it.
struct carried {
  std::shared_ptr<const lane_frame> frame;
};

inline data::batch_ptr rows(std::size_t n) {
  data::column_builder column(data::type_id::bigint);
  for (std::size_t i = 0; i < n; ++i)
    column.append_int(static_cast<std::int64_t>(i));
  static const auto schema =
      std::make_shared<const data::schema>(std::vector<data::field>{{"n", data::type_id::bigint}});
  return std::make_shared<const data::batch>(data::batch{schema, {column.finish()}, n});
}

}  // namespace millrace::delivery::test
