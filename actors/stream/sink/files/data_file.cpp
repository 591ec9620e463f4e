#include "actors/stream/sink/files/data_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace millrace::sink {

std::filesystem::path side_path(const std::filesystem::path& target) {
  return target.parent_path() / (".millrace-" + target.filename().string());
}

expected<void> make_folder_of(const std::filesystem::path& target) {
  std::error_code failed;
  if (target.has_parent_path())
    std::filesystem::create_directories(target.parent_path(), failed);
  if (failed)
    return file_error("make the folder", target.parent_path(), failed.value());
  return {};
}

expected<void> reveal(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
    return {};
  if (errno == EINVAL || errno == ENOSYS) {  // file systems without it
    if (::link(from.c_str(), to.c_str()) == 0) {
      ::unlink(from.c_str());
      return {};
    }
  }
  if (errno == EEXIST)
    return user_error(
        ec::already_exists,
        fmt::format("{} is there already, written by somebody else; move it away", to.string()));
  return file_error("rename a finished file to", to, errno);
}

expected<data_file> data_file::open(std::filesystem::path path, bool& made, const file_rule& rule) {
  data_file f;
  constexpr int flags = O_RDWR | O_APPEND;
  auto opened = open_guarded(path.string(), flags | O_CREAT | O_EXCL, rule);
  made = opened.fd >= 0;
  if (!made && opened.error == EEXIST)
    opened = open_guarded(path.string(), flags, rule);
  f.fd_ = descriptor(opened.fd);
  if (opened.refusal == file_refusal::no_file)  // bytes that were written to it cannot be taken back
    return user_error(ec::unsupported,
                      fmt::format("{} is not a regular file, so that rows could not be cut back after a "
                                  "crash; use a regular file, or the console sink for a pipe",
                                  path.string()));
  if (!f.fd_.valid())
    return refused_file("open", path, opened);
  f.path_ = std::move(path);
  return f;
}

expected<std::uint64_t> data_file::length() const {
  struct stat ours {};
  struct stat there {};
  if (::fstat(fd_.get(), &ours) != 0)
    return file_error("read", path_, errno);
  if (::lstat(path_.c_str(), &there) != 0) {
    if (errno == ENOENT)
      return user_error(
          ec::not_found,
          fmt::format("{} was removed or renamed while the sink was writing to it; put it back, or start "
                      "over with --fresh",
                      path_.string()));
    return file_error("read", path_, errno);
  }
  if (ours.st_ino != there.st_ino || ours.st_dev != there.st_dev)
    return user_error(
        ec::mismatch,
        fmt::format("{} was replaced by another file while the sink was writing to it; put the first one "
                    "back, or start over with --fresh",
                    path_.string()));
  return static_cast<std::uint64_t>(there.st_size);
}

expected<void> write_all(const descriptor& to, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const auto n = ::write(to.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return file_error("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

expected<void> data_file::append(std::string_view bytes) { return write_all(fd_, bytes, path_); }

expected<void> data_file::cut(std::uint64_t length) {
  if (::ftruncate(fd_.get(), static_cast<off_t>(length)) != 0)
    return file_error("cut back", path_, errno);
  return {};
}

expected<void> data_file::sync() const {
  if (::fdatasync(fd_.get()) != 0)
    return file_error("sync", path_, errno);
  return {};
}

bool data_file::ends_line(std::uint64_t length) const {
  char last = '\n';
  return length == 0 || ::pread(fd_.get(), &last, 1, static_cast<off_t>(length - 1)) != 1 || last == '\n';
}

}  // namespace millrace::sink
