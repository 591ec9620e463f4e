#include "actors/node/host/node_group.hpp"

#include "runtime/base/random.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/cluster/joining.hpp"

#include <caf/send.hpp>

#include <map>
#include <utility>

namespace millrace::host {
namespace {

/// The newest of each actor.
std::vector<cluster::registration::last_word> last_words(const std::vector<last_work>& all) {
  std::map<cluster::actor_id, cluster::registration::last_word> newest;
  for (const auto& w : all) {
    const cluster::actor_id id{w.topology, w.actor};
    auto& known = newest[id];
    if (known.process != w.process || known.signal == 0)
      known = {id, w.process, w.signal, w.records};
  }
  std::vector<cluster::registration::last_word> out;
  for (auto& [_, w] : newest)
    out.push_back(std::move(w));
  return out;
}

/// A run has one node, whose events are those of its process, and begins a topology in the place of applying it.
bool is_of_run(const cluster::told_event& e) {
  return !e.topology.empty() && e.kind != cluster::event_kind::placement &&
         e.kind != cluster::event_kind::apply;
}

}  // namespace

std::uint64_t new_instance() {
  return static_cast<std::uint64_t>(system_clock().now()) << 10U | (random_bits() & 1023U);
}

node_group spawn_group(caf::actor_system& system, group_options options) {
  node_group g;
  const auto sign = options.is_alone ? nullptr : std::make_shared<store_sign>();
  const auto topologies = options.folder + "/topologies";
  const auto plans = std::make_shared<planned_topologies>(options.bounds.lane_credit,
                                                          options.lone ? options.lone->planned : nullptr);
  g.board = spawn_switchboard(system, {options.name, options.instance, options.caf_node,
                                       std::move(options.transport_to), options.silence, options.clock});
  g.directors = spawn_directors(
      system, {g.board, options.store, plans, options.lone != nullptr, std::move(options.on_end)});
  g.lives = std::make_shared<hosted_lives>(system, host_options{options.name,
                                                                {},
                                                                options.store,
                                                                plans,
                                                                topologies,
                                                                options.start_timeout,
                                                                g.board,
                                                                options.running,
                                                                options.make,
                                                                std::move(options.bounds),
                                                                options.clock,
                                                                options.lone,
                                                                std::move(options.on_begun)});
  node::node_options o;
  o.mine = {options.name, options.instance};
  o.cluster = std::string(cluster::cluster_name);
  o.may_lead = options.may_lead;
  o.is_alone = options.is_alone;
  o.cores = static_cast<std::uint32_t>(options.cores);
  o.silence = options.silence;
  o.last_words = last_words(options.last_works);
  o.seed = options.seed;
  o.store = options.store;
  o.transport = envelopes_by(g.board);
  o.lives = g.lives;
  o.director = directed(g.directors);
  o.on_over = std::move(options.on_over);
  o.clock = std::move(options.control_clock);
  g.events = spawn_event_keeper(system, options.store);
  o.on_told = [events = g.events, is_alone = options.is_alone,
               clock = options.clock](const cluster::epoch& by, const std::vector<cluster::told_event>& all) {
    note_events noted{by, {}};
    for (const auto& e : all)
      if (!is_alone || is_of_run(e))
        noted.what.push_back(observe::event_of(e, clock->now()));
    caf::anon_send(events, std::move(noted));
  };
  o.on_failed_again = [board = options.running](const cluster::actor_id& actor, const std::string& why) {
    if (board)
      board->failed_again(actor.topology, lasting_name(actor.name), why);
  };
  o.begins_with = std::move(options.begins_with);
  const auto letters = options.lone
                           ? letters_home(letters_folder{options.lone->planned->topology, options.folder})
                           : letters_home(options.store);
  // Actors that begin ask their director through the board, once.
  g.control = node::spawn_node(system, std::move(o), [&](const node::node_actors& control) {
    g.view = spawn_view(system, {options.name, options.instance, topologies, options.cores, g.board,
                                 g.directors, control.coordinator, g.events, options.store, plans, letters,
                                 options.start_timeout, options.running, sign, std::move(options.make)});
    caf::anon_send(g.directors, coordinator_known{control.coordinator});
    caf::anon_send(g.board, readers_known{control.post, g.directors, g.view});
  });
  if (sign)
    g.addresses = spawn_address_keeper(system, options.store, g.board, sign);
  return g;
}

void stop_group(const node_group& group) {
  if (group.addresses)
    caf::anon_send(group.addresses, messages::stop{});
  caf::anon_send(group.view, messages::stop{});
  caf::anon_send(group.events, messages::stop{});
  caf::anon_send(group.directors, messages::stop{});
  group.lives->stop();
  caf::anon_send(group.board, messages::stop{});
}

}  // namespace millrace::host
