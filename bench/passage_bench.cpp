// Measures how long a record takes through a job that reads one topic of Kafka and writes another, both of one
// partition:
//   passage_bench BROKERS IN OUT RATE SECONDS [relay]
// Sends {"userid":"user00007","id":7,...} to IN, RATE records a second, and reads OUT, which must be empty, as far
// as it is committed. A record's row is "7,user00007". Its latency is from just before it is sent until its row is
// read. `relay`: a bare consumer and producer here are the job, the floor below any; a row is then the record itself.
// The job has JOB_STARTS seconds until the row of a first record comes; the latencies of the first WARM_UP seconds
// do not count. Prints "begun" where those that count begin, then a line of JSON; fails where a row is wrong, missing,
// doubled or out of order.
#include "bench/latency_figures.hpp"
#include "bench/latency_kafka.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace millrace::bench;

using clock_type = std::chrono::steady_clock;
constexpr std::chrono::seconds job_starts{120};
constexpr std::chrono::seconds last_row{20};
constexpr std::int64_t warm_up = 10;  // seconds
constexpr std::int64_t users = 1000;

std::string record(std::int64_t id) {
  return fmt::format(R"({{"userid":"user{:05}","id":{}{})", id % users, id, rest);
}

std::string row(std::int64_t id) { return fmt::format("{},user{:05}", id, id % users); }

/// When each record was sent and its row was seen; the reader's thread writes `seen` and `rows`.
struct passages {
  std::vector<clock_type::time_point> sent, seen;
  std::atomic<std::int64_t> rows{0};
};

/// False if the time is up before.
bool wait_for_rows(const passages& all, std::int64_t rows, std::chrono::seconds patience) {
  for (const auto until = clock_type::now() + patience; all.rows < rows;) {
    if (clock_type::now() > until)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

/// A block each millisecond, from record 1 on: record 0 has gone before.
void send_all(const record_sender& to, passages& all, std::int64_t rate) {
  const auto total = static_cast<std::int64_t>(all.sent.size());
  const auto begun = clock_type::now();
  std::string lines;
  for (std::int64_t n = 1; n < total;) {
    std::this_thread::sleep_until(begun + std::chrono::microseconds(n * 1'000'000 / rate));
    lines.clear();
    const auto first = n;
    for (const auto last = std::min(total, n + rate / 1000); n < last; ++n)
      lines += record(n);
    if (first <= warm_up * rate && n > warm_up * rate) {
      std::puts("begun");
      std::fflush(stdout);
    }
    std::fill(all.sent.begin() + first, all.sent.begin() + n, clock_type::now());
    to.send(lines);
  }
}

void print(const passages& all, std::int64_t rate) {
  std::vector<double> took;
  for (auto i = static_cast<std::size_t>(warm_up * rate + 1); i < all.sent.size(); ++i)
    took.push_back(std::chrono::duration<double, std::milli>(all.seen[i] - all.sent[i]).count());
  print_latencies("records", std::move(took));
}

}  // namespace

int main(int argc, char** argv) {
  const bool relay = argc == 7 && std::string_view(argv[6]) == "relay";
  if (argc != 6 && !relay) {
    std::fputs("usage: passage_bench BROKERS IN OUT RATE SECONDS [relay]\n", stderr);
    return 2;
  }
  const auto *brokers = argv[1], *in = argv[2], *out = argv[3];
  const auto rate = std::strtoll(argv[4], nullptr, 10), seconds = std::strtoll(argv[5], nullptr, 10);
  if (rate <= 0 || rate % 1000 != 0 || seconds <= 0)
    give_up("RATE must be a multiple of 1000, and SECONDS positive");

  passages all;
  all.sent.resize(static_cast<std::size_t>((warm_up + seconds) * rate + 1));
  all.seen.resize(all.sent.size());
  bare_consumer rows(brokers, out, [&](std::int64_t n, std::string_view value) {
    auto wanted = relay ? record(n) : row(n);
    if (relay)
      wanted.pop_back();
    if (n >= static_cast<std::int64_t>(all.seen.size()) || value != wanted)
      give_up(fmt::format("row {} is {}, expected {}", n, value, wanted).c_str());
    all.seen[static_cast<std::size_t>(n)] = clock_type::now();
    all.rows = n + 1;
  });
  rows.wait_for_the_end();
  std::optional<record_sender> onward;
  std::optional<bare_consumer> relayed;
  if (relay) {
    onward.emplace(brokers, out);
    relayed.emplace(brokers, in,
                    [&](std::int64_t, std::string_view value) { onward->send(std::string(value) + "\n"); });
    relayed->wait_for_the_end();
  }

  const record_sender to(brokers, in);
  all.sent[0] = clock_type::now();
  to.send(record(0));
  if (!wait_for_rows(all, 1, job_starts))
    give_up(fmt::format("no row came within {} s", job_starts.count()).c_str());
  send_all(to, all, rate);
  if (!wait_for_rows(all, static_cast<std::int64_t>(all.sent.size()), last_row))
    give_up(fmt::format("{} rows came of {}", all.rows.load(), all.sent.size()).c_str());
  if (relayed)
    relayed->stop();
  rows.stop();
  print(all, rate);
  return 0;
}
