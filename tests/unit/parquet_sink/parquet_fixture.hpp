// The parquet sink's tests share this: writers of it, and batches made by hand.
#pragma once

#include "actors/connectors/parquet/sink/parquet_sink.hpp"
#include "tests/support/parquet_rows.hpp"
#include "tests/support/sink_rows.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace millrace::sink {

struct table_options {
  std::vector<std::string> partition_by{};
  std::int64_t rows = 0;  // rows of roll; 0 for none
  std::string age{};
  std::string at_start = "append";
  std::string compression = "snappy";
  bool fsync = false;
};

inline config::values parquet_values(const std::filesystem::path& path, const table_options& t = {}) {
  config::values o;
  o.set("path", path.string(), {});
  o.set("compression", t.compression, {});
  o.set("at_start", t.at_start, {});
  o.set("fsync", t.fsync, {});
  if (!t.partition_by.empty())
    o.set("partition_by", t.partition_by, {});
  auto roll = std::make_shared<config::values>();
  roll->set("size", std::uint64_t{128'000'000}, {});
  if (t.rows != 0)
    roll->set("rows", t.rows, {});
  if (!t.age.empty())
    roll->set("age", parse_duration(t.age).value(), {});
  o.set("roll", std::move(roll), {});
  return o;
}

inline std::unique_ptr<writer> table_writer(const std::filesystem::path& path, const table_options& t = {},
                                            const data::schema_ptr& rows = numbers(),
                                            const wall_clock& clock = system_clock()) {
  return std::move(make_parquet_writer(parquet_values(path, t), rows, {}, clock).value());
}

inline std::unique_ptr<writer> open_table(const std::filesystem::path& path, incarnation n,
                                          const table_options& t = {}) {
  auto w = table_writer(path, t);
  test::must(w->open(life(n)));
  return w;
}

/// The rows that a reader of the table sees, as lines() has them.
inline std::string table_lines(const std::filesystem::path& path) {
  std::string out;
  for (const auto& row : test::table_rows(path))
    out += row + '\n';
  return out;
}

/// One column of texts; a null pointer is a null.
inline data::column_ptr texts(const std::vector<const char*>& values,
                              data::type_id id = data::type_id::text) {
  data::column_builder b{data::type(id)};
  for (const auto* v : values)
    v ? b.append_text(v) : b.append_null();
  return b.finish();
}

}  // namespace millrace::sink
