#include "tools/cli/last_line.hpp"

#include "tools/cli/logging.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <unistd.h>
#include <utility>

namespace millrace::cli {
namespace {

/// A write to a pipe that nobody reads waits for ever: then an alarm ends the process.
void end_in_a_second(int status) {
  static std::atomic<int> then{0};
  then = status;
  struct sigaction action {};
  action.sa_handler = [](int) { _exit(then); };
  sigaction(SIGALRM, &action, nullptr);
  sigset_t alone;
  sigemptyset(&alone);
  sigaddset(&alone, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &alone, nullptr);
  alarm(1);
}

void write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(STDERR_FILENO, bytes.data(), bytes.size());
    if (n <= 0 && errno != EINTR)
      return;
    bytes.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
}

/// A blank in place of what a terminal obeys: a control character, which a file's name may hold, or the second byte
/// of one of C1. No memory is asked for here.
char harmless(char before, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (static_cast<unsigned char>(before) == 0xC2 && byte >= 0x80 && byte <= 0x9F)
    return '\xA0';
  return byte < 0x20 || byte == 0x7F ? ' ' : c;
}

/// JSON's escapes.
std::string_view escaped(char c, std::array<char, 2>& room) {
  room = {'\\', c};
  return c == '"' || c == '\\' ? std::string_view(room.data(), 2) : std::string_view(room.data() + 1, 1);
}

}  // namespace

last_line& last_line::add(std::string_view text) {
  for (const char c : text.substr(0, bytes_.size() - size_))
    bytes_[size_++] = c;
  return *this;
}

last_line& last_line::add(std::int64_t number) {
  std::array<char, 20> digits{};
  auto at = digits.size();
  do
    digits[--at] = static_cast<char>('0' + number % 10);
  while ((number /= 10) > 0 && at > 0);
  return add({digits.data() + at, digits.size() - at});
}

void last_line::say(int status) const {
  end_in_a_second(status);
  // One write, so that no other line gets between its parts.
  std::array<char, 3 * std::tuple_size_v<decltype(bytes_)>> whole{};
  std::size_t size = 0;
  const auto put = [&](std::string_view text) {
    std::copy(text.begin(), text.end(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    size += text.size();
  };
  const bool json = logs_are_json();
  put(json ? R"({"time":null,"level":"critical","topology":null,"stage":null,"message":")" : "millrace: ");
  std::array<char, 2> room{};
  char before = ' ';
  for (const char as_given : std::string_view(bytes_.data(), size_)) {
    const char c = harmless(std::exchange(before, as_given), as_given);
    put(json ? escaped(c, room) : std::string_view(&c, 1));
  }
  put(json ? "\"}\n" : "\n");
  write_all({whole.data(), size});
}

}  // namespace millrace::cli
