#include "actors/node/stores/kafka/record_format.hpp"

#include "runtime/snapshot/checksum.hpp"
#include "runtime/wire/bytes.hpp"

#include <algorithm>

namespace millrace::kafka_chain {
namespace {

constexpr std::string_view magic = "MRC";
constexpr char format_version = 1;
/// The kind, the life's number, the random number, the record's number, the piece, the checksum of the key.
constexpr std::size_t key_end = 1 + 8 + 8 + 8 + 4 + 4;

std::uint32_t checksum_of_key(std::string_view all_before) {
  return static_cast<std::uint32_t>(snapshot::checksum_of({all_before}));
}

bool is_kind(std::uint8_t kind) {
  return kind >= static_cast<std::uint8_t>(record_kind::opening) &&
         kind <= static_cast<std::uint8_t>(record_kind::base);
}

}  // namespace

std::string prefix_of(const owner& of) {
  wire::writer out;
  out.raw(prefix_of_topology(of.topology));
  out.string(of.actor);
  return out.take();
}

std::optional<std::string> actor_in(std::string_view prefix, std::string_view topology) {
  const auto begin = prefix_of_topology(topology);
  if (!prefix.starts_with(begin))
    return std::nullopt;
  wire::reader in(prefix.substr(begin.size()));
  std::string actor(in.string());
  return in.ok() && in.at_end() ? std::optional(std::move(actor)) : std::nullopt;
}

std::string prefix_of_topology(std::string_view topology) {
  wire::writer out;
  out.raw(magic);
  out.fixed(format_version);
  out.string(topology);
  return out.take();
}

int partition_of(std::string_view prefix) {
  return static_cast<int>(snapshot::checksum_of({prefix}) % static_cast<std::uint64_t>(partitions));
}

std::string encode_key(std::string_view prefix, const piece_key& key) {
  wire::writer out;
  out.raw(prefix);
  out.fixed(static_cast<std::uint8_t>(key.record.kind));
  out.fixed(chain::number_of(key.record.by.life));
  out.fixed(key.record.by.opening);
  out.fixed(key.record.number);
  out.fixed(key.piece);
  out.fixed(checksum_of_key(out.bytes()));
  return out.take();
}

std::optional<split_key> decode_key(std::string_view bytes) {
  if (bytes.size() < key_end)
    return std::nullopt;
  split_key out{bytes.substr(0, bytes.size() - key_end), {}};
  wire::reader whose(out.prefix);
  const bool is_ours = whose.raw(magic.size()) == magic && whose.fixed<char>() == format_version;
  (void)whose.string();
  (void)whose.string();
  wire::reader in(bytes.substr(out.prefix.size()));
  const auto kind = in.fixed<std::uint8_t>();
  auto& name = out.key.record;
  name.kind = static_cast<record_kind>(kind);
  name.by.life = chain::life_of(in.fixed<std::uint64_t>());
  name.by.opening = in.fixed<std::uint64_t>();
  name.number = in.fixed<std::uint64_t>();
  out.key.piece = in.fixed<std::uint32_t>();
  const auto checksum = in.fixed<std::uint32_t>();
  const bool is_numbered = name.kind == record_kind::opening || name.number != 0;
  const bool is_whole = checksum == checksum_of_key(bytes.substr(0, bytes.size() - sizeof checksum));
  if (!is_ours || !whose.ok() || !whose.at_end() || !is_kind(kind) || !is_numbered || !is_whole)
    return std::nullopt;
  return out;
}

bool is_of_another_version(std::string_view key) {
  return key.size() > magic.size() && key.starts_with(magic) && key[magic.size()] != format_version;
}

std::uint64_t checksum_of_record(std::string_view prefix, const record_name& name,
                                 const std::vector<std::uint64_t>& hashes) {
  const auto first = encode_key(prefix, {name, 0});
  const std::string_view all(reinterpret_cast<const char*>(hashes.data()),
                             hashes.size() * sizeof(std::uint64_t));
  return snapshot::checksum_of({first, all});
}

std::vector<message> cut(std::string_view prefix, const record_name& name, std::string_view payload,
                         std::size_t bytes) {
  const auto pieces = std::max<std::size_t>(1, (payload.size() + bytes - 1) / bytes);
  std::vector<std::uint64_t> hashes;
  std::vector<message> out;
  for (std::size_t i = 0; i < pieces; ++i) {
    const auto part = payload.substr(i * bytes, bytes);
    hashes.push_back(snapshot::checksum_of({part}));
    wire::writer value;
    value.fixed(static_cast<std::uint32_t>(pieces));
    value.raw(part);
    if (i + 1 == pieces)
      value.fixed(checksum_of_record(prefix, name, hashes));
    out.push_back({encode_key(prefix, {name, static_cast<std::uint32_t>(i)}), value.take()});
  }
  return out;
}

std::optional<piece> decode_value(std::uint32_t number_of_piece, std::string_view bytes) {
  wire::reader in(bytes);
  piece out;
  out.digest.pieces = in.fixed<std::uint32_t>();
  const bool is_last = number_of_piece + 1 == out.digest.pieces;
  constexpr auto end = sizeof(std::uint64_t);
  if (number_of_piece >= out.digest.pieces || out.digest.pieces > most_pieces ||
      (is_last && in.remaining() < end))
    return std::nullopt;
  out.payload = in.raw(in.remaining() - (is_last ? end : 0));
  if (is_last)
    out.digest.checksum = in.fixed<std::uint64_t>();
  out.digest.bytes = out.payload.size();
  out.digest.hash = snapshot::checksum_of({out.payload});
  return out;
}

}  // namespace millrace::kafka_chain
