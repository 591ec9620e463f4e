// States that are collections: how they are merged, copied and written, for entries of all kinds.
#pragma once

#include "runtime/window/aggregates.hpp"

namespace millrace::window::collected {

/// A state: its collection in the side store, 0 for none.
struct state {
  std::uint64_t collection;
};

/// Appends the time and place of a record, so that entries go by them: time, log, position.
void append_place(std::string& out, const contribution& of, std::uint32_t record);
void add(const states& to, std::uint32_t i, collection::entry e);
void merge(const states& to, rows into, const states& other, rows from);
void unmerge(const states& to, rows into, const states& other, rows from);
bool rests_on(const states& merged, std::uint32_t i, const states& part, std::uint32_t j);
void adopt(const states& to, std::uint32_t i, const side_store& origin);
//   u8 overflowed | varint n, entries: string bytes, varint value_at, varint count
void encode(wire::writer& out, const states& from, std::uint32_t i);
bool decode(wire::reader& in, const states& to, std::uint32_t i);

/// The entries in order; null pointer where there were too many.
[[nodiscard]] const std::vector<collection::entry>* entries(const states& from, std::uint32_t i);

/// Counts entries as often as each was added.
[[nodiscard]] std::uint64_t count(const std::vector<collection::entry>& all);

inline constexpr const char* too_many = "has collected more than 8 MiB for one group: the row is set apart; "
                                        "use a shorter window, a finer key or a "
                                        "filter";

/// The table of an aggregate whose state is a collection, by what differs between them.
[[nodiscard]] constexpr aggregate_ops ops(decltype(aggregate_ops::add) add_records,
                                          decltype(aggregate_ops::finish) finish) {
  return {.size = sizeof(state),
          .add = add_records,
          .merge = merge,
          .unmerge = unmerge,
          .rests_on = rests_on,
          .adopt = adopt,
          .encode = encode,
          .decode = decode,
          .finish = finish,
          .failure = too_many};
}

}  // namespace millrace::window::collected
