#include "actors/connectors/parquet/sink/table_record.hpp"

#include "actors/stream/sink/files/record_parts.hpp"

namespace millrace::sink {
namespace {

constexpr std::uint64_t version = 1;
constexpr std::uint8_t has_progress = 1;

}  // namespace

std::string encode_record(const table_record& r) {
  wire::writer out;
  out.varint(version);
  put(out, r.owner);
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
  put(out, r.at);
  return out.take();
}

expected<table_record> decode_table_record(std::string_view bytes) {
  wire::reader in(bytes);
  if (auto known = read_version(in, version); !known)
    return unexpected(known.error());
  table_record r;
  r.owner = read_owner(in);
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
  auto at = read_progress(in, in.fixed<std::uint8_t>() & has_progress);
  if (!at)
    return unexpected(at.error());
  r.at = std::move(*at);
  if (auto whole = read_end(in); !whole)
    return unexpected(whole.error());
  return r;
}

}  // namespace millrace::sink
