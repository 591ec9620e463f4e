#include "runtime/base/guarded_file.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <limits>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace millrace::snapshot {
namespace {

unexpected failure(std::string_view what, const std::string& path, int number) {
  const auto text = fmt::format("cannot {} {}: {}", what, path, std::strerror(number));
  switch (number) {
  case ENOENT:
    return user_error(ec::not_found, text);
  case EEXIST:
    return fatal_error(ec::already_exists, text);
  case EACCES:
  case EPERM:
    return user_error(ec::io, text + "; give this user the right to write there, or choose another --state");
  case EROFS:
    return user_error(ec::io, text + "; choose a --state on a file system that can be written");
  case ENOTDIR:
    return user_error(ec::io, text + "; a part of the path is a file: remove it or choose another --state");
  case ENOSPC:
  case EDQUOT:
    return outside_error(ec::io, text + "; make room on that file system");
  default:
    return outside_error(ec::io, text);
  }
}

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

private:
  int fd_;
};

unexpected refused(std::string_view what, const std::string& path, file_refusal why) {
  return user_error(ec::io, fmt::format("cannot {} {}; {}", what, text_of(why, path),
                                        what == "read" && why == file_refusal::other_owner
                                            ? "run this as that user"
                                            : "remove it, or choose another --state"));
}

expected<descriptor> open_file(std::string_view what, const std::string& path, int flags) {
  const auto opened = open_guarded(path, flags, private_file);
  if (opened.fd >= 0)
    return descriptor(opened.fd);
  if (opened.refusal != file_refusal::none)
    return refused(what, path, opened.refusal);
  return failure(what, path, opened.error);
}

descriptor open_folder(const std::string& path, int more_flags) {
  int fd = -1;
  do
    fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | more_flags);
  while (fd < 0 && errno == EINTR);
  return descriptor(fd);
}

/// Entries of other users, and links, which may have been laid here before the folder was closed to others.
expected<void> check_entries(descriptor folder, const std::string& path) {
  const int fd = folder.release();
  const std::unique_ptr<DIR, int (*)(DIR*)> all(::fdopendir(fd), ::closedir);
  if (!all)
    return failure("list", path, errno);
  while (const auto* found = ::readdir(all.get())) {
    const std::string_view name = found->d_name;
    struct stat status {};
    if (name == "." || name == ".." || name == "lost+found" ||
        ::fstatat(fd, found->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    const auto below = fmt::format("{}/{}", path, name);
    if (S_ISLNK(status.st_mode))
      return refused("use", below, file_refusal::link);
    if (!is_trusted_owner(status.st_uid))
      return refused("use", below, file_refusal::other_owner);
    if (!S_ISDIR(status.st_mode))
      continue;
    descriptor inner(::openat(fd, found->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner)
      continue;  // it went meanwhile, or says why when it is used
    if (auto checked = check_entries(std::move(inner), below); !checked)
      return checked;
  }
  return {};
}

expected<void> write_all(int fd, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return failure("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

expected<std::string> read_range(int fd, const std::string& path, std::uint64_t offset,
                                 std::uint64_t length) {
  struct stat status {};
  if (::fstat(fd, &status) != 0)
    return failure("read", path, errno);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  std::string bytes(std::min(length, size - std::min(size, offset)), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const auto n = ::pread(fd, bytes.data() + have, bytes.size() - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EIO)  // a bad sector is damage like any other
      return fatal_error(ec::corrupt, fmt::format("cannot read {}: {}", path, std::strerror(EIO)));
    if (n < 0)
      return failure("read", path, errno);
    if (n == 0)
      break;
    have += static_cast<std::size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

expected<std::string> read_all(int fd, const std::string& path) {
  return read_range(fd, path, 0, std::numeric_limits<std::uint64_t>::max());
}

class flock_lock final : public folder_lock {
public:
  explicit flock_lock(descriptor fd) : fd_(std::move(fd)) {}

private:
  descriptor fd_;  // closing it lets go
};

class posix final : public file_system {
public:
  expected<bool> make_folder(const std::string& path) override {
    if (::mkdir(path.c_str(), S_IRWXU) == 0)
      return true;
    const int number = errno;
    struct stat status {};
    if (number == EEXIST && ::stat(path.c_str(), &status) == 0) {
      if (S_ISDIR(status.st_mode))
        return false;
      return failure("make the folder", path, ENOTDIR);
    }
    return failure("make the folder", path, number);
  }

  expected<void> claim_folder(const std::string& path) override {
    auto folder = open_folder(path, 0);  // it may be a link: its owner counts
    struct stat status {};
    if (!folder || ::fstat(folder.get(), &status) != 0)
      return failure("open", path, errno);
    if (!is_trusted_owner(status.st_uid))
      return refused("use", path, file_refusal::other_owner);
    // Root's, of a volume that is made for us, stays open to its group.
    if (constexpr mode_t others = S_IRWXG | S_IRWXO; (status.st_mode & others) != 0)
      if (::fchmod(folder.get(), status.st_mode & ~others & 07777U) != 0 && (status.st_mode & S_IRWXO) != 0)
        spdlog::warn("the state folder {} is open to all users of this machine, and cannot be closed: {}",
                     path, std::strerror(errno));
    return check_entries(std::move(folder), path);
  }

  bool is_writable_by_others(const std::string& path) const override {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
      return false;
    // Root's, of a volume that is made for us, is open to our group.
    return (status.st_mode & S_IWOTH) != 0 || (status.st_uid != 0 && (status.st_mode & S_IWGRP) != 0);
  }

  expected<std::vector<entry>> list(const std::string& path) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
    if (!folder)
      return failure("list", path, errno);
    std::vector<entry> entries;
    for (;;) {
      errno = 0;
      const auto* found = ::readdir(folder.get());
      if (!found) {
        if (errno != 0)
          return failure("list", path, errno);
        break;
      }
      const std::string name = found->d_name;
      struct stat status {};
      if (name == "." || name == ".." ||
          ::fstatat(::dirfd(folder.get()), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        continue;  // removed meanwhile
      entries.push_back({name, static_cast<std::uint64_t>(status.st_size), S_ISDIR(status.st_mode)});
    }
    std::ranges::sort(entries, {}, &entry::name);
    return entries;
  }

  expected<std::string> read(const std::string& path) override {
    ASSIGN_OR_RETURN(const auto file, open_file("read", path, O_RDONLY));
    return read_all(file.get(), path);
  }

  expected<std::string> read_part(const std::string& path, std::uint64_t offset,
                                  std::uint64_t length) override {
    ASSIGN_OR_RETURN(const auto file, open_file("read", path, O_RDONLY));
    return read_range(file.get(), path, offset, length);
  }

  expected<void> write(const std::string& path, parts contents, bool synced) override {
    ASSIGN_OR_RETURN(const auto file, open_file("create", path, O_WRONLY | O_CREAT | O_TRUNC));
    for (const auto part : contents)
      if (auto done = write_all(file.get(), path, part); !done)
        return done;
    if (synced && ::fsync(file.get()) != 0)
      return failure("sync", path, errno);
    return {};
  }

  expected<void> append(const std::string& path, parts contents, bool synced) override {
    ASSIGN_OR_RETURN(const auto file, open_file("append to", path, O_WRONLY | O_APPEND));
    for (const auto part : contents)
      if (auto done = write_all(file.get(), path, part); !done)
        return done;
    if (synced && ::fdatasync(file.get()) != 0)
      return failure("sync", path, errno);
    return {};
  }

  expected<void> publish(const std::string& from, const std::string& to) override {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
      return {};
    if (errno != EINVAL && errno != ENOSYS)
      return failure("rename to", to, errno);
    // A file system without RENAME_NOREPLACE (NFS): a link is exclusive, too.
    if (::link(from.c_str(), to.c_str()) != 0)
      return failure("link", to, errno);
    ::unlink(from.c_str());
    return {};
  }

  expected<void> replace(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      return failure("rename to", to, errno);
    return {};
  }

  expected<void> remove(const std::string& path) override {
    if (::remove(path.c_str()) != 0 && errno != ENOENT)
      return failure("remove", path, errno);
    return {};
  }

  expected<void> sync_folder(const std::string& path) override {
    const auto folder = open_folder(path, 0);
    if (!folder)
      return failure("open", path, errno);
    // EINVAL: a file system that cannot sync folders keeps names durable by itself.
    if (::fsync(folder.get()) != 0 && errno != EINVAL)
      return failure("sync", path, errno);
    return {};
  }

  expected<std::unique_ptr<folder_lock>> lock(const std::string& path, lock_kind kind) override {
    ASSIGN_OR_RETURN(auto file, open_file("create", path, O_RDWR | O_CREAT));
    int result = 0;
    do
      result = ::flock(file.get(), (kind == lock_kind::shared ? LOCK_SH : LOCK_EX) | LOCK_NB);
    while (result != 0 && errno == EINTR);
    if (result != 0 && errno == EWOULDBLOCK) {
      auto holder = read_all(file.get(), path).value_or("");
      std::erase(holder, '\n');
      return user_error(ec::locked, holder.empty() ? "another process" : holder);
    }
    if (result != 0)
      return failure("lock", path, errno);
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    // The text is for people only: failing to write it is no reason to fail.
    if (::ftruncate(file.get(), 0) == 0)
      (void)write_all(file.get(), path, fmt::format("process {} on {}\n", ::getpid(), host));
    return std::make_unique<flock_lock>(std::move(file));
  }
};

}  // namespace

expected<std::unique_ptr<folder_lock>> lock_state_folder(file_system& files, const std::string& folder,
                                                         std::string_view name, std::string_view remedy,
                                                         lock_kind kind) {
  auto lock = files.lock(fmt::format("{}/{}", folder, name), kind);
  if (!lock && lock.error().code == ec::locked)
    return user_error(ec::locked, fmt::format("the state folder {} is in use by {}; {}", folder,
                                              lock.error().message, remedy));
  return lock;
}

file_system& posix_file_system() {
  static posix instance;
  return instance;
}

}  // namespace millrace::snapshot
