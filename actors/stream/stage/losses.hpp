// Counts what is lost to the result, by stage: dead letters, late records, and gaps of a log, whose records nobody has
// read. Lanes, shards, readers and the dead-letter sink note them; this decides when that is said: the first of a stage at once, what has come
// since at most every ten seconds. The counts are of what this process has seen; the ledger has the exact
// counts of the state.
#pragma once

#include "runtime/base/ids.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace millrace::stage {

enum class loss : std::uint8_t {
  dead_letter,
  late,           // below its partition's watermark: in no window
  late_but_read,  // likewise, but a stage reads it as "WINDOW.late"
  late_at_shard,  // its windows had fired without its partition
  late_after_end  // a run before had ended, and had fired its windows; counted with late_at_shard
};

/// Describes a lost record, for people.
struct lost_record {
  std::string partition;  // empty: not known
  position at{};
  std::string reason;
};

/// Says what is to be told now.
struct loss_notice {
  loss what = loss::dead_letter;
  std::string stage;
  bool first = false;       // the first of this stage and kind
  std::uint64_t count = 0;  // losses since the last notice
  lost_record example;
};

class losses {
public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds said_again_after{10};

  /// `say` is called on the thread that notes a loss, one at a time.
  explicit losses(std::function<void(const loss_notice&)> say = [](const loss_notice&) {})
      : say_(std::move(say)) {}

  /// Notes losses; any thread may call it. `example` is the first of these.
  void note(loss what, const std::string& stage, std::uint64_t count, const lost_record& example,
            clock::time_point now);
  /// Notes that records of a source's log were lost before they could be read, or may have been: nobody knows how many. Who
  /// notes it says it. Any thread may call.
  void note_gap(const std::string& source);
  /// Says what has come since the last notices, where it is time; about once a second.
  void look(clock::time_point now);

  struct counts {
    std::uint64_t dead_letters = 0;
    std::uint64_t late = 0;  // losses of both kinds
    std::uint64_t gaps = 0;
  };
  /// Returns the counts by stage.
  [[nodiscard]] std::map<std::string, counts> all() const;

private:
  struct kept {
    std::uint64_t count = 0;
    std::uint64_t said = 0;
    lost_record example;
    clock::time_point said_at{};
  };
  void say_if_due(const std::pair<std::string, loss>& of, kept& k, clock::time_point now);

  std::function<void(const loss_notice&)> say_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, loss>, kept> kept_;
  std::map<std::string, std::uint64_t> gaps_;
};

}  // namespace millrace::stage
