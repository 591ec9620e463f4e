// Cuts rows that change a table into parts whose statements may go out one after the other. Pure.
#pragma once

#include "runtime/data/batch.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace millrace::sink::sql {

/// Rows of a batch, as indices. First its upserts go out, then its deletions: none of both has the same key.
struct change_part {
  std::vector<std::size_t> upserts;
  std::vector<std::size_t> deletions;
};

/// Parts of the `chosen` rows, in their order. `deletes` says which rows delete (null: they do not; a null
/// pointer: no row does). `keys_alone`: rows of different keys have nothing to do with each other; else no
/// change overtakes another one, so that a part has upserts or deletions alone.
[[nodiscard]] std::vector<change_part> parts_of(const data::batch& rows, std::span<const std::size_t> chosen,
                                                std::span<const std::size_t> key, const data::column* deletes,
                                                bool keys_alone);

}  // namespace millrace::sink::sql
