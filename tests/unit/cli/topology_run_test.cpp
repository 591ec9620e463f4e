// Topologies of one process, each from its state folder to its end: they share an actor system, and one that
// fails or is stopped holds up none of the others.
#include "actors/node/control/control_book.hpp"
#include "runtime/control/spawn.hpp"
#include "tests/support/planned.hpp"
#include "tests/support/scratch.hpp"
#include "tools/cli/topology_run.hpp"

#include <caf/actor_system_config.hpp>
#include <catch2/catch.hpp>

#include <fstream>
#include <set>
#include <thread>

using namespace millrace;
using namespace millrace::cli;

namespace {

struct folder : test::scratch {
  [[nodiscard]] std::multiset<std::string> lines(const std::string& name) const {
    std::ifstream in(*this / name);
    std::multiset<std::string> out;
    for (std::string line; std::getline(in, line);)
      out.insert(line);
    return out;
  }
};

constexpr int records = 500;
constexpr int users = 5;

std::string clicks() {
  std::string out;
  for (int i = 0; i < records; ++i)
    out += R"({"user":"u)" + std::to_string(i % users) + R"(","at":"2021-04-24 19:)" +
           std::to_string(10 + i / 100) + ":00\"}\n";
  return out;
}

/// Counts by user and five minutes, in two shards, into a file of its own.
std::shared_ptr<const config::topology> counting(const folder& in, const std::string& name,
                                                 const std::string& source) {
  auto t = test::planned_text(R"json({ "millrace": 1, "topology": ")json" + name + R"json(", "stages": {
    "clicks": { "source": "file", "path": ")json" +
                              (in / source) + R"json(" },
    "parsed": { "parser": "json", "from": "clicks", "schema": { "user": "text", "at": "timestamp" },
                "event_time": "at" },
    "counts": { "window": "tumbling", "size": "5 minutes", "from": "parsed", "key": ["user"], "shards": 2,
                "aggregates": { "n": "count(*)" } },
    "out": { "sink": "file", "path": ")json" +
                              (in / (name + ".out")) + R"json(", "from": "counts",
             "columns": { "who": "\"user\"", "n": "n" } } } })json");
  return std::make_shared<const config::topology>(std::move(t));
}

std::multiset<std::string> expected_rows() {
  std::multiset<std::string> out;
  for (int u = 0; u < users; ++u)
    out.insert(R"({"who":"u)" + std::to_string(u) + R"(","n":)" + std::to_string(records / users) + "}");
  return out;
}

struct process {
  process() { control::share_threads(config, 2); }
  caf::actor_system_config config;
  caf::actor_system system{config};
  std::shared_ptr<observe::running_topologies> board = std::make_shared<observe::running_topologies>();
};

std::unique_ptr<topology_run> opened(const folder& in, std::shared_ptr<const config::topology> t) {
  const auto state = in / (t->name + ".state");
  auto run = topology_run::open({std::move(t)}, state, {});
  REQUIRE(run);
  return std::move(*run);
}

}  // namespace

TEST_CASE("Topologies of one process run beside each other to their own ends") {
  const folder in;
  in.write("clicks.jsonl", clicks());
  std::vector<std::unique_ptr<topology_run>> all;
  for (const auto* const name : {"one", "two", "three"})
    all.push_back(opened(in, counting(in, name, "clicks.jsonl")));
  {
    process p;
    std::vector<std::thread> threads;
    for (auto& t : all)
      threads.emplace_back([&] { t->run(p.system, p.board); });
    // Reports may be asked for at any time, also before the first actor is there.
    for (auto& t : all)
      static_cast<void>(t->report());
    for (auto& t : threads)
      t.join();
    for (auto& t : all)
      CHECK(t->report().finished);
    CHECK(p.board->all().size() == all.size());
    for (auto& t : all)
      t->leave();
  }
  for (auto& t : all) {
    INFO(t->topology().name);
    CHECK_FALSE(t->failure());
    CHECK(in.lines(t->topology().name + ".out") == expected_rows());
  }
}

TEST_CASE("A topology that cannot start fails alone") {
  const folder in;
  in.write("clicks.jsonl", clicks());
  const auto whole = opened(in, counting(in, "whole", "clicks.jsonl"));
  const auto without = opened(in, counting(in, "without", "not_there.jsonl"));
  {
    process p;
    std::thread beside([&] { without->run(p.system, p.board); });
    whole->run(p.system, p.board);
    beside.join();
    whole->leave();
  }
  CHECK_FALSE(whole->failure());
  CHECK(in.lines("whole.out") == expected_rows());
  REQUIRE(without->failure());
  CHECK(without->failure()->message.find("not_there.jsonl") != std::string::npos);
}

TEST_CASE("A topology that was stopped before it ran ends without a failure") {
  const folder in;
  in.write("clicks.jsonl", clicks());
  const auto run = opened(in, counting(in, "stopped", "clicks.jsonl"));
  run->stop();
  process p;
  run->run(p.system, p.board);
  run->leave();
  CHECK_FALSE(run->failure());
}

TEST_CASE("A topology that has ended has work again once its file has got more") {
  const folder in;
  in.write("clicks.jsonl", clicks());
  const auto run_once = [&] {
    const auto run = opened(in, counting(in, "again", "clicks.jsonl"));
    if (run->was_finished())
      return std::optional<std::uint64_t>();
    process p;
    run->run(p.system, p.board);
    run->leave();
    REQUIRE(run->end().finished);
    REQUIRE(run->mark_finished());
    return std::optional(run->counts().read);
  };
  CHECK(run_once() == records);
  CHECK_FALSE(run_once());
  std::ofstream(in / "clicks.jsonl", std::ios::app) << R"({"user":"u0","at":"2021-04-24 20:00:00"})"
                                                    << "\n";
  CHECK(run_once() == 1);
  CHECK_FALSE(run_once());
  CHECK(in.lines("again.out").size() == users + 1);
}

TEST_CASE("An end that was not told is one that the next process tells") {
  const folder in;
  in.write("clicks.jsonl", clicks());
  for (const bool tells : {false, true}) {
    const auto run = opened(in, counting(in, "untold", "clicks.jsonl"));
    CHECK_FALSE(run->was_finished());
    process p;
    run->run(p.system, p.board);
    run->leave();
    CHECK(run->end().finished);
    CHECK(run->counts().read == records);
    if (tells)
      CHECK(run->mark_finished());
  }
  const auto over = opened(in, counting(in, "untold", "clicks.jsonl"));
  CHECK(over->was_finished());
  CHECK(over->counts().read == records);
  CHECK(in.lines("untold.out") == expected_rows());
}

TEST_CASE("A stage that names a node of a cluster runs here") {
  const folder in;
  in.write("rows.jsonl", R"({"id":1})"
                         "\n");
  const auto run = opened(in, test::planned(R"json(
    "lines": { "source": "file", "path": ")json" +
                                            (in / "rows.jsonl") + R"json(", "node": "a" },
    "parsed": { "parser": "json", "from": "lines", "schema": { "id": "bigint" } },
    "out": { "sink": "file", "from": "parsed", "path": ")json" +
                                            (in / "out.jsonl") + R"json(", "node": "b",
             "columns": { "id": "id" } })json"));
  process p;
  run->run(p.system, p.board);
  run->leave();
  CHECK(run->end().finished);
  CHECK(in.lines("out.jsonl") == std::multiset<std::string>{R"({"id":1})"});
}

TEST_CASE("A run that was killed while it stopped goes on") {
  const folder in;
  in.write("clicks.jsonl", clicks());
  const auto t = counting(in, "stops", "clicks.jsonl");
  {
    const auto first = opened(in, t);
    process p;
    first->run(p.system, p.board);
    first->leave();
  }
  {
    // The state as a process leaves it that is killed amid a stop.
    const auto state = host::run_folder::open(in / "stops.state");
    REQUIRE(state);
    node::control_book book((*state)->store());
    const auto seen = book.look();
    REQUIRE(seen);
    const cluster::epoch mine{seen->highest.term + 1, 0};
    REQUIRE(book.open(mine));
    const auto& before = seen->state.topologies.at("stops");
    cluster::records::topology_applied applied{"stops", before.plan, seen->state.next_generation("stops")};
    for (const auto& [_, actor] : before.actors)
      applied.actors.push_back(actor.spec);
    REQUIRE(book.append(mine, {applied, cluster::records::stop_asked{"stops"}}) ==
            cluster::append_outcome::acknowledged);
  }
  const auto again = opened(in, t);
  process p;
  again->run(p.system, p.board);
  again->leave();
  CHECK_FALSE(again->failure());
  CHECK(again->end().finished);
  CHECK(in.lines("stops.out") == expected_rows());
}
