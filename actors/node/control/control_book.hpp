// The chain `control` as one process has it: opened under the epoch of its own coordinator, or only read.
// Blocks; the keeper's thread calls it.
#pragma once

#include "actors/node/stores/chain_store.hpp"
#include "runtime/cluster/coordinator.hpp"

#include <memory>
#include <string>

namespace millrace::node {

/// `control` as it was read; `highest` is 0.0 where nobody has opened it yet.
struct seen_control {
  cluster::control_state state;
  cluster::epoch highest;
};

class control_book {
public:
  explicit control_book(std::shared_ptr<chain_store> store) : store_(std::move(store)) {}

  /// Changes nothing. ec::corrupt and ec::unsupported as sum_up() says.
  [[nodiscard]] expected<seen_control> look();
  /// Opens it under an epoch that the candidate has chosen, in the place of any earlier one of this process.
  /// Returns what the opening has read. ec::fenced: somebody else was there first.
  [[nodiscard]] expected<cluster::control_state> open(const cluster::epoch& mine);
  /// R4: after an outcome that is not known the chain is closed, and nothing more is written under that
  /// epoch. An epoch that is not open has the outcome unknown, too, and writes nothing.
  [[nodiscard]] cluster::append_outcome append(const cluster::epoch& by, const cluster::change& what);
  [[nodiscard]] cluster::append_outcome write_base(const cluster::epoch& by,
                                                   const cluster::control_state& state);
  /// The last error of the store, for the log.
  [[nodiscard]] const std::string& last_error() const { return last_error_; }

private:
  [[nodiscard]] bool is_open(const cluster::epoch& by) const { return chain_ != nullptr && by == mine_; }
  template<class Done>
  [[nodiscard]] cluster::append_outcome outcome_of(const expected<Done>& done);

  std::shared_ptr<chain_store> store_;
  opened_chain chain_;
  cluster::epoch mine_;
  std::string last_error_;
};

}  // namespace millrace::node
