// Random clusters whose nodes come, go and drain, and whose topologies come and go: each move has its reason,
// repeated placement ends, and then all is balanced, in any order of nodes and actors.
#include "runtime/cluster/placement.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>

namespace millrace::cluster {
namespace {

struct scene {
  std::mt19937_64 random;
  std::map<std::string, offered_node> nodes = {};
  std::map<actor_id, placeable_actor> actors = {};
  session sessions = 0;

  std::size_t below(std::size_t n) { return random() % n; }

  [[nodiscard]] bool has_home(const placeable_actor& a) const {
    const auto found = nodes.find(a.at);
    return found != nodes.end() && found->second.session == a.at_session;
  }
  [[nodiscard]] std::uint64_t load(const std::string& node) const {
    return static_cast<std::uint64_t>(std::ranges::count_if(
        actors, [&](const auto& a) { return a.second.at == node && has_home(a.second); }));
  }
  [[nodiscard]] std::uint64_t group_load(const std::string& node, const placeable_actor& like) const {
    return static_cast<std::uint64_t>(std::ranges::count_if(actors, [&](const auto& a) {
      return a.second.at == node && has_home(a.second) && a.second.group == like.group &&
             a.first.topology == like.id.topology;
    }));
  }
  [[nodiscard]] std::vector<move> place() {
    std::vector<offered_node> n;
    for (const auto& [name, what] : nodes)
      n.push_back(what);
    std::vector<placeable_actor> a;
    for (const auto& [id, what] : actors)
      a.push_back(what);
    const auto sorted = moves(n, a);
    std::ranges::shuffle(n, random);
    std::ranges::shuffle(a, random);
    CHECK(moves(n, a) == sorted);
    return sorted;
  }

  void change() {
    const std::string node(1, static_cast<char>('a' + below(5)));
    const std::string topology(1, static_cast<char>('t' + below(2)));
    switch (below(6)) {
    case 0:
    case 1:
      nodes[node] = {node, ++sessions, cores_of(node), false};
      break;
    case 2:
      nodes.erase(node);
      break;
    case 3:
      if (nodes.contains(node))
        nodes[node].is_draining = true;
      break;
    case 4:
      std::erase_if(actors, [&](const auto& a) { return a.first.topology == topology; });
      break;
    default:
      for (std::size_t i = 0, n = below(9); i < n; ++i) {
        const actor_id id{topology, std::to_string(i)};
        const auto is_pinned = below(6) == 0;
        actors.try_emplace(id, placeable_actor{id, i % 2 == 0 ? "w" : "lanes", is_pinned,
                                               below(is_pinned ? 2 : 8) == 0 ? "a" : ""});
      }
    }
  }
  [[nodiscard]] static std::uint32_t cores_of(const std::string& node) { return node < "d" ? 2 : 4; }

  /// Returns whether moving it would leave the other node with less, for its cores, than this one has.
  [[nodiscard]] bool is_uneven(std::uint64_t from, std::uint64_t to, const std::string& a,
                               const std::string& b) const {
    return from * nodes.at(b).cores > (to + 1) * nodes.at(a).cores;
  }
};

/// Carries the moves out, and looks at the reason of each.
void carry_out(scene& s, const std::vector<move>& all) {
  const auto voluntary = std::ranges::count_if(all, [](const move& m) { return m.why != reason::homeless; });
  CHECK(voluntary <= 1);
  for (const auto& m : all) {
    auto& a = s.actors.at(m.id);
    const auto& to = s.nodes.at(m.to);
    CHECK(m.session == to.session);
    CHECK_FALSE(to.is_draining);
    CHECK((!a.is_pinned || a.home.empty() || a.home == m.to));
    const auto is_homeless = !s.has_home(a);
    CHECK(is_homeless == (m.why == reason::homeless));
    CHECK((is_homeless || !a.is_pinned));
    if (const auto home = s.nodes.find(a.home); home != s.nodes.end() && !home->second.is_draining)
      CHECK(m.to == a.home);
    if (m.why == reason::balance || m.why == reason::spread)
      CHECK(a.home.empty());
    if (m.why == reason::drained)
      CHECK(s.nodes.at(a.at).is_draining);
    if (m.why == reason::balance)
      CHECK(s.is_uneven(s.load(a.at), s.load(m.to), a.at, m.to));
    if (m.why == reason::spread)
      CHECK(s.is_uneven(s.group_load(a.at, a), s.group_load(m.to, a), a.at, m.to));
    if (a.is_pinned)
      a.home = m.to;
    a.at = m.to;
    a.at_session = m.session;
  }
}

void check_balanced(const scene& s) {
  for (const auto& [id, a] : s.actors)
    for (const auto& [name, to] : s.nodes) {
      if (to.is_draining || !s.has_home(a) || a.is_pinned || name == a.at)
        continue;
      CHECK_FALSE(s.nodes.at(a.at).is_draining);
      if (!a.home.empty())
        continue;
      CHECK_FALSE(s.is_uneven(s.load(a.at), s.load(name), a.at, name));
      const auto keeps_balance = s.load(a.at) * to.cores >= (s.load(name) + 1) * s.nodes.at(a.at).cores;
      CHECK_FALSE((keeps_balance && s.is_uneven(s.group_load(a.at, a), s.group_load(name, a), a.at, name)));
    }
}

void check_waiting(const scene& s) {
  for (const auto& [id, a] : s.actors)
    if (!s.has_home(a))
      CHECK(std::ranges::none_of(s.nodes, [&a = a](const auto& n) {
        return !n.second.is_draining && (!a.is_pinned || a.home.empty() || a.home == n.first);
      }));
}

}  // namespace

TEST_CASE(
    "a cluster that changes at random is balanced again by moves that each have a reason, one at a time") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    scene s{std::mt19937_64(seed)};
    for (int i = 0; i < 12; ++i) {
      s.change();
      auto left = 60;
      for (auto all = s.place(); !all.empty(); all = s.place()) {
        REQUIRE(--left > 0);
        carry_out(s, all);
      }
      check_balanced(s);
      check_waiting(s);
    }
  }
}

TEST_CASE("a node that goes moves what it had and nothing else") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    INFO("seed " << seed);
    scene s{std::mt19937_64(seed)};
    for (const auto* name : {"a", "b", "c", "d"})
      s.nodes[name] = {name, ++s.sessions, 2, false};
    for (std::size_t i = 0, n = s.below(40); i < n; ++i) {
      const actor_id id{"t", std::to_string(i)};
      s.actors[id] = {id, std::to_string(s.below(4))};
    }
    carry_out(s, s.place());
    CHECK(s.place().empty());
    s.nodes.erase("b");
    const auto all = s.place();
    for (const auto& m : all)
      CHECK(s.actors.at(m.id).at == "b");
    carry_out(s, all);
    for (const auto& m : s.place())
      CHECK(m.why == reason::spread);
  }
}

}  // namespace millrace::cluster
