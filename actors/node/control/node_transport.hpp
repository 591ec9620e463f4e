// The seam to the other nodes of a cluster: it carries bytes of the control plane over the links that there
// are, and hands arrivals to the post. Bytes between two processes keep their order while a link lasts; bytes
// under way when it ends may come or not. They are not sent again here.
#pragma once

#include "runtime/cluster/envelope.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/typed_actor.hpp>

#include <string>

namespace millrace::node {

class node_transport {
public:
  virtual ~node_transport() = default;
  /// Sends to a process over the link to it; drops the message where there is no link by now. Does not block.
  /// Called on the post's thread, never for the own process.
  virtual void send(const cluster::process_id& to, std::string bytes) = 0;
};

// --- transport -> post

/// They come from the process that the link is with.
struct bytes_arrived {
  cluster::process_id from;
  std::string bytes;
};
/// There is a link to this process (again). Where two processes claim one name, there may be one to each.
struct link_up {
  cluster::process_id with;
};
/// No envelope comes from there any more, and what was sent may not have come.
struct link_lost {
  cluster::process_id with;
};
/// The process is known to be gone: a new connection was refused.
struct process_dead {
  cluster::process_id who;
};

}  // namespace millrace::node
