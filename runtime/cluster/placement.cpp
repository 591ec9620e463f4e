#include "runtime/cluster/placement.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace millrace::cluster {
namespace {

using group_name = std::pair<std::string, std::string>;  // the topology and the group

/// Work for cores, as a fraction: compared without rounding.
struct ratio {
  std::uint64_t actors = 0;
  std::uint64_t cores = 1;
  friend bool operator==(const ratio& a, const ratio& b) { return a.actors * b.cores == b.actors * a.cores; }
  friend bool operator<(const ratio& a, const ratio& b) { return a.actors * b.cores < b.actors * a.cores; }
  friend bool operator>(const ratio& a, const ratio& b) { return b < a; }
};

struct node_load {
  offered_node what;
  std::uint64_t actors = 0;
  std::map<group_name, std::uint64_t> of_group = {};

  [[nodiscard]] ratio load(std::uint64_t more = 0) const { return {actors + more, what.cores}; }
  [[nodiscard]] ratio group_load(const group_name& g, std::uint64_t more = 0) const {
    const auto found = of_group.find(g);
    return {(found == of_group.end() ? 0 : found->second) + more, what.cores};
  }
  void add(const group_name& g) {
    ++actors;
    ++of_group[g];
  }
};

group_name group_of(const placeable_actor& a) { return {a.id.topology, a.group}; }

class layout {
public:
  layout(const std::vector<offered_node>& nodes, const std::vector<placeable_actor>& actors) {
    for (auto n : nodes) {
      n.cores = std::max(n.cores, 1U);
      nodes_.insert_or_assign(n.name, node_load{n});
    }
    for (const auto& a : actors)
      actors_.insert_or_assign(a.id, a);
    for (const auto& [id, a] : actors_)
      if (auto* const n = place_of(a))
        n->add(group_of(a));
  }

  [[nodiscard]] std::vector<move> homeless() {
    std::vector<const placeable_actor*> all;
    for (const auto& [id, a] : actors_)
      if (place_of(a) == nullptr && a.may_begin)
        all.push_back(&a);
    // Pinned ones first: they have no choice. The others group by group, so that each group is dealt in turn.
    std::ranges::stable_sort(all, {}, [](const placeable_actor* a) {
      return std::tuple(!a->is_pinned, a->id.topology, a->group, a->id.name);
    });
    std::vector<move> out;
    for (const auto* a : all)
      if (auto* const to = best_for(*a)) {
        to->add(group_of(*a));
        out.push_back({a->id, to->what.name, to->what.session, reason::homeless});
      }
    std::ranges::sort(out, {}, &move::id);
    return out;
  }

  [[nodiscard]] std::optional<move> drained() {
    for (const auto& [id, a] : actors_) {
      auto* const from = place_of(a);
      if (from == nullptr || !from->what.is_draining || from->what.is_leaving || a.is_pinned)
        continue;
      if (auto* const to = best_for(a))
        return move{id, to->what.name, to->what.session, reason::drained};
    }
    return std::nullopt;
  }

  /// The most loaded node gives to the least loaded one what that has the least of.
  [[nodiscard]] std::optional<move> for_balance() {
    return best_move([](const node_load& from, const node_load& to, const group_name&) {
      return from.load() > to.load(1) ? std::optional(reason::balance) : std::nullopt;
    });
  }
  [[nodiscard]] std::optional<move> for_spread() {
    return best_move([](const node_load& from, const node_load& to, const group_name& g) {
      const auto keeps_balance = !(from.load() < to.load(1));
      return keeps_balance && from.group_load(g) > to.group_load(g, 1) ? std::optional(reason::spread)
                                                                       : std::nullopt;
    });
  }

  [[nodiscard]] std::vector<actor_id> waiting() {
    std::vector<actor_id> out;
    for (const auto& [id, a] : actors_)
      if (place_of(a) == nullptr && best_for(a) == nullptr)
        out.push_back(id);
    return out;
  }

private:
  [[nodiscard]] node_load* place_of(const placeable_actor& a) {
    const auto found = a.at.empty() ? nodes_.end() : nodes_.find(a.at);
    if (found == nodes_.end() || found->second.what.session != a.at_session)
      return nullptr;
    return &found->second;
  }

  [[nodiscard]] node_load* best_for(const placeable_actor& a) {
    const auto home = nodes_.find(a.home);
    const bool is_home_there = home != nodes_.end() && home->second.what.takes_more();
    if (!a.home.empty() && (is_home_there || a.is_pinned))
      return is_home_there ? &home->second : nullptr;
    node_load* best = nullptr;
    const auto g = group_of(a);
    for (auto& [name, n] : nodes_) {
      if (!n.what.takes_more())
        continue;
      if (best == nullptr || is_better(n, *best, g))
        best = &n;
    }
    return best;
  }
  [[nodiscard]] static bool is_better(const node_load& a, const node_load& b, const group_name& g) {
    if (a.what.is_flapping != b.what.is_flapping)
      return b.what.is_flapping;
    return a.load(1) < b.load(1) || (a.load(1) == b.load(1) && a.group_load(g, 1) < b.group_load(g, 1));
  }

  /// Takes the best of all moves that `why` gives a reason for: from the most loaded node, to the least loaded, of the group
  /// that is the most crowded there.
  template<class Why>
  [[nodiscard]] std::optional<move> best_move(Why why) {
    std::optional<move> best;
    const node_load *best_from = nullptr, *best_to = nullptr;
    group_name best_group;
    for (const auto& [id, a] : actors_) {
      const auto* const from = a.is_pinned || !a.home.empty() ? nullptr : place_of(a);
      if (from == nullptr || !from->what.takes_more())
        continue;
      const auto g = group_of(a);
      for (const auto& [name, to] : nodes_) {
        const bool may_take = to.what.takes_more() && (!to.what.is_flapping || from->what.is_flapping);
        const auto r = !may_take || &to == from ? std::nullopt : why(*from, to, g);
        if (!r)
          continue;
        const auto is_better = [&, &to = to] {  // clang 14 captures no binding by itself
          if (!(from->load() == best_from->load()))
            return from->load() > best_from->load();
          if (!(to.load(1) == best_to->load(1)))
            return to.load(1) < best_to->load(1);
          if (!(from->group_load(g) == best_from->group_load(best_group)))
            return from->group_load(g) > best_from->group_load(best_group);
          return to.group_load(g) < best_to->group_load(best_group);
        };
        if (best && !is_better())
          continue;
        best = move{id, name, to.what.session, *r};
        best_from = from;
        best_to = &to;
        best_group = g;
      }
    }
    return best;
  }

  std::map<std::string, node_load> nodes_;
  std::map<actor_id, placeable_actor> actors_;
};

}  // namespace

std::vector<move> moves(const std::vector<offered_node>& nodes, const std::vector<placeable_actor>& actors) {
  layout l(nodes, actors);
  if (auto out = l.homeless(); !out.empty())
    return out;
  auto one = l.drained();
  if (!one)
    one = l.for_balance();
  if (!one)
    one = l.for_spread();
  return one ? std::vector{*one} : std::vector<move>();
}

std::vector<actor_id> waiting(const std::vector<offered_node>& nodes,
                              const std::vector<placeable_actor>& actors) {
  return layout(nodes, actors).waiting();
}

}  // namespace millrace::cluster
