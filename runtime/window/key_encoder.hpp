// Encodes and hashes the keys of a batch, column types decided once a batch and not once a row. Each key is
// preceded by the 4-byte ordinal of its slice in the frame, so that a lane groups by (slice, key) in one
// table. Used by partials_builder.
#pragma once

#include "runtime/window/buffer.hpp"
#include "runtime/window/keyed_table.hpp"
#include "runtime/window/window.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace millrace::window {

class key_encoder {
public:
  static constexpr std::size_t prefix = sizeof(std::uint32_t);

  key_encoder(std::uint32_t shards, std::vector<bool> only) : shards_(shards), only_(std::move(only)) {}

  /// Takes the rows `from` of the key columns, ordinals[i] being from[i]'s slice; with `only`, leaves those
  /// of other shards out. Then keys(), rows() and shards() are equally long.
  void encode(std::span<const data::column_ptr> columns, std::span<const std::uint32_t> from,
              std::span<const std::uint32_t> ordinals);

  /// Spreads one key's slices over the table; its own inverse.
  [[nodiscard]] static std::uint32_t mixed_tag(std::uint32_t tag, std::uint32_t ordinal) {
    return tag ^ ordinal * 0x9E3779B1U;  // 2^32 by the golden ratio
  }

  [[nodiscard]] key_list keys() const { return {bytes_, ends_, tags_}; }
  [[nodiscard]] std::span<const std::uint32_t> rows() const { return rows_; }
  [[nodiscard]] std::span<const std::uint32_t> shards() const { return key_shards_; }

private:
  template<class Append>
  void encode_with(std::span<const std::uint32_t> from, std::span<const std::uint32_t> ordinals,
                   Append append);

  std::uint32_t shards_;
  std::vector<bool> only_;  // one a shard; empty: all
  buffer arena_;
  std::string scratch_;
  const char* bytes_ = nullptr;
  std::vector<std::uint32_t> ends_, tags_, rows_, key_shards_;
};

}  // namespace millrace::window
