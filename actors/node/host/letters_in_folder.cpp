#include "actors/node/host/letters_in_folder.hpp"

#include "actors/observe/loss_log.hpp"
#include "runtime/base/guarded_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <iterator>
#include <map>
#include <string_view>
#include <unistd.h>

namespace millrace::host {
namespace {

/// One answer carries about as much. A letter holds a record, and a longer one is given by itself.
constexpr std::size_t page_bytes = 256U << 10;
constexpr std::size_t longest_line = 32U << 20;

/// Reads up to `size` bytes from `at` on; fewer at the end of the file.
expected<std::string> read_from(int fd, std::uint64_t at, std::size_t size) {
  std::string out(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const auto n = ::pread(fd, out.data() + got, size - got, static_cast<off_t>(at + got));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return outside_error(ec::io, std::strerror(errno));
    if (n == 0)
      break;
    got += static_cast<std::size_t>(n);
  }
  out.resize(got);
  return out;
}

/// The whole lines at its beginning, each without its end; `bytes` is what they take.
std::vector<std::string> lines_of(const std::string& text, std::size_t& bytes) {
  std::vector<std::string> out;
  bytes = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', bytes)) {
    out.push_back(text.substr(bytes, end - bytes));
    bytes = end + 1;
  }
  return out;
}

/// A page's number: the part, and the byte in it. Both together stay below what scripts can count to (2^53).
constexpr unsigned offset_bits = 36;
struct place {
  std::uint64_t part = 0;
  std::uint64_t offset = 0;
};
place place_of(std::uint64_t page) { return {page >> offset_bits, page & ((1ULL << offset_bits) - 1)}; }
std::uint64_t page_of(const place& p) { return p.part << offset_bits | p.offset; }

constexpr std::string_view stem = "dead_letters";

/// Parts by their numbers; the file that goes on is what follows the last of them.
std::map<std::uint64_t, std::string> parts_in(const std::string& folder) {
  std::map<std::uint64_t, std::string> out;
  std::error_code failed;
  for (auto at = std::filesystem::directory_iterator(folder, failed);
       !failed && at != std::filesystem::directory_iterator(); at.increment(failed)) {
    const auto name = at->path().filename().string();
    const auto begin = stem.size() + 1;
    std::uint64_t number = 0;
    if (!name.starts_with(std::string(stem) + '-') || !name.ends_with(".jsonl"))
      continue;
    const auto [end, wrong] = std::from_chars(name.data() + begin, name.data() + name.size(), number);
    if (wrong == std::errc() && std::string_view(end) == ".jsonl" && number != 0)
      out[number] = at->path().string();
  }
  const auto last = out.empty() ? 0 : out.rbegin()->first;
  out[last + 1] = folder + '/' + std::string(stem) + ".jsonl";
  return out;
}

/// A page of one file; its next is an offset.
expected<api::answers::dead_letters> read_page(int fd, std::uint64_t page) {
  for (auto size = page_bytes; size <= longest_line; size *= 4) {
    ASSIGN_OR_RETURN(const auto text, read_from(fd, page, size));
    std::size_t bytes = 0;
    api::answers::dead_letters out{lines_of(text, bytes), {}};
    if (out.letters.empty() && text.size() == size)
      continue;  // a line that is longer
    if (!out.letters.empty() && text.size() == size)
      out.next = page + bytes;
    return out;
  }
  return outside_error(ec::io, "a line of it is too long");
}

expected<void> check_kept(const letters_folder& of) {
  const auto& t = *of.topology;
  if (t.dead_letters && !t.dead_letters->type.empty())
    return user_error(ec::unsupported,
                      fmt::format("the dead letters of {} are in {}", t.name,
                                  observe::where_letters_lie(t, of.folder + "/dead_letters.jsonl")));
  return {};
}

/// Returns a number below 0 where there is no such file yet.
expected<int> open_part(const std::string& path) {
  const auto opened = open_guarded(path, O_RDONLY, private_file);
  if (opened.refusal != file_refusal::none)
    return outside_error(ec::io, text_of(opened.refusal, path));
  if (opened.fd < 0 && opened.error != ENOENT)
    return outside_error(ec::io, fmt::format("{}: {}", path, std::strerror(opened.error)));
  return opened.fd;
}

std::uint64_t size_of(const std::string& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  return failed ? 0 : size;
}

/// The whole lines that end at `end` or before, the last one first; `begins` is where the earliest of them begins.
expected<std::vector<std::string>> read_backwards(int fd, std::uint64_t end, std::uint64_t& begins) {
  for (auto size = page_bytes; size <= longest_line; size *= 4) {
    const auto from = end - std::min<std::uint64_t>(end, size);
    ASSIGN_OR_RETURN(auto text, read_from(fd, from, end - from));
    // The bytes after the last line's end are still being written.
    text.resize(text.rfind('\n') + 1);
    const auto first = from == 0 ? 0 : text.find('\n') + 1;
    if (first == text.size() && from != 0)
      continue;  // a line that is longer
    std::size_t bytes = 0;
    auto lines = lines_of(text.substr(first), bytes);
    std::ranges::reverse(lines);
    begins = from + first;
    return lines;
  }
  return outside_error(ec::io, "a line of it is too long");
}

}  // namespace

expected<api::answers::dead_letters> letters_page(const letters_folder& of, std::uint64_t page) {
  RETURN_IF_ERROR(check_kept(of));
  const auto parts = parts_in(of.folder);
  auto at = place_of(page);
  const auto part = parts.lower_bound(at.part);
  if (part == parts.end())
    return api::answers::dead_letters{};
  if (part->first != at.part)
    at = {part->first, 0};
  const auto& path = part->second;
  ASSIGN_OR_RETURN(const auto fd, open_part(path));
  if (fd < 0)
    return api::answers::dead_letters{};
  auto out = read_page(fd, at.offset);
  ::close(fd);
  if (!out)
    out.error().message = fmt::format("{}: {}", path, out.error().message);
  else if (out->next)
    out->next = page_of({at.part, *out->next});
  else if (const auto further = std::next(part); further != parts.end())
    out->next = page_of({further->first, 0});
  return out;
}

expected<api::answers::dead_letters> newest_letters_page(const letters_folder& of, std::uint64_t page) {
  RETURN_IF_ERROR(check_kept(of));
  const auto parts = parts_in(of.folder);
  auto at = place_of(page);  // the end of the page
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (page != 0 && part->first > at.part)
      continue;
    const auto& [number, path] = *part;
    const auto end = page != 0 && number == at.part ? at.offset : size_of(path);
    ASSIGN_OR_RETURN(const auto fd, open_part(path));
    if (fd < 0)
      continue;
    std::uint64_t begins = 0;
    auto lines = read_backwards(fd, end, begins);
    ::close(fd);
    if (!lines)
      return outside_error(ec::io, fmt::format("{}: {}", path, lines.error().message));
    if (lines->empty())
      continue;
    api::answers::dead_letters out{std::move(*lines), {}};
    const auto earlier = std::next(part);
    if (begins != 0)
      out.next = page_of({number, begins});
    else if (earlier != parts.rend())
      out.next = page_of({earlier->first, size_of(earlier->second)});
    return out;
  }
  return api::answers::dead_letters{};
}

}  // namespace millrace::host
