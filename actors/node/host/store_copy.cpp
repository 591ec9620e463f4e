#include "actors/node/host/store_copy.hpp"

#include "actors/node/control/control_book.hpp"
#include "actors/node/host/address_book.hpp"
#include "actors/tls/endpoints.hpp"
#include "runtime/base/host_lookup.hpp"
#include "runtime/chain/rules.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace millrace::host {
namespace {

constexpr std::chrono::seconds answer_patience{2};

/// The id of a cluster begins so until it is whole.
constexpr std::string_view copying_begin = "copy of ";

unexpected somebody_runs(const std::string& shown) {
  return user_error(ec::locked,
                    fmt::format("the cluster in {} has changed while it was copied, so somebody runs it; end "
                                "its nodes first, and copy again",
                                shown));
}

bool listens(const link::endpoint& at) {
  namespace asio = boost::asio;
  const auto found = find_host(at.host, at.port, answer_patience);
  if (!found.first)
    return false;
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  bool is_open = false;
  asio::async_connect(socket, tls::endpoints_of(*found.first),
                      [&](auto refused, const auto&) { is_open = !refused; });
  io.run_for(answer_patience);
  return is_open;
}

std::uint64_t bytes_of(const chain::contents& c) {
  std::uint64_t sum = c.base.size();
  for (const auto& i : c.increments)
    sum += i.size();
  return sum;
}

bool is_same(const chain::contents& a, const chain::contents& b) {
  return a.base == b.base && a.increments == b.increments;
}

chain::contents only_base(const std::string& base) {
  chain::contents out;
  out.base = base;
  return out;
}

class store_copier {
public:
  store_copier(node::chain_store& from, node::chain_store& to, std::uint32_t random)
      : from_(from), to_(to), random_(random) {}

  expected<copied_topology> copy(const std::string& name, const cluster::topology_state& t) {
    copied_topology out{name, t.status};
    const auto chains = cluster::chains_of(name, t.first_generation);
    ASSIGN_OR_RETURN(const auto names, from_.list(chains));
    for (const auto& actor : names)
      RETURN_IF_ERROR(copy_chain({chains, actor}, out));
    return out;
  }

  /// Puts the state in place: the store is a cluster from then on.
  expected<void> found(const cluster::control_state& state) {
    const auto whose = node::control_of_cluster();
    ASSIGN_OR_RETURN(const auto seen, to_.look(whose));
    ASSIGN_OR_RETURN(auto opened, to_.open_chosen(whose, chosen_above(seen.highest)));
    const auto base = cluster::encode_base(state);
    return write_base(*opened, base, whose).and_then([&] { return check(whose, only_base(base)); });
  }

  [[nodiscard]] incarnation highest_term() const { return highest_; }

private:
  life chosen_above(const life& seen) {
    const auto chosen = chain::chosen_above(seen, random_);
    highest_ = std::max(highest_, chosen.term);
    return chosen;
  }

  expected<void> copy_chain(const cluster::actor_id& whose, copied_topology& out) {
    ASSIGN_OR_RETURN(auto found, from_.look(whose));
    ASSIGN_OR_RETURN(const auto segments, from_.list_segments(whose));
    const auto bytes = bytes_of(found.contents);
    if (bytes == 0 && segments.empty())
      return {};
    highest_ = std::max(highest_, found.highest.term);
    ASSIGN_OR_RETURN(auto there, to_.look(whose));
    highest_ = std::max(highest_, there.highest.term);
    ++out.chains;
    out.bytes += bytes;
    ASSIGN_OR_RETURN(const auto missing, missing_of(whose, segments));
    if (is_same(found.contents, there.contents) && missing.empty()) {
      ++out.passed_over;
      return count_segments(whose, segments, out);
    }
    const auto now = chosen_above(there.highest);
    ASSIGN_OR_RETURN(auto opened, to_.open_chosen(whose, now));
    return write(*opened, found.contents, there.contents, whose)
        .and_then([&] { return check(whose, found.contents); })
        .and_then([&] { return write_segments(whose, now.term, segments, missing); })
        .and_then([&] { return count_segments(whose, segments, out); });
  }

  expected<std::vector<segment_id>> missing_of(const cluster::actor_id& whose,
                                               const std::vector<segment_id>& needed) {
    if (needed.empty())
      return std::vector<segment_id>();
    return to_.list_segments(whose).map([&](const std::vector<segment_id>& there) {
      auto out = needed;
      std::erase_if(out, [&](const segment_id& id) { return std::ranges::count(there, id) != 0; });
      return out;
    });
  }

  /// A copy that was cut short has a beginning of the increments.
  expected<void> write(chain::actor_chain& to, const chain::contents& all, const chain::contents& there,
                       const cluster::actor_id& whose) {
    const bool goes_on = all.base == there.base && there.increments.size() <= all.increments.size() &&
                         std::equal(there.increments.begin(), there.increments.end(), all.increments.begin());
    if (!goes_on && all.base.empty())
      return user_error(ec::mismatch, fmt::format("{} has another chain {} of {}; name an empty store",
                                                  to_.shown(), whose.name, whose.topology));
    if (!goes_on)
      if (auto done = write_base(to, all.base, whose); !done)
        return done;
    for (auto i = goes_on ? there.increments.size() : 0; i < all.increments.size(); ++i)
      RETURN_IF_ERROR(to.append(all.increments[i], true));
    return {};
  }

  expected<void> write_base(chain::actor_chain& to, const std::string& base, const cluster::actor_id& whose) {
    ASSIGN_OR_RETURN(const auto done, to.append_base(base));
    return done ? expected<void>()
                : outside_error(ec::unavailable, fmt::format("{} did not take the chain {}; copy again",
                                                             to_.shown(), whose.name));
  }

  expected<void> check(const cluster::actor_id& whose, const chain::contents& written) {
    ASSIGN_OR_RETURN(const auto back, to_.look(whose));
    return is_same(back.contents, written)
               ? expected<void>()
               : outside_error(ec::corrupt,
                               fmt::format("{} gives back another chain {} than was written; copy again, "
                                           "or into another store",
                                           to_.shown(), whose.name));
  }

  expected<void> write_segments(const cluster::actor_id& whose, incarnation term,
                                const std::vector<segment_id>& needed,
                                const std::vector<segment_id>& missing) {
    if (missing.empty())
      return {};
    std::vector<segment_id> there = needed;
    std::erase_if(there, [&](const segment_id& id) { return std::ranges::count(missing, id) != 0; });
    ASSIGN_OR_RETURN(auto opened, to_.open_segments(whose, term, there));
    for (const auto& id : missing) {
      ASSIGN_OR_RETURN(const auto payload, from_.read_segment(whose, id));
      if (auto done = opened->write(id, payload); !done)
        return done;
    }
    return {};
  }

  /// Reads all of them there: those that an earlier try has written, too.
  expected<void> count_segments(const cluster::actor_id& whose, const std::vector<segment_id>& all,
                                copied_topology& out) {
    for (const auto& id : all) {
      const auto here = from_.read_segment(whose, id);
      const auto there = to_.read_segment(whose, id);
      if (!here || !there)
        return unexpected(here ? there.error() : here.error());
      if (*here != *there)
        return outside_error(ec::corrupt,
                             fmt::format("{} has other spilled output of {} than {}; copy into another store",
                                         to_.shown(), whose.name, from_.shown()));
      ++out.segments;
      out.bytes += here->size();
    }
    return {};
  }

  node::chain_store& from_;
  node::chain_store& to_;
  std::uint32_t random_;
  incarnation highest_ = 0;
};

}  // namespace

cluster::control_state as_copied(cluster::control_state found, incarnation term) {
  found.nodes.clear();
  found.leftovers.clear();  // their chains are not copied
  found.terms = std::max(found.terms, term);
  for (auto& [_, t] : found.topologies)
    for (auto& [__, actor] : t.actors)
      actor.at.reset();
  return found;
}

std::optional<error> refusal_of_part(const cluster::control_state& found, const std::string& shown) {
  if (!found.cluster.starts_with(copying_begin))
    return std::nullopt;
  return user_error(ec::mismatch,
                    fmt::format("{} has a part of a cluster, whose copy was cut short; repeat `millrace "
                                "state copy`, or name another store",
                                shown))
      .value();
}

std::optional<error> refusal_of(const cluster::control_state& from, const cluster::control_state& to,
                                const std::string& shown_to) {
  if (to.cluster.empty() || to.cluster == std::string(copying_begin) + from.cluster)
    return std::nullopt;
  const auto which = from.cluster == to.cluster ? "this cluster already, and nodes have gone on with it there"
                                                : fmt::format("another cluster, {}", to.cluster);
  return user_error(ec::mismatch, fmt::format("{} has {}; name an empty store", shown_to, which)).value();
}

expected<std::vector<std::string>> nodes_that_answer(const std::shared_ptr<node::chain_store>& store,
                                                     const cluster::control_state& found) {
  ASSIGN_OR_RETURN(const auto known, address_book(store).look());
  std::vector<std::string> out;
  for (const auto& [name, node] : found.nodes)
    if (const auto at = known.find(name); !node.is_over && at != known.end() && listens(at->second.at))
      out.push_back(name);
  return out;
}

expected<copied_cluster> copy_cluster(const std::shared_ptr<node::chain_store>& from,
                                      const std::shared_ptr<node::chain_store>& to, std::uint32_t random,
                                      const std::function<void(const copied_topology&)>& told) {
  ASSIGN_OR_RETURN(const auto seen, node::control_book(from).look());
  if (seen.state.cluster.empty())
    return user_error(ec::not_found, fmt::format("{} holds no cluster; nothing is copied", from->shown()));
  if (auto refused = refusal_of_part(seen.state, from->shown()))
    return unexpected(std::move(*refused));
  ASSIGN_OR_RETURN(const auto running, nodes_that_answer(from, seen.state));
  if (!running.empty())
    return user_error(ec::locked, fmt::format("node {} runs the cluster in {}; end it first",
                                              fmt::join(running, ", "), from->shown()));
  // A look at a topic that is not there makes it.
  ASSIGN_OR_RETURN(const auto there, node::control_book(to).look());
  copied_cluster out{seen.state.cluster, {}, false};
  // A copy that was made before, and that nobody has gone on with.
  if (as_copied(seen.state, there.state.terms) == there.state) {
    out.was_there = true;
    return out;
  }
  if (auto refused = refusal_of(seen.state, there.state, to->shown()))
    return unexpected(std::move(*refused));
  store_copier all(*from, *to, random);
  if (there.state.cluster.empty()) {
    cluster::control_state part;
    part.cluster = std::string(copying_begin) + seen.state.cluster;
    RETURN_IF_ERROR(all.found(part));
  }
  for (const auto& [name, t] : seen.state.topologies) {
    ASSIGN_OR_RETURN(const auto copied, all.copy(name, t));
    told(copied);
    out.topologies.push_back(copied);
  }
  ASSIGN_OR_RETURN(const auto again, node::control_book(from).look());
  if (again.highest != seen.highest || again.state != seen.state)
    return somebody_runs(from->shown());
  RETURN_IF_ERROR(all.found(as_copied(seen.state, all.highest_term())));
  return out;
}

}  // namespace millrace::host
