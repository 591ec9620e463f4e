#include "actors/link/tls_transport.hpp"

#include "actors/link/told_once.hpp"
#include "runtime/messages/plain_message.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <map>
#include <optional>
#include <vector>

namespace millrace::link {

/// A connection and what it lies in, which goes last.
struct tls_held {
  std::shared_ptr<tls_core> core;
  std::shared_ptr<tls_connection> connection;
};
/// The result of a try. It stays within one process, as the next three do.
struct tls_tried {
  probe_result result;
  tls_held held;
};
/// The peer has connected, and `first` is what it has said.
struct tls_came {
  tls_held held;
  piece first;
};
struct tls_whole {
  tls_held held;
  piece bytes;
};
struct tls_ended {
  tls_held held;
  std::string why;
};
using tls_carrier = transport::extend<caf::reacts_to<tls_tried>, caf::reacts_to<tls_came>,
                                      caf::reacts_to<tls_whole>, caf::reacts_to<tls_ended>>;

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

constexpr micros accept_pause{100'000};
/// Connections that have come and belong to no link yet: a stranger's hold a descriptor each, for a moment.
constexpr std::size_t most_unclaimed = 64;

}  // namespace

/// All that the connections of a process share. Used on its thread, but for `io`'s own functions.
struct tls_core : std::enable_shared_from_this<tls_core> {
  void accept();
  void take(const std::shared_ptr<tls_connection>& c, const std::string& from);
  /// The oldest that is in its handshake goes: a node needs a moment, and many who wait must not keep it out. Returns
  /// whether there is room.
  bool make_room();
  void offer(const std::shared_ptr<tls_connection>& c, const piece& first);
  /// Has the connection's bytes and its end come to the carrier.
  void hand(const std::shared_ptr<tls_connection>& c, const tls_carrier& carrier);
  void complain(const std::string& line) {
    if (told.is_new(line))
      spdlog::warn("{}", line);
  }

  std::string me;
  tls_patience patience;
  std::shared_ptr<tls::context> tls;
  told_once told;
  asio::io_context io;  // the members below lie in it; its handlers own connections
  asio::executor_work_guard<asio::io_context::executor_type> stays{io.get_executor()};
  tcp::acceptor acceptor{io};
  asio::steady_timer pause{io};
  std::map<std::string, tls_carrier> carriers;  // keyed by the peer's name
  struct waiting {
    std::shared_ptr<tls_connection> connection;
    bool is_node = false;  // its handshake is done
  };
  std::vector<waiting> unclaimed;  // the oldest first
  void forget(const std::shared_ptr<tls_connection>& c) {
    std::erase_if(unclaimed, [&](const waiting& w) { return w.connection == c; });
  }
};

void tls_core::accept() {
  const auto c = std::make_shared<tls_connection>(io, *tls, tls::expected_peer{.is_node = true}, patience);
  acceptor.async_accept(c->socket(), [this, c](boost::system::error_code failed) {
    if (failed == asio::error::operation_aborted)
      return;
    if (failed) {
      // No descriptor is free: trying again at once would only spin.
      pause.expires_after(accept_pause);
      return pause.async_wait([this](boost::system::error_code stopped) {
        if (!stopped)
          accept();
      });
    }
    boost::system::error_code gone;
    const auto from = c->socket().remote_endpoint(gone);
    if (!gone && make_room())
      take(c, from.address().to_string());
    accept();
  });
}

bool tls_core::make_room() {
  if (unclaimed.size() < most_unclaimed)
    return true;
  const auto oldest = std::ranges::find_if_not(unclaimed, &waiting::is_node);
  if (oldest == unclaimed.end())
    return false;
  complain("a connection is refused: many others connect, and it has proved nothing yet");
  oldest->connection->close();
  unclaimed.erase(oldest);
  return true;
}

void tls_core::take(const std::shared_ptr<tls_connection>& c, const std::string& from) {
  unclaimed.push_back({c});
  c->accept([this, weak = std::weak_ptr(c), from](const probe_result& r) {
    const auto self = weak.lock();
    if (r.outcome != probed::answers) {
      forget(self);
      return complain(fmt::format("a connection from {} is refused: {}", from, r.why));
    }
    std::ranges::find(unclaimed, self, &waiting::connection)->is_node = true;
    self->read([this, weak](const piece& first) { offer(weak.lock(), first); },
               [this, weak](const std::string&) { forget(weak.lock()); });
  });
}

/// Messages of a node that this one has no link to yet are dropped: the node says its hello again.
void tls_core::offer(const std::shared_ptr<tls_connection>& c, const piece& first) {
  const auto carrier = carriers.find(c->peer());
  if (carrier == carriers.end())
    return;
  forget(c);
  hand(c, carrier->second);
  caf::anon_send(carrier->second, tls_came{{shared_from_this(), c}, first});
}

void tls_core::hand(const std::shared_ptr<tls_connection>& c, const tls_carrier& carrier) {
  // The connection keeps these handlers, so they must not own it: a cycle would never go. A message to the
  // carrier owns it.
  c->read(
      [this, weak = std::weak_ptr(c), carrier](const piece& bytes) {
        caf::anon_send(carrier, tls_whole{{shared_from_this(), weak.lock()}, bytes});
      },
      [this, weak = std::weak_ptr(c), carrier](const std::string& why) {
        caf::anon_send(carrier, tls_ended{{shared_from_this(), weak.lock()}, why});
      });
}

namespace {

struct tls_carrier_options {
  std::string peer;
  endpoint at;
  bool connects = false;  // else the peer does, and this one looks whether anybody is there
  std::shared_ptr<tls_core> core;
};

class tls_way {
public:
  tls_way(tls_carrier::pointer self, tls_carrier_options options, way_user user)
      : self_(self), options_(std::move(options)), user_(std::move(user)) {
    on_thread([me = tls_carrier(self_), peer = options_.peer](tls_core& core) {
      core.carriers.insert_or_assign(peer, me);
    });
  }

  void on_open() {
    if (connection_ || std::exchange(looking_, true))
      return;
    on_thread([at = options_.at, peer = options_.peer, connects = options_.connects,
               me = tls_carrier(self_)](tls_core& core) {
      const auto c = std::make_shared<tls_connection>(
          core.io, *core.tls, tls::expected_peer{.is_server = true, .is_node = true, .name = peer},
          core.patience);
      c->connect(at, [&core, weak = std::weak_ptr(c), connects, me](const probe_result& r) {
        const auto self = weak.lock();
        caf::anon_send(me, tls_tried{r, {core.shared_from_this(), self}});
        if (r.outcome == probed::answers && connects)
          core.hand(self, me);
        else
          self->close();
      });
    });
  }
  void on_tried(const tls_tried& m) {
    looking_ = false;
    if (connection_) {
      if (options_.connects && m.result.outcome == probed::answers)
        end(m.held.connection);
    } else if (m.result.outcome == probed::refused) {
      self_->send(user_, way_refused{});
    } else if (m.result.outcome == probed::silent) {
      found_nothing(m.result.why);
    } else if (!options_.connects) {
      forget_complaint();
      self_->send(user_, way_closed{no_way("it is for that node to connect")});
    } else {
      open(m.held.connection);
    }
  }
  void on_came(const tls_came& m) {
    if (connection_)
      end(connection_);
    open(m.held.connection);
    self_->send(user_, whole_came{m.first});
  }
  void on_whole(const tls_whole& m) {
    if (connection_ && m.held.connection == connection_)
      self_->send(user_, whole_came{m.bytes});
  }
  void on_ended(const tls_ended& m) {
    if (connection_ && m.held.connection == connection_)
      lose(m.why);
  }
  void on_send(const send_whole& m) {
    if (connection_)
      on_thread([c = connection_, bytes = m.bytes](tls_core&) { c->send(bytes); });
  }
  void on_close() {
    if (!connection_)
      return;
    end(connection_);
    lose("this node has closed it");
  }
  void on_stop() {
    if (connection_)
      end(connection_);
    on_thread([me = tls_carrier(self_), peer = options_.peer](tls_core& core) {
      if (const auto at = core.carriers.find(peer); at != core.carriers.end() && at->second == me)
        core.carriers.erase(at);
    });
    self_->quit();
  }

private:
  template<class F>
  void on_thread(F what) {
    asio::post(options_.core->io, [core = options_.core.get(), what = std::move(what)] { what(*core); });
  }
  void end(std::shared_ptr<tls_connection> c) {
    on_thread([c = std::move(c)](tls_core&) { c->close(); });
  }
  void open(std::shared_ptr<tls_connection> c) {
    connection_ = std::move(c);
    forget_complaint();
    self_->send(user_, way_opened{});
  }
  [[nodiscard]] error no_way(std::string_view why) const {
    return outside_error(ec::unavailable, fmt::format("node {} at {}:{}: {}", options_.peer, options_.at.host,
                                                      options_.at.port, why))
        .value();
  }
  void found_nothing(std::string_view why) {
    auto e = no_way(why);
    if (complaint_ != e.message) {
      complaint_ = e.message;
      spdlog::warn("{}", e.message);
    }
    self_->send(user_, way_closed{std::move(e)});
  }
  void forget_complaint() { complaint_.clear(); }
  void lose(std::string_view why) {
    connection_ = nullptr;
    self_->send(user_, way_closed{no_way(why)});
  }

  tls_carrier::pointer self_;
  tls_carrier_options options_;
  way_user user_;
  std::shared_ptr<tls_connection> connection_;  // set while a way is open
  bool looking_ = false;                        // looks for one
  std::string complaint_;                       // the last, told once
};

tls_carrier::behavior_type tls_carrier_behaviour(tls_carrier::stateful_pointer<std::optional<tls_way>> self,
                                                 tls_carrier_options options, way_user user) {
  auto* const state = &self->state.emplace(self, std::move(options), std::move(user));
  return {
      [=](const open_way&) { state->on_open(); },      [=](const close_way&) { state->on_close(); },
      [=](const send_whole& m) { state->on_send(m); }, [=](const messages::stop&) { state->on_stop(); },
      [=](const tls_tried& m) { state->on_tried(m); }, [=](const tls_came& m) { state->on_came(m); },
      [=](const tls_whole& m) { state->on_whole(m); }, [=](const tls_ended& m) { state->on_ended(m); },
  };
}

}  // namespace

expected<std::unique_ptr<network>> tls_network::listen(std::string me, listening_socket at,
                                                       const tls::credentials& own,
                                                       const tls_patience& patience,
                                                       const wall_clock& clock) {
  ASSIGN_OR_RETURN(auto context, tls::context::make(own, clock));
  auto core = std::make_shared<tls_core>();
  core->me = std::move(me);
  core->patience = patience;
  core->tls = std::move(context);
  boost::system::error_code failed;
  core->acceptor.assign(at.is_v6 ? tcp::v6() : tcp::v4(), at.socket->fd(), failed);
  if (failed)
    return our_error("the socket of --listen cannot be accepted from: " + failed.message());
  static_cast<void>(at.socket->take());
  core->accept();
  return std::unique_ptr<network>(new tls_network(std::move(core), at.port));
}

tls_network::tls_network(std::shared_ptr<tls_core> core, std::uint16_t port)
    : core_(std::move(core)), port_(port), thread_([c = core_.get()] { c->io.run(); }) {}

tls_network::~tls_network() { tls_network::close(); }

transport_factory tls_network::to(const std::string& peer, const endpoint& at) const {
  return [options = tls_carrier_options{peer, at, core_->me < peer, core_}](caf::actor_system& system,
                                                                            way_user user) -> transport {
    return system.spawn(tls_carrier_behaviour, options, std::move(user));
  };
}

probe_result tls_network::probe(const endpoint& at, micros patience) const {
  const auto answer = std::make_shared<std::promise<probe_result>>();
  auto result = answer->get_future();
  asio::post(core_->io, [core = core_.get(), at, patience, answer] {
    const auto c = std::make_shared<tls_connection>(core->io, *core->tls,
                                                    tls::expected_peer{.is_server = true, .is_node = true},
                                                    tls_patience{.step = patience});
    c->connect(at, [weak = std::weak_ptr(c), answer](const probe_result& r) {
      weak.lock()->close();
      answer->set_value(r);
    });
  });
  return result.get();
}

/// Bytes that connections still hold go with the core, once the last carrier has ended.
void tls_network::close() {
  if (!thread_.joinable())
    return;
  core_->io.stop();
  thread_.join();
  boost::system::error_code ignored;
  core_->acceptor.close(ignored);
  core_->carriers.clear();
  for (const auto& w : std::exchange(core_->unclaimed, {}))
    w.connection->close();
}

}  // namespace millrace::link
