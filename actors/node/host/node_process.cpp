#include "actors/node/host/node_process.hpp"

#include "actors/node/control/control_book.hpp"
#include "actors/node/host/start_wait.hpp"
#include "actors/node/host/store_copy.hpp"
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
constexpr std::size_t most_named = 4;  // nodes named in a message, of those that do not answer
/// Bounds the time from listening until the own address is in the store, which may be slow.
constexpr std::chrono::seconds write_patience{10};

/// The book's entry helps where the clock has gone back.
std::uint64_t choose_instance(const addresses& known, const std::string& name) {
  const auto before = known.find(name);
  return before == known.end() ? new_instance() : std::max(new_instance(), before->second.instance + 1);
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
  ASSIGN_OR_RETURN(noted_, read_cluster_note(options_.folder));
  ASSIGN_OR_RETURN(const auto seen, node::control_book(options_.store).look());
  const auto store = options_.store->shown();
  if (auto refused = refusal_of_part(seen.state, store))
    return unexpected(std::move(*refused));
  if (noted_.store == store)
    return cluster::check_known(noted_.id, seen.state, store);
  if (!noted_.id.empty())
    spdlog::warn("node {} was in the cluster {} in the store {}, and now begins in {}, which {}",
                 options_.name, noted_.id, noted_.store, store,
                 seen.state.cluster.empty() ? std::string("holds no cluster")
                                            : fmt::format("holds the cluster {}", seen.state.cluster));
  return {};
}

expected<void> node_process::note_cluster(const std::string& id) const {
  const cluster_note now{id, options_.store->shown()};
  return now == noted_ ? expected<void>() : write_cluster_note(options_.folder, now);
}

expected<void> node_process::listen() {
  ASSIGN_OR_RETURN(const auto known, address_book(options_.store).look());
  ASSIGN_OR_RETURN(auto secret, link_secret());
  ASSIGN_OR_RETURN(network_, link::listen_for_links(system_, {options_.name, std::move(options_.listens),
                                                              options_.tls, std::move(secret)}));
  if (auto good = check_name(known); !good)
    return good;
  mine_ = {options_.name, choose_instance(known, options_.name), {options_.listen.host, network_->port()}};
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
  o.on_over = [mine = ending_, tell = options_.on_over](const std::string& why) {
    mine->tell(why);
    if (tell)
      tell(why);
  };
  group_ = spawn_group(system_, std::move(o));
  requests_ = requests_to(group_.view);
}

void node_process::ending::tell(const std::string& why) {
  const std::lock_guard lock(mutex_);
  why_ = why;
}

std::optional<std::string> node_process::ending::why() const {
  const std::lock_guard lock(mutex_);
  return why_;
}

/// The reason for which it must leave is the one that is told, even while it waits for something else.
std::optional<error> node_process::why_over() const {
  if (const auto why = ending_->why())
    return fatal_error(ec::refused, *why).value();
  if (options_.cancelled())
    return user_error(ec::cancelled, "it was asked to end before it had joined").value();
  return std::nullopt;
}

/// A node that listens where this one is to join, and whose address the own store does not have, has another store.
expected<bool> node_process::finds_node(join_look& so_far) {
  ASSIGN_OR_RETURN(const auto known, address_book(options_.store).look());
  const auto is_known = [&](const link::endpoint& at) {
    return std::ranges::any_of(
        known, [&](const auto& k) { return k.first != options_.name && is_same_place(k.second.at, at); });
  };
  if (std::ranges::any_of(options_.join, is_known))
    return true;
  so_far.tried.clear();
  for (const auto& at : options_.join) {
    const auto there = network_->probe(at, knock_patience);
    so_far.tried.push_back(
        fmt::format("{} ({})", shown(at), there.why.empty() ? "it is not in the store yet" : there.why));
    if (there.outcome != link::probed::answers)
      continue;
    // It listens before it has written its address.
    const auto now = start_wait::clock::now();
    so_far.answers_since = so_far.answers_since.value_or(now);
    if (now - *so_far.answers_since > write_patience)
      return user_error(
          ec::mismatch,
          fmt::format("the store is not shared: a node answers at {}, and {} has no node there; "
                      "give all nodes the same --store, and in --join the address that the other "
                      "one was given as --listen",
                      shown(at), options_.store->shown()));
  }
  return false;
}

expected<void> node_process::check_join() {
  if (options_.join.empty())
    return {};
  start_wait waits(start_wait::clock::now(), options_.start_timeout);
  join_look look;
  for (;;) {
    const auto found = finds_node(look);
    if (found && *found)
      return {};
    if (!found && !found.error().retry)
      return unexpected(found.error());
    if (auto over = why_over())
      return unexpected(std::move(*over));
    const auto why = found ? fmt::format("no node of the cluster answers at {}", fmt::join(look.tried, ", "))
                           : found.error().message;
    switch (waits.look(start_wait::clock::now(), true)) {
    case start_wait::next::quiet:
      break;
    case start_wait::next::tell:
      spdlog::info("{}; waiting for it up to {} s", why, options_.start_timeout.count() / 1000);
      break;
    case start_wait::next::over:
      return outside_error(ec::unavailable, found ? why + "; start one with --coordinator there first" : why);
    }
    std::this_thread::sleep_for(look_at_session_every);
  }
}

expected<bool> node_process::has_session() const {
  ASSIGN_OR_RETURN(const auto seen, node::control_book(options_.store).look());
  const auto n = seen.state.nodes.find(options_.name);
  if (n == seen.state.nodes.end() || n->second.instance != mine_.instance || n->second.is_over)
    return false;
  return note_cluster(seen.state.cluster).map([] { return true; });
}

expected<void> node_process::wait_for_session() {
  start_wait waits(start_wait::clock::now(), options_.start_timeout);
  for (;;) {
    const auto has = has_session();
    if (has && *has)
      return {};
    if (!has && !has.error().retry)
      return unexpected(has.error());
    if (auto over = why_over())
      return unexpected(std::move(*over));
    if (waits.look(start_wait::clock::now(), false) == start_wait::next::over)
      return has ? outside_error(ec::unavailable, nobody_leads()) : unexpected(has.error());
    std::this_thread::sleep_for(look_at_session_every);
  }
}

/// Names what keeps this node from those that it knows. One that leads, and answers, would have given it a session if it
/// found this node's address in its own store.
std::string node_process::nobody_leads() const {
  std::vector<std::string> tried;
  for (const auto& [name, other] : address_book(options_.store).look().value_or(addresses{})) {
    if (name == options_.name || tried.size() == most_named)
      continue;
    const auto there = network_->probe(other.at, knock_patience);
    tried.push_back(fmt::format("node {} at {}: {}", name, shown(other.at),
                                there.outcome == link::probed::answers
                                    ? fmt::format("it answers; if it leads, it has another store than {}, "
                                                  "such as the one that this is a copy of",
                                                  options_.store->shown())
                                    : there.why));
  }
  return fmt::format(
      "no coordinator is reachable: no node of the cluster that was started with --coordinator "
      "answers{}{}{}; start one, or look why this one cannot reach it",
      tried.empty() ? "" : " (", fmt::join(tried, "; "), tried.empty() ? "" : ")");
}

/// The agent has its own patience with what has to end.
void node_process::wait_until_over() const {
  while (!ending_->why())
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
