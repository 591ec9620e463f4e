#include "runtime/cluster/joining.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace millrace::cluster {
namespace {

/// A store that did not answer, or shows another id, is not asked again with each envelope.
constexpr micros between_looks = std::chrono::seconds(1);
/// A claim waits for so long beyond the silence after which a process counts as away.
constexpr micros claim_patience = std::chrono::seconds(1);
constexpr micros most_skew = std::chrono::milliseconds(250);

}  // namespace

std::string cluster_id(std::string_view name, std::uint64_t random) {
  return fmt::format("{}#{:016x}", name, random);
}

std::string_view name_in(std::string_view cluster_id) { return cluster_id.substr(0, cluster_id.rfind('#')); }

expected<void> check_name(std::string_view configured, const control_state& seen, std::string_view store) {
  if (seen.cluster.empty() || name_in(seen.cluster) == configured)
    return {};
  return user_error(ec::mismatch,
                    fmt::format("the store {} holds the cluster {}, and this node is configured for {}; name "
                                "the store of that cluster, or the cluster of this store",
                                store, name_in(seen.cluster), configured));
}

expected<void> check_known(std::string_view known, const control_state& seen, std::string_view store) {
  if (known.empty() || known == seen.cluster)
    return {};
  return user_error(
      ec::mismatch,
      fmt::format(
          "the store {} {}, and this node was in the cluster {} there: what that one had, its topologies "
          "and their state, is not in this store; restore the store, or name the right one; to begin anew "
          "without it, give this node a new state folder (--state)",
          store,
          seen.cluster.empty() ? std::string("holds no cluster")
                               : fmt::format("holds the cluster {}", seen.cluster),
          known));
}

known_cluster::judged known_cluster::judge(std::string_view id, moment now) {
  if (!id_.empty())
    return id == id_ ? judged::ours : judged::foreign;
  if (is_looking_)
    return judged::waiting;
  if (id == looked_for_ && now.running < looked_at_ + between_looks)
    return has_seen_ ? judged::foreign : judged::waiting;
  is_looking_ = true;
  has_seen_ = false;
  looked_for_ = id;
  looked_at_ = now.running;
  return judged::look;
}

void known_cluster::on_seen(std::string_view id) {
  is_looking_ = false;
  has_seen_ = true;
  if (id_.empty())
    id_ = id;
}

expected<void> check_session(const control_state& seen, const process_id& mine, cluster::session given,
                             std::string_view store) {
  const auto found = seen.nodes.find(mine.node);
  if (found != seen.nodes.end() && found->second.instance == mine.instance && found->second.session >= given)
    return {};
  return user_error(ec::mismatch,
                    fmt::format("the store is not shared: the coordinator has recorded that node {} joins, "
                                "and node {} does not find that in {}; give all nodes the same store",
                                mine.node, mine.node, store));
}

name_claims::judged name_claims::judge(const process_id& who, const present_node* other, moment now) {
  const auto answers = other != nullptr && other->instance != who.instance && !other->is_detached &&
                       now.running - other->heard < limits_.detached_after;
  if (!answers) {
    waiting_.erase(who.node);
    return judged::admitted;
  }
  auto& mine = waiting_.try_emplace(who.node, claim{who.instance, now.running}).first->second;
  if (mine.instance != who.instance)
    mine = {who.instance, now.running};
  return now.running - mine.since < limits_.away_after + claim_patience ? judged::waiting : judged::refused;
}

std::optional<micros> clock_skew(event_micros sent, event_micros theirs, event_micros back) {
  // The skew is unknown if somebody has set a clock in between, or the bytes are nobody's clock.
  constexpr auto beyond = event_micros{1} << 60;
  for (const auto clock : {sent, theirs, back})
    if (clock > beyond || clock < -beyond)
      return std::nullopt;
  if (back < sent)
    return std::nullopt;
  const auto ahead = theirs - (sent + (back - sent) / 2);
  const auto unsure = (back - sent + 1) / 2;
  return std::abs(ahead) - unsure > most_skew.count() ? std::optional(micros(ahead)) : std::nullopt;
}

}  // namespace millrace::cluster
