// Finds topologies whose ledger does not hold while they run: rows that were given to a stage and are lost. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/observe/ledger.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::observe {

/// Its owner leads; it collects the ledgers that are due, and tells each.
class ledger_watch {
public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds first{5};  // after its begin
  static constexpr std::chrono::seconds each{30};
  static constexpr std::chrono::seconds again{2};  // after an imbalance that is new

  /// Names the running ones whose ledger is to be collected now.
  [[nodiscard]] std::vector<std::string> due(const std::set<std::string>& running, clock::time_point now);
  /// An imbalance is one once two ledgers in a row have it, since the parts of one are of different moments. None, or an
  /// incomplete one, says nothing.
  void told(const std::string& topology, const std::optional<whole_ledger>& l, event_micros wall,
            clock::time_point now);
  [[nodiscard]] std::vector<api::answers::trouble> all() const;

private:
  struct imbalance {
    std::string text;
    event_micros since = 0;
    bool is_seen_twice = false;
  };
  struct watched_topology {
    clock::time_point next;
    std::map<std::string, imbalance> stages;
  };
  std::map<std::string, watched_topology> known_;
};

}  // namespace millrace::observe
