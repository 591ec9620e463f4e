#include "tools/model/output_file.hpp"

#include "runtime/base/guarded_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace millrace::model {
namespace {

namespace fs = std::filesystem;

std::string temporary_of(const std::string& path) {
  const fs::path p(path);
  return (p.parent_path() / fmt::format(".millrace-{}-{}", p.filename().string(), ::getpid())).string();
}

/// Resolves links; the file itself need not be there yet.
fs::path resolved(const fs::path& path) {
  std::error_code failed;
  const auto whole = fs::absolute(path, failed).lexically_normal();
  auto out = fs::weakly_canonical(whole, failed);
  return failed ? whole : out;
}

expected<void> write_under(const std::string& temporary, const output_file& f) {
  const auto opened = open_guarded(temporary, O_WRONLY | O_CREAT | O_TRUNC, data_file_rule);
  int number = opened.fd >= 0 ? 0 : opened.error != 0 ? opened.error : EPERM;
  std::string_view rest = f.text;
  while (number == 0 && !rest.empty()) {
    const auto n = ::write(opened.fd, rest.data(), rest.size());
    if (n >= 0)
      rest.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      number = errno;
  }
  if (number == 0 && ::fsync(opened.fd) != 0)
    number = errno;
  if (opened.fd >= 0 && ::close(opened.fd) != 0 && number == 0)
    number = errno;
  if (number != 0)
    return outside_error(ec::io, fmt::format("{} could not be written: {}", f.path, std::strerror(number)));
  return {};
}

}  // namespace

expected<void> check_places(const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    std::error_code failed;
    const fs::path folder = fs::path(path).parent_path();
    if (fs::is_directory(path, failed))
      return user_error(ec::io, fmt::format("{} is a folder; expected the name of a file", path));
    if (fs::exists(path, failed) && !fs::is_regular_file(path, failed))
      return user_error(ec::io, fmt::format("{} is there and is not a regular file", path));
    if (::access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) != 0)
      return user_error(ec::io, fmt::format("{} cannot be written: {}", path, std::strerror(errno)));
  }
  for (auto other = paths.begin(); other != paths.end(); ++other)
    if (std::any_of(paths.begin(), other, [&](const auto& p) { return resolved(p) == resolved(*other); }))
      return user_error(
          ec::invalid_argument,
          fmt::format("{} would be written twice, by two options; remedy: another name for one", *other));
  return {};
}

expected<void> check_beside(const std::vector<std::string>& paths, const std::vector<fs::path>& read) {
  for (const auto& path : paths)
    for (const auto& r : read) {
      const auto output = resolved(path);
      auto input = resolved(r);
      // A folder's path may end with a slash, which is an empty last part.
      if (!input.has_filename())
        input = input.parent_path();
      if (std::mismatch(output.begin(), output.end(), input.begin(), input.end()).second == input.end())
        return user_error(ec::invalid_argument,
                          fmt::format("{} would change what the command reads, {}; remedy: another place",
                                      path, r.string()));
    }
  return {};
}

expected<void> write_whole_files(const std::vector<output_file>& files) {
  expected<void> done;
  for (const auto& f : files)
    if (done)
      done = write_under(temporary_of(f.path), f);
  for (const auto& f : files) {
    std::error_code failed;
    if (done)
      fs::rename(temporary_of(f.path), f.path, failed);
    if (done && failed)
      done = outside_error(ec::io, fmt::format("{} could not be written: {}", f.path, failed.message()));
    if (!done)
      fs::remove(temporary_of(f.path), failed);
  }
  return done;
}

}  // namespace millrace::model
