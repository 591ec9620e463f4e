// What the runtime is compared with: a loop written by hand for one job, on one thread, without state on
// disk, exactly-once, dead letters or late rows. Counts clicks by user in tumbling windows of 5 minutes:
//   file_count_bench FILE        rows on stdout, sorted: start, end, user, clicks; CPU time on stderr
// Every record is validated whole, by simdjson's DOM, as the runtime's parser does by default.
#include "runtime/base/time.hpp"
#include "runtime/base/timestamp_pattern.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <optional>
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
  std::size_t operator()(const auto& g) const {
    return std::hash<std::string_view>{}(g.user) ^ static_cast<std::size_t>(g.start) * 0x9E37'79B9'7F4A'7C15;
  }
};
struct group_equal {
  using is_transparent = void;
  bool operator()(const auto& a, const auto& b) const { return a.start == b.start && a.user == b.user; }
};

struct result {
  boost::unordered_flat_map<group, std::int64_t, group_hash, group_equal> counts;
  std::size_t records = 0;
  std::size_t bad = 0;
};

class counter {
public:
  /// Whole lines; `padding` more bytes are readable.
  void add(const char* lines, std::size_t size) {
    simdjson::dom::document_stream stream;
    if (size == 0 || parser_.parse_many(lines, size, size).get(stream) != simdjson::SUCCESS)
      return;
    for (auto record : stream) {
      ++out_.records;
      std::string_view user, stamp;
      std::optional<event_micros> time;
      if (record["userid"].get(user) == simdjson::SUCCESS &&
          record["timestamp"].get(stamp) == simdjson::SUCCESS)
        time = pattern_->parse(stamp, true);
      if (!time) {
        ++out_.bad;
        continue;
      }
      const group_view key{*time - (*time % window + window) % window, user};
      auto at = out_.counts.find(key);
      if (at == out_.counts.end())
        at = out_.counts.emplace(group{key.start, std::string(user)}, 0).first;
      ++at->second;
    }
  }
  [[nodiscard]] const result& counted() const { return out_; }

private:
  expected<timestamp_pattern> pattern_ = timestamp_pattern::compile("%Y-%m-%d %H:%M:%S");
  simdjson::dom::parser parser_;
  result out_;
};

/// Reads piece by piece, so that the memory stays in the cache as a streaming job's does.
result count(std::istream& file) {
  counter c;
  std::string buffer(batch_bytes + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t held = 0;
  while (file) {
    file.read(buffer.data() + held, static_cast<std::streamsize>(batch_bytes - held));
    held += static_cast<std::size_t>(file.gcount());
    const auto newline = std::string_view(buffer.data(), held).rfind('\n');
    const auto lines = !file ? held : newline == std::string_view::npos ? 0 : newline + 1;
    c.add(buffer.data(), lines);
    std::memmove(buffer.data(), buffer.data() + lines, held - lines);
    held -= lines;
  }
  return c.counted();
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
  std::ifstream file(argv[1], std::ios::binary);
  if (!file) {
    std::cerr << argv[1] << ": cannot be read\n";
    return 2;
  }
  const auto r = count(file);
  print(r);
  const double seconds = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  std::cerr << fmt::format("{} records, {} bad, {} groups; {:.3f} CPU-s, {:.3f} per million\n", r.records,
                           r.bad, r.counts.size(), seconds,
                           seconds * 1e6 / static_cast<double>(std::max<std::size_t>(1, r.records)));
  return 0;
}
