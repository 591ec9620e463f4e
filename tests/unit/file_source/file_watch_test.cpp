#include "actors/connectors/file/source/file_watch.hpp"
#include "tests/unit/file_source/folder.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// Returns a time so late that a test which waits for it has failed.
std::chrono::steady_clock::time_point never() { return std::chrono::steady_clock::now() + 1h; }

/// Holds a file open for reading and writing; the file leaves with its folder.
class open_log {
public:
  open_log() : file_(::open(in_.write("log", "").c_str(), O_RDWR | O_CLOEXEC)) { REQUIRE(file_ >= 0); }
  ~open_log() { ::close(file_); }
  open_log(const open_log&) = delete;
  open_log& operator=(const open_log&) = delete;
  void write() const { REQUIRE(::write(file_, "line\n", 5) == 5); }
  [[nodiscard]] int fd() const { return file_; }

private:
  test::folder in_;
  int file_;
};

}  // namespace

TEST_CASE("A wait for a file ends when it is written to") {
  const open_log log;
  source::file_watch watch;
  watch.watch(log.fd());
  std::thread writer([&] { log.write(); });
  CHECK(watch.wait_until(never()));
  writer.join();
}

TEST_CASE("What was written behind watch() and before the wait is not missed") {
  const open_log log;
  source::file_watch watch;
  watch.watch(log.fd());
  log.write();
  CHECK(watch.wait_until(never()));
}

TEST_CASE("A wait ends with its time where nothing is written") {
  const open_log log;
  source::file_watch watch;
  watch.watch(log.fd());
  CHECK(watch.wait_until(std::chrono::steady_clock::now() + 1ms));
}

TEST_CASE("An interrupted wait says so, once, also when the interruption came first") {
  const open_log log;
  source::file_watch watch;
  watch.watch(log.fd());
  watch.interrupt();
  CHECK_FALSE(watch.wait_until(never()));
  CHECK(watch.wait_until(std::chrono::steady_clock::now()));
  std::thread other([&] { watch.interrupt(); });
  CHECK_FALSE(watch.wait_until(never()));
  other.join();
}

TEST_CASE("The file watched last is the one that counts") {
  const open_log before;
  const open_log after;
  source::file_watch watch;
  watch.watch(after.fd(), watch.watch(before.fd()));
  after.write();
  CHECK(watch.wait_until(never()));
}

TEST_CASE("Any of several files ends the wait") {
  const open_log first;
  const open_log second;
  source::file_watch watch;
  watch.watch(first.fd());
  watch.watch(second.fd());
  first.write();
  CHECK(watch.wait_until(never()));
  second.write();
  CHECK(watch.wait_until(never()));
}
