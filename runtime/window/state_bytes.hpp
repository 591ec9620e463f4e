// The bytes of every kind of window state have this in common: the head, rows of (key, states), and how
// damage is told.
#pragma once

#include "runtime/window/row_store.hpp"
#include "runtime/window/window.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace millrace::window {

/// All state; what changed since the last capture; the same, where since then all that was unsent was given.
enum class captured : std::uint8_t { all, changes, changes_after_tick };

/// varint n, n state sizes (of the aggregates, in order). Bytes of another layout have others.
void put_sizes(wire::writer& out, const layout& l);
[[nodiscard]] bool has_sizes(wire::reader& in, const layout& l);

//   u8 version | u8 captured | sizes
void put_head(wire::writer& out, const layout& l, captured what);
/// `empty`: there is no state yet, so that all may be applied.
[[nodiscard]] expected<captured> read_head(wire::reader& in, const layout& l, bool empty);

/// Writes the states of a row, after its key.
void put_states(wire::writer& out, const row_store& store, std::uint32_t row);
[[nodiscard]] expected<void> read_states(wire::reader& in, row_store& store, std::uint32_t row);
[[nodiscard]] bool valid_key(const definition& d, std::string_view key);
/// Returns whether valid_key() holds for each of the keys that lie in `bytes` one after the other. Key i ends
/// at ends[i], the last one with `bytes`. `ends` may be wrong in any way.
[[nodiscard]] bool valid_keys(const definition& d, std::string_view bytes,
                              std::span<const std::uint32_t> ends);

[[nodiscard]] unexpected damaged(std::string_view where);

}  // namespace millrace::window
