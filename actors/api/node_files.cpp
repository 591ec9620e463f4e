#include "actors/api/node_files.hpp"

#include "runtime/base/guarded_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace millrace::api {
namespace {

/// Both files are far shorter.
constexpr std::size_t most_bytes = 4'096;

struct short_file {
  std::string line;     // without its end
  bool is_line = true;  // false: there is more than one, or more than fits
  mode_t mode = 0;
};

expected<short_file> read_short_file(const std::string& path) {
  const auto opened = open_guarded(path, O_RDONLY, private_file);
  if (opened.refusal != file_refusal::none)
    return user_error(ec::io, text_of(opened.refusal, path));
  if (opened.fd < 0) {
    const bool is_missing = opened.error == ENOENT;
    return unexpected(error{is_missing ? ec::not_found : ec::io,
                            fault::user,
                            is_missing,
                            fmt::format("{}: {}", path, std::strerror(opened.error)),
                            {}});
  }
  std::array<char, most_bytes> bytes{};
  ssize_t size = 0;
  do
    size = ::read(opened.fd, bytes.data(), bytes.size());
  while (size < 0 && errno == EINTR);
  const int failed = size < 0 ? errno : 0;
  struct stat there {};
  const bool is_seen = ::fstat(opened.fd, &there) == 0;
  ::close(opened.fd);
  if (is_seen && !is_trusted_owner(there.st_uid))  // root may read everybody's
    return user_error(ec::io, text_of(file_refusal::other_owner, path));
  if (failed != 0 || !is_seen)
    return user_error(ec::io, fmt::format("{}: {}", path, std::strerror(failed)));
  short_file out{std::string(bytes.data(), static_cast<std::size_t>(size)), true, there.st_mode};
  if (out.line.ends_with('\n'))
    out.line.pop_back();
  if (out.line.ends_with('\r'))
    out.line.pop_back();
  out.is_line = static_cast<std::size_t>(size) < bytes.size() && !out.line.empty() &&
                out.line.find_first_of("\r\n") == std::string::npos;
  return out;
}

}  // namespace

node_files files_of_node(const std::string& state_folder) {
  return {state_folder + "/http", state_folder + "/token"};
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= max_token &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

expected<std::string> read_node_url(const std::string& path) {
  auto file = read_short_file(path);
  if (!file)
    return unexpected(std::move(file.error()));
  if (!file->is_line)
    return user_error(ec::invalid_argument,
                      fmt::format("{}: it holds no address of a node's API; expected one line", path));
  return std::move(file->line);
}

expected<std::string> read_token(const std::string& path) {
  auto file = read_short_file(path);
  if (!file)
    return unexpected(std::move(file.error()));
  if ((file->mode & (S_IRWXG | S_IRWXO)) != 0)
    return user_error(ec::io,
                      fmt::format("{0}: it can be read by others than its owner; chmod 600 {0}", path));
  if (!file->is_line || !is_token(file->line))
    return user_error(ec::invalid_argument,
                      fmt::format("{}: it holds no token; expected one line without blanks", path));
  return std::move(file->line);
}

}  // namespace millrace::api
