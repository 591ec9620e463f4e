#include "actors/sink/kafka/position_record.hpp"

#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>

namespace millrace::sink {
namespace {

constexpr std::uint64_t version = 1;
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const auto n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < n ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j)
      out.push_back(j <= n ? alphabet[group >> (18 - 6 * j) & 63] : '=');
  }
  return out;
}

/// Nothing for text that to_base64 does not give.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    auto quad = text.substr(i, 4);
    std::size_t n = 4;
    while (i + 4 == text.size() && n > 2 && quad[n - 1] == '=')
      --n;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const auto digit = j < n ? alphabet.find(quad[j]) : 0;
      if (digit == std::string_view::npos)
        return std::nullopt;
      group = group << 6 | static_cast<std::uint32_t>(digit);
    }
    for (std::size_t j = 0; j + 1 < n; ++j)
      out.push_back(static_cast<char>(group >> (16 - 8 * j) & 0xFF));
  }
  return out;
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

unexpected damaged(std::string_view how) {
  return fatal_error(ec::corrupt,
                     fmt::format("the position that the sink has stored in Kafka is damaged ({}); start "
                                 "over with --fresh",
                                 how));
}

}  // namespace

std::string encode_position(const position_record& r) {
  wire::writer out;
  out.fixed(static_cast<std::uint8_t>(r.at.has_value()));
  out.string(r.at ? encode_progress(*r.at) : std::string());
  out.varint(r.next_rejected);
  out.varint(r.rejected.size());
  for (const auto& p : r.rejected) {
    out.varint(p.sequence);
    out.varint(static_cast<std::uint64_t>(p.partition));
    out.varint(static_cast<std::uint64_t>(p.offset));
    out.varint(p.chunks);
  }
  return out.take();
}

expected<position_record> decode_position(std::string_view bytes) {
  wire::reader in(bytes);
  position_record r;
  const bool has_progress = in.fixed<std::uint8_t>() != 0;
  const auto stored = in.string();
  if (has_progress) {
    auto p = decode_progress(stored);
    if (!p)
      return unexpected(p.error());
    r.at = std::move(*p);
  }
  r.next_rejected = in.varint();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    rejected_place p;
    p.sequence = in.varint();
    p.partition = static_cast<std::int32_t>(in.varint());
    p.offset = static_cast<std::int64_t>(in.varint());
    p.chunks = static_cast<std::uint32_t>(in.varint());
    r.rejected.push_back(p);
  }
  if (!in.ok() || !in.at_end())
    return damaged("its record has the wrong length");
  return r;
}

std::string encode_envelope(const envelope& e) {
  wire::writer out;
  out.varint(version);
  out.string(e.state_id);
  out.varint(e.life);
  out.varint(e.sequence);
  out.fixed(static_cast<std::uint8_t>(e.record.index()));
  if (const auto* record = std::get_if<std::string>(&e.record)) {
    out.string(*record);
  } else {
    const auto& p = std::get<record_pointer>(e.record);
    out.varint(static_cast<std::uint64_t>(p.partition));
    out.varint(static_cast<std::uint64_t>(p.offset));
  }
  out.fixed(checksum(out.bytes()));
  return to_base64(out.bytes());
}

expected<envelope> decode_envelope(std::string_view text) {
  const auto bytes = from_base64(text);
  constexpr auto sum = sizeof(std::uint32_t);
  if (!bytes || bytes->size() <= sum)
    return damaged("no envelope");
  const auto body = std::string_view(*bytes).substr(0, bytes->size() - sum);
  wire::reader in(body);
  if (const auto v = in.varint(); v != version)
    return fatal_error(ec::unsupported,
                       fmt::format("the sink's position in Kafka was stored by another version of "
                                   "millrace (format {}, this one reads {}); go on with that version, "
                                   "or start over with --fresh",
                                   v, version));
  if (wire::reader(std::string_view(*bytes).substr(body.size())).fixed<std::uint32_t>() != checksum(body))
    return damaged("its checksum does not match");
  envelope e;
  e.state_id = in.string();
  e.life = in.varint();
  e.sequence = in.varint();
  if (in.fixed<std::uint8_t>() == 0) {
    e.record = std::string(in.string());
  } else {
    record_pointer p;
    p.partition = static_cast<std::int32_t>(in.varint());
    p.offset = static_cast<std::int64_t>(in.varint());
    e.record = p;
  }
  if (!in.ok() || !in.at_end())
    return damaged("its envelope has the wrong length");
  return e;
}

}  // namespace millrace::sink
