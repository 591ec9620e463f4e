// The store of a cluster: it opens and reads the chains of actors, and the chain `control` among them, and
// keeps the spilled output of shards. Every node reaches it by a way of its own, and opening a chain under a
// higher life fences all others off there. Calls block and may come from any thread; what was opened belongs
// to one thread.
#pragma once

#include "actors/node/stores/store_address.hpp"
#include "runtime/chain/chain.hpp"
#include "runtime/cluster/identities.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::node {

using opened_chain = std::unique_ptr<chain::actor_chain>;

/// Holds what a look has found in a chain; nothing where it was never opened.
struct found_chain {
  chain::contents contents;
  life highest;
};

class chain_store {
public:
  virtual ~chain_store() = default;

  /// Opens the chain under a life whose term `control` has given to this process (R2). A life of the same
  /// term that is there was an earlier one of this process, so the count is raised above it. ec::fenced where
  /// a higher term is there.
  [[nodiscard]] virtual expected<opened_chain> open(const cluster::actor_id& whose, const life& now) = 0;
  /// Opens it under a life that the opener has chosen above all that a look has shown (chain::chosen_above).
  /// ec::fenced where another has opened under its term, or a higher one, meanwhile.
  [[nodiscard]] virtual expected<opened_chain> open_chosen(const cluster::actor_id& whose,
                                                           const life& chosen) = 0;
  /// Reads it and changes nothing.
  [[nodiscard]] virtual expected<found_chain> look(const cluster::actor_id& whose) = 0;
  /// Makes durable what looks have shown so far. Servers show durable records alone.
  [[nodiscard]] virtual expected<void> settle(const cluster::actor_id&) { return {}; }
  /// Opens the spilled output of an actor whose chain was opened under the same term before, and removes what
  /// is not `needed`: no snapshot names it. Any node that opens it reads what others have written.
  /// ec::fenced, here and at a change, where a higher term has opened the chain. A store that keeps none
  /// refuses each write with ec::unsupported.
  [[nodiscard]] virtual expected<std::unique_ptr<snapshot::segments>>
  open_segments(const cluster::actor_id& whose, incarnation term, const std::vector<segment_id>& needed) = 0;
  /// Lists the chains that have this for a topology, by their actors' names, in any order; some may be empty.
  /// ec::unsupported here and below: this store does not tell.
  [[nodiscard]] virtual expected<std::vector<std::string>> list(const std::string&) {
    return tells_nothing();
  }
  /// Lists the actor's spilled output, of all writers.
  [[nodiscard]] virtual expected<std::vector<segment_id>> list_segments(const cluster::actor_id&) {
    return tells_nothing();
  }
  /// Reads a piece of it, and opens nothing. Errors as those of segments::read().
  [[nodiscard]] virtual expected<std::string> read_segment(const cluster::actor_id&, const segment_id&) {
    return tells_nothing();
  }
  /// Removes all chains and all spilled output that have this for a topology: a name that `control` has given back
  /// (cluster::chains_of), so that no reader comes any more. May be called again, and by several at once; what a
  /// stale writer leaves there meanwhile or later is read by nobody.
  [[nodiscard]] virtual expected<void> clear(const std::string& chains) = 0;
  /// Says how others than those who run the nodes may change what is there, and so command the nodes, each with its remedy; mostly
  /// nothing. Asked once, when a node has started. An error of the user's where it must not be used at all.
  [[nodiscard]] virtual expected<std::vector<std::string>> openings() { return std::vector<std::string>(); }
  /// Says where it is, without a password.
  [[nodiscard]] virtual std::string shown() const = 0;

private:
  [[nodiscard]] unexpected tells_nothing() const {
    return fatal_error(ec::unsupported, shown() + " does not tell which chains it has");
  }
};

/// The chain of the coordinators. No topology has an empty name, so it is apart from all chains of actors.
[[nodiscard]] inline cluster::actor_id control_of_cluster() { return {"", "control"}; }

/// The chain of their events; a coordinator opens it under the term of its epoch.
[[nodiscard]] inline cluster::actor_id events_of_cluster() { return {"", "events"}; }

/// Looks at the mode of a folder, and does not touch the store yet. ec::invalid_argument where its client does not take the text.
[[nodiscard]] expected<std::shared_ptr<chain_store>> make_chain_store(const store_address& where);

}  // namespace millrace::node
