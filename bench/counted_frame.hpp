// A lane frame as benchmarks send one: count and sum of clicks of 10,000 users.
#pragma once

#include "runtime/messages/message_format.hpp"
#include "runtime/window/shard_windows.hpp"

#include <fmt/format.h>

#include <memory>
#include <random>
#include <vector>

namespace millrace::bench {

/// Clicks of 10,000 users, the same each time.
inline data::batch clicks_in_columns(std::size_t rows) {
  data::batch b{std::make_shared<data::schema>(std::vector<data::field>{{"userid", data::type_id::text},
                                                                        {"price", data::type_id::float64},
                                                                        {"quantity", data::type_id::bigint}}),
                {},
                rows};
  data::column_builder user(data::type_id::text), price(data::type_id::float64),
      quantity(data::type_id::bigint);
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < rows; ++i) {
    user.append_text(fmt::format("user{:05}", random() % 10'000));
    price.append_double(static_cast<double>(random() % 50'000) / 100);
    quantity.append_int(static_cast<std::int64_t>(random() % 9));
  }
  b.columns = {user.finish(), price.finish(), quantity.finish()};
  return b;
}

/// Count and sum a user.
inline window::definition counted_users() {
  window::definition d;
  d.size = d.slide = micros(60'000'000);
  d.keys = {{"userid", data::type_id::text}};
  d.aggregates = {{expression::aggregate_function::count_rows, data::type_id::bigint, data::type_id::bigint},
                  {expression::aggregate_function::sum, data::type_id::bigint, data::type_id::bigint}};
  return d;
}
/// The partial aggregates of so many clicks, as a lane sends them.
inline messages::take_frame counted_frame(std::size_t rows) {
  const auto d = counted_users();
  const auto batch = clicks_in_columns(rows);
  const std::vector<data::column_ptr> keys{batch.columns[0]}, arguments{nullptr, batch.columns[2]},
      filters(2);
  const std::vector<event_micros> times(rows, 0), watermarks(rows, no_watermark);
  window::partials_builder builder(d);
  std::vector<std::uint32_t> late;
  builder.add({keys, arguments, filters, times, watermarks}, late);
  delivery::lane_frame f;
  f.log = "clicks/events-0";
  f.content = builder.finish().front();
  return {std::make_shared<const delivery::lane_frame>(std::move(f)), 0, {}};
}

}  // namespace millrace::bench
