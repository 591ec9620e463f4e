#include "actors/link/caf_transport.hpp"

#include "actors/link/told_once.hpp"
#include "actors/link/wire_format.hpp"
#include "runtime/control/spawn.hpp"

#include <caf/io/middleman.hpp>
#include <caf/io/typed_broker.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <variant>

namespace millrace::link {
namespace {

using caf::io::connection_handle;
using std::chrono::seconds;

/// Bounds how long a connection, and the first bytes behind it, may take. Beyond it a peer is lost anyway (limits::lost_after).
constexpr micros connect_patience{700'000};
/// The resolver may take its time.
constexpr seconds resolve_patience{30};
/// Connections that have come and belong to no link yet: a stranger's hold a descriptor each, for a moment.
constexpr std::size_t most_strangers = 64;
/// A node says its hello more often.
constexpr seconds stranger_patience{3};

error way_is_closed(std::string why) { return outside_error(ec::unavailable, std::move(why)).value(); }

// --- messages on a connection

/// The end of a connection that reads: a length, then so many bytes, and so on.
class wire {
public:
  struct more {};   // of a message is to come
  struct wrong {};  // what came is no message
  using taken = std::variant<more, wrong, piece>;

  explicit wire(connection_handle handle) : handle_(handle) {}

  [[nodiscard]] connection_handle handle() const { return handle_; }

  void begin(connections_broker::broker_pointer self) { next(self, length_size); }
  /// Ends it both ways, and CAF finds that. CAF's close() ends one way, and waits for the other side, which may never
  /// end its own.
  void hang_up() const { ::shutdown(static_cast<int>(handle_.id()), SHUT_RDWR); }
  /// Takes what has been read, and has the broker read what comes next.
  [[nodiscard]] taken take(connections_broker::broker_pointer self, std::vector<char>& bytes) {
    if (std::exchange(reads_length_, !reads_length_)) {
      wire_length length{};
      std::copy_n(bytes.begin(), std::min(bytes.size(), length.size()), length.begin());
      const auto size = length_of(length);
      if (bytes.size() != length.size() || !is_length_of_message(size))
        return wrong{};
      next(self, size);
      return more{};
    }
    const auto owner = std::make_shared<const std::vector<char>>(std::move(bytes));
    next(self, length_size);
    return piece{owner, {owner->data(), owner->size()}};
  }
  void write(connections_broker::broker_pointer self, const pieces& all) const {
    auto& out = self->wr_buf(handle_);
    const auto length = length_bytes(size_of(all));
    out.insert(out.end(), length.begin(), length.end());
    for (const auto& p : all)
      out.insert(out.end(), p.bytes.begin(), p.bytes.end());
    self->flush(handle_);
  }
  /// Returns how many bytes CAF has not begun to write.
  [[nodiscard]] std::size_t unsent(connections_broker::broker_pointer self) const {
    return self->wr_buf(handle_).size();
  }

private:
  static constexpr std::size_t length_size = std::tuple_size_v<wire_length>;

  void next(connections_broker::broker_pointer self, std::size_t size) {
    self->configure_read(handle_, caf::io::receive_policy::exactly(size));
  }

  connection_handle handle_;
  bool reads_length_ = true;
};

// --- one peer

using prober =
    caf::typed_actor<caf::replies_to<endpoint>::with<connection_tried>, caf::reacts_to<messages::stop>>;

prober::behavior_type probe_behaviour(prober::pointer self, micros patience) {
  return {
      [=](const endpoint& at) { return try_connection(at, patience); },
      [=](const messages::stop&) { self->quit(); },
  };
}

struct carrier_options {
  std::string peer;
  endpoint at;
  bool connects = false;  // else the peer does, and this one looks whether anybody is there
  connections_broker broker;
};

/// Looks for the peer. What has become of it the broker says to the link's actor, with all else of the way: one after the other.
class caf_way {
public:
  caf_way(transport::pointer self, carrier_options options, way_user user)
      : self_(self), options_(std::move(options)),
        prober_(control::spawn_blocking(self->system(), probe_behaviour, connect_patience)) {
    self_->send(options_.broker, peer_expected{options_.peer, self_, std::move(user)});
  }

  void on_open() {
    if (std::exchange(looking_, true))
      return;
    self_->request(prober_, resolve_patience, options_.at)
        .then([this](const connection_tried& t) { on_tried(t); },
              [this](const caf::error&) { found_nothing("its name takes too long to be resolved"); });
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
  bool looking_ = false;  // for a way
};

transport::behavior_type carrier_behaviour(transport::pointer self, carrier_options options, way_user user) {
  auto state = std::make_shared<caf_way>(self, std::move(options), std::move(user));
  return {
      [=](const open_way&) { state->on_open(); },
      [=](const close_way&) { state->on_close(); },
      [=](const send_whole& m) { state->on_send(m); },
      [=](const messages::stop&) { state->on_stop(); },
  };
}

// --- all connections

/// A connection is a stranger's until a hello names a node that is expected, or this process has made it.
class connections {
public:
  explicit connections(connections_broker::broker_pointer self) : self_(self) {}

  void on_connection(const caf::io::new_connection_msg& m) {
    wire w(m.handle);
    w.begin(self_);
    if (strangers_.size() >= most_strangers)
      return w.hang_up();
    w.write(self_, {});  // it is a node
    strangers_.insert_or_assign(m.handle, stranger{w, ++last_stranger_});
    look_later({m.handle, last_stranger_});
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
    else if (std::holds_alternative<wire::wrong>(taken))
      lose(p, fmt::format("what node {} has sent is no message of a link", at->second));
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
    if (!std::exchange(at->second.has_spoken, false))
      return refuse(at->second.reads, "it is silent");
    look_later(m);
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
    open(*at, wire(self_->add_scribe(m.socket->take())));
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
    wire reads;
    std::uint64_t number = 0;  // the system gives the handle of one that has gone to another
    bool has_spoken = false;   // since it was looked at
  };
  struct peer {
    transport carrier;
    way_user user;
    std::optional<wire> way;
  };

  /// The message has no sender: one that waits, and has the broker for its sender, would hold it for ever.
  void look_later(const look_at_stranger& m) {
    caf::delayed_anon_send(caf::actor_cast<connections_broker>(self_), stranger_patience, m);
  }
  /// Drops the hello of a node that this one has no link to yet: that node says it again.
  void hear(stranger& s, std::vector<char>& bytes) {
    s.has_spoken = true;
    const auto taken = s.reads.take(self_, bytes);
    if (std::holds_alternative<wire::wrong>(taken))
      return refuse(s.reads, "what it says is no message of a node");
    const auto* whole = std::get_if<piece>(&taken);
    if (whole == nullptr)
      return;
    const auto greeting = decode_hello(whole->bytes);
    if (!greeting)
      return refuse(s.reads, greeting.error().message);
    const auto at = peers_.find(greeting->node);
    if (at == peers_.end())
      return;
    const auto way = s.reads;
    strangers_.erase(way.handle());
    open(*at, way);
    self_->send(at->second.user, whole_came{*whole});
  }
  void refuse(const wire& of, std::string_view why) {
    if (const auto line =
            fmt::format("a connection from {} is refused: {}", self_->remote_addr(of.handle()), why);
        told_.is_new(line))
      spdlog::warn("{}", line);
    of.hang_up();
    strangers_.erase(of.handle());
  }

  /// The way takes the place of the one that the peer has, if it has one: the peer has given that up.
  void open(std::pair<const std::string, peer>& named, const wire& way) {
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
  std::map<connection_handle, stranger> strangers_;
  std::uint64_t last_stranger_ = 0;
  std::map<std::string, peer> peers_;               // by the node's name
  std::map<connection_handle, std::string> whose_;  // a way each
  told_once told_;
};

connections_broker::behavior_type broker_behaviour(connections_broker::broker_pointer self,
                                                   const std::shared_ptr<owned_socket>& listens) {
  const auto state = std::make_shared<connections>(self);
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

struct listening_socket {
  std::shared_ptr<owned_socket> socket;
  std::uint16_t port = 0;
};
/// Connections that it accepts inherit its options.
expected<listening_socket> listen_at(const std::string& address, std::uint16_t port) {
  const auto failed = [&](std::string_view why) {
    return outside_error(ec::unavailable,
                         fmt::format("this node cannot listen at {}:{}: {}", address, port, why));
  };
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const auto unknown = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found))
    return failed(gai_strerror(unknown));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> at(found, freeaddrinfo);
  auto s = std::make_shared<owned_socket>(::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  if (s->fd() < 0 || setsockopt(s->fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0)
    return failed(std::strerror(errno));
  end_when_silent(s->fd());
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  auto* const address_of_it = reinterpret_cast<sockaddr*>(&bound);
  if (bind(s->fd(), at->ai_addr, at->ai_addrlen) != 0 || ::listen(s->fd(), SOMAXCONN) != 0 ||
      getsockname(s->fd(), address_of_it, &size) != 0)
    return failed(std::strerror(errno));
  const auto number = bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                                  : reinterpret_cast<sockaddr_in*>(&bound)->sin_port;
  return listening_socket{std::move(s), ntohs(number)};
}

}  // namespace

void configure_network(caf::actor_system_config& config) { config.load<caf::io::middleman>(); }

std::string caf_node_of(const caf::actor_system& system) { return to_string(system.node()); }

expected<std::unique_ptr<network>> caf_network::listen(caf::actor_system& system, std::string me,
                                                       const std::string& address, std::uint16_t port) {
  auto at = listen_at(address, port);
  if (!at)
    return unexpected(at.error());
  auto broker = system.middleman().spawn_broker(broker_behaviour, std::move(at->socket));
  return std::unique_ptr<network>(new caf_network(std::move(me), std::move(broker), at->port));
}

transport_factory caf_network::to(const std::string& peer, const endpoint& at) const {
  return [options = carrier_options{peer, at, me_ < peer, broker_}](caf::actor_system& system,
                                                                    way_user user) -> transport {
    return system.spawn(carrier_behaviour, options, std::move(user));
  };
}

void caf_network::close() {
  caf::anon_send(broker_, messages::stop{});
  broker_ = nullptr;
}

}  // namespace millrace::link
