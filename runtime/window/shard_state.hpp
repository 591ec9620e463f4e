// A shard's tables by slice, and their bytes: shared by aligned_windows (which fills and fires them) and
// state_format (which captures and applies them).
#pragma once

#include "runtime/window/given_rows.hpp"
#include "runtime/window/keyed_table.hpp"
#include "runtime/window/window.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace millrace::window {

struct slice_table {
  explicit slice_table(layout_ptr l) : table(std::move(l)) {}

  void touch(rows of) {
    for (const auto r : of)
      if (table.store().touch(r))
        touched.push_back(r);
  }
  void mark_unsent(rows of) {
    for (const auto r : of)
      if (table.store().mark_unsent(r))
        unsent.push_back(r);
  }
  void mark_sent() {
    for (const auto r : unsent)
      table.store().mark_sent(r);
    unsent.clear();
  }
  void untouch() {
    for (const auto r : touched)
      table.store().untouch(r);
    forget_touched();
  }
  void forget_touched() {  // the rows themselves know it already
    touched.clear();
    captured = true;
  }

  keyed_table table;
  std::vector<std::uint32_t> touched;  // rows changed since the last capture
  std::vector<std::uint32_t> unsent;   // rows that `updates` has yet to give
  bool captured = false;               // a snapshot knows it
  bool in_totals = false;              // merged into the running totals
};

struct shard_state {
  explicit shard_state(layout_ptr l) : rows(std::move(l)) {}

  [[nodiscard]] slice_table& at(const slice_key& k) { return tables.try_emplace(k, rows).first->second; }
  void drop(std::map<slice_key, slice_table>::iterator i) {
    if (i->second.captured)
      dropped.push_back(i->first);
    tables.erase(i);
  }

  layout_ptr rows;
  std::map<slice_key, slice_table> tables;
  std::vector<slice_key> dropped;  // slices that a snapshot knows, dropped since the last capture
  bool sent = false;               // `updates` has given unsent rows since the last capture
  given_rows given;                // used where rows may be taken back
};

/// Bytes of everything, or of what changed since the last of either; both begin a new "since".
void capture_all(const definition& d, shard_state& s, wire::writer& out);
void capture_changes(const definition& d, shard_state& s, wire::writer& out);
[[nodiscard]] expected<void> apply(const definition& d, shard_state& s, wire::reader& in);

}  // namespace millrace::window
