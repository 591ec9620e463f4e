#include "actors/connectors/file/source/file_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <system_error>
#include <unistd.h>

namespace millrace::source {

file_watch::file_watch()
    : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      interrupted_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (interrupted_ < 0)
    throw std::system_error(errno, std::generic_category(), "eventfd");
}

file_watch::~file_watch() {
  ::close(interrupted_);
  if (events_ >= 0)
    ::close(events_);
}

int file_watch::watch(int file, int number) {
  if (events_ < 0)
    return number;
  const int now = ::inotify_add_watch(events_, fmt::format("/proc/self/fd/{}", file).c_str(), IN_MODIFY);
  if (number >= 0 && number != now)  // the same file again has the same number
    ::inotify_rm_watch(events_, number);
  return now;
}

bool file_watch::wait_until(std::chrono::steady_clock::time_point until) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
  std::array<pollfd, 2> on{{{interrupted_, POLLIN, 0}, {events_, POLLIN, 0}}};
  if (::poll(on.data(), on.size(), static_cast<int>(std::max(milliseconds(0), left).count())) <= 0)
    return true;
  std::array<char, 4096> dropped;
  if ((on[1].revents & POLLIN) != 0)
    while (::read(events_, dropped.data(), dropped.size()) > 0) {
    }
  std::uint64_t count = 0;
  return ::read(interrupted_, &count, sizeof count) != sizeof count;
}

void file_watch::interrupt() {
  constexpr std::uint64_t one = 1;
  // fails only where 2^64 - 2 calls are unanswered
  [[maybe_unused]] const auto written = ::write(interrupted_, &one, sizeof one);
}

}  // namespace millrace::source
