// u8 version | u8 what | varint n | n x (varint base | varint slot | bytes)
#include "actors/stream/spool/chain_record.hpp"

#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::spool {
namespace {

constexpr std::uint8_t record_version = 1;

unexpected damaged() { return fatal_error(ec::corrupt, "a record of a spool in the store is damaged"); }

}  // namespace

std::string encode_record(const chain_record& r) {
  wire::writer out;
  out.fixed(record_version);
  out.fixed(static_cast<std::uint8_t>(r.kind));
  out.varint(r.segments.size());
  for (const auto& s : r.segments) {
    out.varint(s.base);
    out.varint(s.slot);
    out.string(s.bytes);
  }
  return out.take();
}

expected<chain_record> decode_record(std::string_view bytes) {
  wire::reader in(bytes);
  const auto found = in.fixed<std::uint8_t>();
  if (in.ok() && found > record_version)
    return user_error(
        ec::unsupported,
        fmt::format("a spool in the store was written by a later version of millrace (format {}, "
                    "this one reads {}); run that version",
                    found, record_version));
  const auto kind = in.fixed<std::uint8_t>();
  if (!in.ok() || found == 0 || kind < 1 || kind > 3)
    return damaged();
  chain_record r{static_cast<chain_record::what>(kind), {}};
  for (auto left = in.varint(); left > 0 && in.ok(); --left) {
    stored_segment s;
    s.base = in.varint();
    s.slot = in.varint();
    s.bytes = in.string();
    r.segments.push_back(std::move(s));
  }
  if (!in.ok() || !in.at_end() || (r.kind != chain_record::what::all && r.segments.size() != 1))
    return damaged();
  return r;
}

expected<std::vector<stored_segment>> segments_of(chain::contents found) {
  std::vector<stored_segment> all;
  for (auto& bytes : chain::records_of(std::move(found))) {
    auto r = decode_record(bytes);
    bytes = {};
    if (!r)
      return unexpected(r.error());
    switch (r->kind) {
    case chain_record::what::all:
      all = std::move(r->segments);
      break;
    case chain_record::what::begun:
      // The one before it may hold nothing, or more than counts.
      if (!all.empty() && all.back().base == r->segments.front().base)
        all.pop_back();
      all.push_back(std::move(r->segments.front()));
      break;
    case chain_record::what::appended:
      if (all.empty() || all.back().base != r->segments.front().base || all.back().slot != 0)
        return damaged();
      all.back().bytes += r->segments.front().bytes;
      break;
    }
    for (std::size_t i = 1; i < all.size(); ++i)
      if (all[i - 1].base >= all[i].base)
        return damaged();
  }
  return all;
}

std::string name_of_spool(std::string_view source) { return fmt::format("spool:{}", source); }
std::string name_of_slot(std::string_view source, std::uint64_t slot) {
  return fmt::format("spool:{}:{}", source, slot);
}

}  // namespace millrace::spool
