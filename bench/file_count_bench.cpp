// The floor that the runtime is compared with: a loop written by hand for one job, on one thread, without
// state on disk, exactly-once, dead letters or positions. It counts clicks by user in tumbling windows of 5
// minutes, and prints a window's rows, sorted, once the watermark (a minute below the newest click) has
// passed it:
//   file_count_bench dom|ondemand|csv FILE  rows on stdout: start, end, user, clicks; CPU time on stderr
// `dom` validates every record whole, as the runtime's parser does by default; `ondemand` looks at two
// members and checks nothing that it skips. `csv` takes lines of user, time, an integer and a number: memchr finds
// the fields, from_chars reads both numbers; quotes, blanks and bytes that are no text are nothing to it. Lines come 256 KiB at a time, which fit into a core's cache
// together with what simdjson makes of them.
#include "bench/day_clock.hpp"
#include "runtime/base/time.hpp"

#include <fmt/format.h>
#include <simdjson.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace {

using millrace::event_micros;
using millrace::bench::day_clock;

constexpr std::int64_t window = 5 * 60;  // all times are in seconds
constexpr std::int64_t delay = 60;
constexpr std::size_t batch_bytes = 256U << 10U;

/// Clicks by user: open addressing, the users' names one after the other in one block.
class table {
public:
  void add(std::string_view user) {
    const auto hash = XXH3_64bits(user.data(), user.size());
    for (auto i = hash & mask();; i = (i + 1) & mask()) {
      auto& e = entries_[i];
      if (e.clicks == 0) {
        e = {hash, static_cast<std::uint32_t>(names_.size()), static_cast<std::uint32_t>(user.size()), 1};
        names_ += user;
        if (++used_ * 2 > entries_.size())
          grow();
        return;
      }
      if (e.hash == hash && name(e) == user) {
        ++e.clicks;
        return;
      }
    }
  }
  [[nodiscard]] std::vector<std::pair<std::string_view, std::int64_t>> sorted() const {
    std::vector<std::pair<std::string_view, std::int64_t>> rows;
    rows.reserve(used_);
    for (const auto& e : entries_)
      if (e.clicks != 0)
        rows.emplace_back(name(e), e.clicks);
    std::sort(rows.begin(), rows.end());
    return rows;
  }

private:
  struct entry {
    std::uint64_t hash = 0;
    std::uint32_t from = 0, size = 0;
    std::int64_t clicks = 0;
  };
  [[nodiscard]] std::size_t mask() const { return entries_.size() - 1; }
  [[nodiscard]] std::string_view name(const entry& e) const { return {names_.data() + e.from, e.size}; }
  void grow() {
    std::vector<entry> old(entries_.size() * 2);
    old.swap(entries_);
    for (const auto& e : old) {
      if (e.clicks == 0)
        continue;
      auto i = e.hash & mask();
      while (entries_[i].clicks != 0)
        i = (i + 1) & mask();
      entries_[i] = e;
    }
  }
  std::vector<entry> entries_{1024};
  std::string names_;
  std::size_t used_ = 0;
};

struct totals {
  std::size_t records = 0, bad = 0, late = 0, rows = 0;
};

class counter {
public:
  void add(std::string_view user, std::string_view stamp) {
    const auto time = clock_.parse(stamp);
    if (!time) {
      ++total.bad;
      return;
    }
    const auto start = *time - (*time % window + window) % window;
    if (start + window <= newest_ - delay) {
      ++total.late;
      return;
    }
    if (!last_ || start != last_start_) {
      last_ = &windows_[start];
      last_start_ = start;
    }
    last_->add(user);
    if (*time > newest_) {
      newest_ = *time;
      print_until(newest_ - delay);
    }
  }
  void end() { print_until(std::numeric_limits<std::int64_t>::max()); }
  totals total;

private:
  void print_until(std::int64_t watermark) {
    while (!windows_.empty() && windows_.begin()->first + window <= watermark) {
      const auto start = windows_.begin()->first;
      const auto from = millrace::format_timestamp(start * 1'000'000);
      const auto to = millrace::format_timestamp((start + window) * 1'000'000);
      out_.clear();
      for (const auto& [user, clicks] : windows_.begin()->second.sorted()) {
        fmt::format_to(std::back_inserter(out_), FMT_STRING("{},{},{},{}\n"), from, to, user, clicks);
        ++total.rows;
      }
      std::cout.write(out_.data(), static_cast<std::streamsize>(out_.size()));
      windows_.erase(windows_.begin());
      last_ = nullptr;
    }
  }
  day_clock clock_;
  std::map<std::int64_t, table> windows_;
  table* last_ = nullptr;
  std::int64_t last_start_ = 0;
  std::int64_t newest_ = std::numeric_limits<std::int64_t>::min() / 2;
  std::string out_;
};

class dom_reader {
public:
  void read(const char* lines, std::size_t size, counter& to) {
    simdjson::dom::document_stream stream;
    if (parser_.parse_many(lines, size, size).get(stream) != simdjson::SUCCESS)
      return;
    for (auto record : stream) {
      ++to.total.records;
      std::string_view user, stamp;
      if (record["userid"].get(user) != simdjson::SUCCESS ||
          record["timestamp"].get(stamp) != simdjson::SUCCESS)
        ++to.total.bad;
      else
        to.add(user, stamp);
    }
  }

private:
  simdjson::dom::parser parser_;
};

class ondemand_reader {
public:
  void read(const char* lines, std::size_t size, counter& to) {
    simdjson::ondemand::document_stream stream;
    if (parser_.iterate_many(lines, size, size).get(stream) != simdjson::SUCCESS)
      return;
    for (auto record : stream) {
      ++to.total.records;
      std::string_view user, stamp;
      if (record.find_field("userid").get(user) != simdjson::SUCCESS ||
          record.find_field("timestamp").get(stamp) != simdjson::SUCCESS)
        ++to.total.bad;
      else
        to.add(user, stamp);
    }
  }

private:
  simdjson::ondemand::parser parser_;
};

class csv_reader {
public:
  void read(const char* lines, std::size_t size, counter& to) {
    for (const char* const end = lines + size; lines < end;) {
      const auto* feed =
          static_cast<const char*>(std::memchr(lines, '\n', static_cast<std::size_t>(end - lines)));
      if (feed == nullptr)
        feed = end;
      ++to.total.records;
      std::array<std::string_view, 4> fields;
      std::size_t n = 0;
      for (const char* at = lines; n < fields.size(); ++n) {
        const auto* comma =
            static_cast<const char*>(std::memchr(at, ',', static_cast<std::size_t>(feed - at)));
        const auto* const stop = comma == nullptr ? feed : comma;
        fields[n] = {at, static_cast<std::size_t>(stop - at)};
        at = stop + 1;
        if (comma == nullptr)
          break;
      }
      std::int64_t integer = 0;
      double number = 0;
      if (n + 1 == fields.size() && reads(fields[2], integer) && reads(fields[3], number))
        to.add(fields[0], fields[1]);
      else
        ++to.total.bad;
      lines = feed + 1;
    }
  }

private:
  template<class T>
  static bool reads(std::string_view text, T& out) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    return failed == std::errc() && end == text.data() + text.size();
  }
};

/// Returns false if the file cannot be read.
template<class Reader>
bool count(int file, counter& to) {
  Reader reader;
  std::string buffer(batch_bytes + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t held = 0;
  for (bool more = true; more;) {
    const auto got = ::read(file, buffer.data() + held, batch_bytes - held);
    if (got < 0)
      return false;
    more = got > 0;
    held += static_cast<std::size_t>(got);
    const auto newline = std::string_view(buffer.data(), held).rfind('\n');
    const auto lines = !more ? held : newline == std::string_view::npos ? 0 : newline + 1;
    if (lines != 0)
      reader.read(buffer.data(), lines, to);
    std::memmove(buffer.data(), buffer.data() + lines, held - lines);
    held -= lines;
  }
  to.end();
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc == 3 ? argv[1] : "";
  if (kind != "dom" && kind != "ondemand" && kind != "csv") {
    std::cerr << "usage: file_count_bench dom|ondemand|csv FILE\n";
    return 2;
  }
  std::ios::sync_with_stdio(false);
  const int file = ::open(argv[2], O_RDONLY | O_CLOEXEC);
  counter c;
  const auto counted = [&] {
    return kind == "dom"   ? count<dom_reader>(file, c)
           : kind == "csv" ? count<csv_reader>(file, c)
                           : count<ondemand_reader>(file, c);
  };
  if (file < 0 || !counted()) {
    std::cerr << argv[2] << ": cannot be read\n";
    return 2;
  }
  std::cout << std::flush;
  const double seconds = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  std::cerr << fmt::format("{} records, {} bad, {} late, {} rows; {:.3f} CPU-s, {:.3f} per million\n",
                           c.total.records, c.total.bad, c.total.late, c.total.rows, seconds,
                           seconds * 1e6 / static_cast<double>(std::max<std::size_t>(1, c.total.records)));
  return 0;
}
