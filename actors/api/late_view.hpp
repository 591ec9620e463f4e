// Answers for a node that starts, until the actor that answers for the cluster is there. So its address is
// taken, and its probes are answered, before the node has an effect on anybody.
#pragma once

#include "actors/api/cluster_view.hpp"

#include <mutex>
#include <string>

namespace millrace::api {

class late_view : public cluster_view {
public:
  /// /livez is well; the other probes are 503 with what is waited for; the rest is to be asked again.
  void ask(request what, reply to) override;
  /// Any thread. "the store postgresql://...", "the other nodes"
  void waits_for(std::string what);
  /// Any thread. Hands all that comes later to `view`, which outlives the server.
  void attach(cluster_view& view);

private:
  std::mutex mutex_;
  cluster_view* view_ = nullptr;
  std::string says_ = "this node starts";
};

}  // namespace millrace::api
