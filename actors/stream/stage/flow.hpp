// The ledgers of this process's shards and sinks (docs/design/ledger.md): by stage what they have gained
// since it started, for metrics and rates, and where they stand, for those who ask how much there was. Shards
// tell now and then, sinks once a commit. Records that an actor takes again after a restart count again as a
// gain; the ledger itself is exact.
#pragma once

#include "runtime/delivery/ledger.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace millrace::stage {

class flow {
public:
  /// Adds what `now` has beyond `before`; any thread may call it. An entry that has become less, since a sink
  /// has opened its target anew, adds nothing.
  void gained(const delivery::ledger& before, const delivery::ledger& now);
  /// Returns the ledger by stage, or by an entry beside those (delivery::ledger).
  [[nodiscard]] delivery::ledger::entries all() const;

  /// Says where an actor's ledger stands, which goes with its state from process to process.
  void stands(const std::string& actor, delivery::ledger now);
  /// The sum of the ledgers of the actors for which `is_here` is true.
  [[nodiscard]] delivery::ledger standing(const std::function<bool(const std::string&)>& is_here) const;

private:
  mutable std::mutex
      mutex_;  // taken a few times a second by each shard and sink, never for a record or frame
  delivery::ledger::entries by_stage_;
  std::map<std::string, delivery::ledger> by_actor_;
};

}  // namespace millrace::stage
