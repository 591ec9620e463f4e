// Turns the rows of a whole window into what a sink writes: the select steps between window and sink, then
// one order over all shards: `order_by`, ties by the window's key, never by shard; of these the first
// `limit`, of the window or of each group of `limit_by` in it, with their places in the column `rank`. Rows that the window takes back go first: as deletions by the key of the sink's rows, or as rows where
// they are shown. Pure; a sink actor owns a window_input for each window stage.
#pragma once

#include "actors/stream/stage/chain.hpp"
#include "config/plan.hpp"
#include "runtime/delivery/ledger.hpp"
#include "runtime/delivery/sink.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace::sink {

/// Describes what one window stage gives to one sink.
struct window_input {
  std::uint32_t stage = 0;           // the window's
  std::size_t key_columns = 0;       // the first columns of its output
  std::vector<log_id> logs;          // its shards'
  std::vector<stage::chain> chains;  // ways from it to the sink; for dead letters all ways that leave it
  data::schema_ptr numbered;  // set with updates: the window's columns, the number of the batch, the change
  config::removal removed = config::removal::left;
  std::vector<std::string> deletes_by;  // columns of the sink's rows
};

struct rows_to_write {
  std::vector<data::batch>
      batches;  // rows in order, at most `batch_rows` and, but for one row, `batch_bytes` in each
  std::vector<delivery::dead_letter> failed;
  delivery::ledger counts;
};

/// `topology` names the stages; `schema` and `order` are the sink's; `batch` is the number of the commit that
/// the rows will be in, where there is one. No schema: the rows are the dead-letter sink's, which alone takes
/// and counts the rows that the window itself could not form.
[[nodiscard]] rows_to_write form_rows_to_write(const delivery::whole_window& w, const window_input& input,
                                               const config::topology& topology,
                                               const data::schema_ptr& schema, const config::row_order& order,
                                               std::optional<std::uint64_t> batch, event_micros now);

inline constexpr std::size_t batch_rows = 8192;
inline constexpr std::size_t batch_bytes = std::size_t{64} << 20;

}  // namespace millrace::sink
