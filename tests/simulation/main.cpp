// `simulate --seeds 10000` runs simulated jobs by seed, of one node or with --nodes of two to four. It prints
// of the first that fails what is wrong, the rest of it without all that does not matter, and how to run it
// alone.
#include "tests/simulation/nodes/node_scenario.hpp"
#include "tests/simulation/shrink.hpp"
#include "tests/simulation/world.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <string_view>
#include <sys/time.h>
#include <unistd.h>

namespace millrace::simulation {
namespace {

struct options {
  std::uint64_t seeds = 1'000;
  std::uint64_t from = 1;
  std::optional<std::uint64_t> only;
  bool nodes = false;
  std::uint64_t twice = 0;
  bool trace = false;
  bool no_shrink = false;
  bool verbose = false;
  bool count = false;
};

/// A turn that never ends is no turn, so the limit of steps does not end it: a minute of processor time does,
/// where a seed takes milliseconds. 0: no limit.
std::array<char, 200> endless{};
std::size_t endless_size = 0;

void limit_time(int seconds, std::uint64_t seed = 0) {
  const auto end = fmt::format_to_n(endless.data(), endless.size(),
                                    "seed {} does not come to an end: one turn takes a minute\n", seed);
  endless_size = std::min(end.size, endless.size());
  std::signal(SIGPROF, [](int) {
    (void)!::write(STDOUT_FILENO, endless.data(), endless_size);
    ::_exit(1);
  });
  const itimerval limit{{0, 0}, {seconds, 0}};
  ::setitimer(ITIMER_PROF, &limit, nullptr);
}

void tell(const scenario& s, const outcome& result, const options& o) {
  fmt::print("seed {} fails after {} steps, {} lives of the process: {}\n", s.seed, result.steps,
             result.lives, *result.wrong);
  if (!o.no_shrink) {
    const auto kind = result.wrong->substr(0, result.wrong->find_first_of(":,"));
    const auto smaller = shrink(s, [&](const scenario& x) {
      const auto smaller_result = simulate(x, false);
      return smaller_result.wrong && smaller_result.wrong->starts_with(kind);
    });
    fmt::print("\nthis much of it still fails: {}\n{}\n", *simulate(smaller, false).wrong,
               describe_scenario(smaller));
  }
  fmt::print("again, with every turn: simulate{} --only {} --trace\n", o.nodes ? " --nodes" : "", s.seed);
}

/// The same seed again must be the same run.
bool differs(const scenario& s, const outcome& first) {
  const auto second = simulate(s, false);
  if (second.trace == first.trace && second.steps == first.steps)
    return false;
  fmt::print("seed {} runs otherwise the second time: {} steps and trace {:x}, then {} and {:x}\n", s.seed,
             first.steps, first.trace, second.steps, second.trace);
  return true;
}

int run(const options& o) {
  const auto begun = std::chrono::steady_clock::now();
  std::uint64_t steps = 0, lives = 0, records = 0, wrong = 0;
  const auto from = o.only.value_or(o.from);
  const auto n = o.only ? 1 : o.seeds;
  for (auto seed = from; seed < from + n; ++seed) {
    const auto s = (o.nodes ? make_node_scenario : make_scenario)(seed);
    limit_time(60, seed);
    const auto result = simulate(s, o.trace);
    limit_time(0);
    if (o.verbose)
      fmt::print("seed {}: theme {}, {} records, {} faults, {} steps, {} lives\n", seed, to_string(s.about),
                 s.records(), s.faults.size(), result.steps, result.lives);
    if (result.wrong && o.count) {
      fmt::print("seed {} ({}): {}\n", seed, to_string(s.about),
                 result.wrong->substr(0, result.wrong->find('\n')));
      ++wrong;
    } else if (result.wrong) {
      tell(s, result, o);
      return 1;
    }
    if (seed - from < o.twice && differs(s, result))
      return 1;
    steps += result.steps;
    lives += result.lives;
    records += s.records();
  }
  if (wrong != 0) {
    fmt::print("{} of {} seeds from {} fail\n", wrong, n, from);
    return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  fmt::print(
      "{} seeds from {}: {} steps, {} records, {} lives of the process, {:.1f} s; every one as the oracle "
      "has it{}\n",
      n, from, steps, records, lives, took.count(),
      o.twice == 0 ? "" : fmt::format("; the first {} ran twice, the same", std::min(n, o.twice)));
  return 0;
}

}  // namespace
}  // namespace millrace::simulation

int main(int argc, char** argv) {
  millrace::simulation::options o;
  CLI::App app("Simulates millrace's actors: one seed, one run, every run against an oracle");
  app.add_flag("--nodes", o.nodes, "Two to four nodes run each job, and faults are of nodes");
  app.add_option("--seeds", o.seeds, "How many")->capture_default_str();
  app.add_option("--from", o.from, "The first of them")->capture_default_str();
  app.add_option("--only", o.only, "One seed alone");
  app.add_option("--twice", o.twice,
                 "Of so many seeds the run is repeated: it must be the same, turn by turn");
  app.add_flag("--trace", o.trace, "Every turn, fault and log line to stderr");
  app.add_flag("--no-shrink", o.no_shrink, "Tell what fails as it is");
  app.add_flag("--verbose", o.verbose, "A line a seed");
  app.add_flag("--count", o.count,
               "A line for each that fails, and how many do: how easily a fault is found");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(o.trace ? spdlog::level::debug : spdlog::level::off);
  return millrace::simulation::run(o);
}
