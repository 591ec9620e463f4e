#include "runtime/base/terminal_line.hpp"

#include <cerrno>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

namespace millrace {
namespace {

constexpr std::size_t usual_columns = 80;
constexpr std::string_view to_the_left_and_erased = "\r\033[K";

}  // namespace

terminal_line& terminal_line::of_process() {
  static terminal_line line(STDERR_FILENO);
  return line;
}

void terminal_line::show(std::string_view text) {
  const std::lock_guard lock(mutex_);
  in_use_ = true;
  visible_ = true;
  write(std::string(to_the_left_and_erased).append(text));
}

void terminal_line::end() {
  const auto lock = cleared();
  in_use_ = false;
}

std::unique_lock<std::recursive_mutex> terminal_line::cleared() {
  if (!in_use_)
    return {};
  std::unique_lock lock(mutex_);
  if (visible_)
    write(to_the_left_and_erased);
  visible_ = false;
  return lock;
}

std::size_t terminal_line::columns() const {
  winsize size{};
  const bool known = ::ioctl(descriptor_, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
  // A character in the last column makes some terminals begin a new line.
  return (known ? size.ws_col : usual_columns) - 1;
}

void terminal_line::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto n = ::write(descriptor_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return;  // nobody can be told
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace millrace
