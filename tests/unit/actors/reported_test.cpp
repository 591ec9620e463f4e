// A run that is asked for a report, as SIGUSR1 does, ends as quickly as any other.
#include "tests/unit/actors/pipeline_fixture.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <thread>

using millrace::test::pipeline_fixture;
using namespace std::chrono_literals;

TEST_CASE(
    "a thread that has asked for a report, and lives on, does not hold up the end of the actor system") {
  std::promise<void> asked;
  std::promise<void> over;
  std::thread asker;
  {
    pipeline_fixture p("reported");
    p.write("in.jsonl", "{\"n\":1}\n");
    p.write("topology.json", R"({"millrace": 1, "topology": "reported", "stages": {
      "lines": {"source": "file", "path": ")" +
                                 p.path("in.jsonl") + R"(", "follow": true},
      "rows": {"parser": "json", "from": "lines", "schema": {"n": "bigint"}},
      "out": {"sink": "file", "from": "rows", "path": ")" +
                                 p.path("out.jsonl") + R"("}}})");
    p.load("topology.json");
    p.start();
    asker = std::thread([&] {
      CHECK_FALSE(p.where_it_stands().empty());
      asked.set_value();
      over.get_future().wait();
    });
    asked.get_future().wait();
    p.stop();
    CHECK(p.ended_within(60s));
  }  // the system waits for all that hold a part of it
  over.set_value();
  asker.join();
}
