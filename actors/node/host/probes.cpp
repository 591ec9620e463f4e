#include "actors/node/host/probes.hpp"

#include "actors/node/host/described.hpp"

#include <fmt/format.h>

namespace millrace::host {
namespace {

std::string waits_of(const api::answers::page& own, bool is_store_silent) {
  return (is_store_silent ? "the store of the cluster does not answer\n" : "") +
         (own.is_good ? std::string() : own.text);
}

/// Crashes are told by the leader, and are no fault of its own.
std::string crash_lines(const node::cluster_described& d) {
  std::string out;
  if (d.leads)
    for (const auto& [name, _] : d.state->topologies)
      for (const auto& c : crashes_of(d, name))
        out += fmt::format("{}: {}\n", name, c.text);
  return out;
}

api::answers::page page_of(const std::string& waits, const std::string& besides = {}) {
  return {waits.empty(), (waits.empty() ? "ok\n" : waits) + besides};
}

}  // namespace

observe::cluster_standing standing_of(const node::cluster_described& d, const std::string& node) {
  const bool is_heard = !d.leader.empty();
  if (d.leads)
    return {node, is_heard, topologies_of(d), nodes_of(d, node)};
  return {node, is_heard, {}, {}};
}

api::answers::page healthz_of_node(const api::answers::page& own, bool is_store_silent) {
  return page_of(waits_of(own, is_store_silent));
}

api::answers::page readyz_of_node(const api::answers::page& own, bool is_store_silent,
                                  const node::cluster_described* d) {
  const auto waits = waits_of(own, is_store_silent);
  if (d == nullptr)
    return page_of("the coordinator of this node does not answer\n" + waits);
  return page_of((d->leader.empty() ? "no coordinator is heard\n" : "") + waits, crash_lines(*d));
}

}  // namespace millrace::host
