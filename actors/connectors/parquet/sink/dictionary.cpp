// Decides which columns get a dictionary.
#include "actors/connectors/parquet/sink/parquet_file.hpp"
#include "runtime/data/key_encoding.hpp"

#include <unordered_set>

namespace millrace::sink {
namespace {

// This many values tell a column of 200,000 different ones from one where all differ: 1 % repeats.
constexpr std::size_t looked_at = 4096;
constexpr std::size_t repeats_in = 100;
// Fewer values tell nothing, and there is nothing to gain by them.
constexpr std::size_t least = 256;

}  // namespace

std::vector<bool> repeating(const std::vector<data::batch>& rows, std::size_t columns) {
  std::vector<bool> out(columns, true);
  std::unordered_set<std::uint64_t> seen;
  std::string key;
  for (std::size_t c = 0; c < columns; ++c) {
    seen.clear();
    std::size_t values = 0;
    for (const auto& b : rows) {
      const auto& column = *b.columns[c];
      if (column.type().is_nested() || values == looked_at)
        break;
      for (std::size_t row = 0; row < b.rows && values < looked_at; ++row) {
        if (column.is_null(row))
          continue;
        key.clear();
        data::append_key(key, column, row);
        seen.insert(data::hash_key(key));
        ++values;
      }
    }
    if (values >= least)
      out[c] = (values - seen.size()) * repeats_in >= values;
  }
  return out;
}

}  // namespace millrace::sink
