#include "tools/load/line_file.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace millrace::load {
namespace {

constexpr std::size_t block = 1 << 20;
/// A line must fit in memory whole.
constexpr std::size_t longest_line = std::size_t{64} << 20U;

gzFile handle(void* file) { return static_cast<gzFile>(file); }

}  // namespace

void line_file::close::operator()(void* file) const { gzclose(handle(file)); }

expected<line_file> line_file::open(const std::string& path) {
  errno = 0;
  void* const file = gzopen(path.c_str(), "rbe");
  if (file == nullptr)
    return user_error(ec::not_found,
                      fmt::format("--file {}: {}; expected a file of records, one a line, plain or gzip",
                                  path, std::strerror(errno)));
  gzbuffer(handle(file), block);
  return line_file(path, file);
}

expected<bool> line_file::fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  if (buffer_.size() > longest_line)
    return user_error(ec::refused,
                      fmt::format("--file {}: a line is longer than {} MiB; a record is one line", path_,
                                  longest_line >> 20U));
  const auto had = buffer_.size();
  buffer_.resize(had + block);
  const int got = gzread(handle(file_.get()), buffer_.data() + had, block);
  buffer_.resize(had + static_cast<std::size_t>(got < 0 ? 0 : got));
  int code = Z_OK;
  const char* const text = gzerror(handle(file_.get()), &code);
  if (got < 0 || (got == 0 && code == Z_BUF_ERROR))
    return user_error(ec::corrupt, fmt::format("--file {}: it cannot be read further: {}", path_,
                                               code == Z_ERRNO ? std::strerror(errno) : text));
  return got > 0;
}

expected<std::optional<std::string_view>> line_file::next() {
  std::size_t searched = at_;
  for (;;) {
    const auto feed = buffer_.find('\n', searched);
    if (feed == std::string::npos && !ended_) {
      searched = buffer_.size() - at_;
      ASSIGN_OR_RETURN(const auto more, fill());
      ended_ = !more;
      continue;
    }
    if (at_ >= buffer_.size())
      return std::optional<std::string_view>();
    const auto end = std::min(feed, buffer_.size());
    std::string_view line(buffer_.data() + at_, end - at_);
    at_ = searched = std::min(end + 1, buffer_.size());
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos)
      return std::optional(line);
  }
}

expected<void> line_file::rewind() {
  if (gzrewind(handle(file_.get())) != 0)
    return user_error(ec::io, fmt::format("--file {}: it cannot be read again from its beginning; --repeat "
                                          "needs a regular file",
                                          path_));
  buffer_.clear();
  at_ = 0;
  ended_ = false;
  return {};
}

}  // namespace millrace::load
