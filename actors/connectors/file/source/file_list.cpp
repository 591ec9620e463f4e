#include "actors/connectors/file/source/file_list.hpp"

#include "actors/connectors/file/source/byte_stream.hpp"
#include "actors/connectors/file/source/recent_bytes.hpp"
#include "runtime/base/percent.hpp"
#include "runtime/base/scan.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <glob.h>
#include <sys/stat.h>
#include <tuple>

namespace millrace::source {

expected<file_head> own_head(const open_file& file, std::uint32_t size) {
  std::array<char, head_bytes> bytes{};
  ASSIGN_OR_RETURN(auto got, file.read_at(0, bytes.data(), std::min(size, head_bytes)));
  return file_head{static_cast<std::uint32_t>(got), XXH3_64bits(bytes.data(), got)};
}

namespace {

/// No tail where the file is shorter.
expected<file_tail> own_tail(const open_file& file, std::uint64_t end) {
  return recent_bytes::of(file, end).map(
      [](const recent_bytes& found) { return found.tail().value_or(file_tail{}); });
}

}  // namespace

expected<bool> goes_on_from(const file_identity& stored, const open_file& file, std::uint64_t length) {
  ASSIGN_OR_RETURN(const auto head, own_head(file, stored.head_length));
  if (length < stored.length || head != file_head{stored.head_length, stored.head_hash})
    return false;
  ASSIGN_OR_RETURN(const auto tail, own_tail(file, stored.tail.end));
  return tail == stored.tail;
}

namespace {

constexpr std::string_view done_mark = "done ";

std::string escaped(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == '%' || c == '\t' || c == '\n' || c == '\r')
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

/// Takes the digits at the front of `text`, without leading zeros.
std::string_view take_number(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n]))
    ++n;
  auto digits = text.substr(0, n);
  text.remove_prefix(n);
  while (digits.size() > 1 && digits.front() == '0')
    digits.remove_prefix(1);
  return digits;
}

/// Numbers of any length compare as numbers, all else as bytes; names that differ in leading zeros alone as bytes.
bool is_naturally_before(std::string_view a, std::string_view b) {
  auto x = a;
  auto y = b;
  while (!x.empty() && !y.empty()) {
    if (is_digit(x.front()) && is_digit(y.front())) {
      const auto left = take_number(x);
      const auto right = take_number(y);
      if (left.size() != right.size())
        return left.size() < right.size();
      if (left != right)
        return left < right;
      continue;
    }
    if (x.front() != y.front())
      return static_cast<unsigned char>(x.front()) < static_cast<unsigned char>(y.front());
    x.remove_prefix(1);
    y.remove_prefix(1);
  }
  return x.empty() && y.empty() ? a < b : x.empty();
}

struct listed {
  std::string name;
  std::int64_t seconds = 0;  // the time of its last modification
  std::int64_t nanos = 0;
};

unexpected changed(std::string_view what) {
  return user_error(ec::mismatch,
                    fmt::format("{}; a bounded log must stay as it was. Put it back, begin anew "
                                "with --fresh, or read it with \"follow\": true",
                                what));
}

}  // namespace

bool is_glob(const std::string& pattern) {
  struct stat info {};
  return pattern.find_first_of("*?[") != std::string::npos && ::stat(pattern.c_str(), &info) != 0;
}

file_order file_order_of(std::string_view text) {
  return text == "name" ? file_order::name : text == "modified" ? file_order::modified : file_order::natural;
}

bool comes_before(std::string_view a, std::string_view b, file_order order) {
  return order == file_order::natural ? is_naturally_before(a, b) : order == file_order::name && a < b;
}

expected<std::vector<std::string>> names_of(const std::string& pattern) {
  if (!is_glob(pattern))
    return std::vector<std::string>{pattern};
  std::vector<std::string> names;
  glob_t found{};
  const int status = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  for (std::size_t i = 0; status == 0 && i < found.gl_pathc; ++i)
    names.emplace_back(found.gl_pathv[i]);
  globfree(&found);
  if (status != 0 && status != GLOB_NOMATCH)
    return outside_error(ec::io, fmt::format("{}: cannot be listed: {}", pattern, std::strerror(errno)));
  return names;
}

expected<std::vector<std::string>> list_files(const std::string& pattern, file_order order) {
  auto found = names_of(pattern);
  if (!found)
    return found;
  auto& names = *found;
  const bool several = is_glob(pattern);
  std::vector<listed> files;
  bool folders = false;
  for (auto& name : names) {
    struct stat info {};
    if (::stat(name.c_str(), &info) != 0)
      continue;  // gone meanwhile, or never there
    if (S_ISDIR(info.st_mode))
      folders = true;
    else
      files.push_back({std::move(name), info.st_mtim.tv_sec, info.st_mtim.tv_nsec});
  }
  if (files.empty() && folders && !several)
    return user_error(ec::not_found,
                      fmt::format("{} is a folder; name its files by a glob, as in {}/*", pattern, pattern));
  if (files.empty())
    return user_error(ec::not_found,
                      fmt::format("no file matches {}; correct `path` (it is looked up from the folder that "
                                  "millrace was started in)",
                                  pattern));
  std::ranges::sort(files, [&](const listed& a, const listed& b) {
    if (order != file_order::modified)
      return comes_before(a.name, b.name, order);
    return std::tie(a.seconds, a.nanos) != std::tie(b.seconds, b.nanos)
               ? std::tie(a.seconds, a.nanos) < std::tie(b.seconds, b.nanos)
               : is_naturally_before(a.name, b.name);
  });
  std::vector<std::string> out;
  out.reserve(files.size());
  for (auto& f : files)
    out.push_back(std::move(f.name));
  return out;
}

namespace {

expected<file_identity> identify_with(const open_file& file, const expected<file_head>& head, bool has_tail) {
  if (!head)
    return tl::make_unexpected(head.error());
  struct stat info {};
  if (::fstat(file.fd(), &info) != 0)
    return outside_error(ec::io, fmt::format("{}: {}", file.path(), std::strerror(errno)));
  file_identity f;
  f.device = static_cast<std::uint64_t>(info.st_dev);
  f.inode = static_cast<std::uint64_t>(info.st_ino);
  f.length = static_cast<std::uint64_t>(info.st_size);
  f.head_length = head->length;
  f.head_hash = head->hash;
  f.path = file.path();
  if (!has_tail)
    return f;
  ASSIGN_OR_RETURN(const auto tail, own_tail(file, f.length));
  f.tail = tail;
  return f;
}

}  // namespace

expected<file_identity> identify(const std::string& path) {
  const auto file = open_file::open(path);
  return file ? identify_with(*file, own_head(*file, head_bytes), true) : tl::make_unexpected(file.error());
}

expected<file_identity> identify_content(const std::string& path) {
  ASSIGN_OR_RETURN(const auto file, open_file::open(path));
  ASSIGN_OR_RETURN(const auto packed, is_gzip(file));
  return identify_with(file, content_head(file, head_bytes), !packed);
}

expected<file_head> content_head(const open_file& file, std::uint32_t size) {
  ASSIGN_OR_RETURN(auto packed, is_gzip(file));
  if (!packed)
    return own_head(file, size);
  ASSIGN_OR_RETURN(auto copy, file.duplicate());
  ASSIGN_OR_RETURN(auto stream, open_stream(std::move(copy), 0, std::nullopt));
  std::array<char, head_bytes> bytes{};
  auto got = stream->read(bytes.data(), std::min(size, head_bytes));
  const std::size_t length = got ? *got : 0;  // damaged from the start: as if empty; reading it tells
  return file_head{static_cast<std::uint32_t>(length), XXH3_64bits(bytes.data(), length)};
}

std::string format_identities(const std::vector<file_identity>& files) {
  std::string out;
  for (const auto& f : files) {
    fmt::format_to(std::back_inserter(out), "{}{} {} {} {} {} {:016x} {} {} {:016x} {}{}{}\n",
                   f.done ? done_mark : "", f.number, f.device, f.inode, f.length, f.head_length, f.head_hash,
                   f.seen, f.tail.end, f.tail.hash, escaped(f.path), f.name.empty() ? "" : "\t",
                   escaped(f.name));
  }
  return out;
}

expected<std::vector<file_identity>> parse_identities(std::string_view text) {
  std::vector<file_identity> files;
  while (!text.empty()) {
    auto line = take_line(text);
    file_identity f;
    f.done = line.starts_with(done_mark);
    if (f.done)
      line.remove_prefix(done_mark.size());
    const bool good = take_field(line, f.number) && take_field(line, f.device) && take_field(line, f.inode) &&
                      take_field(line, f.length) && take_field(line, f.head_length) &&
                      take_field(line, f.head_hash, 16) && take_field(line, f.seen) &&
                      take_field(line, f.tail.end) && take_field(line, f.tail.hash, 16);
    const auto path_end = std::min(line.find('\t'), line.size());
    f.path = percent_decoded(line.substr(0, path_end));
    f.name = percent_decoded(line.substr(std::min(path_end + 1, line.size())));
    if (!good || f.path.empty() || f.head_length > head_bytes)
      return fatal_error(ec::corrupt, "the stored list of files is damaged; restore the state folder, or "
                                      "begin anew with --fresh");
    files.push_back(std::move(f));
  }
  return files;
}

expected<void> compare_identities(std::vector<file_identity> stored, std::vector<file_identity> now) {
  std::ranges::sort(stored, {}, &file_identity::path);
  std::ranges::sort(now, {}, &file_identity::path);
  for (std::size_t i = 0; i < stored.size() || i < now.size(); ++i) {
    if (i >= now.size() || (i < stored.size() && stored[i].path < now[i].path))
      return changed(fmt::format("{}: the file is gone since the run began", stored[i].path));
    if (i >= stored.size() || now[i].path < stored[i].path)
      return changed(fmt::format("{}: the file was added since the run began", now[i].path));
    if (stored[i].length != now[i].length)
      return changed(fmt::format("{}: it had {} bytes when the run began and now has {}", now[i].path,
                                 stored[i].length, now[i].length));
    if (stored[i].head_length != now[i].head_length || stored[i].head_hash != now[i].head_hash ||
        stored[i].tail != now[i].tail)
      return changed(fmt::format("{}: its content was replaced since the run began", now[i].path));
    if (stored[i].device != now[i].device || stored[i].inode != now[i].inode)
      return changed(
          fmt::format("{}: another file of the same length and beginning has taken its place", now[i].path));
  }
  return {};
}

expected<void> check_still_there(const file_identity& stored) {
  const auto now = identify(stored.path);
  if (!now && now.error().code == ec::not_found)
    return changed(fmt::format("{}: the file is gone since the run began", stored.path));
  if (!now)
    return tl::make_unexpected(now.error());
  ASSIGN_OR_RETURN(const auto file, open_file::open(stored.path));
  ASSIGN_OR_RETURN(const auto same, goes_on_from(stored, file, now->length));
  if (!same)
    return changed(fmt::format("{}: its content was replaced or cut since the run began", stored.path));
  return {};
}

}  // namespace millrace::source
