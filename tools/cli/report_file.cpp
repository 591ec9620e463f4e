#include "tools/cli/report_file.hpp"

#include "runtime/base/guarded_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace millrace::cli {
namespace {

/// Names a file beside it, so that a rename puts it in place whole.
std::string temporary_of(const std::string& file) { return file + ".part"; }

/// It is as open as the umask says: its reader need not be this user.
constexpr file_rule report_rule{0666, false, false};

/// Returns errno, or 0. The name is known to others: a link there is not followed.
int write_whole(const std::string& path, std::string_view text) {
  const auto opened = open_guarded(path, O_WRONLY | O_CREAT | O_TRUNC, report_rule);
  if (opened.fd < 0)
    return opened.error != 0 ? opened.error : EPERM;
  int number = 0;
  while (!text.empty() && number == 0) {
    const auto n = ::write(opened.fd, text.data(), text.size());
    if (n >= 0)
      text.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      number = errno;
  }
  if (::close(opened.fd) != 0 && number == 0)
    number = errno;
  return number;
}

}  // namespace

expected<void> write_reports(const std::string& file, const std::vector<std::string>& reports, bool as_list) {
  const auto temporary = temporary_of(file);
  std::string text;
  const char* between = as_list ? "[\n" : "";
  for (const auto& r : reports) {
    text += between + r;
    between = as_list ? ",\n" : "";
  }
  if (as_list)
    text += reports.empty() ? "[]\n" : "]\n";
  if (const auto number = write_whole(temporary, text); number != 0)
    return outside_error(
        ec::io, fmt::format("the report could not be written to {}: {}", file, std::strerror(number)));
  std::error_code failed;
  std::filesystem::rename(temporary, file, failed);
  if (failed)
    return outside_error(ec::io,
                         fmt::format("the report could not be written to {}: {}", file, failed.message()));
  return {};
}

expected<void> check_report_place(const std::string& option, const std::string& file, bool replaced) {
  const auto wrong = [&](const std::string& why) {
    return user_error(ec::io, fmt::format("{} {}: {}; expected the name of a file in a folder that can be "
                                          "written to",
                                          option, file, why));
  };
  struct stat there {};
  const bool is_there = ::stat(file.c_str(), &there) == 0;
  if (is_there && S_ISDIR(there.st_mode))
    return wrong("it is a folder");
  if (is_there && replaced && !S_ISREG(there.st_mode))
    return wrong("it is there and is not a regular file");
  if (is_there && !replaced)
    return ::access(file.c_str(), W_OK) == 0 ? expected<void>() : wrong(std::strerror(errno));
  const auto temporary = temporary_of(file);
  const bool was_there = ::access(temporary.c_str(), F_OK) == 0;
  const auto opened = open_guarded(temporary, O_WRONLY | O_CREAT, report_rule);
  if (opened.refusal != file_refusal::none)
    return wrong(text_of(opened.refusal, temporary));
  if (opened.fd < 0)
    return wrong(std::strerror(opened.error));
  ::close(opened.fd);
  if (!was_there)
    ::unlink(temporary.c_str());
  return {};
}

}  // namespace millrace::cli
