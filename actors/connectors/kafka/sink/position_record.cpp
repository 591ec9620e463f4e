#include "actors/connectors/kafka/sink/position_record.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>

namespace millrace::sink {
namespace {

constexpr std::uint64_t version = 1;

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

std::string name_on_brokers(std::string_view topology, std::string_view sink, std::string_view topic) {
  return fmt::format("millrace/{}/{}/{}", topology, sink, topic);
}

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
    ASSIGN_OR_RETURN(r.at, decode_progress(stored));
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
  return data::base64(out.bytes());
}

expected<envelope> decode_envelope(std::string_view text) {
  const auto bytes = data::from_base64(text);
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
