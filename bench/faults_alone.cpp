// Measures how far a lane, shard or sink that fails again and again is felt by the others: the longest time
// for which each of them showed nothing new, without a fault and with one, in one table. A whole pipeline
// over files in this process.
//   faults_alone [SECONDS of each measurement, 8] [records/s, 20000] 2>/dev/null
//   (CAF tells each exception on stderr)
// The table lists a window's sink, too: it takes windows whole, and so waits for the shard that fails
// (docs/design/sinks.md).
#include "actors/node/host/lone_topology.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/control/spawn.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>
#include <unistd.h>

namespace {

using namespace millrace;
using std::chrono::milliseconds;
using steady = std::chrono::steady_clock;

constexpr milliseconds warm_up{1500};
constexpr milliseconds fault_every{1000};

struct settings {
  std::filesystem::path folder;
  int seconds = 8;
  int rate = 20'000;
};

void write_input(const settings& s) {
  for (const char part : {'a', 'b'}) {
    std::ofstream out(s.folder / fmt::format("in-{}.jsonl", part));
    // One millisecond of event time a record; more than are read.
    for (int i = 0; i < (s.seconds + 4) * s.rate / 2; ++i)
      out << fmt::format("{{\"k\":\"user-{}\",\"at\":{}}}\n", i * 7919L % 5000, i);
  }
}

std::string topology(const settings& s, const std::string& run) {
  return fmt::format(R"json({{
    "millrace": 1, "topology": "faults_alone", "snapshot_every": "100 ms", "commit_every": "5 ms",
    "stages": {{
      "in": {{ "source": "file", "path": "{0}/in-*.jsonl", "parallel": true, "rate": "{2}/s" }},
      "parsed": {{ "parser": "json", "from": "in", "event_time": "at",
                  "schema": {{ "k": "text", "at": {{ "type": "timestamp", "format": "epoch_ms" }} }} }},
      "counts": {{ "window": "tumbling", "size": "200 ms", "from": "parsed", "key": ["k"],
                  "aggregates": {{ "n": "count(*)" }}, "shards": 4 }},
      "in_too": {{ "source": "file", "path": "{0}/in-*.jsonl", "parallel": true, "rate": "{2}/s" }},
      "beside": {{ "parser": "json", "from": "in_too", "schema": {{ "k": "text" }} }},
      "beside_rows": {{ "sink": "file", "from": "beside", "path": "{0}/{1}/beside.jsonl", "fsync": false }},
      "records": {{ "sink": "file", "from": "parsed", "path": "{0}/{1}/records.jsonl", "fsync": false }},
      "others": {{ "sink": "file", "from": "parsed", "path": "{0}/{1}/others.jsonl", "fsync": false }},
      "rows": {{ "sink": "file", "from": "counts", "path": "{0}/{1}/rows.jsonl", "fsync": false }}
    }} }})json",
                     s.folder.string(), run, s.rate);
}

/// One number that grows, and for how long it did not.
struct watched {
  std::string name;
  const std::atomic<std::uint64_t>* value;
  std::uint64_t last = 0;
  steady::time_point since{};
  steady::duration longest{};

  void look(steady::time_point now) {
    if (const auto v = value->load(std::memory_order_relaxed); v != std::exchange(last, v)) {
      longest = std::max(longest, now - since);
      since = now;
    }
  }
};

struct measured {
  std::map<std::string, steady::duration> gaps;
  int faults = 0;
};

/// Runs the pipeline afresh, and lets `victim` fail again and again; none where it is empty.
measured measure(const settings& s, const std::string& victim) {
  const auto run = victim.empty() ? std::string("none") : victim.substr(0, victim.find('/'));
  std::filesystem::create_directories(s.folder / run);
  const auto file = (s.folder / run / "topology.json").string();
  std::ofstream(file) << topology(s, run);
  auto loaded = config::load({file, {}, {}}, connectors());
  const auto plan = std::make_shared<const config::topology>(std::move(loaded.plan.value()));
  caf::actor_system_config config;
  control::share_threads(config, 2);
  caf::actor_system system(config);
  host::lone_options options;
  options.folder = host::run_folder::open((s.folder / run / "state").string()).value();
  options.begun =
      host::begin_run({plan, 2}, *options.folder, host::take_state(*options.folder, *plan, false).value(), {})
          .value();
  options.pipeline.threads = 2;
  const auto shown = std::make_shared<observe::running_topologies>();
  options.running = shown;
  const auto running = host::lone_topology::start(system, std::move(options)).value();
  while (shown->all().empty())
    std::this_thread::sleep_for(milliseconds(1));
  const auto gauges = shown->all().front().gauges;

  std::vector<watched> all;
  for (const auto& [name, g] : gauges.lanes)
    all.push_back({name, &g->records});
  for (const auto& [name, g] : gauges.shards)
    all.push_back({name, &g->rows});
  for (const auto& [name, g] : gauges.sinks)
    if (name != deployment::dead_letter_sink)
      all.push_back({name, &g->rows});

  std::this_thread::sleep_for(warm_up);
  const auto begin = steady::now();
  for (auto& w : all) {
    w.since = begin;
    w.last = w.value->load();
  }
  measured m;
  auto next = begin;
  while (steady::now() < begin + std::chrono::seconds(s.seconds)) {
    const auto now = steady::now();
    if (!victim.empty() && now >= next) {
      running->restart(lasting_name(victim));
      ++m.faults;
      next += fault_every;
    }
    for (auto& w : all)
      w.look(now);
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  const auto end = steady::now();
  for (auto& w : all)
    m.gaps[w.name] = std::max(w.longest, end - w.since);
  running->stop();
  static_cast<void>(running->wait());
  return m;
}

}  // namespace

int main(int argc, char** argv) {
  settings s;
  s.folder = std::filesystem::temp_directory_path() / fmt::format("millrace-faults-alone-{}", getpid());
  if (argc > 1)
    s.seconds = std::atoi(argv[1]);
  if (argc > 2)
    s.rate = std::atoi(argv[2]);
  std::filesystem::create_directories(s.folder);
  spdlog::set_level(spdlog::level::off);
  write_input(s);
  const std::vector<std::string> victims{"", "parsed/lane0", "counts/0/1", "others"};
  std::vector<measured> found;
  for (const auto& victim : victims)
    found.push_back(measure(s, victim));
  std::filesystem::remove_all(s.folder);

  std::cout << fmt::format("longest gap in ms, over {} s at {} records/s; what fails does so every {} ms\n\n",
                           s.seconds, s.rate, fault_every.count())
            << fmt::format("{:<16}{:>10}", "", "no fault");
  for (std::size_t i = 1; i < victims.size(); ++i)
    std::cout << fmt::format("{:>16}", victims[i]);
  std::cout << '\n';
  for (const auto& [name, gap] : found.front().gaps) {
    const auto ms = [&](const measured& m) {
      return std::chrono::duration<double, std::milli>(m.gaps.at(name)).count();
    };
    std::cout << fmt::format("{:<16}{:>10.1f}", name, ms(found.front()));
    for (std::size_t i = 1; i < victims.size(); ++i)
      std::cout << fmt::format("{:>15.1f}{}", ms(found[i]), victims[i] == name ? '*' : ' ');
    std::cout << '\n';
  }
  std::cout
      << "\n* itself, and growing with the pauses between its lives. A window fires when all partitions have "
         "passed it, so all that\n"
         "reads `parsed` waits for its lane; the sink `rows` takes windows that are whole over all shards.\n";
}
