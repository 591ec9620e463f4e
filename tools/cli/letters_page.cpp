#include "tools/cli/letters_page.hpp"

#include "runtime/base/guarded_file.hpp"
#include "tools/cli/outcome.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <iterator>
#include <map>
#include <string_view>
#include <unistd.h>

namespace millrace::cli {
namespace {

/// One answer carries about as much. A letter holds a record, and a longer one is given by itself.
constexpr std::size_t page_bytes = 256U << 10;
constexpr std::size_t longest_line = 32U << 20;

/// Up to `size` bytes from `at` on; fewer at the end of the file.
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
    const auto text = read_from(fd, page, size);
    if (!text)
      return unexpected(text.error());
    std::size_t bytes = 0;
    api::answers::dead_letters out{lines_of(*text, bytes), {}};
    if (out.letters.empty() && text->size() == size)
      continue;  // a line that is longer
    if (!out.letters.empty() && text->size() == size)
      out.next = page + bytes;
    return out;
  }
  return outside_error(ec::io, "a line of it is too long");
}

}  // namespace

expected<api::answers::dead_letters> letters_page(const config::topology& t, const std::string& folder,
                                                  std::uint64_t page) {
  if (t.dead_letters && !t.dead_letters->type.empty())
    return user_error(ec::unsupported, fmt::format("the dead letters of {} are in {}", t.name,
                                                   where_letters_lie(t, folder + "/dead_letters.jsonl")));
  const auto parts = parts_in(folder);
  auto at = place_of(page);
  const auto part = parts.lower_bound(at.part);
  if (part == parts.end())
    return api::answers::dead_letters{};
  if (part->first != at.part)
    at = {part->first, 0};
  const auto& path = part->second;
  const auto opened = open_guarded(path, O_RDONLY, private_file);
  if (opened.refusal != file_refusal::none)
    return outside_error(ec::io, text_of(opened.refusal, path));
  if (opened.fd < 0 && opened.error == ENOENT)
    return api::answers::dead_letters{};
  if (opened.fd < 0)
    return outside_error(ec::io, fmt::format("{}: {}", path, std::strerror(opened.error)));
  auto out = read_page(opened.fd, at.offset);
  ::close(opened.fd);
  if (!out)
    out.error().message = fmt::format("{}: {}", path, out.error().message);
  else if (out->next)
    out->next = page_of({at.part, *out->next});
  else if (const auto further = std::next(part); further != parts.end())
    out->next = page_of({further->first, 0});
  return out;
}

}  // namespace millrace::cli
