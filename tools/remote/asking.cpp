#include "tools/remote/asking.hpp"

#include "actors/api/node_files.hpp"
#include "actors/observe/graph.hpp"
#include "config/text/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace millrace::remote {
namespace {

std::string name_in(const api::request& what) {
  return std::visit(
      []<class R>(const R& r) {
        if constexpr (requires { r.topology; })
          return r.topology;
        else if constexpr (requires { r.node; })
          return r.node;
        else
          return std::string();
      },
      what);
}

bool names_node(const api::request& what) {
  return std::visit(
      []<class R>(const R& r) {
        return requires { r.node; };
      },
      what);
}

/// All topologies or all nodes; none where the cluster does not say.
std::vector<std::string> known_names(const ask_function& ask, bool of_nodes) {
  std::vector<std::string> out;
  const auto all = of_nodes ? ask(api::requests::nodes{}) : ask(api::requests::list{});
  if (!all)
    return out;
  if (const auto* const nodes = std::get_if<api::answers::nodes>(&*all))
    for (const auto& n : nodes->all)
      out.push_back(n.name);
  else if (const auto* const topologies = std::get_if<api::answers::topologies>(&*all))
    for (const auto& t : topologies->all)
      out.push_back(t.name);
  return out;
}

}  // namespace

ask_function asker_of(connect_arguments a, surroundings around) {
  return [a = std::move(a), around = std::move(around)](const api::request& what) -> expected<api::answer> {
    ASSIGN_OR_RETURN(const auto one, with_one_address(a, around));
    ASSIGN_OR_RETURN(const auto to, client_of(one, around, api::route_of(what).needs_token()));
    auto answer = to.ask(what);
    if (!answer && answer.error().code == ec::unavailable && a.url.empty())
      answer.error().message +=
          fmt::format("; the address stands in {}", api::files_of_node(around.node_folder).http);
    return answer;
  };
}

ask_function telling_of_waits(ask_function ask, std::chrono::milliseconds first,
                              std::function<void(const api::request&)> tell) {
  const auto is_told = std::make_shared<std::once_flag>();
  return [ask = std::move(ask), first, tell = std::move(tell), is_told](const api::request& what) {
    std::mutex mutex;
    std::condition_variable change;
    bool is_over = false;
    std::thread watch([&] {
      std::unique_lock lock(mutex);
      if (!change.wait_for(lock, first, [&] { return is_over; }))
        std::call_once(*is_told, tell, what);
    });
    auto answer = ask(what);
    {
      const std::lock_guard lock(mutex);
      is_over = true;
    }
    change.notify_one();
    watch.join();
    return answer;
  };
}

expected<api::answer> ask_by_name(const ask_function& ask, const api::request& what) {
  auto a = ask(what);
  const auto name = name_in(what);
  if (!a && a.error().code == ec::not_found && a.error().whose == fault::outside && !name.empty())
    a.error().message += config::did_you_mean(name, known_names(ask, names_node(what)));
  return a;
}

expected<api::answers::topology> wait_for_end(const ask_function& ask, const std::string& topology,
                                              const std::function<void()>& pause, const steady_time& time) {
  for (std::optional<steady_time::clock::time_point> failing_since;;) {
    auto a = ask_by_name(ask, api::requests::wait{topology});
    if (a) {
      failing_since.reset();
      if (auto* const w = std::get_if<api::answers::waited>(&*a); w != nullptr && w->is_over)
        return std::move(w->now);
    } else {
      const auto now = time.now();
      if (!a.error().retry || now - failing_since.value_or(now) >= most_failing)
        return unexpected(std::move(a.error()));
      failing_since = failing_since.value_or(now);
    }
    pause();
  }
}

expected<api::answers::applied> ask_until_applied(const ask_function& ask, const api::request& what,
                                                  const wait_teller& tell) {
  for (std::string told;;) {
    ASSIGN_OR_RETURN(auto a, ask_by_name(ask, what));
    auto& now = std::get<api::answers::applied>(a);
    if (now.is_over)
      return std::move(now);
    if (std::exchange(told, now.waits_for) != now.waits_for)
      tell(now.waits_for);
  }
}

namespace {

struct start_state {
  api::answers::topology now;
  std::string waits_for;  // empty: nothing
};

expected<start_state> look_at_beginning(const ask_function& ask, const std::string& topology) {
  ASSIGN_OR_RETURN(auto all, ask(api::requests::list{}));
  auto& listed = std::get<api::answers::topologies>(all).all;
  const auto known = std::ranges::find(listed, topology, &api::answers::topology::name);
  if (known == listed.end())
    return fatal_error(ec::not_found, fmt::format("no topology {} is there any more", topology));
  start_state out{std::move(*known), {}};
  if (out.now.state != api::topology_state::running)
    return out;
  ASSIGN_OR_RETURN(const auto answer, ask(api::requests::graph{topology}));
  const auto graph = api::read_json<observe::graph>(std::get<api::answers::document>(answer).json);
  if (!graph)
    return fatal_error(ec::corrupt, "this version of millrace does not know such an answer");
  for (const auto& s : graph->stages)
    if (s.state == "starts")
      out.waits_for += (out.waits_for.empty() ? "" : ", ") + s.name;
  for (const auto& m : graph->missing)
    out.waits_for += (out.waits_for.empty() ? "" : ", ") + m;
  if (!out.waits_for.empty() && !out.now.reason.empty())
    out.waits_for += ": " + out.now.reason;
  return out;
}

}  // namespace

expected<api::answers::topology> wait_until_it_runs(const ask_function& ask, const std::string& topology,
                                                    const std::function<void()>& pause,
                                                    const steady_time& time, const wait_teller& tell) {
  // Actors of the plan before may be there still at the first look.
  constexpr int looks = 2;
  int good = 0;
  std::string told;
  for (std::optional<steady_time::clock::time_point> failing_since;;) {
    auto seen = look_at_beginning(ask, topology);
    if (seen) {
      failing_since.reset();
      good = seen->waits_for.empty() ? good + 1 : 0;
      if (seen->now.state != api::topology_state::running || good == looks)
        return std::move(seen->now);
      if (!seen->waits_for.empty() && std::exchange(told, seen->waits_for) != seen->waits_for)
        tell(seen->waits_for);
    } else {
      const auto now = time.now();
      if (!seen.error().retry || now - failing_since.value_or(now) >= most_failing)
        return unexpected(std::move(seen.error()));
      failing_since = failing_since.value_or(now);
    }
    pause();
  }
}

expected<std::optional<std::uint64_t>> pages_of_letters::next(std::uint64_t asked,
                                                              const api::answers::dead_letters& found) {
  empty_ = found.letters.empty() ? empty_ + 1 : 0;
  if (found.next && (*found.next == asked || empty_ == most_empty_pages))
    return fatal_error(ec::corrupt,
                       "the pages of dead letters have no end; expected the address of a node's API");
  return found.next;
}

}  // namespace millrace::remote
