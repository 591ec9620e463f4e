#include "actors/node/host/switchboard.hpp"

#include "runtime/control/topology_message_format.hpp"
#include "runtime/link/edge_numbers.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>

#include <map>
#include <optional>
#include <set>
#include <utility>

namespace millrace::host {
namespace {

/// All links of one store are of one cluster: envelopes have its id (docs/design/cluster.md, J1).
constexpr std::string_view cluster_of_links = "millrace";

struct peer {
  node_address where;
  link::link_handle link;
  std::optional<cluster::process_id> process = {};  // set while there is a session
  std::optional<cluster::process_id> last = {};     // the last session's process
  std::string complaint = {};                       // the last complaint in the log
  std::uint32_t attempts_from = 0;                  // the number that its sessions are counted from
  caf::actor_clock::time_point since = {};          // the moment at which the link was made
};

class exchange {
public:
  exchange(switchboard::pointer self, switchboard_options options)
      : self_(self), options_(std::move(options)) {}

  void on_readers(const readers_known& m) { readers_ = m; }
  void on_host(const host_is_up& m) {
    hosts_[m.topology] = m.handle;
    self_->send(m.handle, director_is_new{director_.value_or(directed_by())});
  }
  void on_stop() {
    for (auto& [_, p] : peers_)
      self_->send(p.link, messages::stop{});
    self_->quit();
  }

  // --- links
  void on_addresses(const addresses_known& m) {
    for (const auto& a : m.all) {
      if (a.node == options_.node)
        continue;
      const auto known = peers_.find(a.node);
      if (known != peers_.end() && known->second.where.at.host == a.at.host &&
          known->second.where.at.port == a.at.port)
        continue;
      if (known != peers_.end()) {
        unlink(known->second);
        link_to(a, next_attempts(known->second));
      } else {
        link_to(a, 0);
      }
    }
  }

  void on_told(const link::link_told& m) {
    const auto p = peers_.find(m.peer);
    // A link that was replaced may still speak.
    if (p == peers_.end() || (self_->current_sender() && p->second.link != self_->current_sender()))
      return;
    std::visit([&](const auto& what) { on(p->second, what); }, m.what);
  }

  // --- ends of edges
  void on_up(const end_is_up& m) {
    ends_[{m.what.edge, m.is_from}] = m.what;
    for (const auto& [_, p] : peers_)
      self_->send(p.link, on_link_to(p, m.what, m.is_from));
  }
  void on_down(const end_is_down& m) {
    if (const auto end = ends_.find({m.what.edge, m.is_from});
        end != ends_.end() && end->second.now <= m.what.last)
      ends_.erase(end);
    for (const auto& [_, p] : peers_)
      self_->send(p.link, on_link_to(p, m.what, m.is_from));
  }
  void on_introduce(const introduce_remote& m) {
    introduced_[{m.node, m.what.edge}] = m;
    if (const auto p = peers_.find(m.node); p != peers_.end())
      self_->send(p->second.link, on_link_to(p->second, m.what, m.local_is_from));
  }
  void on_forget(const forget_remote& m) {
    introduced_.erase({m.node, m.what.edge});
    if (const auto p = peers_.find(m.node); p != peers_.end())
      self_->send(p->second.link, on_link_to(p->second, m.what, m.local_is_from));
  }

  // --- mail
  void on_mail(const send_mail& m) {
    if (const auto p = peers_.find(m.node); p != peers_.end() && p->second.process)
      self_->send(p->second.link, link::send_mail{static_cast<char>(m.kind) + m.bytes});
    else if (m.kind == mail::question)
      self_->send(readers_.view, questions_lost{m.node});
  }
  void on_order(const send_order& m) {
    if (m.node == options_.node)
      return give(m.node, m.what);
    on_mail({m.node, mail::to_node, control::encode_to_node(m.what)});
  }
  void on_to_director(const send_to_director& m) {
    if (director_ && director_->node == options_.node)
      give(options_.node, m.what);
    else if (director_)
      on_mail({director_->node, mail::to_director, control::encode_to_director(m.what)});
  }
  void on_directed(const directed_by& m) {
    if (director_ && director_->node == m.node && director_->of == m.of)
      return;
    director_ = m;
    for (const auto& [_, h] : hosts_)
      self_->send(h, director_is_new{m});
  }

private:
  /// The same with the number that the edge has on that link.
  template<class Message>
  [[nodiscard]] Message on_link_to(const peer& p, Message m, bool local_is_from) const {
    m.edge = link::on_link(m.edge, local_is_from == (options_.node < p.where.node));
    return m;
  }
  /// A node passes over sessions whose number is not above all that it knows of this process, so a further link to it
  /// begins above what the one before has tried: some ten times a second at most.
  [[nodiscard]] std::uint32_t next_attempts(const peer& former) {
    const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(self_->clock().now() - former.since);
    return former.attempts_from + 1'000 + 20 * static_cast<std::uint32_t>(lasted.count());
  }
  void link_to(const node_address& a, std::uint32_t attempts_from) {
    link::link_options o;
    o.link.mine = {std::string(cluster_of_links),
                   options_.node,
                   {options_.instance, attempts_from},
                   {},
                   link::spoken,
                   {},
                   0,
                   options_.caf_node};
    o.link.peer = a.node;
    o.link.bounds.suspect_after = options_.silence.detached_after;
    o.link.bounds.lost_after = options_.silence.away_after;
    o.make_transport = options_.transport_to(a.node, a.at);
    o.owner = self_;
    o.clock = options_.clock;
    auto& p = peers_[a.node] = {a, link::spawn_link(self_->system(), std::move(o))};
    p.attempts_from = attempts_from;
    p.since = self_->clock().now();
    for (const auto& [which, end] : ends_)
      self_->send(p.link, on_link_to(p, end, which.second));
    for (const auto& [where, m] : introduced_)
      if (where.first == a.node)
        self_->send(p.link, on_link_to(p, m.what, m.local_is_from));
  }
  void unlink(peer& p) {
    lose(p);
    for (const auto& [_, h] : hosts_)
      self_->send(h, peer_unlinked{p.where.node});
    self_->send(p.link, messages::stop{});
  }
  void lose(peer& p) {
    const auto with = std::exchange(p.process, std::nullopt);
    if (!with)
      return;
    self_->send(readers_.post, node::link_lost{*with});
    self_->send(readers_.view, questions_lost{p.where.node});
  }

  void on(peer& p, const link::session_opened& e) {
    spdlog::debug("node {} is linked", p.where.node);
    p.process = p.last = {p.where.node, e.peer.me.node};
    p.complaint.clear();
    self_->send(readers_.post, node::link_up{*p.process});
    if (director_ && director_->node == p.where.node)  // envelopes under way to it are lost
      for (const auto& [_, h] : hosts_)
        self_->send(h, director_is_new{*director_});
  }
  void on(peer& p, const link::session_ended& e) {
    spdlog::debug("node {} is linked no more: {}", p.where.node, e.why.message);
    lose(p);
  }
  void on(peer& p, const link::standing_changed& e) {
    for (const auto& [_, h] : hosts_)
      self_->send(h, peer_standing{p.where.node, e.now == link::standing::alive});
    if (e.is_refused && p.last)
      self_->send(readers_.post, node::process_dead{*p.last});
  }
  void on(peer& p, const link::peer_refused& e) { complain(p, e.why.message); }
  void on(peer& p, const link::peer_warned& e) { complain(p, e.text); }
  void on(peer& p, const link::mail_came& m) {
    if (!m.bytes.empty())
      take(p.where.node, static_cast<mail>(m.bytes.front()), m.bytes.substr(1));
  }
  template<class News>
  void on(peer& p, News of_edge) {
    of_edge.edge = link::of_plan(of_edge.edge);
    for (const auto& [_, h] : hosts_)
      self_->send(h, edge_news{p.where.node, of_edge});
  }

  void complain(peer& p, const std::string& what) {
    if (std::exchange(p.complaint, what) != what)
      spdlog::warn("{}", what);
  }

  void take(const std::string& from, mail kind, const std::string& bytes) {
    switch (kind) {
    case mail::envelope:
      if (const auto p = peers_.find(from); p != peers_.end() && p->second.process)
        self_->send(readers_.post, node::bytes_arrived{*p->second.process, bytes});
      return;
    case mail::to_node:
      return read(from, control::decode_to_node(bytes));
    case mail::to_director:
      return read(from, control::decode_to_director(bytes));
    case mail::question:
    case mail::answer:
      return self_->send(readers_.view, mail_came{from, kind, bytes});
    }
  }
  template<class Message>
  void read(const std::string& from, expected<Message> m) {
    m ? give(from, std::move(*m)) : spdlog::warn("node {}: {}", from, m.error().message);
  }
  void give(const std::string& from, control::to_node_of_actors order) {
    if (const auto h = hosts_.find(topology_of(order)); h != hosts_.end())
      self_->send(h->second, order_came{from, std::move(order)});
  }
  void give(const std::string& from, control::to_director what) {
    self_->send(readers_.directors, said_to_director{from, std::move(what)});
  }

  switchboard::pointer self_;
  switchboard_options options_;
  readers_known readers_;
  std::map<std::string, peer> peers_;
  std::map<std::string, topology_host> hosts_;
  std::map<std::pair<link::edge_id, bool>, link::local_up> ends_;  // and whether it is the edge's `from`
  std::map<std::pair<std::string, link::edge_id>, introduce_remote> introduced_;
  std::optional<directed_by> director_;
};

switchboard::behavior_type switchboard_behaviour(switchboard::stateful_pointer<std::optional<exchange>> self,
                                                 switchboard_options options) {
  auto* const state = &self->state.emplace(self, std::move(options));
  return {
      [=](const link::link_told& m) { state->on_told(m); },
      [=](const readers_known& m) { state->on_readers(m); },
      [=](const addresses_known& m) { state->on_addresses(m); },
      [=](const send_mail& m) { state->on_mail(m); },
      [=](const send_order& m) { state->on_order(m); },
      [=](const send_to_director& m) { state->on_to_director(m); },
      [=](const directed_by& m) { state->on_directed(m); },
      [=](const end_is_up& m) { state->on_up(m); },
      [=](const end_is_down& m) { state->on_down(m); },
      [=](const introduce_remote& m) { state->on_introduce(m); },
      [=](const forget_remote& m) { state->on_forget(m); },
      [=](const host_is_up& m) { state->on_host(m); },
      [=](const messages::stop&) { state->on_stop(); },
  };
}

class envelope_way final : public node::node_transport {
public:
  explicit envelope_way(switchboard board) : board_(std::move(board)) {}
  void send(const cluster::process_id& to, std::string bytes) override {
    caf::anon_send(board_, send_mail{to.node, mail::envelope, std::move(bytes)});
  }

private:
  switchboard board_;
};

}  // namespace

switchboard spawn_switchboard(caf::actor_system& system, switchboard_options options) {
  return system.spawn(switchboard_behaviour, std::move(options));
}

std::shared_ptr<node::node_transport> envelopes_by(switchboard board) {
  return std::make_shared<envelope_way>(std::move(board));
}

}  // namespace millrace::host
