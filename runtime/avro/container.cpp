#include "runtime/avro/container.hpp"

#include "runtime/avro/block_codec.hpp"
#include "runtime/avro/cursor.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace millrace::avro {
namespace {

constexpr std::string_view recodec = "write it anew with another codec, as by \"avro-tools recodec --codec "
                                     "zstandard IN OUT\"";

unexpected damaged(std::string what) { return user_error(ec::corrupt, std::move(what)); }

/// Numbers and texts of a head, front to back.
class head_bytes {
public:
  enum class found : std::uint8_t { whole, unfinished, too_long, wrong };

  explicit head_bytes(std::string_view bytes) : size_(bytes.size()), at_(bytes) {}

  found number(std::int64_t& out) { return found_by(at_.integer(out)); }

  found text(std::string_view& out) {
    std::int64_t size = 0;
    if (const auto how = number(size); how != found::whole)
      return how;
    if (size < 0)
      return found::wrong;
    return take(static_cast<std::uint64_t>(size), out);
  }

  found take(std::uint64_t size, std::string_view& out) {
    return size > longest_head ? found::too_long : found_by(at_.fixed(size, out));
  }

  [[nodiscard]] std::size_t at() const { return size_ - static_cast<std::size_t>(at_.left()); }

private:
  [[nodiscard]] found found_by(bool read) const {
    return read ? found::whole : at_.ended() ? found::unfinished : found::wrong;
  }

  std::size_t size_;
  cursor at_;
};

struct metadata {
  std::optional<std::string_view> schema;
  std::optional<std::string_view> codec;
};

/// Reads one part of the map; `entries` becomes its number of entries, of which the last part has none.
head_bytes::found read_entries(head_bytes& in, metadata& out, std::int64_t& entries) {
  using found = head_bytes::found;
  if (const auto how = in.number(entries); how != found::whole || entries == 0)
    return how;
  if (entries < 0) {  // the part's size in bytes follows
    std::int64_t size = 0;
    if (const auto how = in.number(size); how != found::whole)
      return how;
    if (size < 0 || entries == std::numeric_limits<std::int64_t>::min())
      return found::wrong;
    entries = -entries;
  }
  for (auto left = entries; left > 0; --left) {
    std::string_view key;
    std::string_view value;
    if (const auto how = in.text(key); how != found::whole)
      return how;
    if (const auto how = in.text(value); how != found::whole)
      return how;
    auto* const to = key == "avro.schema" ? &out.schema : key == "avro.codec" ? &out.codec : nullptr;
    if (to != nullptr && std::exchange(*to, value))
      return found::wrong;  // twice: which one holds cannot be known
  }
  return found::whole;
}

expected<codec> codec_of(std::string_view name) {
  if (name.empty() || name == "null")
    return codec::null;
  if (name == "deflate")
    return codec::deflate;
  if (name == "snappy")
    return codec::snappy;
  if (name == "zstandard")
    return codec::zstandard;
  return user_error(
      ec::unsupported,
      fmt::format("its blocks are packed by the codec \"{}\"; expected null, deflate, snappy or "
                  "zstandard: {}",
                  data::excerpt(name), recodec));
}

unexpected too_long_head() {
  return user_error(ec::unsupported,
                    fmt::format("its head, with the schema, is longer than {} MiB", longest_head >> 20U));
}

expected<std::optional<container_head>> unfinished_head(std::string_view bytes) {
  if (bytes.size() > longest_head)
    return too_long_head();
  return std::optional<container_head>();
}

}  // namespace

expected<std::optional<container_head>> read_container_head(std::string_view bytes) {
  using found = head_bytes::found;
  const auto begin = bytes.substr(0, container_magic.size());
  if (!container_magic.starts_with(begin))
    return damaged("it does not begin as an Avro object container does");
  if (begin.size() < container_magic.size())
    return unfinished_head(bytes);
  head_bytes in(bytes.substr(begin.size()));
  metadata said;
  for (std::int64_t entries = -1; entries != 0;) {
    const auto how = read_entries(in, said, entries);
    if (how == found::unfinished)
      return unfinished_head(bytes);
    if (how == found::too_long)
      return too_long_head();
    if (how == found::wrong)
      return damaged(fmt::format("its head is damaged at byte {}", begin.size() + in.at()));
  }
  container_head out;
  std::string_view sync;
  if (in.take(out.sync.size(), sync) != found::whole)
    return unfinished_head(bytes);
  out.size = begin.size() + in.at();
  if (out.size > longest_head)
    return too_long_head();
  if (!said.schema)
    return damaged("its head has no avro.schema");
  ASSIGN_OR_RETURN(out.packed_by, codec_of(said.codec.value_or(std::string_view())));
  out.schema = *said.schema;
  std::ranges::copy(sync, out.sync.begin());
  return std::optional(std::move(out));
}

expected<std::optional<block_head>> read_block_head(std::string_view bytes) {
  using found = head_bytes::found;
  head_bytes in(bytes);
  std::int64_t records = 0;
  std::int64_t packed = 0;
  for (auto* const to : {&records, &packed}) {
    const auto how = in.number(*to);
    if (how == found::unfinished)
      return std::optional<block_head>();
    if (how == found::wrong || *to < 0)
      return damaged("the file is damaged: no block begins there");
  }
  if (static_cast<std::uint64_t>(records) > most_block_records)
    return user_error(
        ec::unsupported,
        fmt::format("the block says that it has {} records; at most {} are read, and the file may "
                    "be damaged there",
                    records, most_block_records));
  if (static_cast<std::uint64_t>(packed) > longest_block)
    return user_error(
        ec::unsupported,
        fmt::format("the block says that it has {} bytes; at most {} MiB are read: write the file "
                    "anew with smaller blocks, if it is not damaged there",
                    packed, longest_block >> 20U));
  return std::optional(
      block_head{static_cast<std::uint64_t>(records), static_cast<std::uint64_t>(packed), in.at()});
}

expected<void> unpack_block(codec by, std::string_view packed, std::string& out) {
  out.clear();
  switch (by) {
  case codec::null:
    if (packed.size() > longest_block)
      return too_large_block();
    out.assign(packed);
    return {};
  case codec::deflate:
    return inflate_block(packed, out);
  case codec::snappy:
    return unsnap_block(packed, out);
  case codec::zstandard:
    return unpack_zstandard_block(packed, out);
  }
  return our_error("a codec of Avro is unknown");
}

}  // namespace millrace::avro
