// The envelopes that the processes of a cluster send each other about their control plane: a command, an event or a sign
// of life, with whose it is and for whom. The order of alternatives is the format (envelope_format.cpp): new ones go to
// the end.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/cluster/node_messages.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace millrace::cluster {

/// One process of a node. `instance` is a number that it has chosen, and no other process of the node has had.
struct process_id {
  std::string node;
  std::uint64_t instance = 0;
  friend auto operator<=>(const process_id&, const process_id&) = default;
};

namespace signs {

/// The coordinator to each node that it has a link to, with each tick: it leads.
struct word {
  epoch of;
  event_micros clock = 0;  // the sender's
  bool yields = false;     // its node drains or leaves: a receiver that may lead takes the lead
  friend bool operator==(const word&, const word&) = default;
};
/// The answer to a word, of a process that has a session.
struct alive {
  cluster::session session = 0;
  event_micros word = 0;   // the clock that the word had
  event_micros clock = 0;  // the sender's
  friend bool operator==(const alive&, const alive&) = default;
};
/// Passed on by each node that hears a word, about twice a second, to all others that it has a link to: one
/// that does not hear the coordinator itself waits for longer before it stands while somebody else does.
struct heard {
  epoch of;
  friend bool operator==(const heard&, const heard&) = default;
};
/// The process ends in order; its actors have ended.
struct left {
  cluster::session session = 0;
  friend bool operator==(const left&, const left&) = default;
};
/// The process will not join, and ends.
struct declined {
  std::string why;
  friend bool operator==(const declined&, const declined&) = default;
};

}  // namespace signs

struct envelope {
  std::string cluster;  // its id, as the sender has read it in `control`
  process_id from;
  std::uint64_t to = 0;  // instance; 0: whichever process the node has
  std::variant<signs::word, signs::alive, signs::left, signs::declined, node_command, node_event,
               signs::heard>
      what;
  friend bool operator==(const envelope&, const envelope&) = default;
};

/// Commands and events in it have their own format. A text that says why is cut to max_text_bytes.
[[nodiscard]] std::string encode_envelope(const envelope& l);
/// ec::unsupported: a later version has written it; ec::corrupt.
[[nodiscard]] expected<envelope> decode_envelope(std::string_view bytes);

}  // namespace millrace::cluster
