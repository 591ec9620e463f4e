#include "actors/connectors/file/source/present_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <sys/stat.h>
#include <utility>

namespace millrace::source {
namespace {

present_file present(std::string path, const struct stat& info) {
  return {std::move(path),
          static_cast<std::uint64_t>(info.st_dev),
          static_cast<std::uint64_t>(info.st_ino),
          static_cast<std::uint64_t>(info.st_size),
          {info.st_mtim.tv_sec, info.st_mtim.tv_nsec}};
}

}  // namespace

std::optional<present_file> look_at(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || S_ISDIR(info.st_mode))
    return std::nullopt;
  return present(path, info);
}

std::optional<present_file> look_at(const open_file& file) {
  struct stat info {};
  if (::fstat(file.fd(), &info) != 0)
    return std::nullopt;
  return present(file.path(), info);
}

std::string present_path(const open_file& file) {
  std::error_code problem;
  const auto path = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", file.fd()), problem);
  return problem ? file.path() : path.string();
}

bool is_rotated_name(std::string_view path, std::string_view name) {
  if (!path.starts_with(name))
    return false;
  path.remove_prefix(name.size());
  if (path.ends_with(".gz"))
    path.remove_suffix(3);
  return path.empty() || ((path.front() == '.' || path.front() == '-') && path.size() > 1 &&
                          path.find_first_not_of("0123456789-_.:T", 1) == std::string_view::npos);
}

std::chrono::nanoseconds processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

expected<std::vector<std::string>> rotated_names::of(const std::string& path) {
  const std::filesystem::path file(path);
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const auto [listed, is_new] = folders_.try_emplace(folder.string());
  auto& names = listed->second;
  if (is_new) {
    std::error_code problem;
    for (std::filesystem::directory_iterator at(folder, problem), end; !problem && at != end;
         at.increment(problem))
      names.push_back(at->path().filename().string());
    if (problem) {
      folders_.erase(listed);
      return outside_error(ec::io,
                           fmt::format("{}: cannot be listed: {}", folder.string(), problem.message()));
    }
    std::ranges::sort(names);
  }
  const auto name = file.filename().string();
  std::vector<std::string> out;
  for (auto at = std::ranges::upper_bound(names, name); at != names.end() && at->starts_with(name); ++at)
    if (const char next = (*at)[name.size()]; next == '.' || next == '-')
      out.push_back(file.has_parent_path() ? (folder / *at).string() : *at);
  return out;
}

}  // namespace millrace::source
