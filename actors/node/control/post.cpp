#include "actors/node/control/post.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <optional>

namespace millrace::node {
namespace {

/// A store that is slower than this has not answered; the next envelope asks again.
constexpr std::chrono::seconds look_patience{30};

bool is_for_agent(const envelope_content& what) {
  return std::holds_alternative<cluster::signs::word>(what) ||
         std::holds_alternative<cluster::signs::left>(what) ||
         std::holds_alternative<cluster::node_command>(what);
}

}  // namespace

void post_office::on_post(const post_envelope& m) {
  const auto is_to = [&](const cluster::process_id& p) {
    return p.node == m.to && (m.instance == 0 || m.instance == p.instance);
  };
  if (const auto* const w = std::get_if<cluster::signs::word>(&m.what))
    epochs_.prove(w->of);
  if (is_to(options_->mine))
    route(options_->mine, m.what);
  // A process that has not read the cluster's id yet must not speak for a cluster.
  if (known_.id().empty())
    return;
  for (const auto& p : linked_)
    if (is_to(p))
      options_->transport->send(p,
                                cluster::encode_envelope({known_.id(), options_->mine, m.instance, m.what}));
}

void post_office::on_bytes(const bytes_arrived& m) {
  auto l = cluster::decode_envelope(m.bytes);
  if (!l)
    return warn(m.from.node, l.error().message);
  // An envelope that came over a link that is over comes too late, and so does what is for an earlier process of this node.
  const auto is_late = !linked_.contains(m.from) || (l->to != 0 && l->to != options_->mine.instance);
  if (!is_late && l->from == m.from)
    judge_store(*l);
}

void post_office::judge_store(const cluster::envelope& l) {
  switch (known_.judge(l.cluster, now())) {
  case cluster::known_cluster::judged::ours:
    return deliver(epochs_.on_envelope(l, now()));
  case cluster::known_cluster::judged::look:
    return look_for(l.from, l.cluster);
  case cluster::known_cluster::judged::foreign:
    return refuse_store(l.from);
  case cluster::known_cluster::judged::waiting:
    return;
  }
}

/// The envelope itself is dropped: coordinators repeat theirs.
void post_office::look_for(const cluster::process_id& from, const std::string& id) {
  self_->request(keeper_, look_patience, look_at_control{})
      .then(
          [this, from, id](const control_seen& m) {
            if (m.failure) {
              known_.on_not_seen();
              return warn(from.node, m.failure->message);
            }
            known_.on_seen(m.what.state.cluster);
            epochs_.prove(m.what.highest);
            if (!known_.id().empty())
              self_->send(others_.coordinator, cluster_known{known_.id()});
            if (known_.id() != id)
              refuse_store(from);
          },
          [this](const caf::error&) { known_.on_not_seen(); });
}

void post_office::deliver(const cluster::proven_epochs::decided& what) {
  for (const auto& l : what.count)
    route(l.from, l.what);
  if (!what.looks)
    return;
  self_->request(keeper_, look_patience, look_at_control{})
      .then(
          [this](const control_seen& m) {
            if (m.failure)
              epochs_.on_not_seen(now());
            else
              deliver(epochs_.on_seen(m.what.highest, now()));
          },
          [this](const caf::error&) { epochs_.on_not_seen(now()); });
}

void post_office::refuse_store(const cluster::process_id& from) {
  const auto why =
      fmt::format("the store is not shared: node {} reads another cluster in its store than node {} does in "
                  "{}; give all nodes the same store",
                  from.node, options_->mine.node, options_->store->shown());
  warn(from.node, why);
  // A process whose own store holds a cluster goes on: the sender's store may be the wrong one.
  if (known_.id().empty())
    self_->send(others_.agent, store_is_foreign{why});
}

void post_office::route(const cluster::process_id& from, const envelope_content& what) {
  if (is_for_agent(what))
    self_->send(others_.agent, envelope_came{from, what});
  if (!std::holds_alternative<cluster::node_command>(what))
    self_->send(others_.coordinator, envelope_came{from, what});
}

void post_office::on_up(const link_up& m) {
  linked_.insert(m.with);
  warned_of_.erase(m.with.node);
  self_->send(others_.coordinator, m);
}

void post_office::on_lost(const link_lost& m) {
  linked_.erase(m.with);
  epochs_.forget(m.with);
  self_->send(others_.coordinator, m);
}

void post_office::on_dead(const process_dead& m) {
  on_lost({m.who});
  self_->send(others_.coordinator, m);
}

void post_office::warn(const std::string& node, const std::string& why) {
  if (warned_of_.insert(node).second)
    spdlog::warn("messages of node {} do not count here: {}", node, why);
}

namespace {

whole_post::behavior_type post_behaviour(whole_post::stateful_pointer<std::optional<post_office>> self,
                                         const std::shared_ptr<const node_options>& options,
                                         const control_keeper& keeper) {
  auto* const office = &self->state.emplace(self, options, keeper);
  self->set_down_handler([=](caf::down_msg&) { self->quit(); });
  return {
      [=](const post_envelope& m) { office->on_post(m); },
      [=](const cluster_known& m) { office->on_known(m); },
      [=](const bytes_arrived& m) { office->on_bytes(m); },
      [=](const link_up& m) { office->on_up(m); },
      [=](const link_lost& m) { office->on_lost(m); },
      [=](const process_dead& m) { office->on_dead(m); },
      [=](const meet_others& m) {
        self->monitor(m.agent);
        office->meet(m);
      },
  };
}

}  // namespace

whole_post spawn_post(caf::actor_system& system, std::shared_ptr<const node_options> options,
                      control_keeper keeper) {
  return system.spawn(post_behaviour, std::move(options), std::move(keeper));
}

}  // namespace millrace::node
