// The ledgers of this process's shards and sinks (docs/design/ledger.md): by stage what they have gained since it started,
// for metrics and rates, and where they stand, for whoever asks how much there was. Shards tell now and then, sinks once a
// commit. What an actor takes again after a restart counts again as a gain; where a ledger stands is exact.
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
  /// By stage, or by an entry beside those (delivery::ledger).
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
