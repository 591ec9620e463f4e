// A state that was made before the names of shards had generations is gone on with.
#include "actors/deployment/next_run.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/delivery/shard.hpp"
#include "runtime/snapshot/dir_chain.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/merged_snapshots.hpp"
#include "tests/unit/actors/pipeline_fixture.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>

using namespace millrace;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr int users = 4, minutes = 120;

std::string clicks_of_minutes(int begin, int end) {
  std::string out;
  for (int m = begin; m < end; ++m)
    for (int u = 0; u < users; ++u)
      out +=
          fmt::format(R"({{"user":"u{}","at":"2021-04-24 {:02}:{:02}:30"}}{})", u, 8 + m / 60, m % 60, "\n");
  return out;
}

/// Windows in series, so that shards are receivers, too.
std::string series_of_windows(const test::pipeline_fixture& f, int rate) {
  return fmt::format(R"json({{ "millrace": 1, "topology": "older_names", "stages": {{
    "clicks": {{ "source": "file", "path": "{}", "rate": "{}/s" }},
    "parsed": {{ "parser": "json", "from": "clicks", "schema": {{ "user": "text", "at": "timestamp" }},
                "event_time": "at" }},
    "counts": {{ "window": "tumbling", "size": "1 minute", "from": "parsed", "key": ["user"], "shards": 2,
                "aggregates": {{ "n": "count(*)" }} }},
    "hours": {{ "window": "tumbling", "size": "10 minutes", "from": "counts", "key": ["user"], "shards": 2,
               "aggregates": {{ "n": "sum(n)" }} }},
    "fine": {{ "sink": "file", "path": "{}", "from": "counts" }},
    "out": {{ "sink": "file", "path": "{}", "from": "hours" }} }} }})json",
                     f.path("clicks.jsonl"), rate, f.path("fine.jsonl"), f.path("out.jsonl"));
}

void load_paced(test::pipeline_fixture& f, int rate) {
  f.write("topology.json", series_of_windows(f, rate));
  f.load("topology.json");
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

/// The bytes of a capture in front of the greatest watermark.
std::size_t up_to_greatest(const std::string& capture) {
  wire::reader in(capture);
  wire::writer same;
  same.fixed(in.fixed<std::uint8_t>());
  same.varint(in.varint());
  same.fixed(in.fixed<event_micros>());
  for (const bool vector : {true, false}) {
    auto n = in.varint();
    same.varint(n);
    for (; n > 0 && in.ok(); --n) {
      same.string(in.string());
      if (vector)
        same.put(in.read_mark());
      else
        same.fixed(in.fixed<event_micros>());
    }
  }
  REQUIRE(in.ok());
  return same.size();
}

/// A capture as version 5 had it: without the greatest watermark, and its receivers' names, each behind its length,
/// have no generation.
std::string as_before(std::string capture, std::uint64_t run) {
  if (capture[0] > 6)
    capture.erase(up_to_greatest(capture), sizeof(event_micros));
  capture[0] = 5;
  for (std::uint32_t n = 0; n < 2; ++n) {
    const shard_name hours{"hours", run, n};
    const auto stored = [](const std::string& name) { return static_cast<char>(name.size()) + name; };
    capture = replaced(std::move(capture), stored(to_string(hours)), stored(lasting_name(hours)));
  }
  return capture;
}

/// Writes the snapshots of all shards anew, as an earlier version would have. Their folders have had no
/// generation in their names then, nor have they now.
std::size_t make_older(const test::pipeline_fixture& f, std::uint64_t run) {
  auto& files = snapshot::posix_file_system();
  std::size_t shards = 0;
  for (const auto& state : fs::directory_iterator(f.path("state"))) {
    if (!fs::exists(state.path() / "snapshots"))
      continue;
    for (const auto* const actor : {"counts/0", "counts/1", "hours/0", "hours/1"}) {
      const auto folder = (state.path() / "snapshots" / snapshot::file_name_of(actor)).string();
      REQUIRE(fs::exists(folder));
      const auto all = snapshot::dir_chain::open_read_only(files, folder, actor)->read();
      REQUIRE(all);
      const auto captures = chain::records_of(*all);
      REQUIRE_FALSE(captures.empty());
      fs::remove_all(folder);
      fs::create_directory(folder);
      const auto anew =
          snapshot::open_dir_snapshots(files, folder, actor, 1, std::make_shared<snapshot::life_fence>());
      REQUIRE(anew);
      for (const auto& c : captures)
        REQUIRE((*anew)->append(as_before(c, run), true));
      ++shards;
    }
  }
  return shards;
}

std::vector<std::string> sorted_lines(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

/// As `millrace run` does with a topology that has come to its end and finds more.
void begin_next_run(const test::pipeline_fixture& f) {
  const auto planned = config::load({f.path("topology.json"), {}, {}}, connectors());
  REQUIRE(planned.plan);
  const auto store = snapshot::open_dir_store({f.path("state"), planned.plan->name, false, false});
  REQUIRE(store);
  REQUIRE(deployment::note_end(**store));
  const auto next = deployment::begin_next_run(*planned.plan, **store);
  if (!next)
    FAIL(next.error().message);
  REQUIRE(*next);
}

void run_to_the_end(test::pipeline_fixture& f) {
  load_paced(f, 1'000'000);
  f.start();
  REQUIRE(f.ended_within(60s));
  if (f.end().failure)
    FAIL(f.end().failure->message);
  REQUIRE(f.end().finished);
}

/// Stops it amid its work, when rows have come and some have not.
void run_a_part(test::pipeline_fixture& f, std::size_t fine_before) {
  load_paced(f, 60);
  f.start();
  while (f.lines("fine.jsonl").size() < fine_before + 40)
    REQUIRE_FALSE(f.ended_within(20ms));
  f.stop();
  REQUIRE(f.ended_within(60s));
  REQUIRE_FALSE(f.end().failure);
  REQUIRE_FALSE(f.end().finished);
}

}  // namespace

TEST_CASE("a state of before names had generations is gone on with, in the first run and in a later one") {
  test::pipeline_fixture whole("millrace-older-names-whole");
  whole.write("clicks.jsonl", clicks_of_minutes(0, minutes / 2));
  run_to_the_end(whole);
  whole.write("clicks.jsonl", clicks_of_minutes(0, minutes));
  whole.release();
  begin_next_run(whole);
  run_to_the_end(whole);

  test::pipeline_fixture f("millrace-older-names");
  f.write("clicks.jsonl", clicks_of_minutes(0, minutes / 2));
  run_a_part(f, 0);
  f.release();
  CHECK(make_older(f, 0) == 4);
  run_to_the_end(f);
  f.release();
  CHECK(make_older(f, 0) == 4);
  const auto ended = f.lines("fine.jsonl").size();
  f.write("clicks.jsonl", clicks_of_minutes(0, minutes));
  begin_next_run(f);
  run_a_part(f, ended);
  f.release();
  CHECK(make_older(f, 1) == 4);
  run_to_the_end(f);
  for (const auto* const file : {"fine.jsonl", "out.jsonl"}) {
    INFO(file);
    CHECK(sorted_lines(f.lines(file)) == sorted_lines(whole.lines(file)));
  }
  CHECK(f.lines("out.jsonl").size() == users * minutes / 10);
  for (const auto& child : f.children())
    CHECK((!child.starts_with("counts") || parse_shard_name(child)));
}
