#include "runtime/link/meeting.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::link {
namespace {

unexpected other_cluster(const hello& mine, const hello& theirs) {
  return user_error(ec::mismatch,
                    fmt::format("node {} belongs to the cluster {}, this one to {}: an address of another "
                                "cluster stands among this cluster's nodes",
                                theirs.node, theirs.cluster, mine.cluster));
}

unexpected same_name(const hello& mine, const hello& theirs) {
  if (theirs.me.node == mine.me.node)
    return user_error(ec::mismatch, fmt::format("node {} has reached itself: its own address stands among "
                                                "those of the other nodes",
                                                mine.node));
  return user_error(ec::mismatch, fmt::format("another process calls itself node {} as well: each node of a "
                                              "cluster needs a name of its own",
                                              mine.node));
}

unexpected same_caf_node(const std::string& a, const std::string& b) {
  return user_error(
      ec::mismatch,
      fmt::format("nodes {} and {} have the same CAF node id, so messages would reach the wrong "
                  "one: copies of a machine need a disk or network address of their own",
                  a, b));
}

std::optional<std::string> skew(const hello& mine, const hello& theirs) {
  // The numbers are unsigned: the distance of two clocks may be beyond the signed ones.
  const auto [less, more] = std::minmax(mine.clock, theirs.clock);
  const auto apart = static_cast<std::uint64_t>(more) - static_cast<std::uint64_t>(less);
  if (apart <= static_cast<std::uint64_t>(most_skew))
    return std::nullopt;
  return fmt::format("the clock of node {} is {} ms {} that of {}: ticks and idle times are off by as much; "
                     "let NTP set both",
                     theirs.node, apart / 1000, theirs.clock > mine.clock ? "ahead of" : "behind", mine.node);
}

}  // namespace

expected<meeting> meet(const hello& mine, const hello& theirs, std::span<const known_node> known) {
  if (theirs.cluster != mine.cluster)
    return other_cluster(mine, theirs);
  if (theirs.node == mine.node)
    return same_name(mine, theirs);
  if (theirs.caf_node == mine.caf_node)
    return same_caf_node(theirs.node, mine.node);
  meeting m;
  for (const auto& k : known) {
    // A restarted container has its predecessor's id. This does no harm: sessions tell the two apart.
    if (k.node != theirs.node && k.caf_node == theirs.caf_node)
      return same_caf_node(theirs.node, k.node);
    if (k.node != theirs.node || k.session == theirs.me.node)
      continue;
    if (k.session > theirs.me.node)
      return fatal_error(ec::fenced, fmt::format("node {} is of session {}, and session {} of it is known: "
                                                 "this process was replaced",
                                                 theirs.node, theirs.me.node, k.session));
    m.replaces = std::max(m.replaces.value_or(0), k.session);
  }
  m.version = std::min(mine.wire.highest, theirs.wire.highest);
  if (m.version < std::max(mine.wire.lowest, theirs.wire.lowest))
    return user_error(ec::mismatch,
                      fmt::format("node {} speaks wire versions {} to {}, this one {} to {}: update the "
                                  "older one",
                                  theirs.node, theirs.wire.lowest, theirs.wire.highest, mine.wire.lowest,
                                  mine.wire.highest));
  m.warning = skew(mine, theirs);
  return m;
}

}  // namespace millrace::link
