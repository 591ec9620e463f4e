#include "runtime/window/key_encoder.hpp"

#include "runtime/data/key_encoding.hpp"

#include <bit>
#include <cstring>

namespace millrace::window {
namespace {

/// data::append_key writes these bytes around a text without NUL bytes, and around integers.
constexpr char present = 0x01;

char* put_integer(char* to, std::int64_t v) {
  *to++ = present;
  const auto big_endian = __builtin_bswap64(static_cast<std::uint64_t>(v) ^ 1ULL << 63);
  std::memcpy(to, &big_endian, sizeof big_endian);
  return to + sizeof big_endian;
}

char* put_text(char* to, std::string_view text) {
  *to++ = present;
  if (!text.empty())
    std::memcpy(to, text.data(), text.size());
  to += text.size();
  *to++ = 0;
  *to++ = 0;
  return to;
}

}  // namespace

template<class Append>
void key_encoder::encode_with(std::span<const std::uint32_t> from, std::span<const std::uint32_t> ordinals,
                              Append append) {
  const auto n = from.size();
  ends_.resize(n);
  tags_.resize(n);
  rows_.resize(n);
  key_shards_.resize(n);
  std::size_t kept = 0;
  std::uint32_t begin = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string_view key = append(begin, ordinals[i], from[i]);
    const auto hash = data::hash_key(key.substr(prefix));
    const auto shard = shard_of_slot(slot_of(hash), shards_);
    if (!only_.empty() && !only_[shard])
      continue;  // the next key overwrites it
    begin += static_cast<std::uint32_t>(key.size());
    ends_[kept] = begin;
    tags_[kept] = mixed_tag(tag_of(hash), ordinals[i]);
    rows_[kept] = from[i];
    key_shards_[kept++] = shard;
  }
  ends_.resize(kept);
  tags_.resize(kept);
  rows_.resize(kept);
  key_shards_.resize(kept);
}

void key_encoder::encode(std::span<const data::column_ptr> columns, std::span<const std::uint32_t> from,
                         std::span<const std::uint32_t> ordinals) {
  const auto* single = columns.size() == 1 && columns[0]->null_count() == 0 ? columns[0].get() : nullptr;
  const auto type = single != nullptr ? single->type().id() : data::type_id::object;
  arena_.clear();
  if (type == data::type_id::bigint || type == data::type_id::timestamp) {
    auto* base = reinterpret_cast<char*>(arena_.extend(from.size() * (prefix + 9)));
    bytes_ = base;
    const auto values = single->ints();
    encode_with(from, ordinals, [&](std::uint32_t at, std::uint32_t ordinal, std::uint32_t row) {
      std::memcpy(base + at, &ordinal, prefix);
      const auto* end = put_integer(base + at + prefix, values[row]);
      return std::string_view(base + at, static_cast<std::size_t>(end - base) - at);
    });
  } else if (single != nullptr && single->type().is_bytes() &&
             single->bytes().find('\0') == std::string::npos) {
    auto* base = reinterpret_cast<char*>(arena_.extend(single->bytes().size() + from.size() * (prefix + 3)));
    bytes_ = base;
    encode_with(from, ordinals, [&](std::uint32_t at, std::uint32_t ordinal, std::uint32_t row) {
      std::memcpy(base + at, &ordinal, prefix);
      const auto* end = put_text(base + at + prefix, single->text_at(row));
      return std::string_view(base + at, static_cast<std::size_t>(end - base) - at);
    });
  } else {
    scratch_.clear();
    encode_with(from, ordinals, [&](std::uint32_t at, std::uint32_t ordinal, std::uint32_t row) {
      scratch_.resize(at);
      scratch_.append(reinterpret_cast<const char*>(&ordinal), prefix);
      for (const auto& c : columns)
        data::append_key(scratch_, *c, row);
      return std::string_view(scratch_).substr(at);
    });
    bytes_ = scratch_.data();
  }
}

}  // namespace millrace::window
