#include "actors/link/caf_transport.hpp"

#include "actors/link/caf_wire.hpp"
#include "actors/link/told_once.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/link/proof.hpp"

#include <caf/io/middleman.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <variant>

namespace millrace::link {
namespace {

using caf::io::connection_handle;
using std::chrono::seconds;

/// Bounds how long a connection, and its first bytes, may take. Beyond it a peer is lost anyway
/// (limits::lost_after).
constexpr micros connect_patience{700'000};
/// A prober answers long before, unless the machine stands still.
constexpr seconds prober_patience{30};
/// Connections that have come and belong to no link yet: a stranger's hold a descriptor each, for a moment.
constexpr std::size_t most_strangers = 64;
/// A proof may take so long; a node gives it at once.
constexpr seconds proof_patience{2};
/// A node says its hello more often.
constexpr seconds silence_patience{3};

error way_is_closed(std::string why) { return outside_error(ec::unavailable, std::move(why)).value(); }

// --- one peer

using prober =
    caf::typed_actor<caf::replies_to<endpoint>::with<connection_tried>, caf::reacts_to<messages::stop>>;

struct carrier_options {
  std::string peer;
  endpoint at;
  bool connects = false;  // else the peer does, and this one looks whether anybody is there
  plain_identity mine;
  connections_broker broker;
};

prober::behavior_type probe_behaviour(prober::pointer self, const carrier_options& o, micros patience) {
  return {
      [=](const endpoint& at) {
        return o.connects ? try_connection(at, o.mine, o.peer, patience)
                          : connection_tried{probe(at, patience)};
      },
      [=](const messages::stop&) { self->quit(); },
  };
}

/// Looks for the peer. The broker tells the outcome to the link's actor, with all else of the way, in order.
class caf_way {
public:
  caf_way(transport::pointer self, carrier_options options, way_user user)
      : self_(self), options_(std::move(options)),
        prober_(control::spawn_blocking(self->system(), probe_behaviour, options_, connect_patience)) {
    self_->send(options_.broker, peer_expected{options_.peer, self_, std::move(user)});
  }

  void on_open() {
    if (std::exchange(looking_, true))
      return;
    self_->request(prober_, prober_patience, options_.at)
        .then([this](const connection_tried& t) { on_tried(t); },
              [this](const caf::error&) { found_nothing("nobody has looked for it in time"); });
  }
  void on_close() { self_->send(options_.broker, peer_left{options_.peer}); }
  void on_send(const send_whole& m) { self_->send(options_.broker, whole_for_peer{options_.peer, m.bytes}); }
  void on_stop() {
    self_->send(prober_, messages::stop{});
    self_->send(options_.broker, peer_over{options_.peer, self_});
    self_->quit();
  }

private:
  void tell(peer_sought m) {
    looking_ = false;
    self_->send(options_.broker, std::move(m));
  }
  void found_nothing(std::string_view why) {
    tell({options_.peer,
          probed::silent,
          {},
          fmt::format("node {} at {}:{}: {}", options_.peer, options_.at.host, options_.at.port, why)});
  }
  void on_tried(const connection_tried& t) {
    if (t.result.outcome == probed::silent)
      found_nothing(t.result.why);
    else if (t.result.outcome == probed::answers && !options_.connects)
      found_nothing("it is for that node to connect");
    else
      tell({options_.peer, t.result.outcome, t.socket, {}});
  }

  transport::pointer self_;
  carrier_options options_;
  prober prober_;
  bool looking_ = false;  // looks for a way
};

transport::behavior_type carrier_behaviour(transport::stateful_pointer<std::optional<caf_way>> self,
                                           carrier_options options, way_user user) {
  auto* const state = &self->state.emplace(self, std::move(options), std::move(user));
  return {
      [=](const open_way&) { state->on_open(); },
      [=](const close_way&) { state->on_close(); },
      [=](const send_whole& m) { state->on_send(m); },
      [=](const messages::stop&) { state->on_stop(); },
  };
}

// --- all connections

/// A connection is a stranger's until a node that is expected has proved itself and speaks on it, or this process has
/// made it.
class connections {
public:
  connections(connections_broker::broker_pointer self, plain_identity mine)
      : self_(self), mine_(std::move(mine)) {}

  void on_connection(const caf::io::new_connection_msg& m) {
    caf_wire w(m.handle);
    doorkeeper door(mine_.secret, mine_.me, own_address(static_cast<int>(m.handle.id())), random_nonce());
    w.next(self_, door.wants());
    if (strangers_.size() >= most_strangers && !make_room())
      return w.hang_up();
    w.say(self_, door.challenge());
    strangers_.insert_or_assign(m.handle, stranger{w, std::move(door), ++last_stranger_});
    look_later({m.handle, last_stranger_}, proof_patience);
  }
  void on_bytes(caf::io::new_data_msg& m) {
    if (const auto at = strangers_.find(m.handle); at != strangers_.end())
      return hear(at->second, m.buf);
    const auto at = whose_.find(m.handle);
    if (at == whose_.end())
      return;
    auto& p = peers_.at(at->second);
    const auto taken = p.way->take(self_, m.buf);
    if (const auto* whole = std::get_if<piece>(&taken))
      self_->send(p.user, whole_came{*whole});
    else if (std::holds_alternative<caf_wire::wrong>(taken))
      lose(p, fmt::format("what node {} has sent is not a message of a link", at->second));
  }
  void on_closed(const caf::io::connection_closed_msg& m) {
    strangers_.erase(m.handle);
    if (const auto at = whose_.find(m.handle); at != whose_.end())
      lose(peers_.at(at->second), fmt::format("the connection to node {} is broken", at->second));
  }
  void on_look(const look_at_stranger& m) {
    const auto at = strangers_.find(m.connection);
    if (at == strangers_.end() || at->second.number != m.number)
      return;
    if (!at->second.is_proved)
      return refuse(at->second.reads, "it does not prove in time that it reads this cluster's store");
    if (!std::exchange(at->second.has_spoken, false))
      return refuse(at->second.reads, "it is silent");
    look_later(m, silence_patience);
  }

  void on_expected(const peer_expected& m) {
    if (const auto former = peers_.find(m.node); former != peers_.end())
      hang_up(former->second);
    peers_.insert_or_assign(m.node, peer{m.carrier, m.user, {}});
  }
  void on_over(const peer_over& m) {
    const auto at = peers_.find(m.node);
    if (at == peers_.end() || at->second.carrier != m.carrier)
      return;
    hang_up(at->second);
    peers_.erase(at);
  }
  void on_sought(const peer_sought& m) {
    const auto at = peers_.find(m.node);
    if (at == peers_.end() || at->second.way)
      return;
    if (m.outcome == probed::refused)
      return self_->send(at->second.user, way_refused{});
    if (m.outcome == probed::silent)
      return self_->send(at->second.user, way_closed{way_is_closed(m.why)});
    open(*at, caf_wire(self_->add_scribe(m.socket->take())));
    at->second.way->begin(self_);
  }
  void on_whole(const whole_for_peer& m) {
    const auto at = peers_.find(m.node);
    if (at == peers_.end() || !at->second.way)
      return;
    if (at->second.way->unsent(self_) + size_of(m.bytes) > most_unsent)
      return lose(at->second, fmt::format("node {} takes nothing more", m.node));
    at->second.way->write(self_, m.bytes);
  }
  void on_left(const peer_left& m) {
    if (const auto at = peers_.find(m.node); at != peers_.end() && at->second.way)
      lose(at->second, "this node has closed it");
  }
  void on_stop() { self_->quit(); }

private:
  struct stranger {
    caf_wire reads;
    doorkeeper door;
    std::uint64_t number = 0;  // the system gives the handle of one that has gone to another
    bool is_proved = false;    // messages follow
    bool has_spoken = false;   // has spoken since it was looked at
  };
  struct peer {
    transport carrier;
    way_user user;
    std::optional<caf_wire> way;
  };

  /// The message has no sender: one that waits, and has the broker for its sender, would hold it for ever.
  void look_later(const look_at_stranger& m, seconds patience) {
    caf::delayed_anon_send(caf::actor_cast<connections_broker>(self_), patience, m);
  }
  /// The oldest that has proved nothing goes: a node needs a moment, and many who wait must not keep it out.
  bool make_room() {
    const auto is_older = [](const auto& a, const auto& b) {
      return std::pair(a.second.is_proved, a.second.number) < std::pair(b.second.is_proved, b.second.number);
    };
    const auto oldest = std::ranges::min_element(strangers_, is_older);
    if (oldest->second.is_proved)
      return false;
    refuse(oldest->second.reads, "many others connect, and it has proved nothing yet");
    return true;
  }
  void hear(stranger& s, std::vector<char>& bytes) {
    if (s.is_proved)
      return hear_node(s, bytes);
    switch (s.door.take({bytes.data(), bytes.size()})) {
    case doorkeeper::judged::more:
      return s.reads.next(self_, s.door.wants());
    case doorkeeper::judged::foreign:
      return refuse(s.reads, "it is not a node of a cluster, one of another version, or one with --tls");
    case doorkeeper::judged::unproved:
      return refuse(s.reads, "it has another store, or looks for a node of another name");
    case doorkeeper::judged::proved:
      break;
    }
    s.is_proved = s.has_spoken = true;
    s.reads.say(self_, s.door.own_proof());
    s.reads.begin(self_);
  }
  /// Drops the hello of a node that this one has no link to yet: that node says it again.
  void hear_node(stranger& s, std::vector<char>& bytes) {
    s.has_spoken = true;
    const auto taken = s.reads.take(self_, bytes);
    if (std::holds_alternative<caf_wire::wrong>(taken))
      return refuse(s.reads, "what it says is not a message of a node");
    const auto* whole = std::get_if<piece>(&taken);
    if (whole == nullptr)
      return;
    const auto at = peers_.find(s.door.peer());
    if (at == peers_.end())
      return;
    const auto way = s.reads;
    strangers_.erase(way.handle());
    open(*at, way);
    self_->send(at->second.user, whole_came{*whole});
  }
  /// Strangers are on this machine, all of them.
  void refuse(const caf_wire& of, std::string_view why) {
    if (const auto line = fmt::format("a connection from this machine is refused: {}", why);
        told_.is_new(line))
      spdlog::warn("{}", line);
    of.hang_up();
    strangers_.erase(of.handle());
  }

  /// The way takes the place of the one that the peer has, if it has one: the peer has given that up.
  void open(std::pair<const std::string, peer>& named, const caf_wire& way) {
    auto& [name, p] = named;
    hang_up(p);
    p.way = way;
    whose_.emplace(way.handle(), name);
    self_->send(p.user, way_opened{});
  }
  void hang_up(peer& p) {
    if (!p.way)
      return;
    whose_.erase(p.way->handle());
    p.way->hang_up();
    p.way.reset();
  }
  void lose(peer& p, std::string why) {
    hang_up(p);
    self_->send(p.user, way_closed{way_is_closed(std::move(why))});
  }

  connections_broker::broker_pointer self_;
  plain_identity mine_;
  std::map<connection_handle, stranger> strangers_;
  std::uint64_t last_stranger_ = 0;
  std::map<std::string, peer> peers_;               // keyed by the node's name
  std::map<connection_handle, std::string> whose_;  // a way each
  told_once told_;
};

connections_broker::behavior_type
broker_behaviour(connections_broker::stateful_broker_pointer<std::optional<connections>> self,
                 const plain_identity& mine, const std::shared_ptr<owned_socket>& listens) {
  auto* const state = &self->state.emplace(self, mine);
  self->add_doorman(listens->take());
  return {
      [=](const caf::io::new_connection_msg& m) { state->on_connection(m); },
      [=](caf::io::new_data_msg& m) { state->on_bytes(m); },
      [=](const caf::io::connection_closed_msg& m) { state->on_closed(m); },
      [](const caf::io::acceptor_closed_msg&) {},
      [=](const look_at_stranger& m) { state->on_look(m); },
      [=](const peer_expected& m) { state->on_expected(m); },
      [=](const peer_over& m) { state->on_over(m); },
      [=](const peer_sought& m) { state->on_sought(m); },
      [=](const whole_for_peer& m) { state->on_whole(m); },
      [=](const peer_left& m) { state->on_left(m); },
      [=](const messages::stop&) { state->on_stop(); },
  };
}

}  // namespace

void configure_network(caf::actor_system_config& config) { config.load<caf::io::middleman>(); }

std::string caf_node_of(const caf::actor_system& system) { return to_string(system.node()); }

std::unique_ptr<network> caf_network::listen(caf::actor_system& system, plain_identity mine,
                                             listening_socket at) {
  auto broker = system.middleman().spawn_broker(broker_behaviour, mine, std::move(at.socket));
  return std::unique_ptr<network>(new caf_network(std::move(mine), std::move(broker), at.port));
}

transport_factory caf_network::to(const std::string& peer, const endpoint& at) const {
  return [options = carrier_options{peer, at, mine_.me < peer, mine_, broker_}](caf::actor_system& system,
                                                                                way_user user) -> transport {
    return system.spawn(carrier_behaviour, options, std::move(user));
  };
}

void caf_network::close() {
  caf::anon_send(broker_, messages::stop{});
  broker_ = nullptr;
}

}  // namespace millrace::link
