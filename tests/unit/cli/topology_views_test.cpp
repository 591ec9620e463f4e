// Tests the answers of the API of `run`, over a topology that really runs.
#include "actors/observe/explain.hpp"
#include "actors/observe/graph.hpp"
#include "actors/observe/ledger.hpp"
#include "actors/observe/pause.hpp"
#include "runtime/control/spawn.hpp"
#include "tests/support/planned.hpp"
#include "tests/support/scratch.hpp"
#include "tools/cli/topology_views.hpp"

#include <caf/actor_system_config.hpp>
#include <catch2/catch.hpp>

#include <future>
#include <thread>

namespace millrace::cli::view_test {
namespace {

using namespace api;

using folder = millrace::test::scratch;

constexpr std::string_view endless = R"json("generator", "kind": "clicks", "rate": "1000/s")json";

std::shared_ptr<const config::topology> counting(const folder& in, std::string_view source) {
  return millrace::test::planned(R"json(
    "clicks": { "source": )json" +
                                 std::string(source) +
                                 R"json( },
    "parsed": { "parser": "json", "from": "clicks", "schema": { "user_id": "text", "timestamp": "timestamp" },
                "event_time": "timestamp" },
    "counts": { "window": "tumbling", "size": "1000 days", "from": "parsed", "key": ["user_id"],
                "aggregates": { "n": "count(*)" } },
    "out": { "sink": "file", "path": ")json" +
                                 (in / "out") + R"json(", "from": "counts" })json");
}

struct running {
  explicit running(std::string_view source = endless) {
    auto opened = topology_run::open({counting(in, source)}, in / "state", {});
    REQUIRE(opened);
    all.push_back(std::move(*opened));
    board->announce(all.front()->topology_ptr());
    control::share_threads(config, 2);
    system.emplace(config);
    view.emplace(all, *board, "here");
    view->attach(&*system);
  }
  void begin() {
    thread = std::thread([this] { all.front()->run(*system, board); });
  }
  ~running() {
    all.front()->stop();
    if (thread.joinable())
      thread.join();
    all.front()->leave();
  }
  std::future<expected<answer>> ask_and_go_on(const request& what) {
    const auto given = std::make_shared<std::promise<expected<answer>>>();
    auto out = given->get_future();
    view->ask(what, reply(asker, [given](expected<answer> a) { given->set_value(std::move(a)); }));
    return out;
  }
  expected<answer> ask(const request& what) { return ask_and_go_on(what).get(); }
  answers::topology listed() { return std::get<answers::topologies>(*ask(requests::list{})).all.at(0); }
  template<class T>
  T document(const request& what) {
    const auto a = ask(what);
    REQUIRE(a);
    auto read = observe::read_json<T>(std::get<answers::document>(*a).json);
    REQUIRE(read);
    return std::move(*read);
  }

  std::shared_ptr<int> asker = std::make_shared<int>();
  folder in;
  std::vector<std::unique_ptr<topology_run>> all;
  std::shared_ptr<observe::running_topologies> board = std::make_shared<observe::running_topologies>();
  caf::actor_system_config config;
  std::optional<caf::actor_system> system;
  std::optional<topology_views> view;
  std::thread thread;
};

}  // namespace

TEST_CASE(
    "A run tells of its topologies, stages and ledger, and why a window waits; stopped by the API, it ends") {
  running r;
  r.begin();
  const auto has_read = [&] {
    const auto g = r.document<observe::graph>(requests::graph{"t"});
    return g.stages.at(1).records > 0;
  };
  while (!has_read())
    std::this_thread::yield();
  CHECK(std::get<answers::topologies>(*r.ask(requests::list{})).all.at(0).state == topology_state::running);
  const auto nodes = std::get<answers::nodes>(*r.ask(requests::nodes{}));
  CHECK(nodes.all.at(0).name == "here");
  CHECK(nodes.all.at(0).actors.size() == 7);  // a lane, four shards, two sinks
  const auto f = r.document<observe::figures>(requests::figures{"t"});
  CHECK(f.lanes.at(0).partitions.size() == 1);
  CHECK(f.shards.at(0).window == "counts");
  CHECK(f.sinks.size() == 2);
  while (!r.document<observe::explanation>(requests::explain{"t", "counts"}).is_waiting)
    std::this_thread::yield();
  CHECK(r.document<observe::whole_ledger>(requests::ledger{"t"}).stages.size() == 4);
  CHECK(std::get<answers::dead_letters>(*r.ask(requests::dead_letters{"t"})).letters.empty());
  CHECK(r.ask(requests::explain{"t", "no"}).error().code == ec::not_found);
  CHECK(r.ask(requests::graph{"no"}).error().code == ec::not_found);
  const auto replayed = std::get<answers::replayed>(*r.ask(requests::replay{"t", "parsed", {"x"}}));
  CHECK(replayed.is_over);
  CHECK(replayed.is_taken_now);
  CHECK(replayed.unknown == 1);
  CHECK(r.ask(requests::replay{"t", "counts", {}}).error().code == ec::invalid_argument);
  CHECK(r.ask(requests::replay{"no", "parsed", {}}).error().code == ec::not_found);
  CHECK(r.ask(requests::apply{"t", "{}"}).error().code == ec::unsupported);
  CHECK(r.ask(requests::drain{"here"}).error().code == ec::unsupported);

  CHECK(r.ask(requests::stop{"t"}));
  const auto end = std::get<answers::waited>(*r.ask(requests::wait{"t"}));
  CHECK(end.now.state == topology_state::stopped);
  CHECK(r.listed() == end.now);
  CHECK(r.document<observe::whole_ledger>(requests::ledger{"t"}).stages.size() == 4);
  CHECK(r.document<observe::graph>(requests::graph{"t"}).stages.at(1).records > 0);
  CHECK(std::get<answers::nodes>(*r.ask(requests::nodes{})).all.at(0).actors.empty());
}

TEST_CASE(
    "A paused topology says so until it is resumed, and nobody restarts a stage that it does not have") {
  running r;
  r.begin();
  while (!r.ask(requests::pause{"t"}))
    std::this_thread::yield();
  CHECK(r.listed() == answers::topology{"t", topology_state::running, std::string(observe::paused_words)});
  CHECK(r.ask(requests::resume{"t"}));
  CHECK(r.listed() == answers::topology{"t", topology_state::running, {}});
  CHECK(r.ask(requests::restart{"t", "counts"}));
  CHECK(r.ask(requests::restart{"t", "no"}).error().code == ec::not_found);
  CHECK(r.ask(requests::pause{"no"}).error().code == ec::not_found);
}

TEST_CASE("A topology is shown before it begins, and whoever waits hears that it could not") {
  running r(R"json("file", "path": "/not/there.jsonl")json");
  CHECK(r.listed() == answers::topology{"t", topology_state::running, {}});
  CHECK(r.document<observe::graph>(requests::graph{"t"}).stages.size() == 4);
  CHECK_FALSE(r.document<observe::whole_ledger>(requests::ledger{"t"}).is_over);
  CHECK(std::get<answers::dead_letters>(*r.ask(requests::dead_letters{"t"})).letters.empty());
  const auto pause = r.ask(requests::pause{"t"});
  CHECK(pause.error().code == ec::unavailable);
  CHECK(pause.error().message == "topology t does not run at present; ask again");
  auto waits = r.ask_and_go_on(requests::wait{"t"});
  r.begin();
  const auto end = std::get<answers::waited>(*waits.get());
  CHECK(end.is_over);
  CHECK(end.now.state == topology_state::failed);
  CHECK_THAT(end.now.reason, Catch::Contains("/not/there.jsonl"));
  CHECK(r.listed() == end.now);
  CHECK(std::get<answers::waited>(*r.ask(requests::wait{"t"})) == end);
  CHECK(r.document<observe::graph>(requests::graph{"t"}).stages.size() == 4);
}

}  // namespace millrace::cli::view_test
