#include "actors/connectors/file/sink/file_record.hpp"

#include "actors/stream/sink/files/data_file.hpp"

namespace millrace::sink {
namespace {

constexpr std::uint64_t version = 1;
enum flag : std::uint8_t { to_publish = 1, has_progress = 2 };

}  // namespace

std::string encode_record(const file_record& r) {
  wire::writer out;
  put_head(out, version, r.owner);
  out.varint(r.length);
  out.varint(r.first);
  out.varint(r.number);
  out.varint(r.rows);
  out.svarint(r.since);
  out.fixed(static_cast<std::uint8_t>((r.publish ? to_publish : 0) | (r.at ? has_progress : 0)));
  put(out, r.at);
  return out.take();
}

expected<file_record> decode_record(std::string_view bytes) {
  wire::reader in(bytes);
  file_record r;
  RETURN_IF_ERROR(read_head(in, version, r.owner));
  r.length = in.varint();
  r.first = in.varint();
  r.number = in.varint();
  r.rows = in.varint();
  r.since = in.svarint();
  const auto flags = in.fixed<std::uint8_t>();
  r.publish = flags & to_publish;
  RETURN_IF_ERROR(read_tail(in, flags & has_progress, r.at));
  return r;
}

expected<opened_side> open_side(const std::filesystem::path& target, const claim& who,
                                std::optional<side_file>& side, at_start begin) {
  RETURN_IF_ERROR(make_folder_of(target));
  ASSIGN_OR_RETURN(side, side_file::open(side_path(target)));
  ASSIGN_OR_RETURN(auto locked, side->lock());
  ASSIGN_OR_RETURN(const auto bytes, side->load());
  ASSIGN_OR_RETURN(auto found,
                   take_over(bytes, decode_record, who, target.string(), side->path().string(), begin));
  return opened_side{std::move(locked), std::move(found)};
}

}  // namespace millrace::sink
