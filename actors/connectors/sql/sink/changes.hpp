// Cuts rows that change a table into parts whose statements may go out one after the other. Pure.
#pragma once

#include "runtime/data/batch.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace millrace::sink::sql {

/// Rows of a batch, as indices. First its upserts go out, then its deletions: no upsert follows a deletion of its key.
struct change_part {
  std::vector<std::size_t> upserts;
  std::vector<std::size_t> deletions;
};

/// Parts of the `chosen` rows. `deletes` says which rows delete (null: they do not; a null pointer: no row does).
/// `keys_alone`: rows of different keys have nothing to do with each other, so that the changes of each key keep their order
/// and there are as few parts as the key needs that is upserted most often after a deletion. Else no change overtakes
/// another one, so that a part has upserts or deletions alone.
[[nodiscard]] std::vector<change_part> parts_of(const data::batch& rows, std::span<const std::size_t> chosen,
                                                std::span<const std::size_t> key, const data::column* deletes,
                                                bool keys_alone);

/// The `chosen` rows, first the first one of each key, then the second ones, and so on: rows of one key keep their
/// order, and statements that must not repeat a key are few.
[[nodiscard]] std::vector<std::size_t> in_rounds(const data::batch& rows, std::span<const std::size_t> chosen,
                                                 std::span<const std::size_t> key);

}  // namespace millrace::sink::sql
