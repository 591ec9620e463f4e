// Two processes' ends of a link in this one, each with its own actor system and port on loopback.
#pragma once

#include "actors/link/caf_transport.hpp"
#include "actors/link/tls_transport.hpp"
#include "runtime/link/proof.hpp"
#include "tests/unit/link_actor/model_actors.hpp"

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <condition_variable>
#include <mutex>
#include <sys/socket.h>
#include <unistd.h>

namespace millrace::link::test {

/// Is enough for this machine at its busiest.
inline constexpr std::chrono::seconds patience{120};

/// The secret of the store that all nodes here read.
inline const std::string the_secret(link_secret_size, 's');

/// Holds what an owner was told; the test waits for it.
class told {
public:
  void add(link_news n) {
    const std::scoped_lock lock(mutex_);
    all_.push_back(std::move(n));
    came_.notify_all();
  }
  /// Returns whether `number` of this kind have come in time.
  template<class T>
  [[nodiscard]] bool wait_for(std::size_t number) {
    std::unique_lock lock(mutex_);
    return came_.wait_for(lock, patience, [&] { return counted<T>() >= number; });
  }
  template<class F>
  [[nodiscard]] bool wait_until(F is_so) {
    std::unique_lock lock(mutex_);
    return came_.wait_for(lock, patience, [&] { return is_so(all_); });
  }

  template<class T>
  [[nodiscard]] std::size_t count() const {
    const std::scoped_lock lock(mutex_);
    return counted<T>();
  }

private:
  template<class T>
  [[nodiscard]] std::size_t counted() const {
    std::size_t n = 0;
    for (const auto& x : all_)
      n += std::holds_alternative<T>(x);
    return n;
  }
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::vector<link_news> all_;
};

/// Tells the lane as well, where there is one, of its receiver.
inline link_owner::behavior_type telling_owner(link_owner::pointer self, const std::shared_ptr<told>& news,
                                               const lane_model& lane) {
  return {[=](const link_told& m) {
    const auto* up = std::get_if<stand_in_up>(&m.what);
    const auto* down = std::get_if<stand_in_down>(&m.what);
    if (up && lane)
      self->send(lane, messages::receiver_up{0, up->handle, up->remote});
    if (down && lane)
      self->send(lane, messages::receiver_down{0, down->remote});
    news->add(m.what);
  }};
}
/// A machine that is busy for some seconds is no dead peer here: those are found by their connections.
inline limits patient() {
  limits l;
  l.suspect_after = l.lost_after = std::chrono::duration_cast<micros>(patience);
  return l;
}

struct networked : caf::actor_system_config {
  networked() {
    configure_network(*this);
    set("scheduler.max-threads", 2);
  }
};

/// One node's process, but that it shares this one with the other.
class process {
public:
  /// `own`: null means plain text.
  process(std::string name, std::string peer, std::uint64_t number, std::uint16_t at_port = 0,
          const tls::credentials* own = nullptr, const wall_clock& clock = system_clock())
      : name_(std::move(name)), peer_(std::move(peer)), number_(number), system(config_) {
    const tls_patience waits{patience, patience};
    auto at = listen_at({"127.0.0.1", at_port});
    REQUIRE(at);
    auto made = own == nullptr ? caf_network::listen(system, {name_, the_secret}, std::move(*at))
                               : tls_network::listen(name_, std::move(*at), *own, waits, clock);
    REQUIRE(made);
    network_ = std::move(*made);
  }
  ~process() {
    if (link)
      caf::anon_send(link, messages::stop{});
    network_->close();
    caf::anon_send_exit(owner_, caf::exit_reason::user_shutdown);
    link = nullptr;
  }

  void connect(std::uint16_t port, const lane_model& lane = {}) {
    owner_ = system.spawn(telling_owner, news, lane);
    link_options o;
    o.link = {
        {"production", name_, {number_, 0}, {}, spoken, {}, 0, caf_node_of(system)}, peer_, patient(), {}};
    o.make_transport = network_->to(peer_, {"localhost", port});
    o.owner = owner_;
    link = spawn_link(system, std::move(o));
  }
  [[nodiscard]] std::uint16_t port() const { return network_->port(); }
  [[nodiscard]] const network& net() const { return *network_; }

private:
  networked config_;
  std::string name_, peer_;
  std::uint64_t number_;

public:
  caf::actor_system system;
  link_handle link;
  std::shared_ptr<told> news = std::make_shared<told>();

private:
  link_owner owner_;
  std::unique_ptr<network> network_;
};

/// A connection of a stranger's, which says `what`.
class stranger {
public:
  stranger(std::uint16_t port, std::string_view what) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0);
    REQUIRE(::send(fd_, what.data(), what.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(what.size()));
  }
  ~stranger() { ::close(fd_); }
  stranger(const stranger&) = delete;
  stranger& operator=(const stranger&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  void say(std::string_view what) const {
    REQUIRE(::send(fd_, what.data(), what.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(what.size()));
  }
  /// Waits for all that it is told until it is hung up on, or for `most` bytes.
  [[nodiscard]] std::string hears(std::size_t most = 1'000) const {
    std::string all(most, '\0');
    std::size_t have = 0;
    while (have < most) {
      const auto n = ::recv(fd_, all.data() + have, all.size() - have, 0);
      if (n <= 0)
        break;
      have += static_cast<std::size_t>(n);
    }
    return all.substr(0, have);
  }

private:
  int fd_;
};

/// A connection of the node `me`, which proves itself to the node `peer`, and says `what` then.
class insider : public stranger {
public:
  insider(std::uint16_t port, const std::string& me, const std::string& peer, std::string_view what)
      : stranger(port, "") {
    const auto own = answer(hears(challenge_size), the_secret, me, peer, peer_address(fd()), random_nonce());
    REQUIRE(own);
    say(own->bytes);
    REQUIRE(is_proof(hears(proof_size), own->proof));
    say(what);
  }
};

}  // namespace millrace::link::test
