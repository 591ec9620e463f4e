#include "actors/sink/file/file_record.hpp"

#include "actors/sink/data_file.hpp"
#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>

namespace millrace::sink {
namespace {

constexpr std::uint64_t version = 1;
enum flag : std::uint8_t { to_publish = 1, has_progress = 2 };

}  // namespace

std::string encode_record(const file_record& r) {
  wire::writer out;
  out.varint(version);
  out.string(r.state_id);
  out.string(r.topology);
  out.string(r.sink);
  out.varint(r.life);
  out.varint(r.length);
  out.varint(r.first);
  out.varint(r.number);
  out.varint(r.rows);
  out.svarint(r.since);
  out.fixed(static_cast<std::uint8_t>((r.publish ? to_publish : 0) | (r.at ? has_progress : 0)));
  if (r.at)
    out.string(encode_progress(*r.at));
  return out.take();
}

expected<file_record> decode_record(std::string_view bytes) {
  wire::reader in(bytes);
  if (const auto v = in.varint(); v != version)
    return fatal_error(ec::unsupported,
                       fmt::format("it was written by another version of millrace (format {}, this "
                                   "one reads {}); go on with that version",
                                   v, version));
  file_record r;
  r.state_id = in.string();
  r.topology = in.string();
  r.sink = in.string();
  r.life = in.varint();
  r.length = in.varint();
  r.first = in.varint();
  r.number = in.varint();
  r.rows = in.varint();
  r.since = in.svarint();
  const auto flags = in.fixed<std::uint8_t>();
  r.publish = flags & to_publish;
  if (flags & has_progress) {
    auto p = decode_progress(in.string());
    if (!p)
      return unexpected(p.error());
    r.at = std::move(*p);
  }
  if (!in.ok() || !in.at_end())
    return fatal_error(ec::corrupt, "its record has the wrong length");
  return r;
}

expected<taken_over> take_over(side_file& side, const claim& who, std::string_view target, at_start begin) {
  const auto bytes = side.load();
  if (!bytes)
    return unexpected(bytes.error());
  taken_over t;
  t.record.state_id = who.state_id;
  t.record.topology = who.topology;
  t.record.sink = who.sink;
  t.record.life = who.life;
  if (!*bytes) {
    t.first = true;
  } else {
    auto old = decode_record(**bytes);
    if (!old) {
      auto e = old.error();
      e.message = fmt::format("{}: {}", side.path().string(), e.message);
      return unexpected(std::move(e));
    }
    const auto owned = judge({old->state_id, old->topology, old->sink, old->life}, who, target, begin);
    if (!owned)
      return unexpected(owned.error());
    if (*owned == ownership::ours) {
      t.record = std::move(*old);
      t.record.state_id = who.state_id;
      t.record.life = who.life;
    } else {
      t.replaced = std::move(*old);
    }
  }
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
