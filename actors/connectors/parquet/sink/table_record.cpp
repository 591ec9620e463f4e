#include "actors/connectors/parquet/sink/table_record.hpp"

#include "actors/stream/sink/files/record_parts.hpp"

namespace millrace::sink {
namespace {

constexpr std::uint64_t version = 1;
constexpr std::uint8_t has_progress = 1;

}  // namespace

std::vector<rejected_row> rejected_after(const table_record& r, std::uint64_t after, std::size_t limit) {
  std::vector<rejected_row> out;
  for (const auto& row : r.rejected)
    if (row.sequence > after && out.size() < limit)
      out.push_back(row);
  return out;
}

void forget_rejected(table_record& r, std::uint64_t up_to) {
  std::erase_if(r.rejected, [&](const rejected_row& row) { return row.sequence <= up_to; });
}

std::string encode_record(const table_record& r) {
  wire::writer out;
  put_head(out, version, r.owner);
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
  table_record r;
  RETURN_IF_ERROR(read_head(in, version, r.owner));
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
  const bool there = in.fixed<std::uint8_t>() & has_progress;
  RETURN_IF_ERROR(read_tail(in, there, r.at));
  return r;
}

}  // namespace millrace::sink
