// Measures what a cluster of one costs: a node that is alone, over a store in a temporary folder, from its first actor to the first
// life of a topology of a file, a parser and a file sink, and from the topology's end to the end of the node. It does so three times
// over one store: a new one, one whose node has left, and one whose node was killed.
//   lone_node_bench       no options; prints milliseconds, and the records in `control`
#include "actors/node/host/apply.hpp"
#include "actors/node/host/node_group.hpp"
#include "actors/node/stores/dir_chain_store.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace millrace;

namespace {

using clock_type = std::chrono::steady_clock;
constexpr std::size_t actors_of_topology = 3;  // a lane, a sink, and that of dead letters

/// Milliseconds since the node began. A negative number in the results says that it has not happened.
class stopwatch {
public:
  /// Returns when the file was written last.
  [[nodiscard]] double written(const std::string& path) const {
    struct stat s {};
    if (::stat(path.c_str(), &s) != 0)
      return -1;
    const auto at = std::chrono::seconds(s.st_mtim.tv_sec) + std::chrono::nanoseconds(s.st_mtim.tv_nsec);
    return std::chrono::duration<double, std::milli>(at - wall_.time_since_epoch()).count();
  }
  [[nodiscard]] double now() const {
    return std::chrono::duration<double, std::milli>(clock_type::now() - began_).count();
  }

private:
  clock_type::time_point began_ = clock_type::now();
  std::chrono::system_clock::time_point wall_ = std::chrono::system_clock::now();
};

std::size_t appends(node::chain_store& store) {
  return store.look(node::control_of_cluster())->contents.increments.size();
}

host::apply_options apply_of(const std::string& folder, const std::string& topology) {
  host::apply_options o;
  o.node = "here";
  o.topology = topology;
  o.text = fmt::format(R"json({{ "millrace": 1, "topology": "{0}", "stages": {{
    "in": {{ "source": "file", "path": "{1}/in.json" }},
    "parsed": {{ "parser": "json", "from": "in", "schema": {{ "k": "text" }} }},
    "out": {{ "sink": "file", "path": "{1}/{0}.jsonl", "from": "parsed" }} }} }})json",
                       topology, folder);
  o.folder = folder + "/node/topologies/" + topology;
  return o;
}

/// One life of the node. `topology`: a new one is applied; `dies` as it runs, by SIGKILL.
void live(const std::string& folder, const std::string& what, const std::string& topology, bool dies) {
  auto prepared = host::prepare_apply(apply_of(folder, topology));
  if (!prepared) {
    fmt::print("{}\n", prepared.error().message);
    std::_Exit(1);
  }
  caf::actor_system_config config;
  control::share_threads(config, 2);
  caf::actor_system system(config);
  const auto store =
      std::make_shared<node::dir_chain_store>(snapshot::posix_file_system(), folder + "/chain");
  const auto had = appends(*store);
  std::atomic<double> first_life{-1}, all_live{-1}, recorded{-1}, over{-1};
  std::atomic<std::size_t> lives{0};
  const stopwatch watch;
  host::group_options o;
  o.name = "here";
  o.instance = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  o.store = store;
  o.may_lead = true;
  o.is_alone = true;
  o.folder = folder + "/node";
  o.running = std::make_shared<observe::running_topologies>();
  o.on_begun = [&](const auto&...) {
    if (++lives == 1)
      first_life = watch.now();
    if (lives == actors_of_topology)
      all_live = watch.now();
  };
  o.on_end = [&](const auto&...) { recorded = watch.now(); };
  o.on_over = [&](const std::string&) { over = watch.now(); };
  const auto group = host::spawn_group(system, std::move(o));
  double leads = -1, session = -1;
  caf::scoped_actor self(system);
  const auto describe = [&] {
    node::cluster_described out;
    self->request(group.control.coordinator, std::chrono::seconds(10), node::describe_cluster{})
        .receive([&](node::cluster_described& d) { out = std::move(d); }, [](const caf::error&) {});
    return out;
  };
  while (session < 0) {
    const auto d = describe();
    if (d.leads && leads < 0) {
      leads = watch.now();
      self->send(group.control.coordinator, node::ask_cluster{*prepared});
    }
    if (!d.present.empty())
      session = watch.now();
  }
  while (all_live < 0)
    std::this_thread::yield();
  const auto on_path = appends(*store) - had;
  if (dies)
    ::kill(getpid(), SIGKILL);
  while (recorded < 0)
    std::this_thread::yield();
  caf::anon_send(group.control.agent, node::leave_cluster{});
  while (over < 0)
    std::this_thread::yield();
  fmt::print("{}: leads {:.1f}, session {:.1f}, first life {:.1f}, all live {:.1f}, last row {:.1f}, end "
             "recorded {:.1f}, over {:.1f} ms; "
             "{} records in control until all live, {} then\n",
             what, leads, session, first_life.load(), all_live.load(),
             watch.written(fmt::format("{}/{}.jsonl", folder, topology)), recorded.load(), over.load(),
             on_path, appends(*store) - had - on_path);
  host::stop_group(group);
}

void in_process(const std::string& folder, const std::string& what, const std::string& topology, bool dies) {
  std::fflush(stdout);
  const auto child = fork();
  if (child == 0) {
    live(folder, what, topology, dies);
    std::fflush(stdout);
    std::_Exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
}

}  // namespace

int main() {
  if (std::getenv("LONE_NODE_DEBUG") == nullptr)
    spdlog::set_level(spdlog::level::warn);
  else
    spdlog::set_level(spdlog::level::debug);
  auto pattern = (std::filesystem::temp_directory_path() / "millrace-lone-node-XXXXXX").string();
  const std::string folder = mkdtemp(pattern.data());
  std::filesystem::create_directories(folder + "/node/topologies");
  std::ofstream(folder + "/in.json") << R"({"k": "a"})"
                                     << "\n";
  in_process(folder, "a new store", "t1", false);
  in_process(folder, "after the node has left", "t2", false);
  in_process(folder, "killed", "t3", true);
  in_process(folder, "after it was killed", "t4", false);
  std::filesystem::remove_all(folder);
}
