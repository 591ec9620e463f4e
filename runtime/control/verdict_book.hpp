// The verdicts of one process's lanes and their journal, in two copies in the state folder. Lanes get them
// when a life begins; whoever spawns a lane writes new ones before, on a thread that may block. Not for
// several threads at a time: it belongs to the supervisor's.
#pragma once

#include "runtime/delivery/verdicts.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <map>
#include <memory>
#include <vector>

namespace millrace::control {

class verdict_book {
public:
  /// Reads what earlier processes have decided, and fences them.
  [[nodiscard]] static expected<std::unique_ptr<verdict_book>> open(snapshot::state_store& store);

  /// Durable when it returns. `settled`: by log, below what every receiver has durable; verdicts there are
  /// forgotten. An error: nothing was decided (or it will be again; the record is the same).
  [[nodiscard]] expected<void> give_up(const std::vector<delivery::verdict>& records,
                                       const std::map<log_id, position>& settled);
  /// All that hold now; a value of its own, which later decisions do not change.
  [[nodiscard]] std::shared_ptr<const delivery::verdicts> all() const { return verdicts_; }

private:
  verdict_book(std::unique_ptr<snapshot::journal> journal, std::shared_ptr<const delivery::verdicts> verdicts)
      : journal_(std::move(journal)), verdicts_(std::move(verdicts)) {}

  std::unique_ptr<snapshot::journal> journal_;
  std::shared_ptr<const delivery::verdicts> verdicts_;
};

}  // namespace millrace::control
