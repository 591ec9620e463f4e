// The view's way to ask the coordinator of its own node: each question gets one answer, even if the
// coordinator gives none. Part of the actor `view`.
#pragma once

#include "actors/node/control/messages.hpp"
#include "actors/node/host/whole_view.hpp"

#include <chrono>
#include <utility>

namespace millrace::host {

using described = node::cluster_described;

class own_coordinator {
public:
  own_coordinator(whole_view::pointer self, node::coordinator_actor coordinator)
      : self_(self), coordinator_(std::move(coordinator)) {}

  /// Calls `then` with cluster_described, or `otherwise` with an error.
  template<class Then, class Otherwise>
  void describe(Then then, Otherwise otherwise) const {
    self_->request(coordinator_, describe_patience, node::describe_cluster{})
        .then(std::move(then), [otherwise = std::move(otherwise)](const caf::error&) {
          otherwise(
              outside_error(ec::unavailable, "the coordinator of this node does not answer; ask again"));
        });
  }
  /// Calls `then` with cluster_answered, in any case.
  template<class Then>
  void record(node::ask_cluster what, Then then) const {
    self_->request(coordinator_, record_patience, std::move(what)).then(then, [then](const caf::error&) {
      then(node::cluster_answered{
          outside_error(ec::unavailable,
                        "the store takes too long; it is not known whether this was recorded")
              .value(),
          {}});
    });
  }

private:
  /// It asks nobody for that.
  static constexpr std::chrono::seconds describe_patience{10};
  /// Longer than the store may take for a record.
  static constexpr std::chrono::seconds record_patience{40};

  whole_view::pointer self_;
  node::coordinator_actor coordinator_;
};

}  // namespace millrace::host
