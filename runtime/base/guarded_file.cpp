#include "runtime/base/guarded_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace millrace {
namespace {

constexpr mode_t of_others = S_IRWXG | S_IRWXO;

bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }

/// Everybody may make a file under a name that is about to be used.
bool lies_in_open_folder(const std::string& path) {
  const auto slash = path.rfind('/');
  const auto folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  struct stat there {};
  return ::stat(folder.c_str(), &there) != 0 || (there.st_mode & S_IWOTH) != 0;
}

file_refusal refusal_of(const struct stat& file, const std::string& path, int flags, const file_rule& rule) {
  if (!S_ISREG(file.st_mode))
    return file_refusal::no_file;
  // A private file tells a process what to do, so that root, too, reads none of others.
  if (is_trusted_owner(file.st_uid) || (!rule.only_ours && !writes(flags) && ::geteuid() == 0))
    return file_refusal::none;
  return rule.only_ours || lies_in_open_folder(path) ? file_refusal::other_owner : file_refusal::none;
}

guarded_file refuse(int fd, file_refusal why, int number = 0) {
  ::close(fd);
  return {-1, number, why};
}

}  // namespace

bool is_trusted_owner(uid_t owner) { return owner == ::geteuid() || owner == 0; }

guarded_file open_guarded(const std::string& path, int flags, const file_rule& rule) {
  const int asked = (flags & ~O_TRUNC) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  int fd = -1;
  do
    fd = ::open(path.c_str(), asked, rule.mode);
  while (fd < 0 && errno == EINTR);
  if (fd < 0) {
    const int number = errno;
    struct stat there {};
    if (::lstat(path.c_str(), &there) == 0 && number != EEXIST) {
      // ELOOP also comes from folders above it, ENXIO from sockets and from pipes without a reader.
      if (S_ISLNK(there.st_mode))
        return {-1, number, file_refusal::link};
      if (number == ENXIO)
        return {-1, number, file_refusal::no_file};
    }
    return {-1, number, file_refusal::none};
  }
  struct stat file {};
  if (::fstat(fd, &file) != 0)
    return refuse(fd, file_refusal::none, errno);
  if (const auto why = refusal_of(file, path, flags, rule); why != file_refusal::none)
    return refuse(fd, why);
  // A file system without modes says no; its files are as open as its mount.
  if (writes(flags) && rule.is_narrowed && file.st_uid == ::geteuid() && (file.st_mode & of_others) != 0)
    (void)::fchmod(fd, file.st_mode & ~of_others & 07777U);
  if ((flags & O_TRUNC) != 0 && file.st_size != 0 && ::ftruncate(fd, 0) != 0)
    return refuse(fd, file_refusal::none, errno);
  return {fd, 0, file_refusal::none};
}

file_refusal refusal_at(const std::string& path, const file_rule& rule) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) != 0)
    return file_refusal::none;
  return S_ISLNK(there.st_mode) ? file_refusal::link : refusal_of(there, path, O_RDWR, rule);
}

expected<file_text> read_own_file(const std::string& path, std::size_t most) {
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
  file_text out{std::string(most, '\0'), 0};
  std::size_t size = 0;
  ssize_t got = 0;
  do {
    got = ::read(opened.fd, out.bytes.data() + size, most - size);
    size += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  } while ((got > 0 && size < most) || (got < 0 && errno == EINTR));
  const int failed = got < 0 ? errno : 0;
  struct stat there {};
  const bool is_seen = ::fstat(opened.fd, &there) == 0;
  ::close(opened.fd);
  if (failed != 0 || !is_seen)
    return user_error(ec::io, fmt::format("{}: {}", path, std::strerror(failed)));
  out.bytes.resize(size);
  out.mode = there.st_mode;
  return out;
}

expected<void> check_secret_mode(const std::string& path, mode_t mode) {
  if ((mode & of_others) == 0)
    return {};
  return user_error(ec::io, fmt::format("{0}: it can be read by others than its owner; chmod 600 {0}", path));
}

expected<std::string> read_secret_file(const std::string& path, std::size_t most) {
  ASSIGN_OR_RETURN(auto file, read_own_file(path, most + 1));
  RETURN_IF_ERROR(check_secret_mode(path, file.mode));
  if (file.bytes.size() > most)
    return user_error(ec::invalid_argument,
                      fmt::format("{}: it has more than {} bytes; shorten it", path, most));
  return std::move(file.bytes);
}

std::string text_of(file_refusal refusal, std::string_view path) {
  switch (refusal) {
  case file_refusal::link:
    return fmt::format("{}: it is a symbolic link, which is not followed here", path);
  case file_refusal::other_owner:
    return fmt::format("{}: it belongs to another user", path);
  case file_refusal::no_file:
  case file_refusal::none:
    break;
  }
  return fmt::format("{}: it is not a regular file, and none of millrace's", path);
}

}  // namespace millrace
