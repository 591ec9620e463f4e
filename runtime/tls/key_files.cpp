#include "runtime/tls/key_files.hpp"

#include "runtime/base/descriptor.hpp"
#include "runtime/base/guarded_file.hpp"
#include "runtime/base/random.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace millrace::tls {
namespace {

namespace fs = std::filesystem;

/// Bounds a file that is read: certificates and keys have some thousand bytes.
constexpr std::size_t max_file = std::size_t{1} << 20;

unexpected failure(std::string_view what, const std::string& path, int number) {
  const auto text = fmt::format("cannot {} {}: {}", what, path, std::strerror(number));
  switch (number) {
  case EEXIST:
    return user_error(ec::already_exists, text);
  case ENOENT:
    return user_error(ec::not_found, text);
  case EACCES:
  case EPERM:
    return user_error(ec::io, text + "; give this user the right to it, or choose another folder");
  case EROFS:
    return user_error(ec::io, text + "; choose a folder on a file system that can be written");
  case ENOTDIR:
    return user_error(ec::io, text + "; a part of the path is a file: choose another folder");
  case ENOSPC:
  case EDQUOT:
    return outside_error(ec::io, text + "; make room on that file system");
  default:
    return outside_error(ec::io, text);
  }
}

/// 0, or errno.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR)
      return errno;
    bytes.remove_prefix(n < 0 ? 0 : static_cast<std::size_t>(n));
  }
  return ::fsync(fd) == 0 ? 0 : errno;
}

int write_new(const std::string& path, std::string_view bytes, mode_t mode) {
  const descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  return file.valid() ? write_all(file.get(), bytes) : errno;
}

int sync_folder(const fs::path& folder) {
  const descriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return file.valid() && ::fsync(file.get()) == 0 ? 0 : errno;
}

/// Moves it, or gives it the name only if nothing has that.
int give_name(const std::string& from, const std::string& to, bool replaces) {
  if (replaces)
    return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  if (::link(from.c_str(), to.c_str()) != 0)
    return errno;
  ::unlink(from.c_str());
  return 0;
}

expected<std::string> read_file(const std::string& path, bool is_key) {
  // Root may look into a folder of another user's.
  const auto opened = open_guarded(path, O_RDONLY, {key_mode, is_key, false});
  if (opened.refusal != file_refusal::none)
    return user_error(ec::io, text_of(opened.refusal, path));
  if (opened.fd < 0)
    return failure("read", path, opened.error);
  const descriptor file(opened.fd);
  struct stat there {};
  if (::fstat(file.get(), &there) != 0)
    return failure("read", path, errno);
  if (is_key && (there.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return user_error(ec::io,
                      fmt::format("{} can be read by others than its owner (mode {:03o}): chmod 600 {}, "
                                  "and make a new key if others may have read it",
                                  path, there.st_mode & 0777U, path));
  std::string out(max_file + 1, '\0');
  std::size_t size = 0;
  while (size < out.size()) {
    const auto n = ::read(file.get(), out.data() + size, out.size() - size);
    if (n < 0 && errno != EINTR)
      return failure("read", path, errno);
    if (n == 0)
      break;
    size += n < 0 ? 0 : static_cast<std::size_t>(n);
  }
  if (size > max_file)
    return user_error(ec::corrupt, fmt::format("{}: it is too long for a certificate or a key", path));
  out.resize(size);
  return out;
}

}  // namespace

expected<void> make_folder(const std::string& dir) {
  fs::path made;
  for (const auto& part : fs::path(dir)) {
    made /= part;
    if (::mkdir(made.c_str(), S_IRWXU) == 0)
      continue;
    const int number = errno;
    struct stat there {};
    const bool is_there = ::stat(made.c_str(), &there) == 0;
    if (!is_there || !S_ISDIR(there.st_mode))
      return failure("make the folder", dir, is_there ? ENOTDIR : number);
  }
  return {};
}

expected<void> write_whole(const std::string& path, std::string_view bytes, mode_t mode, bool replaces) {
  const fs::path at(path);
  const auto folder = at.has_parent_path() ? at.parent_path() : fs::path(".");
  const auto beside = (folder / fmt::format(".{}.{:016x}", at.filename().string(), random_bits())).string();
  int failed = write_new(beside, bytes, mode);
  if (failed == 0)
    failed = give_name(beside, path, replaces);
  if (failed != 0) {
    ::unlink(beside.c_str());
    return failure("write", path, failed);
  }
  if (const int unsure = sync_folder(folder); unsure != 0)
    return failure("write", folder.string(), unsure);
  return {};
}

expected<std::string> read_certificate_file(const std::string& path) { return read_file(path, false); }
expected<std::string> read_key_file(const std::string& path) { return read_file(path, true); }

}  // namespace millrace::tls
