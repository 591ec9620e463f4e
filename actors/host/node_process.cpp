#include "actors/host/node_process.hpp"

#include "actors/host/store_copy.hpp"
#include "actors/node/control_book.hpp"
#include "runtime/base/random.hpp"
#include "runtime/cluster/joining.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace millrace::host {
namespace {

constexpr std::chrono::milliseconds look_at_session_every{200};
constexpr int most_tries_to_write = 50;
constexpr micros knock_patience = std::chrono::seconds(2);
/// From listening to the own address in the store, which may be slow.
constexpr std::chrono::seconds write_patience{10};

/// The book's entry helps where the clock has gone back.
std::uint64_t choose_instance(const addresses& known, const std::string& name) {
  const auto before = known.find(name);
  return before == known.end() ? new_instance() : std::max(new_instance(), before->second.instance + 1);
}

std::string shown(const link::endpoint& at) {
  const bool is_v6 = at.host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", at.host, at.port) : fmt::format("{}:{}", at.host, at.port);
}

/// Others may write into the store at the same time.
template<class Write>
auto until_written(const Write& write) {
  auto done = write();
  for (int i = 1; i < most_tries_to_write && !done && (done.error().code == ec::fenced || done.error().retry);
       ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10 + random_bits() % 90));
    done = write();
  }
  return done;
}

bool is_same_place(const link::endpoint& a, const link::endpoint& b) {
  const auto is_loopback = [](const std::string& h) {
    return h == "localhost" || h == "127.0.0.1" || h == "::1";
  };
  return a.port == b.port && (a.host == b.host || (is_loopback(a.host) && is_loopback(b.host)));
}

}  // namespace

expected<std::unique_ptr<node_process>> node_process::start(caf::actor_system& system,
                                                            process_options options) {
  std::unique_ptr<node_process> p(new node_process(system, std::move(options)));
  auto done = p->check_cluster();
  if (done)
    done = p->listen();
  if (done)
    done = p->write_address();
  if (!done) {
    if (p->network_)
      p->network_->close();
    return unexpected(done.error());
  }
  p->spawn_all();
  done = p->check_join();
  if (done)
    done = p->wait_for_session();
  if (!done) {
    p->leave(done.error().message);
    p->wait_until_over();
    p->stop();
    return unexpected(done.error());
  }
  return p;
}

/// Called before anything is written into the store.
expected<void> node_process::check_cluster() {
  auto noted = read_cluster_note(options_.folder);
  if (!noted)
    return unexpected(noted.error());
  noted_ = std::move(*noted);
  const auto seen = node::control_book(options_.store).look();
  if (!seen)
    return unexpected(seen.error());
  const auto store = options_.store->shown();
  if (auto refused = refusal_of_part(seen->state, store))
    return unexpected(std::move(*refused));
  if (noted_.store == store)
    return cluster::check_known(noted_.id, seen->state, store);
  if (!noted_.id.empty())
    spdlog::warn("node {} was in the cluster {} in the store {}, and now begins in {}, which {}",
                 options_.name, noted_.id, noted_.store, store,
                 seen->state.cluster.empty() ? std::string("holds no cluster")
                                             : fmt::format("holds the cluster {}", seen->state.cluster));
  return {};
}

expected<void> node_process::note_cluster(const std::string& id) {
  const cluster_note now{id, options_.store->shown()};
  return now == noted_ ? expected<void>() : write_cluster_note(options_.folder, now);
}

expected<void> node_process::listen() {
  const auto known = address_book(options_.store).look();
  if (!known)
    return unexpected(known.error());
  auto secret = link_secret();
  if (!secret)
    return unexpected(secret.error());
  auto network =
      link::listen_for_links(system_, {options_.name, options_.listen, options_.tls, std::move(*secret)});
  if (!network)
    return unexpected(network.error());
  network_ = std::move(*network);
  if (auto good = check_name(*known); !good)
    return good;
  mine_ = {options_.name, choose_instance(*known, options_.name), {options_.listen.host, network_->port()}};
  return {};
}

/// Links with TLS do not ask for it.
expected<std::string> node_process::link_secret() const {
  if (options_.tls)
    return std::string();
  return until_written(
      [&] { return address_book(options_.store).link_secret(static_cast<std::uint32_t>(random_bits())); });
}

/// Two processes may not have one name: the later one is refused while the first one answers.
expected<void> node_process::check_name(const addresses& known) const {
  const auto other = known.find(options_.name);
  if (other == known.end() || is_same_place(other->second.at, options_.listen))
    return {};
  if (network_->probe(other->second.at, knock_patience).outcome != link::probed::answers)
    return {};
  return user_error(ec::locked,
                    fmt::format("another process is node {}, and answers at {}; give each node a name "
                                "of its own, or end that process first",
                                options_.name, shown(other->second.at)));
}

expected<void> node_process::write_address() {
  return until_written(
      [&] { return address_book(options_.store).write(mine_, static_cast<std::uint32_t>(random_bits())); });
}

void node_process::spawn_all() {
  group_options o;
  static_cast<node_settings&>(o) = options_;
  o.instance = mine_.instance;
  o.caf_node = link::caf_node_of(system_);
  o.transport_to = [this](const std::string& peer, const link::endpoint& at) {
    return network_->to(peer, at);
  };
  o.on_over = [is_over = is_over_, tell = options_.on_over](const std::string& why) {
    *is_over = true;
    if (tell)
      tell(why);
  };
  group_ = spawn_group(system_, std::move(o));
  requests_ = requests_to(group_.view);
}

/// A node that listens where this one is to join, and whose address the own store does not have, has another store.
expected<void> node_process::check_join() {
  const auto until = std::chrono::steady_clock::now() + options_.start_timeout;
  bool told = false;
  std::optional<std::chrono::steady_clock::time_point> answers_since;
  while (!options_.join.empty()) {
    const auto known = address_book(options_.store).look();
    if (!known)
      return unexpected(known.error());
    const auto is_known = [&](const link::endpoint& at) {
      return std::ranges::any_of(
          *known, [&](const auto& k) { return k.first != options_.name && is_same_place(k.second.at, at); });
    };
    if (std::ranges::any_of(options_.join, is_known))
      return {};
    std::vector<std::string> tried;
    for (const auto& at : options_.join) {
      const auto there = network_->probe(at, knock_patience);
      tried.push_back(fmt::format("{} ({})", shown(at), there.why.empty() ? "nobody listens" : there.why));
      if (there.outcome != link::probed::answers)
        continue;
      // It listens before it has written its address.
      const auto now = std::chrono::steady_clock::now();
      answers_since = answers_since.value_or(now);
      if (now - *answers_since > write_patience)
        return user_error(
            ec::mismatch,
            fmt::format("the store is not shared: a node answers at {}, and {} has no node there; "
                        "give all nodes the same --store, and in --join the address that the other "
                        "one was given as --listen",
                        shown(at), options_.store->shown()));
    }
    if (options_.cancelled() || *is_over_)
      return user_error(ec::cancelled, "it was asked to end before it had joined");
    if (std::chrono::steady_clock::now() > until)
      return user_error(ec::unavailable,
                        fmt::format("no node of the cluster answers at {}; start one with --coordinator "
                                    "there first",
                                    fmt::join(tried, ", ")));
    if (!std::exchange(told, true))
      spdlog::info("no node of the cluster answers at {}; waiting for it up to {} s", fmt::join(tried, ", "),
                   options_.start_timeout.count() / 1000);
    std::this_thread::sleep_for(look_at_session_every);
  }
  return {};
}

expected<void> node_process::wait_for_session() {
  const auto until = std::chrono::steady_clock::now() + options_.start_timeout;
  for (;;) {
    if (options_.cancelled() || *is_over_)
      return user_error(ec::cancelled, "it has ended before it had joined");
    if (const auto seen = node::control_book(options_.store).look()) {
      const auto n = seen->state.nodes.find(options_.name);
      if (n != seen->state.nodes.end() && n->second.instance == mine_.instance && !n->second.is_over)
        return note_cluster(seen->state.cluster);
    }
    if (std::chrono::steady_clock::now() > until)
      return user_error(
          ec::unavailable,
          "no coordinator is reachable: no node of the cluster that was started with --coordinator "
          "answers; start one, or look why this one cannot reach it");
    std::this_thread::sleep_for(look_at_session_every);
  }
}

/// The agent has its own patience with what has to end.
void node_process::wait_until_over() const {
  while (!*is_over_)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

void node_process::leave(std::string why) {
  caf::anon_send(group_.control.agent, node::leave_cluster{std::move(why)});
}

void node_process::stop() {
  stop_group(group_);
  {
    const caf::scoped_actor self(system_);  // it makes links by the network
    self->wait_for(group_.board);
  }
  network_->close();
  group_ = {};
  requests_.reset();
}

}  // namespace millrace::host
