#include "actors/stream/replay/replay_format.hpp"

#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::replay {
namespace {

constexpr std::uint16_t version = 2;
constexpr std::uint16_t without_nulls = 1;  // what earlier versions of millrace read, too
constexpr std::string_view prefix = "replay:";

enum parts : std::uint8_t { has_timestamp = 1, has_key = 2, is_null = 4 };

}  // namespace

std::string encode(const replayed_batch& b) {
  wire::writer out;
  out.fixed(std::ranges::any_of(b.records, &replayed_record::is_null) ? version : without_nulls);
  out.string(b.stage);
  out.string(b.topic);
  out.string(b.header);
  out.varint(b.records.size());
  for (const auto& r : b.records) {
    out.fixed(static_cast<std::uint8_t>((r.timestamp ? has_timestamp : 0) | (r.key ? has_key : 0) |
                                        (r.is_null ? is_null : 0)));
    out.string(r.id);
    out.string(r.bytes);
    if (r.timestamp) {
      out.svarint(*r.timestamp);
      out.fixed(r.timestamp_type);
    }
    if (r.key)
      out.string(*r.key);
    out.string(r.headers);
  }
  return out.take();
}

expected<replayed_batch> decode(std::string_view bytes) {
  wire::reader in(bytes);
  const auto found = in.fixed<std::uint16_t>();
  if (in.ok() && found > version)
    return user_error(ec::unsupported,
                      fmt::format("replayed records in format {}, this version of millrace reads up to {}; "
                                  "run the later version",
                                  found, version));
  replayed_batch b;
  b.stage = in.string();
  b.topic = in.string();
  b.header = in.string();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    replayed_record r;
    const auto flags = in.fixed<std::uint8_t>();
    r.id = in.string();
    r.bytes = in.string();
    r.is_null = (flags & is_null) != 0;
    if (flags & has_timestamp) {
      r.timestamp = in.svarint();
      r.timestamp_type = in.fixed<std::uint8_t>();
    }
    if (flags & has_key)
      r.key = in.string();
    r.headers = in.string();
    if ((flags & ~(has_timestamp | has_key | (found < version ? 0 : is_null))) != 0)
      in.fail();
    b.records.push_back(std::move(r));
  }
  if (!in.ok() || !in.at_end())
    return fatal_error(ec::corrupt, "replayed records are malformed");
  return b;
}

std::string partition_name(std::string_view stage, std::uint64_t number) {
  return fmt::format("{}{}:{}", prefix, stage, number);
}

std::optional<partition_parts> parse_partition_name(std::string_view name) {
  if (!name.starts_with(prefix))
    return std::nullopt;
  name.remove_prefix(prefix.size());
  const auto colon = name.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return std::nullopt;
  partition_parts out{name.substr(0, colon), 0};
  const auto digits = name.substr(colon + 1);
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), out.number);
  if (digits.empty() || failed != std::errc() || end != digits.data() + digits.size())
    return std::nullopt;
  return out;
}

}  // namespace millrace::replay
