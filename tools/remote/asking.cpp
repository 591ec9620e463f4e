#include "tools/remote/asking.hpp"

#include "actors/api/node_files.hpp"
#include "config/text/report.hpp"

#include <fmt/format.h>

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
    const auto one = with_one_address(a, around);
    if (!one)
      return unexpected(one.error());
    const auto to = client_of(*one, around, api::route_of(what).needs_token());
    if (!to)
      return unexpected(to.error());
    auto answer = to->ask(what);
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

expected<std::optional<std::uint64_t>> pages_of_letters::next(std::uint64_t asked,
                                                              const api::answers::dead_letters& found) {
  empty_ = found.letters.empty() ? empty_ + 1 : 0;
  if (found.next && (*found.next == asked || empty_ == most_empty_pages))
    return fatal_error(ec::corrupt,
                       "the pages of dead letters have no end; expected the address of a node's API");
  return found.next;
}

}  // namespace millrace::remote
