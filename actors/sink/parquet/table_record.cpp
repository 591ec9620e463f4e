#include "actors/sink/parquet/table_record.hpp"

#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>

namespace millrace::sink {
namespace {

constexpr std::uint64_t version = 1;
constexpr std::uint8_t has_progress = 1;

}  // namespace

std::string encode_record(const table_record& r) {
  wire::writer out;
  out.varint(version);
  out.string(r.owner.state_id);
  out.string(r.owner.topology);
  out.string(r.owner.sink);
  out.varint(r.owner.life);
  out.varint(r.staged_bytes);
  out.varint(r.staged_rows);
  out.varint(r.row_bytes);
  out.varint(r.next_number);
  out.svarint(r.since);
  out.varint(r.to_publish.size());
  for (const auto& f : r.to_publish) {
    out.string(f.hidden);
    out.string(f.visible);
  }
  out.varint(r.next_rejected);
  out.varint(r.rejected.size());
  for (const auto& row : r.rejected) {
    out.varint(row.sequence);
    out.string(row.record);
    out.string(row.error);
  }
  out.fixed(static_cast<std::uint8_t>(r.at ? has_progress : 0));
  if (r.at)
    out.string(encode_progress(*r.at));
  return out.take();
}

expected<table_record> decode_table_record(std::string_view bytes) {
  wire::reader in(bytes);
  if (const auto v = in.varint(); v != version)
    return fatal_error(ec::unsupported,
                       fmt::format("it was written by another version of millrace (format {}, this "
                                   "one reads {}); go on with that version",
                                   v, version));
  table_record r;
  r.owner.state_id = in.string();
  r.owner.topology = in.string();
  r.owner.sink = in.string();
  r.owner.life = in.varint();
  r.staged_bytes = in.varint();
  r.staged_rows = in.varint();
  r.row_bytes = in.varint();
  r.next_number = in.varint();
  r.since = in.svarint();
  for (auto left = in.varint(); left > 0 && in.ok(); --left) {
    whole_file f;
    f.hidden = in.string();
    f.visible = in.string();
    r.to_publish.push_back(std::move(f));
  }
  r.next_rejected = in.varint();
  for (auto left = in.varint(); left > 0 && in.ok(); --left) {
    rejected_row row;
    row.sequence = in.varint();
    row.record = in.string();
    row.error = in.string();
    r.rejected.push_back(std::move(row));
  }
  if (in.fixed<std::uint8_t>() & has_progress) {
    auto p = decode_progress(in.string());
    if (!p)
      return unexpected(p.error());
    r.at = std::move(*p);
  }
  if (!in.ok() || !in.at_end())
    return fatal_error(ec::corrupt, "its record has the wrong length");
  return r;
}

}  // namespace millrace::sink
