// A file that has what each thread works on. It is mapped, so what it says stays there however the process ends:
// by a crash, by SIGKILL, or because memory has run out. The next process reads it.
//
// Threads note their work in memory, since a store to a mapped page waits for its disk, and a disk that hangs would hold up
// actors that have no use for it. A thread of the recorder, the scribe, copies notes into the file: work that has lasted for
// a tenth of a second is there. A signal that the process has brought about itself (SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE)
// is noted at once, with the work of the thread that it has hit, by stores alone, which are async-signal-safe. An uncaught
// exception ends in SIGABRT.
//
// A machine that loses its power may lose what was said last. Format: docs/development/formats.md.
#pragma once

#include "runtime/base/attempt.hpp"
#include "runtime/base/error.hpp"

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace millrace {

/// The work that a thread was at when its process ended.
struct last_work {
  std::string topology;
  std::string actor;
  std::uint64_t process = 0;  // a random number of the process that has ended
  std::uint32_t signal = 0;   // the signal that has hit the thread; 0: none
  std::optional<attempt> records = {};
  friend bool operator==(const last_work&, const last_work&) = default;
};

class flight_recorder {
public:
  /// Notes of earlier processes that are kept, the newest ones.
  static constexpr std::size_t most_kept = 64;

  /// Threads beyond this number are not noted.
  static constexpr std::size_t most_threads = 256;

  /// One a process, for as long as it lives. The file is made where it is not there; another user's is refused, and one that a
  /// living process has. A file that is damaged, or of another version, begins anew and has said nothing.
  [[nodiscard]] static expected<std::unique_ptr<flight_recorder>> open(const std::string& path);
  /// The process ends in order: its threads' work says nothing to the next one.
  ~flight_recorder();
  flight_recorder(const flight_recorder&) = delete;
  flight_recorder& operator=(const flight_recorder&) = delete;

  /// Returns what earlier processes worked on when they ended, oldest first; kept until forget(). If a signal
  /// has ended a process this is the work of the thread that it has hit, else that of each of its threads.
  [[nodiscard]] const std::vector<last_work>& told() const { return told_; }
  void forget();

private:
  flight_recorder(void* file, int fd, std::vector<last_work> told);
  void keep_up();
  /// Returns whether records are in hand.
  bool write();

  void* file_;
  int fd_;  // locked
  std::vector<last_work> told_;
  std::mutex lock_;
  std::condition_variable over_;
  bool is_over_ = false;
  /// The scribe keeps here, for each thread, the turn and the stage that the file has.
  std::array<std::pair<std::uint32_t, std::uint32_t>, most_threads> written_ = {};
  std::thread scribe_;
};

/// The calling thread works for this actor until the end of the scope; then for whom it has worked before. Names of more than
/// 255 bytes are not noted, nor is anything where no recorder is open. The strings outlive the scope.
class at_work {
public:
  at_work(const std::string& topology, const std::string& actor);
  ~at_work();
  at_work(const at_work&) = delete;
  at_work& operator=(const at_work&) = delete;

private:
  void* slot_;
};

/// These records are in hand until the end of the scope, which lies within an at_work of the same thread. `waits`: a server may have to
/// take them, so that the call is no long_work however long it takes.
class in_hand {
public:
  explicit in_hand(const attempt& a, bool waits = false);
  ~in_hand();
  in_hand(const in_hand&) = delete;
  in_hand& operator=(const in_hand&) = delete;

private:
  void* slot_;
};

/// Names who works on what; the texts may change while they are read.
struct long_work {
  std::string_view topology, actor, log;
};
/// A call of an actor with records that has gone on for so long, of this process. Takes no lock and allocates nothing.
[[nodiscard]] std::optional<long_work> work_for(std::chrono::milliseconds at_least);

}  // namespace millrace
