// Finds batches of replayed records that count and that no lane reads, since their leader has ended between a
// batch's entry in the index and its record in `control`: the leader looks once at its beginning. Part of the
// actor `view`.
#pragma once

#include "actors/node/control/messages.hpp"
#include "actors/node/host/whole_view.hpp"
#include "runtime/cluster/identities.hpp"

#include <memory>
#include <optional>

namespace millrace::host {

class left_batches {
public:
  left_batches(whole_view::pointer self, std::shared_ptr<node::chain_store> store,
               std::shared_ptr<planned_topologies> plans)
      : self_(self), store_(std::move(store)), plans_(std::move(plans)) {}

  /// Called about once a second. At the beginning of each epoch of this process it looks into the store, on a
  /// thread of its own, which tells the view left_batches_found.
  void look(const node::cluster_described& d);
  /// It was told. `is_whole`: the index of every topology could be read, or never will be.
  void found(bool is_whole);
  /// Says that something that was found is not recorded: it looks once more after a while.
  void look_again() { is_whole_ = false; }

private:
  whole_view::pointer self_;
  std::shared_ptr<node::chain_store> store_;
  std::shared_ptr<planned_topologies> plans_;
  std::optional<cluster::epoch> led_;  // the epoch that was looked in
  bool is_looking_ = false;
  bool is_whole_ = true;
  int looks_to_wait_ = 0;  // looks to leave out before the next one
};

}  // namespace millrace::host
