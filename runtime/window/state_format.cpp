// Bytes of a shard's windows, whole or changes (docs/formats.md):
//   u8 version | u8 what: 0 all, 1 changes | varint n, n state sizes (of the aggregates, in order)
//   varint n, n dropped slices: svarint slice, svarint eligible
//   varint n, n slices:         svarint slice, svarint eligible, varint rows, rows: string key, states
#include "runtime/data/key_encoding.hpp"
#include "runtime/window/shard_state.hpp"
#include "runtime/window/slices.hpp"

#include <fmt/format.h>

namespace millrace::window {
namespace {

constexpr std::uint8_t version = 1;
enum class what : std::uint8_t { all, changes };

void put(wire::writer& out, const slice_key& k) {
  out.svarint(k.slice);
  out.svarint(k.eligible);
}

void put_head(wire::writer& out, const shard_state& s, what kind) {
  out.fixed(version);
  out.fixed(static_cast<std::uint8_t>(kind));
  out.varint(s.rows->slots.size());
  for (const auto& slot : s.rows->slots)
    out.varint(slot.ops->size);
}

void put_row(wire::writer& out, const row_store& store, std::uint32_t row) {
  out.string(store.key(row));
  const auto& slots = store.layout().slots;
  for (std::size_t a = 0; a < slots.size(); ++a)
    slots[a].ops->encode(out, store.column(a), row);
}

unexpected corrupt(std::string_view where) {
  return fatal_error(ec::corrupt, fmt::format("the bytes of a window's state are damaged ({}); take an older "
                                              "snapshot",
                                              where));
}

bool valid(const definition& d, const slice_key& k) {
  const auto on_grid = [&](event_micros t) { return floor_to(t, d.slide) == t; };
  return on_grid(k.slice) && on_grid(k.eligible) && k.eligible > k.slice &&
         k.eligible <= last_end(d, k.slice);
}

bool valid_key(const definition& d, std::string_view key) {
  for (const auto& f : d.keys) {
    data::column_builder scratch(f.type);
    if (!data::decode_key(key, scratch))
      return false;
  }
  return key.empty();
}

expected<void> apply_rows(const definition& d, slice_table& t, wire::reader& in) {
  auto& store = t.table.store();
  const auto& slots = store.layout().slots;
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto key = in.string();
    if (!in.ok() || !valid_key(d, key))
      return corrupt("a key");
    const auto row = t.table.locate(key, tag_of(data::hash_key(key)));
    for (std::size_t a = 0; a < slots.size(); ++a)
      if (!slots[a].ops->decode(in, store.column(a), row))
        return corrupt("an aggregate");
  }
  t.captured = true;
  return {};
}

}  // namespace

void capture_all(shard_state& s, wire::writer& out) {
  put_head(out, s, what::all);
  out.varint(0);
  out.varint(s.tables.size());
  for (auto& [k, t] : s.tables) {
    put(out, k);
    out.varint(t.table.size());
    for (std::uint32_t r = 0; r < t.table.size(); ++r)
      put_row(out, t.table.store(), r);
    t.untouch();
  }
  s.dropped.clear();
}

void capture_changes(shard_state& s, wire::writer& out) {
  put_head(out, s, what::changes);
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
    for (const auto r : t.touched)
      put_row(out, t.table.store(), r);
    t.untouch();
  }
}

expected<void> apply(const definition& d, shard_state& s, wire::reader& in) {
  if (const auto v = in.fixed<std::uint8_t>(); in.ok() && v != version)
    return fatal_error(ec::unsupported,
                       fmt::format("the state of a window has format {}, this program reads {}; "
                                   "run the version that wrote it",
                                   v, version));
  const auto kind = in.fixed<std::uint8_t>();
  bool same = in.ok() && kind <= 1 && in.varint() == s.rows->slots.size();
  for (std::size_t a = 0; same && a < s.rows->slots.size(); ++a)
    same = in.varint() == s.rows->slots[a].ops->size;
  if (!same || (kind == static_cast<std::uint8_t>(what::all) && !s.tables.empty()))
    return corrupt("its head");
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto slice = in.svarint();
    s.tables.erase({slice, in.svarint()});
  }
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto slice = in.svarint();
    const slice_key k{slice, in.svarint()};
    if (!in.ok() || !valid(d, k))
      return corrupt("a slice");
    if (auto applied = apply_rows(d, s.at(k), in); !applied)
      return applied;
  }
  if (!in.ok())
    return corrupt("cut off");
  return {};
}

}  // namespace millrace::window
