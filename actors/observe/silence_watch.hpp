// Finds the partitions without records for which windows wait, and the sources of which no partition gives records any more.
// Whoever leads, and each run, looks about once a second at what all processes tell (silence), and so the log, the list, pages
// and metrics say the same. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/observe/silence.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace millrace::observe {

using api::answers::trouble;

/// A topology, a parser of it, and a source that this reads.
using feed = std::tuple<std::string, std::string, std::string>;
using quiet_partition_of = std::pair<feed, std::string>;

/// Remembers how long windows have waited for each partition. A partition that has never given records is a trouble when windows have
/// waited for it for `limit`, one that has given some when others have gone on for `limit` without it, and for some times its usual
/// pause. So neither a source that has stopped as a whole nor one that begins is a trouble. A left side that has ended counts as others
/// that go on: the last rows of a join by time wait for the right side alone, be it idle. Where receivers have rows of a later state,
/// a window that waits for idle partitions is a trouble after `limit`, too.
class silence_watch {
public:
  using clock = std::chrono::steady_clock;
  struct notice {
    std::string text;
    bool is_warning = true;
    friend bool operator==(const notice&, const notice&) = default;
  };

  /// `told`: keyed by node, of those topologies that run. Returns what is to be said in the log now, each once a topology's life.
  [[nodiscard]] std::vector<notice> look(const std::map<std::string, silence>& told,
                                         const std::set<std::string>& running, event_micros wall,
                                         clock::time_point now, micros limit);
  [[nodiscard]] const std::vector<trouble>& all() const { return all_; }

private:
  using window = std::pair<std::string, std::string>;  // its topology and itself
  struct wait_for_idle {
    micros lasted{0};
    event_time since;  // it is a trouble
  };
  /// Windows that wait for idle partitions, since receivers have rows of a later state.
  void look_at_later_rows(const std::vector<unfired_window>& open, event_micros wall, micros step,
                          micros limit, std::vector<notice>& out);

  std::map<quiet_partition_of, micros> waited_;  // those for which a window waits just now
  std::map<feed, micros> stopped_;               // of which nothing comes, and for how long
  std::map<feed, event_time> since_;             // that are a trouble
  std::set<feed> said_of_partitions_;
  std::set<feed> said_of_sources_;
  std::map<window, wait_for_idle> later_rows_;
  std::set<window> said_of_later_rows_;
  std::optional<clock::time_point> last_;
  std::vector<trouble> all_;
};

}  // namespace millrace::observe
