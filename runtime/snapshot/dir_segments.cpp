#include "runtime/snapshot/dir_segments.hpp"

#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/sealed_file.hpp"
#include "runtime/snapshot/size_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace millrace::snapshot {
namespace {

constexpr file_mark segment_mark{{'M', 'R', 'S', 'E', 'G', 'M', '\r', '\n'}, 1};
constexpr std::string_view name_begin = "seg-";
constexpr std::string_view temporary_begin = "tmp-";
constexpr std::size_t digits = 20;  // the digits of 2^64

bool parse_number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

unexpected lost(ec code, const std::string& path, const std::string& how) {
  return fatal_error(code,
                     fmt::format("{} {}: it holds rows that a sink has not committed; restore the state "
                                 "folder from a backup, or start over with --fresh",
                                 path, how));
}

}  // namespace

segment_header seal(const segment_id& id, std::string_view actor, std::string_view payload) {
  segment_header h{};
  h.life = id.life;
  h.number = id.number;
  seal(h, segment_mark, actor, payload);
  return h;
}

reading decode_segment_file(std::string_view bytes, const segment_id& id, std::string_view actor,
                            std::string& payload) {
  segment_header h{};
  std::string_view found;
  const auto result = unseal(bytes, segment_mark, actor, h, found);
  if (result != reading::whole)
    return result;
  if (segment_id{h.life, h.number} != id)
    return reading::damaged;
  payload = found;
  return result;
}

std::string to_file_name(const segment_id& id) {
  return fmt::format("{}{:020}-{:020}", name_begin, id.life, id.number);
}

bool parse_file_name(std::string_view text, segment_id& out) {
  if (!text.starts_with(name_begin) || text.size() != name_begin.size() + 2 * digits + 1)
    return false;
  text.remove_prefix(name_begin.size());
  return text[digits] == '-' && parse_number(text.substr(0, digits), out.life) &&
         parse_number(text.substr(digits + 1), out.number);
}

dir_segments::dir_segments(file_system& files, const std::string& parent, std::string actor, incarnation life,
                           std::shared_ptr<life_fence> fence)
    : files_(files), parent_(parent), folder_(parent + "/" + file_name_of(actor)), actor_(std::move(actor)),
      life_(life), fence_(std::move(fence)) {}

expected<std::unique_ptr<segments>> dir_segments::open(file_system& files, const std::string& parent,
                                                       std::string actor, incarnation life,
                                                       std::shared_ptr<life_fence> fence,
                                                       const std::vector<segment_id>& needed) {
  std::unique_ptr<dir_segments> opened(
      new dir_segments(files, parent, std::move(actor), life, std::move(fence)));
  const std::lock_guard lock(opened->fence_->mutex);
  auto done = opened->check_fence().and_then([&] { return opened->remove_all_but(needed); });
  if (!done)
    return unexpected(done.error());
  return opened;
}

expected<void> dir_segments::remove_all_but(const std::vector<segment_id>& needed) {
  const auto entries = files_.list(folder_);
  if (!entries && entries.error().code == ec::not_found)
    return {};
  if (!entries)
    return unexpected(entries.error());
  for (const auto& e : *entries) {
    segment_id id;
    const auto is_cut_short = e.name.starts_with(temporary_begin);
    const auto name = std::string_view(e.name).substr(is_cut_short ? temporary_begin.size() : 0);
    const auto is_segment = parse_file_name(name, id);
    const auto is_needed =
        !is_cut_short && is_segment && std::find(needed.begin(), needed.end(), id) != needed.end();
    if (is_needed || (is_segment && id.life > life_))
      continue;  // a newer life's is not ours to judge, and it may be writing it
    if (auto done = files_.remove(folder_ + "/" + e.name); !done)
      return done;
  }
  return {};
}

expected<void> dir_segments::make_folders() {
  if (made_)
    return {};
  auto done = files_.make_folder(parent_)
                  .and_then([&](bool) { return files_.make_folder(folder_); })
                  .and_then([&](bool) { return files_.sync_folder(parent_); })
                  .and_then([&] { return files_.sync_folder(parent_.substr(0, parent_.rfind('/'))); });
  made_ = done.has_value();
  return done;
}

expected<void> dir_segments::write(const segment_id& id, std::string_view payload) {
  const std::lock_guard lock(fence_->mutex);
  if (auto done = check_fence().and_then([this] { return make_folders(); }); !done)
    return done;
  const auto temporary = fmt::format("{}/{}{}", folder_, temporary_begin, to_file_name(id));
  const auto header = seal(id, actor_, payload);
  auto done = files_.write(temporary, {bytes_of(header), actor_, payload}, true).and_then([&] {
    return files_.publish(temporary, path(id));
  });
  if (!done) {
    (void)files_.remove(temporary);
    return done;
  }
  done = files_.sync_folder(folder_);
  if (!done)
    (void)files_.remove(path(id));
  return done;
}

expected<std::vector<segment_id>> dir_segments::list(file_system& files, const std::string& parent,
                                                     const std::string& actor) {
  std::vector<segment_id> out;
  const auto entries = files.list(parent + "/" + file_name_of(actor));
  if (!entries)
    return entries.error().code == ec::not_found ? expected<std::vector<segment_id>>(out)
                                                 : unexpected(entries.error());
  for (const auto& e : *entries)
    if (segment_id id; parse_file_name(e.name, id))
      out.push_back(id);
  return out;
}

expected<std::string> dir_segments::read(const segment_id& id) const {
  return read(files_, parent_, actor_, id);
}

expected<std::string> dir_segments::read(file_system& files, const std::string& parent,
                                         const std::string& actor, const segment_id& id) {
  const auto path = fmt::format("{}/{}/{}", parent, file_name_of(actor), to_file_name(id));
  const auto bytes = read_at_most(files, path, largest_segment);
  if (!bytes && bytes.error().code == ec::not_found)
    return lost(ec::not_found, path, "is missing");
  if (!bytes && bytes.error().code != ec::corrupt)
    return unexpected(bytes.error());
  std::string payload;
  const auto result = bytes ? decode_segment_file(*bytes, id, actor, payload) : reading::damaged;
  if (result == reading::later)
    return user_error(ec::unsupported,
                      fmt::format("{} was written by a later version of millrace; run that version", path));
  if (result == reading::damaged)
    return lost(ec::corrupt, path, "is damaged");
  return payload;
}

expected<void> dir_segments::remove(const std::vector<segment_id>& ids) {
  const std::lock_guard lock(fence_->mutex);
  if (auto fenced = check_fence(); !fenced)
    return fenced;
  for (const auto& id : ids)
    if (auto done = files_.remove(path(id)); !done)
      return done;
  return {};
}

}  // namespace millrace::snapshot
