// Bytes of a shard's aligned or global windows, whole or changes (docs/development/formats.md):
//   head (state_bytes.hpp)
//   varint n, n dropped slices: svarint slice, svarint eligible
//   varint n, n slices:         svarint slice, svarint eligible, varint rows,
//                               rows: string key, with `updates` u8 unsent, states
//   where rows may be taken back: those that were given (given_rows.hpp)
#include "runtime/data/key_encoding.hpp"
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/window/shard_state.hpp"
#include "runtime/window/slices.hpp"
#include "runtime/window/state_bytes.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::window {
namespace {

void put(wire::writer& out, const slice_key& k) {
  out.svarint(k.slice);
  out.svarint(k.eligible);
}

void put_row(wire::writer& out, const row_store& store, std::uint32_t row, bool updates) {
  out.string(store.key(row));
  if (updates)
    out.fixed(static_cast<std::uint8_t>(store.is_unsent(row)));
  put_states(out, store, row);
}

unexpected other_bounds(const definition& d, const slice_key& k) {
  return fatal_error(
      ec::mismatch,
      fmt::format("a window that is open has a bound at {} or {}, where the rules of {} in tzdata {} "
                  "have none; expected the tzdata that the state was made with until the window has "
                  "fired, or a start over with --fresh",
                  format_timestamp(k.slice), format_timestamp(k.eligible), expression::zone_name(*d.zone),
                  expression::zone_version()));
}

expected<void> apply_rows(const definition& d, slice_table& t, wire::reader& in) {
  auto n = in.varint();
  if (n <= in.remaining())  // a row takes a byte at least; the number may be damaged
    t.table.reserve(n);
  for (; n > 0 && in.ok(); --n) {
    const auto key = in.string();
    if (!in.ok() || !valid_key(d, key))
      return damaged("a key");
    const auto row = t.table.locate(key, tag_of(data::hash_key(key)));
    if (d.updates && in.fixed<std::uint8_t>() != 0)
      t.mark_unsent(rows(&row, 1));
    if (auto r = read_states(in, t.table.store(), row); !r)
      return r;
  }
  t.captured = true;
  return {};
}

}  // namespace

void capture_all(const definition& d, shard_state& s, wire::writer& out) {
  put_head(out, *s.rows, captured::all);
  out.varint(0);
  out.varint(s.tables.size());
  for (auto& [k, t] : s.tables) {
    put(out, k);
    out.varint(t.table.size());
    for (std::uint32_t r = 0; r < t.table.size(); ++r)
      put_row(out, t.table.store(), r, d.updates);
    t.untouch();
  }
  s.dropped.clear();
  s.sent = false;
  if (d.takes_back())
    s.given.capture_all(out);
}

void capture_changes(const definition& d, shard_state& s, wire::writer& out) {
  put_head(out, *s.rows, std::exchange(s.sent, false) ? captured::changes_after_tick : captured::changes);
  out.varint(s.dropped.size());
  for (const auto& k : s.dropped)
    put(out, k);
  s.dropped.clear();
  std::size_t changed = 0;
  for (const auto& [k, t] : s.tables)
    changed += t.touched.empty() ? 0 : 1;
  out.varint(changed);
  for (auto& [k, t] : s.tables) {
    if (t.touched.empty())
      continue;
    put(out, k);
    out.varint(t.touched.size());
    auto& store = t.table.store();
    for (std::size_t i = 0; i < t.touched.size(); ++i) {
      store.prefetch_ahead(t.touched, i);
      put_row(out, store, t.touched[i], d.updates);
      store.untouch(t.touched[i]);
    }
    t.forget_touched();
  }
  if (d.takes_back())
    s.given.capture_changes(out);
}

expected<void> apply(const definition& d, shard_state& s, wire::reader& in) {
  ASSIGN_OR_RETURN(const auto what, read_head(in, *s.rows, s.tables.empty()));
  if (what == captured::changes_after_tick)
    for (auto& [k, t] : s.tables)
      t.mark_sent();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto slice = in.svarint();
    s.tables.erase({slice, in.svarint()});
  }
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto slice = in.svarint();
    const slice_key k{slice, in.svarint()};
    if (!in.ok() || (d.zone == nullptr && !is_slice(d, k)))
      return damaged("a slice");
    if (!is_slice(d, k))
      return other_bounds(d, k);
    if (auto applied = apply_rows(d, s.at(k), in); !applied)
      return applied;
  }
  if (d.takes_back() && !s.given.apply(in, what == captured::all))
    return damaged("the rows that were given");
  if (!in.ok())
    return damaged("cut off");
  return {};
}

}  // namespace millrace::window
