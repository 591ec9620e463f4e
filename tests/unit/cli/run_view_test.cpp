// What the API of `run` answers, over a topology that really runs.
#include "actors/catalog.hpp"
#include "actors/observe/explain.hpp"
#include "actors/observe/graph.hpp"
#include "actors/observe/ledger.hpp"
#include "runtime/control/spawn.hpp"
#include "tools/cli/letters_page.hpp"
#include "tools/cli/run_view.hpp"

#include <caf/actor_system_config.hpp>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>
#include <unistd.h>

namespace millrace::cli::view_test {
namespace {

using namespace api;

class folder {
public:
  folder() {
    auto name = (std::filesystem::temp_directory_path() / "millrace-view-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

/// Counts clicks that come a thousand a second for ever.
std::shared_ptr<const config::topology> counting(const folder& in) {
  std::ofstream(in.path("t.json")) << R"json({ "millrace": 1, "topology": "t", "stages": {
    "clicks": { "source": "generator", "kind": "clicks", "rate": "1000/s" },
    "parsed": { "parser": "json", "from": "clicks", "schema": { "user_id": "text", "timestamp": "timestamp" },
                "event_time": "timestamp" },
    "counts": { "window": "tumbling", "size": "1000 days", "from": "parsed", "key": ["user_id"],
                "aggregates": { "n": "count(*)" } },
    "out": { "sink": "file", "path": ")json"
                                   << in.path("out") << R"json(", "from": "counts" } } })json";
  auto loaded = config::load({in.path("t.json"), {}, {}}, connectors());
  for (const auto& f : loaded.findings)
    UNSCOPED_INFO(config::to_string(f));
  REQUIRE(loaded.plan);
  return std::make_shared<const config::topology>(std::move(*loaded.plan));
}

struct running {
  running() {
    auto opened = topology_run::open(counting(in), in.path("state"), {});
    REQUIRE(opened);
    all.push_back(std::move(*opened));
    board->announce(all.front()->topology_ptr());
    control::share_threads(config, 2);
    system.emplace(config);
    view.emplace(all, *board, "here");
    view->attach(&*system);
    thread = std::thread([this] { all.front()->run(*system, board); });
  }
  running(const running&) = delete;
  running& operator=(const running&) = delete;
  ~running() {
    all.front()->stop();
    thread.join();
    view.reset();
  }
  expected<answer> ask(const request& what) {
    const auto asker = std::make_shared<int>();
    const auto given = std::make_shared<std::promise<expected<answer>>>();
    auto out = given->get_future();
    view->ask(what, reply(asker, [given](expected<answer> a) { given->set_value(std::move(a)); }));
    return out.get();
  }
  template<class T>
  T document(const request& what) {
    const auto a = ask(what);
    REQUIRE(a);
    auto read = observe::read_json<T>(std::get<answers::document>(*a).json);
    REQUIRE(read);
    return std::move(*read);
  }

  folder in;
  std::vector<std::unique_ptr<topology_run>> all;
  std::shared_ptr<observe::running_topologies> board = std::make_shared<observe::running_topologies>();
  caf::actor_system_config config;
  std::optional<caf::actor_system> system;
  std::optional<run_view> view;
  std::thread thread;
};

}  // namespace

TEST_CASE(
    "A run tells of its topologies, stages and ledger, and why a window waits; stopped by the API, it ends") {
  running r;
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
}

TEST_CASE("Dead letters come in pages, over parts and the file that goes on") {
  const folder in;
  const auto t = counting(in);
  const auto letters = [&](std::uint64_t page) {
    auto out = letters_page(*t, in.path("."), page);
    REQUIRE(out);
    return std::move(*out);
  };
  CHECK(letters(0).letters.empty());
  const auto write = [&](const std::string& name, const std::string& text) {
    using std::filesystem::perms;
    std::ofstream(in.path(name), std::ios::binary) << text;
    std::filesystem::permissions(in.path(name), perms::owner_read | perms::owner_write);
  };
  write("dead_letters-000002.jsonl", "{\"id\":\"1\"}\n{\"id\":\"2\"}\n");
  write("dead_letters-100000.jsonl", "{\"id\":\"3\"}\n");
  std::string many;
  for (int i = 0; i < 3; ++i)
    many += "{\"record\":\"" + std::string(200'000, 'x') + "\"}\n";
  write("dead_letters.jsonl", many + "{\"id\":\"half");
  std::size_t pages = 0;
  std::size_t count = 0;
  for (std::optional<std::uint64_t> page = 0; page; ++pages) {
    const auto found = letters(*page);
    count += found.letters.size();
    CHECK((!found.next || *found.next < (1ULL << 53U)));
    page = found.next;
  }
  CHECK(count == 6);  // the line that is still being written is not among them
  CHECK(pages > 3);
}

TEST_CASE("Dead letters come newest first as well: whole lines, over all parts, each once") {
  const folder in;
  const auto t = counting(in);
  const auto write = [&](const std::string& name, const std::string& text) {
    using std::filesystem::perms;
    std::ofstream(in.path(name), std::ios::binary) << text;
    std::filesystem::permissions(in.path(name), perms::owner_read | perms::owner_write);
  };
  const auto newest = [&] {
    std::vector<std::string> out;
    for (std::optional<std::uint64_t> page = 0; page;) {
      auto found = newest_letters_page(*t, in.path("."), *page);
      REQUIRE(found);
      out.insert(out.end(), found->letters.begin(), found->letters.end());
      CHECK((!found->next || *found->next < (1ULL << 53U)));
      page = found->next;
    }
    return out;
  };
  CHECK(newest().empty());
  write("dead_letters-000002.jsonl", "1\n2\n");
  CHECK(newest() == std::vector<std::string>{"2", "1"});
  write("dead_letters-000003.jsonl", "");
  const std::string longer(200'000, 'x');
  const std::string longest(700'000, 'y');
  write("dead_letters-000004.jsonl", longer + "3\n" + longest + "\n" + longer + "4\n" + longer + "5\n");
  write("dead_letters.jsonl", "6\n7\n{\"half");
  CHECK(newest() ==
        std::vector<std::string>{"7", "6", longer + "5", longer + "4", longest, longer + "3", "2", "1"});
}

}  // namespace millrace::cli::view_test
