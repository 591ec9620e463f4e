// Decides when a sink commits, without its mailbox: the sink says what there is and what time it is, and is
// told to commit now, or to look again by a tick. Ticks are numbered, since a message that is under way
// cannot be taken back: a sooner tick takes the place of a later one, and only the newest counts when it
// arrives. So rows never wait for a tick that was meant for progress alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace millrace::sink {

class commit_clock {
public:
  using clock = std::chrono::steady_clock;

  /// `commit_every`: the time between commits of rows. Rows that come when it has passed wait for others for 5 ms
  /// at most, such as those that other shards have of the same window. 0: they wait for nothing but what the
  /// mailbox holds already.
  explicit commit_clock(clock::duration commit_every) : commit_every_(commit_every) {}

  struct uncommitted {
    std::optional<clock::time_point> rows_since;  // none: progress alone
    clock::time_point last_commit;                // before the first one: when the sink began
    bool is_first = false;                        // there was no commit yet
    bool all_ended = false;                       // no more rows will come
    std::size_t bytes = 0;                        // taken, written or not: senders keep them until the commit
  };
  struct tick {
    std::uint64_t number = 0;
    clock::duration wait{0};  // 0: right after what the mailbox holds already
  };
  struct answer {
    bool commit = false;
    std::optional<tick>
        ask;  // the sink asks itself for this tick; none: commit, or a tick that is under way comes in time
  };
  /// There is something to commit; now, or when?
  [[nodiscard]] answer look(clock::time_point now, const uncommitted& what);
  /// The target wants to gather rows for so long. None: a tick that is under way comes sooner.
  [[nodiscard]] std::optional<tick> later(clock::time_point now, clock::duration wait) {
    return in(now, wait);
  }
  /// A tick has come. No value: it does not count, a sooner one has taken its place. Else returns whether to
  /// commit rows of any age.
  [[nodiscard]] std::optional<bool> arrived(std::uint64_t number);

private:
  [[nodiscard]] std::optional<tick> in(clock::time_point now, clock::duration wait);

  clock::duration commit_every_;
  clock::time_point tick_at_ = clock::time_point::max();  // the time of the newest tick, if it is under way
  std::uint64_t ticks_ = 0;
};

}  // namespace millrace::sink
