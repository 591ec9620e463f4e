// A coordinator whose appends are acknowledged at once, unless a test holds them back.
#pragma once

#include "runtime/cluster/coordinator.hpp"
#include "tests/support/those.hpp"

#include <catch2/catch.hpp>

#include <optional>

namespace millrace::cluster::test {

using millrace::test::those;

/// Returns what is sent to a node, of one kind.
template<class Command>
std::vector<Command> sent(const coordinator_effect_list& all, const std::string& node) {
  std::vector<Command> out;
  for (const auto& s : those<coordinator_effects::send>(all))
    if (const auto* const x = std::get_if<Command>(&s.what.what); x != nullptr && s.node == node)
      out.push_back(*x);
  return out;
}

inline moment at(int ms) { return {std::chrono::milliseconds(ms), std::int64_t{ms} * 1'000}; }

inline registration describe(const std::string& node, std::uint64_t instance, session of) {
  return {node, instance, of, 1, 1};
}

struct led_cluster {
  explicit led_cluster(control_state found = {}, epoch mine = {1, 7}) : boss(mine, std::move(found), at(0)) {
    first = take(boss.begin("c", 1, at(0)));
  }

  /// Acknowledges what is to be appended, and gives all effects in their order.
  coordinator_effect_list take(coordinator_effect_list all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::optional<std::uint64_t> number;
      if (const auto* const a = std::get_if<coordinator_effects::append>(&all[i]))
        number = a->number;
      else if (const auto* const b = std::get_if<coordinator_effects::write_base>(&all[i]))
        number = b->number;
      if (!number || is_held)
        continue;
      const auto more = boss.on_appended(*number, append_outcome::acknowledged, now);
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }
  /// A node joins; returns what it is sent once it has registered.
  coordinator_effect_list join(const std::string& node, std::uint64_t instance) {
    const auto welcomes =
        sent<commands::welcome>(take(boss.on_registered(describe(node, instance, 0), now)), node);
    REQUIRE(welcomes.size() == 1);
    CHECK(welcomes.front().instance == instance);
    return take(boss.on_registered(describe(node, instance, welcomes.front().session), now));
  }
  coordinator_effect_list ask(request what) {
    return take(boss.on_request(++requests, std::move(what), now));
  }
  /// Sign of life of these, then the time.
  coordinator_effect_list pass(int ms, const std::vector<std::string>& awake) {
    coordinator_effect_list out;
    for (const auto until = now.running + std::chrono::milliseconds(ms); now.running < until;) {
      now.running += std::chrono::milliseconds(100);
      now.wall += 100'000;
      const auto add = [&](const coordinator_effect_list& more) {
        out.insert(out.end(), more.begin(), more.end());
      };
      for (const auto& node : awake)
        add(take(boss.on_heard(node, boss.state().nodes.at(node).session, now)));
      add(take(boss.tick(now)));
    }
    return out;
  }
  [[nodiscard]] place place_of(const actor_id& id) const {
    const auto* const a = boss.state().find(id);
    REQUIRE(a != nullptr);
    REQUIRE(a->at);
    return *a->at;
  }

  coordinator boss;
  coordinator_effect_list first;
  moment now = at(0);
  bool is_held = false;
  request_id requests = 0;
};

inline records::topology_applied lanes(int n, const std::string& plan = "p") {
  records::topology_applied r{"t", plan, 0, {}};
  for (int i = 0; i < n; ++i)
    r.actors.push_back({"lane" + std::to_string(i), actor_kind::lane, "p"});
  return r;
}
inline actor_id lane(int i) { return {"t", "lane" + std::to_string(i)}; }

}  // namespace millrace::cluster::test
