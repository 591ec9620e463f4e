// The aggregates as tables of functions over fixed-width states: one entry a function and argument type. A
// state of zero bytes is the empty one; what does not fit lies in a side_store. Everything works on many rows
// at once. A further aggregate is one more entry in find_aggregate().
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/window/side_store.hpp"
#include "runtime/window/window.hpp"
#include "runtime/wire/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

namespace millrace::window {

/// The states of one aggregate in all rows of a table: state i lies at base + i * stride.
struct states {
  std::byte* base = nullptr;
  std::size_t stride = 0;
  side_store* side = nullptr;

  template<class T>
  [[nodiscard]] T& at(std::uint32_t i) const {
    return *reinterpret_cast<T*>(base + i * stride);
  }
};

using rows = std::span<const std::uint32_t>;

/// Holds what records bring to an aggregate, by record.
struct contribution {
  const data::column* argument = nullptr;  // null pointer for count(*)
  const aggregate* what = nullptr;
  std::span<const data::column_ptr> order;  // columns of its `order by`; x of pairs
  /// The times and places of the records; only for aggregates that go by them.
  std::span<const event_micros> times;
  std::span<const position> positions;
  std::string_view log;
  std::span<const std::string_view> logs;  // one a record, where `log` is not that of all

  [[nodiscard]] std::string_view log_of(std::uint32_t record) const {
    return logs.empty() ? log : logs[record];
  }
};

struct aggregate_ops {
  std::size_t size = 0;  // the size of a state, a multiple of 8
  /// Records from[i] in state into[i]; the argument is null in none of them, unless takes_nulls.
  void (*add)(const states& to, rows into, const contribution& of, rows from) = nullptr;
  /// Merges state from[i] into state into[i].
  void (*merge)(const states& to, rows into, const states& other, rows from) = nullptr;
  /// Undoes merge() of a state that has stayed as it was; null pointer where that cannot be. Never called
  /// where rests_on says so.
  void (*unmerge)(const states& to, rows into, const states& other, rows from) = nullptr;
  /// Returns whether a merged state may be another without that part, and only merging the rest can tell
  /// which. False for an empty part. Null pointer where unmerge always can.
  bool (*rests_on)(const states& merged, std::uint32_t i, const states& part, std::uint32_t j) = nullptr;
  /// A state that was copied as bytes from another table gets its own side storage; null pointer if there is
  /// none.
  void (*adopt)(const states& to, std::uint32_t i, const side_store& origin) = nullptr;
  /// A state as bytes, the same for equal values; decode is false for bytes that are none. Decodes over the
  /// former state.
  void (*encode)(wire::writer& out, const states& from, std::uint32_t i) = nullptr;
  bool (*decode)(wire::reader& in, const states& to, std::uint32_t i) = nullptr;
  /// Edges carry states without side storage as they lie in memory; this tells whether the bytes of the first n
  /// are states. Null pointer where any bytes are one.
  bool (*are_states)(const states& of, std::size_t n) = nullptr;
  /// Appends the results; indices (into `of`) of those that cannot be represented to `failed`, their value is
  /// null.
  void (*finish)(const aggregate& what, const states& from, rows of, data::column_builder& out,
                 std::vector<std::uint32_t>& failed) = nullptr;
  bool by_place = false;     // reads times, positions and log of what is added
  bool takes_nulls = false;  // is given records whose argument is null
  /// The reason why a row fails whose result cannot be represented; null pointer where none does.
  const char* failure = nullptr;
  /// Returns whether a row may fail: false for a state that surely does not, found in less than finish()
  /// takes. Null pointer where only finish() can tell.
  bool (*may_fail)(const aggregate& what, const states& of, std::uint32_t i) = nullptr;
};

/// aggregate_ops::are_states by what says it of one. It has no branch a state, so that the compiler can put several
/// into one instruction.
template<class State, bool (*IsState)(const State&)>
[[nodiscard]] bool are_all(const states& of, std::size_t n) {
  bool all = true;
  for (std::uint32_t i = 0; i < n; ++i)
    all &= IsState(of.at<State>(i));
  return all;
}

/// Returns a null pointer for a function that does not take this argument.
[[nodiscard]] const aggregate_ops* find_aggregate(const aggregate& a);

/// A state row: its head, then the state of each aggregate.
struct layout {
  struct slot {
    const aggregate_ops* ops;
    std::size_t offset;
  };
  explicit layout(const std::vector<aggregate>& aggregates);

  std::vector<slot> slots;
  std::size_t stride = sizeof(std::uint64_t);
  bool has_side = false;
};
using layout_ptr = std::shared_ptr<const layout>;

}  // namespace millrace::window
