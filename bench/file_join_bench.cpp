// The floor for a join of two files of clicks: a hash join written by hand, on one thread, without state on disk,
// exactly-once, dead letters or positions. It pairs clicks of one user in tumbling windows of 5 minutes, and prints a
// window's pairs by user, left time, right time once the watermark of both files (a minute below the newest click of
// each) has passed it:
//   file_join_bench LEFT RIGHT   rows on stdout: end, user, left time, right time; CPU time on stderr
// simdjson's DOM validates every record whole, as the runtime's parser does by default.
#include "bench/day_clock.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <fcntl.h>
#include <iostream>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <unistd.h>
#include <unordered_map>
#include <vector>

namespace {

constexpr std::int64_t window = 5 * 60;  // all times are in seconds
constexpr std::int64_t delay = 60;
constexpr std::size_t batch_bytes = 256U << 10U;

struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using times = std::array<std::vector<std::int64_t>, 2>;
using users = std::unordered_map<std::string, times, text_hash, std::equal_to<>>;

class joiner {
public:
  void add(std::size_t side, std::string_view user, std::string_view stamp) {
    const auto time = clock_.parse(stamp);
    if (!time)
      return;
    const auto start = *time - (*time % window + window) % window;
    if (start + window <= newest_[side] - delay)
      return;
    auto& here = windows_[start];
    auto at = here.find(user);
    if (at == here.end())
      at = here.emplace(user, times{}).first;
    at->second[side].push_back(*time);
    newest_[side] = std::max(newest_[side], *time);
  }
  void end(std::size_t side) { newest_[side] = std::numeric_limits<std::int64_t>::max() / 2; }
  void print() {
    const auto watermark = std::min(newest_[0], newest_[1]) - delay;
    for (; !windows_.empty() && windows_.begin()->first + window <= watermark;
         windows_.erase(windows_.begin()))
      print(windows_.begin()->first + window, windows_.begin()->second);
  }
  std::size_t rows = 0;

private:
  void print(std::int64_t end, users& of) {
    std::vector<std::pair<std::string_view, times*>> sorted;
    for (auto& [user, sides] : of)
      if (!sides[0].empty() && !sides[1].empty())
        sorted.emplace_back(user, &sides);
    std::ranges::sort(sorted, {}, [](const auto& u) { return u.first; });
    out_.clear();
    for (auto& [user, sides] : sorted) {
      for (auto& side : *sides)
        std::ranges::stable_sort(side);
      for (const auto left : (*sides)[0])
        for (const auto right : (*sides)[1]) {
          fmt::format_to(std::back_inserter(out_), FMT_STRING("{},{},{},{}\n"), end, user, left, right);
          ++rows;
        }
    }
    std::cout.write(out_.data(), static_cast<std::streamsize>(out_.size()));
  }

  millrace::bench::day_clock clock_;
  std::map<std::int64_t, users> windows_;
  std::array<std::int64_t, 2> newest_{std::numeric_limits<std::int64_t>::min() / 2,
                                      std::numeric_limits<std::int64_t>::min() / 2};
  std::string out_;
};

class reader {
public:
  reader(std::size_t side, const char* path) : side_(side), file_(::open(path, O_RDONLY | O_CLOEXEC)) {}
  [[nodiscard]] bool good() const { return file_ >= 0; }
  /// Takes the next lines; false once there are none.
  bool step(joiner& to) {
    const auto got = ::read(file_, buffer_.data() + held_, batch_bytes - held_);
    if (got <= 0)
      return false;
    held_ += static_cast<std::size_t>(got);
    const auto newline = std::string_view(buffer_.data(), held_).rfind('\n');
    const auto lines = newline == std::string_view::npos ? 0 : newline + 1;
    simdjson::dom::document_stream stream;
    if (lines != 0 && parser_.parse_many(buffer_.data(), lines, lines).get(stream) == simdjson::SUCCESS)
      for (auto record : stream) {
        std::string_view user, stamp;
        if (record["userid"].get(user) == simdjson::SUCCESS &&
            record["timestamp"].get(stamp) == simdjson::SUCCESS)
          to.add(side_, user, stamp);
      }
    std::memmove(buffer_.data(), buffer_.data() + lines, held_ - lines);
    held_ -= lines;
    return true;
  }

private:
  std::size_t side_;
  int file_;
  simdjson::dom::parser parser_;
  std::string buffer_ = std::string(batch_bytes + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t held_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: file_join_bench LEFT RIGHT\n";
    return 2;
  }
  std::ios::sync_with_stdio(false);
  reader sides[] = {{0, argv[1]}, {1, argv[2]}};
  if (!sides[0].good() || !sides[1].good()) {
    std::cerr << "a file cannot be read\n";
    return 2;
  }
  joiner j;
  bool more[] = {true, true};
  while (more[0] || more[1])
    for (std::size_t s = 0; s < 2; ++s) {
      more[s] = more[s] && sides[s].step(j);
      if (!more[s])
        j.end(s);
      j.print();
    }
  std::cout << std::flush;
  const double seconds = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  std::cerr << fmt::format("{} rows; {:.3f} CPU-s\n", j.rows, seconds);
  return 0;
}
