#include "actors/link/caf_transport.hpp"

#include "runtime/control/spawn.hpp"
#include "runtime/link/hello.hpp"

#include <caf/io/middleman.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>

#include <map>
#include <memory>

namespace millrace::link {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// For a connection, and for the first byte behind it. Beyond it a peer is lost anyway (limits::lost_after).
constexpr micros probe_patience{700'000};
/// CAF's own handshake, after the probe has seen that the peer speaks.
constexpr seconds handshake_patience{3};
/// The resolver may take its time.
constexpr seconds resolve_patience{30};

error way_is_closed(std::string why) { return outside_error(ec::unavailable, std::move(why)).value(); }

using prober =
    caf::typed_actor<caf::replies_to<endpoint>::with<probe_result>, caf::reacts_to<messages::stop>>;

prober::behavior_type probe_behaviour(prober::pointer self, micros patience) {
  return {
      [=](const endpoint& at) { return probe(at, patience); },
      [=](const messages::stop&) { self->quit(); },
  };
}

struct carrier_options {
  std::string peer;
  endpoint at;
  bool connects = false;  // else the peer does, and this one looks whether anybody is there
  port_actor listener;
};

class caf_way {
public:
  caf_way(caf_carrier::pointer self, carrier_options options, way_user user)
      : self_(self), options_(std::move(options)), user_(std::move(user)),
        prober_(control::spawn_blocking(self->system(), probe_behaviour, probe_patience)) {
    self_->set_down_handler([this](const caf::down_msg& m) {
      if (peer_ && m.source == peer_.address())
        lose(fmt::format("the connection to node {} is broken", options_.peer));
    });
    self_->send(options_.listener, expect_peer{options_.peer, self_, false});
  }

  void on_open() {
    if (peer_ || std::exchange(looking_, true))
      return;
    self_->request(prober_, resolve_patience, options_.at)
        .then([this](const probe_result& r) { on_probed(r); },
              [this](const caf::error&) { found_nothing("its name takes too long to be resolved"); });
  }
  void on_close() {
    if (peer_)
      lose("this node has closed it");
  }
  void on_send(const send_whole& m) {
    if (peer_)
      self_->send(peer_, link_bytes{m.bytes});
  }
  /// The actor at the port hands the link over to the peer's carrier, which answers.
  void on_bytes(const link_bytes& m) {
    const auto sender = caf::actor_cast<bytes_taker>(self_->current_sender());
    if (!sender)
      return;
    // CAF may tell of a connection's end only when the next one has brought the peer here: then the peer has a way and
    // this one has none, and the peer says its next hello not at the port but to whom it knows.
    if (!peer_)
      return caf::send_as(sender, options_.listener, m);
    if (sender.node() != peer_.node())
      return;
    if (sender.address() != peer_.address())
      know(sender);
    self_->send(user_, whole_came{m.bytes.empty() ? piece{} : m.bytes.front()});
  }
  void on_came(const peer_came& m) {
    if (!peer_ || m.peer.address() != peer_.address()) {
      know(m.peer);
      self_->send(user_, way_opened{});
    }
    self_->send(user_, whole_came{m.first});
  }
  void on_stop() {
    self_->send(prober_, messages::stop{});
    self_->send(options_.listener, expect_peer{options_.peer, self_, true});
    self_->quit();
  }

private:
  void know(const bytes_taker& peer) {
    if (peer_)
      self_->demonitor(peer_.address());
    peer_ = peer;
    self_->monitor(peer_);
  }
  void lose(std::string why) {
    self_->demonitor(peer_.address());
    peer_ = nullptr;
    self_->send(user_, way_closed{way_is_closed(std::move(why))});
  }
  void found_nothing(std::string_view why) {
    looking_ = false;
    if (!peer_)
      self_->send(user_, way_closed{way_is_closed(fmt::format("node {} at {}:{}: {}", options_.peer,
                                                              options_.at.host, options_.at.port, why))});
  }

  void on_probed(const probe_result& r) {
    if (peer_) {
      looking_ = false;
    } else if (r.outcome == probed::refused) {
      looking_ = false;
      self_->send(user_, way_refused{});
    } else if (r.outcome == probed::silent || !options_.connects) {
      found_nothing(r.outcome == probed::silent ? r.why : "it is for that node to connect");
    } else {
      self_
          ->request(self_->system().middleman().actor_handle(), handshake_patience, caf::connect_atom::value,
                    r.address, options_.at.port)
          .then([this](const caf::node_id& node, const caf::strong_actor_ptr& actor,
                       const std::set<std::string>&) { on_connected(node, actor); },
                [this](const caf::error& e) { found_nothing(self_->system().render(e)); });
    }
  }
  void on_connected(const caf::node_id& node, const caf::strong_actor_ptr& actor) {
    if (!actor || node == self_->system().node())
      return found_nothing(actor ? "it has the CAF node id of this process"
                                 : "no node of a cluster is there");
    looking_ = false;
    if (peer_)
      return;
    know(caf::actor_cast<bytes_taker>(actor));
    self_->send(user_, way_opened{});
  }

  caf_carrier::pointer self_;
  carrier_options options_;
  way_user user_;
  prober prober_;
  bytes_taker peer_;      // while a way is open
  bool looking_ = false;  // for one
};

caf_carrier::behavior_type carrier_behaviour(caf_carrier::pointer self, carrier_options options,
                                             way_user user) {
  auto state = std::make_shared<caf_way>(self, std::move(options), std::move(user));
  return {
      [=](const open_way&) { state->on_open(); },       [=](const close_way&) { state->on_close(); },
      [=](const send_whole& m) { state->on_send(m); },  [=](const messages::stop&) { state->on_stop(); },
      [=](const link_bytes& m) { state->on_bytes(m); }, [=](const peer_came& m) { state->on_came(m); },
  };
}

/// Only nodes with a link are listened to; what others say is dropped.
port_actor::behavior_type port_behaviour(port_actor::pointer self, int) {
  const auto carriers = std::make_shared<std::map<std::string, caf_carrier>>();
  return {
      [=](const link_bytes& m) {
        const auto bytes = m.bytes.empty() ? piece{} : m.bytes.front();
        const auto greeting = decode_hello(bytes.bytes);
        const auto peer = greeting ? carriers->find(greeting->node) : carriers->end();
        if (peer != carriers->end() && self->current_sender())
          self->send(peer->second, peer_came{caf::actor_cast<bytes_taker>(self->current_sender()), bytes});
      },
      [=](const expect_peer& m) {
        if (!m.is_over)
          carriers->insert_or_assign(m.node, m.carrier);
        else if (const auto at = carriers->find(m.node); at != carriers->end() && at->second == m.carrier)
          carriers->erase(at);
      },
      [=](const messages::stop&) { self->quit(); },
  };
}

}  // namespace

void configure_network(caf::actor_system_config& config) {
  config.load<caf::io::middleman>();
  config.add_message_type<link_bytes>("millrace::link_bytes");
  // A dead connection stands in the way of the next one until CAF has found it; both default to never.
  config.set("middleman.heartbeat-interval", caf::timespan(milliseconds(500)));
  config.set("middleman.connection-timeout", caf::timespan(seconds(3)));
  // CAF's workers copy each message for themselves, and wake for it: what is read here takes one copy, and can be
  // made by the thread that reads.
  config.set("middleman.workers", std::size_t{0});
  // Other programs of CAF that come to the port are turned away.
  config.set("middleman.app-identifiers", std::vector<std::string>{"millrace-link"});
}

std::string caf_node_of(const caf::actor_system& system) { return to_string(system.node()); }

expected<std::unique_ptr<network>> caf_network::listen(caf::actor_system& system, std::string me,
                                                       const std::string& address, std::uint16_t port) {
  auto listener = system.spawn(port_behaviour, 0);
  const auto bound = system.middleman().publish(bytes_taker(listener), port, address.c_str(), true);
  if (!bound) {
    caf::anon_send(listener, messages::stop{});
    return outside_error(ec::unavailable, fmt::format("this node cannot listen at {}:{}: {}", address, port,
                                                      system.render(bound.error())));
  }
  return std::unique_ptr<network>(new caf_network(system, std::move(me), std::move(listener), *bound));
}

transport_factory caf_network::to(const std::string& peer, const endpoint& at) const {
  return [options = carrier_options{peer, at, me_ < peer, listener_}](caf::actor_system& system,
                                                                      way_user user) -> transport {
    return system.spawn(carrier_behaviour, options, std::move(user));
  };
}

void caf_network::close() {
  static_cast<void>(system_->middleman().unpublish(listener_, port_));
  caf::anon_send(listener_, messages::stop{});
  listener_ = nullptr;
}

}  // namespace millrace::link
