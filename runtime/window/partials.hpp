// One frame adds these to one shard: rows of (slice, eligible-from, key), those of one slice together. There
// is one for each distinct key, or, in a frame whose keys hardly repeat, one a record: readers merge rows of
// equal keys either way, and groups of equal slices. Made by partials_builder, read by shard_windows.
#pragma once

#include "runtime/window/keyed_table.hpp"
#include "runtime/window/window.hpp"

#include <cstdint>
#include <vector>

namespace millrace::window {

class partials {
public:
  struct group {
    slice_key at;
    std::uint64_t records = 0;  // records in its rows
    std::uint32_t first = 0;    // row
    std::uint32_t count = 0;    // number of rows
  };

  explicit partials(layout_ptr l) : rows_(std::move(l)) {}

  [[nodiscard]] const std::vector<group>& groups() const { return groups_; }
  [[nodiscard]] const row_store& rows() const { return rows_; }
  [[nodiscard]] key_list keys(const group& g) const {
    const auto part = [&](const std::vector<std::uint32_t>& v) {
      return std::span(v).subspan(g.first, g.count);
    };
    return {rows_.size() == 0 ? nullptr : rows_.key(0).data(), part(ends_), part(tags_),
            g.first == 0 ? 0 : ends_[g.first - 1]};
  }
  [[nodiscard]] std::size_t byte_size() const {
    return sizeof *this + rows_.byte_size() + (ends_.capacity() + tags_.capacity()) * sizeof(std::uint32_t) +
           groups_.capacity() * sizeof(group);
  }

private:
  friend class partials_builder;
  friend class partials_reader;
  std::vector<group> groups_;
  row_store rows_;
  std::vector<std::uint32_t> ends_, tags_;  // the keys' ends and tags
};

}  // namespace millrace::window
