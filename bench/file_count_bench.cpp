// What the runtime is compared with: a loop written by hand for one job, on one thread, without state on
// disk, exactly-once, dead letters or late rows. Counts clicks by user in tumbling windows of 5 minutes:
//   file_count_bench FILE        rows on stdout, sorted: start, end, user, clicks; CPU time on stderr
// Every record is validated whole, by simdjson's DOM, as the runtime's parser does by default.
#include "runtime/base/time.hpp"
#include "runtime/base/timestamp_pattern.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <ctime>
#include <iostream>
#include <unordered_map>
#include <vector>

namespace {

using namespace millrace;

constexpr event_micros window = 5 * 60 * 1'000'000LL;
constexpr std::size_t batch_bytes = 1 << 20;

struct group {
  event_micros start;
  std::string user;
  friend bool operator==(const group&, const group&) = default;
};
struct group_view {
  event_micros start;
  std::string_view user;
};
struct group_hash {
  using is_transparent = void;
  static std::size_t of(event_micros start, std::string_view user) {
    return std::hash<std::string_view>{}(user) ^ static_cast<std::size_t>(start) * 0x9E37'79B9'7F4A'7C15;
  }
  std::size_t operator()(const group& g) const { return of(g.start, g.user); }
  std::size_t operator()(const group_view& g) const { return of(g.start, g.user); }
};
struct group_equal {
  using is_transparent = void;
  bool operator()(const group& a, const group& b) const { return a == b; }
  bool operator()(const group_view& a, const group& b) const {
    return a.start == b.start && a.user == b.user;
  }
};

struct result {
  std::unordered_map<group, std::int64_t, group_hash, group_equal> counts;
  std::size_t records = 0;
  std::size_t bad = 0;
};

result count(const simdjson::padded_string& text) {
  result out;
  const auto pattern = timestamp_pattern::compile("%Y-%m-%d %H:%M:%S");
  simdjson::dom::parser parser;
  simdjson::dom::document_stream stream;
  if (parser.parse_many(text, batch_bytes).get(stream) != simdjson::SUCCESS)
    return out;
  for (auto record : stream) {
    ++out.records;
    std::string_view user, stamp;
    if (record["userid"].get(user) != simdjson::SUCCESS ||
        record["timestamp"].get(stamp) != simdjson::SUCCESS) {
      ++out.bad;
      continue;
    }
    const auto time = pattern->parse(stamp, true);
    if (!time) {
      ++out.bad;
      continue;
    }
    const group_view key{*time - (*time % window + window) % window, user};
    auto at = out.counts.find(key);
    if (at == out.counts.end())
      at = out.counts.emplace(group{key.start, std::string(user)}, 0).first;
    ++at->second;
  }
  return out;
}

void print(const result& r) {
  std::vector<std::pair<group, std::int64_t>> rows(r.counts.begin(), r.counts.end());
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first.start, a.first.user) < std::tie(b.first.start, b.first.user);
  });
  std::string out;
  for (const auto& [g, clicks] : rows)
    fmt::format_to(std::back_inserter(out), "{},{},{},{}\n", format_timestamp(g.start),
                   format_timestamp(g.start + window), g.user, clicks);
  std::cout << out << std::flush;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: file_count_bench FILE\n";
    return 2;
  }
  const auto text = simdjson::padded_string::load(argv[1]);
  if (text.error() != simdjson::SUCCESS) {
    std::cerr << argv[1] << ": cannot be read\n";
    return 2;
  }
  const auto r = count(text.value_unsafe());
  print(r);
  const double seconds = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  std::cerr << fmt::format("{} records, {} bad, {} groups; {:.3f} CPU-s, {:.3f} per million\n", r.records,
                           r.bad, r.counts.size(), seconds,
                           seconds * 1e6 / static_cast<double>(std::max<std::size_t>(1, r.records)));
  return 0;
}
