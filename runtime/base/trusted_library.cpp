#include "runtime/base/trusted_library.hpp"

#include "runtime/base/guarded_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace millrace {
namespace {

namespace fs = std::filesystem;

std::string name_of(uid_t user) {
  const auto* const found = ::getpwuid(user);
  return found != nullptr ? found->pw_name : fmt::format("user {}", user);
}

/// Many systems give each user a group of their own, with the same name, and an umask that lets it write.
bool is_private_group(gid_t group) {
  const auto* const user = ::getpwuid(::geteuid());
  const std::string name = user != nullptr ? user->pw_name : "";
  const auto* const found = ::getgrgid(group);
  return found != nullptr && name == found->gr_name &&
         (found->gr_mem[0] == nullptr || (name == found->gr_mem[0] && found->gr_mem[1] == nullptr));
}

/// The binary that loads the library.
struct loader {
  fs::path file;
  struct stat there {};

  explicit loader(const std::string& binary) {
    std::error_code failed;
    file = fs::canonical(binary, failed);
    if (failed || ::stat(file.c_str(), &there) != 0)
      file.clear();
  }
  [[nodiscard]] bool lies_below(const fs::path& folder) const {
    return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
  }
  [[nodiscard]] bool is_of(uid_t owner) const { return !file.empty() && owner == there.st_uid; }
  [[nodiscard]] bool is_written_by(gid_t group) const {
    return !file.empty() && group == there.st_gid && (there.st_mode & S_IWGRP) != 0;
  }
};

bool others_may_write(const struct stat& there, const loader& by) {
  if (there.st_uid == 0 && S_ISDIR(there.st_mode) && (there.st_mode & S_ISVTX) != 0)
    return false;
  // A group that root lets write to root's folder (/usr/local) is the administrator's choice.
  const bool group = (there.st_mode & S_IWGRP) != 0 && there.st_uid != 0 && !is_private_group(there.st_gid) &&
                     !by.is_written_by(there.st_gid);
  return (there.st_mode & S_IWOTH) != 0 || group;
}

unexpected refused(const std::string& library, const fs::path& place, const std::string& why,
                   const std::string& remedy) {
  return user_error(ec::refused,
                    fmt::format("{} is not loaded: {} {}; expected a library that root or this user alone "
                                "may change, in folders of the same kind; remedy: {}",
                                library, place == library ? "it" : place.string(), why, remedy));
}

}  // namespace

expected<std::string> trusted_library(const std::string& path, const std::string& binary) {
  const loader by(binary);
  std::error_code failed;
  const auto file = fs::canonical(path, failed);
  if (failed)
    return user_error(ec::not_found, fmt::format("{}: {}", path, failed.message()));
  for (auto place = file;; place = place.parent_path()) {
    if (by.lies_below(place))
      return file.string();
    struct stat there {};
    if (::stat(place.c_str(), &there) != 0)
      return user_error(ec::not_found, fmt::format("{}: {}", place.string(), std::strerror(errno)));
    if (place == file && !S_ISREG(there.st_mode))
      return user_error(ec::not_found, fmt::format("{}: it is not a regular file", path));
    if (!is_trusted_owner(there.st_uid) && !by.is_of(there.st_uid))
      return refused(file.string(), place, fmt::format("belongs to {}", name_of(there.st_uid)),
                     "a copy of your own, or another HOME");
    if (others_may_write(there, by))
      return refused(file.string(), place,
                     fmt::format("belongs to {}, and others may write to it (mode {:04o})",
                                 name_of(there.st_uid), there.st_mode & 07777U),
                     fmt::format("chmod go-w {}", place.string()));
    if (place == place.root_path())
      return file.string();
  }
}

std::vector<std::string> own_library_folders() {
  std::error_code failed;
  const auto beside = fs::read_symlink("/proc/self/exe", failed).parent_path();
  return {(beside / "lib").string(), (beside / MILLRACE_PRIVATE_LIBRARIES).string()};
}

expected<std::string> library_to_load(const std::string& name) {
  auto path = library_in(own_library_folders(), name);
  return path.find('/') == std::string::npos ? expected<std::string>(std::move(path)) : trusted_library(path);
}

std::string library_in(const std::vector<std::string>& folders, const std::string& name) {
  for (const auto& folder : folders) {
    auto path = (fs::path(folder) / name).string();
    struct stat there {};
    if (::stat(path.c_str(), &there) == 0)
      return path;
  }
  return name;
}

}  // namespace millrace
