#include "actors/connectors/file/sink/file_record.hpp"

#include "actors/stream/sink/files/data_file.hpp"
#include "actors/stream/sink/files/record_parts.hpp"

#include <fmt/format.h>

namespace millrace::sink {
namespace {

constexpr std::uint64_t version = 1;
enum flag : std::uint8_t { to_publish = 1, has_progress = 2 };

}  // namespace

std::string encode_record(const file_record& r) {
  wire::writer out;
  out.varint(version);
  put(out, r.owner);
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
  if (auto known = read_version(in, version); !known)
    return unexpected(known.error());
  file_record r;
  r.owner = read_owner(in);
  r.length = in.varint();
  r.first = in.varint();
  r.number = in.varint();
  r.rows = in.varint();
  r.since = in.svarint();
  const auto flags = in.fixed<std::uint8_t>();
  r.publish = flags & to_publish;
  auto at = read_progress(in, flags & has_progress);
  if (!at)
    return unexpected(at.error());
  r.at = std::move(*at);
  if (auto whole = read_end(in); !whole)
    return unexpected(whole.error());
  return r;
}

expected<taken_over> take_over(side_file& side, const claim& who, std::string_view target, at_start begin) {
  const auto bytes = side.load();
  if (!bytes)
    return unexpected(bytes.error());
  taken_over t;
  if (!*bytes) {
    t.first = true;
  } else {
    auto old = decode_record(**bytes);
    if (!old) {
      auto e = old.error();
      e.message = fmt::format("{}: {}", side.path().string(), e.message);
      return unexpected(std::move(e));
    }
    const auto owned = judge(old->owner, who, target, begin);
    if (!owned)
      return unexpected(owned.error());
    if (*owned == ownership::ours)
      t.record = std::move(*old);
    else
      t.replaced = std::move(*old);
  }
  t.record.owner = {who.state_id, who.topology, who.sink, who.life};
  if (who.expects_progress && !t.record.at)
    return progress_missing(target, side.path().string());
  return t;
}

expected<opened_side> open_side(const std::filesystem::path& target, const claim& who,
                                std::optional<side_file>& side, at_start begin) {
  if (auto made = make_folder_of(target); !made)
    return unexpected(made.error());
  auto opened = side_file::open(side_path(target));
  if (!opened)
    return unexpected(opened.error());
  side = std::move(*opened);
  auto locked = side->lock();
  if (!locked)
    return unexpected(locked.error());
  auto found = take_over(*side, who, target.string(), begin);
  if (!found)
    return unexpected(found.error());
  return opened_side{std::move(*locked), std::move(*found)};
}

}  // namespace millrace::sink
