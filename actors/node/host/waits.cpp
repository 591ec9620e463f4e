#include "actors/node/host/waits.hpp"

#include "actors/node/host/described.hpp"
#include "actors/observe/answering.hpp"

#include <utility>

namespace millrace::host {
namespace {

/// A `wait` that came from another node is answered by then; its client asks again.
constexpr std::chrono::seconds wait_patience{20};

}  // namespace

void waits::add(const node::cluster_described& d, const std::string& topology, const give_answer& to,
                std::shared_ptr<const api::reply> by, clock::time_point now) {
  auto is = topology_of(d, topology);
  if (!is)
    return to(unexpected(is.error()));
  if (observe::is_over(*is))
    return to(api::answers::waited{true, *is});
  all_.push_back({topology, to, std::move(by), now + wait_patience});
}

void waits::look(const node::cluster_described& d, clock::time_point now) {
  all_.remove_if([&](const one& w) {
    if (w.by && !w.by->is_wanted())
      return true;
    if (!d.leads) {
      w.to(outside_error(ec::unavailable, "another node leads the cluster by now; ask again"));
      return true;
    }
    auto t = topology_of(d, w.topology);
    const bool is_done = !t || observe::is_over(*t) || (!w.by && now > w.until);
    if (is_done)
      w.to(std::move(t).map([](api::answers::topology&& x) {
        const bool over = observe::is_over(x);
        return api::answer(api::answers::waited{over, std::move(x)});
      }));
    return is_done;
  });
}

}  // namespace millrace::host
