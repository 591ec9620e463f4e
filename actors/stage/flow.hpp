// Counts by stage what the ledgers of this process's shards and sinks have gained since it started: in, out,
// filtered, late and dead (docs/design/ledger.md). Shards add now and then, sinks once a commit; metrics read.
// What an actor takes again after a restart counts again here: the ledgers themselves have the exact numbers.
#pragma once

#include "runtime/delivery/ledger.hpp"

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

private:
  mutable std::mutex
      mutex_;  // taken a few times a second by each shard and sink, never for a record or frame
  delivery::ledger::entries by_stage_;
};

}  // namespace millrace::stage
