#include "runtime/window/state_bytes.hpp"

#include "runtime/data/key_encoding.hpp"
#include "runtime/wire/format_version.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::window {
namespace {

constexpr std::uint8_t version = 4;

}  // namespace

void put_sizes(wire::writer& out, const layout& l) {
  out.varint(l.slots.size());
  for (const auto& slot : l.slots)
    out.varint(slot.ops->size);
}

bool has_sizes(wire::reader& in, const layout& l) {
  bool same = in.varint() == l.slots.size();
  for (std::size_t a = 0; same && a < l.slots.size(); ++a)
    same = in.varint() == l.slots[a].ops->size;
  return same && in.ok();
}

void put_head(wire::writer& out, const layout& l, captured what) {
  out.fixed(version);
  out.fixed(static_cast<std::uint8_t>(what));
  put_sizes(out, l);
}

expected<captured> read_head(wire::reader& in, const layout& l, bool empty) {
  RETURN_IF_ERROR(wire::read_format_version(in, "the state of a window", version));
  const auto what = in.fixed<std::uint8_t>();
  const bool known = in.ok() && what <= static_cast<std::uint8_t>(captured::changes_after_tick);
  if (!known || !has_sizes(in, l) || (static_cast<captured>(what) == captured::all && !empty))
    return damaged("its head");
  return static_cast<captured>(what);
}

void put_states(wire::writer& out, const row_store& store, std::uint32_t row) {
  const auto& slots = store.layout().slots;
  for (std::size_t a = 0; a < slots.size(); ++a)
    slots[a].ops->encode(out, store.column(a), row);
}

expected<void> read_states(wire::reader& in, row_store& store, std::uint32_t row) {
  const auto& slots = store.layout().slots;
  for (std::size_t a = 0; a < slots.size(); ++a)
    if (!slots[a].ops->decode(in, store.column(a), row))
      return damaged("an aggregate");
  return {};
}

bool valid_key(const definition& d, std::string_view key) {
  return std::ranges::all_of(d.keys, [&](const auto& f) { return data::skip_key(key, f.type); }) &&
         key.empty();
}

bool valid_keys(const definition& d, std::string_view bytes, std::span<const std::uint32_t> ends) {
  if (d.keys.size() == 1)
    return data::are_keys(bytes, ends, d.keys.front().type);
  if (!data::are_ends(bytes, ends))
    return false;
  std::uint32_t begin = 0;
  return std::ranges::all_of(ends, [&](std::uint32_t end) {
    const auto key = bytes.substr(begin, end - begin);
    begin = end;
    return valid_key(d, key);
  });
}

unexpected damaged(std::string_view where) {
  return fatal_error(ec::corrupt, fmt::format("the bytes of a window's state are damaged ({}); take an older "
                                              "snapshot",
                                              where));
}

}  // namespace millrace::window
