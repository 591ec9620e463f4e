#include "actors/connectors/parquet/sink/parquet_options.hpp"

#include "runtime/data/render.hpp"

#include <set>

namespace millrace::sink {

kept_rows without_refused(const data::batch& rows, std::vector<partitioning::unnameable> refused,
                          std::uint64_t next) {
  if (refused.empty())
    return {{}, rows};
  kept_rows out;
  std::set<std::size_t> left_out;
  for (auto& r : refused) {
    left_out.insert(r.row);
    std::string record;
    data::append_json_row(record, rows, r.row);
    out.refused.push_back({next + out.refused.size(), std::move(record), std::move(r.why)});
  }
  std::vector<std::uint32_t> kept;
  for (std::uint32_t row = 0; row < rows.rows; ++row)
    if (left_out.count(row) == 0)
      kept.push_back(row);
  if (!kept.empty())
    out.kept = data::take(rows, kept);
  return out;
}

}  // namespace millrace::sink
