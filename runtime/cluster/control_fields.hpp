// The members of `control`'s values as bytes, for both directions; the formats are written by
// control_format.cpp alone.
#pragma once

#include "runtime/cluster/control_state.hpp"
#include "runtime/wire/checked_fields.hpp"

namespace millrace::cluster {

void fields(auto& c, wire::like<actor_id> auto& x) { c.members(x.topology, x.name); }
void fields(auto& c, wire::like<actor_spec> auto& x) {
  c.members(x.name);
  wire::field_of_kind(c, x.kind, actor_kind::sink);
  c.members(x.group, x.is_pinned, x.node);
}
void fields(auto& c, wire::like<place> auto& x) { c.members(x.node, x.session, x.term, x.generation); }
void fields(auto& c, wire::like<crash> auto& x) { c.members(x.node, x.process, x.signal, x.records, x.at); }
void fields(auto& c, wire::like<actor_state> auto& x) {
  c.members(x.spec, x.at, x.crashes, x.unexplained, x.died_at, x.has_died_again);
}
void fields(auto& c, wire::like<partition_start> auto& x) { c.members(x.log, x.start, x.lane); }
void fields(auto& c, wire::like<partition_name> auto& x) { c.members(x.parser, x.partition); }
void fields(auto& c, wire::like<log_position> auto& x) { c.members(x.log, x.at); }
void fields(auto& c, wire::like<node_state> auto& x) {
  c.members(x.instance, x.session, x.is_over, x.has_left, x.is_draining, x.deaths);
}
void fields(auto& c, wire::like<topology_state> auto& x) {
  c.members(x.plan, x.generation, x.first_generation, x.begins_anew, x.number);
  wire::field_of_kind(c, x.status, topology_status::stopped);
  c.members(x.is_paused, x.failed_actor, x.why, x.ended_at);
  wire::field_of_map(c, x.actors);
  wire::field_of_map(c, x.verdicts);
  wire::field_of_map(c, x.starts);
}
void fields(auto& c, wire::like<control_state> auto& x) {
  c.members(x.cluster, x.formats, x.sessions, x.plans, x.terms);
  wire::field_of_map(c, x.nodes);
  wire::field_of_map(c, x.topologies);
  wire::field_of_map(c, x.removed);
  wire::field_of_set(c, x.leftovers);
}

namespace records {

void fields(auto& c, wire::like<founded> auto& x) { c.members(x.cluster, x.formats); }
void fields(auto& c, wire::like<formats_raised> auto& x) { c.members(x.formats); }
void fields(auto& c, wire::like<topology_applied> auto& x) {
  c.members(x.topology, x.plan, x.generation, x.actors, x.is_blank);
}
void fields(auto& c, wire::like<session_given> auto& x) { c.members(x.node, x.instance, x.session); }
void fields(auto& c, wire::like<session_ended> auto& x) { c.members(x.node, x.session, x.has_died, x.at); }
void fields(auto& c, wire::like<placed> auto& x) { c.members(x.actor, x.node, x.session, x.term); }
void fields(auto& c, wire::like<term_granted> auto& x) { c.members(x.actor, x.term); }
void fields(auto& c, wire::like<verdict_given> auto& x) { c.members(x.topology, x.log, x.at, x.error); }
void fields(auto& c, wire::like<verdicts_settled> auto& x) { c.members(x.topology, x.log, x.below); }
void fields(auto& c, wire::like<partition_started> auto& x) {
  c.members(x.topology, x.parser, x.partition, x.log, x.start, x.lane);
}
void fields(auto& c, wire::like<topology_failed> auto& x) { c.members(x.topology, x.actor, x.why, x.at); }
void fields(auto& c, wire::like<finished> auto& x) { c.members(x.topology, x.at); }
void fields(auto& c, wire::like<pause_set> auto& x) { c.members(x.topology, x.is_paused); }
void fields(auto& c, wire::like<topology_removed> auto& x) { c.members(x.topology); }
void fields(auto& c, wire::like<chains_cleared> auto& x) { c.members(x.chains); }
void fields(auto& c, wire::like<crash_told> auto& x) { c.members(x.actor, x.what); }
void fields(auto& c, wire::like<stop_asked> auto& x) { c.members(x.topology); }
void fields(auto& c, wire::like<drain_set> auto& x) { c.members(x.node, x.is_draining); }
void fields(auto& c, wire::like<node_forgotten> auto& x) { c.members(x.node); }

}  // namespace records

}  // namespace millrace::cluster
