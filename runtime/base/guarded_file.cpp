#include "runtime/base/guarded_file.hpp"

#include <fmt/format.h>

#include <cerrno>
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
  // Root reads everybody's files: millrace check --state.
  if (is_trusted_owner(file.st_uid) || (!writes(flags) && ::geteuid() == 0))
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
  return fmt::format("{}: it is no regular file, and none of millrace's", path);
}

}  // namespace millrace
