// Takes a shard's part of the rows of windows in front of its own: runs the steps between them, and makes
// partial aggregates of the rows whose keys are its own. Pure; part of the shard's window state. The rows'
// event time is window_end - 1 us, and none is ever late: what a window gives lies at its log's watermark or
// above.
#pragma once

#include "actors/stage/chain.hpp"
#include "runtime/delivery/frame.hpp"
#include "runtime/delivery/ledger.hpp"
#include "runtime/window/window.hpp"

#include <string>
#include <vector>

namespace millrace::shard {

struct window_in_front {
  std::string name;
  std::size_t key_columns = 0;       // the first columns of its output
  std::vector<log_id> logs;          // its shards'
  std::vector<stage::chain> chains;  // ways from it; each ends in the window behind
};

/// Lists the windows in front of one shard.
struct rows_in_front {
  const config::window_plan* plan = nullptr;  // its own
  std::uint32_t shard = 0;
  std::vector<window_in_front> windows;
};

class partials_of_rows {
public:
  explicit partials_of_rows(rows_in_front of);

  /// Null pointer where none of the rows is this shard's. `counts`: what happened to all of them, if the log
  /// is one that this shard counts for.
  [[nodiscard]] window::partials_ptr form(const delivery::output_frame& f, delivery::ledger& counts);

private:
  void add(const window_in_front& from, const stage::chain& way, const delivery::output_frame& f, bool mine,
           delivery::ledger& counts);

  rows_in_front of_;
  window::partials_builder partials_;
  bool places_;
};

}  // namespace millrace::shard
