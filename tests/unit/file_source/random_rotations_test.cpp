// Random writing, rotations, rewrites and restarts of a followed log whose files begin alike, against what was written:
// every line comes once, in order, and nothing else; what only a file had that was written over may be missing, or an
// error says so.
#include "tests/unit/file_source/folder.hpp"
#include "tests/unit/file_source/followed_life.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>

using namespace millrace;
using namespace millrace::test;
namespace fs = std::filesystem;

namespace {

/// A log as a program and logrotate write it. Each file begins with the header.
class written_log {
public:
  explicit written_log(unsigned seed) : random_(seed) {
    const std::size_t wide[] = {0, 20, 1500, 3000};
    header_ = wide[below(4)] == 0 ? std::string() : "# " + std::string(wide[1 + below(3)], 'h');
    appends_ = below(3) != 0;
    begin_file();
    write(1);
  }
  unsigned below(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }
  [[nodiscard]] std::string path() const { return folder_ / "log"; }

  void write(unsigned count) {
    std::string bytes;
    for (; count > 0; --count)
      bytes += line("line " + std::to_string(lines.size()) + std::string(below(60), 'x'));
    put(bytes);
  }

  void rename() {
    move_on();
    fs::rename(path(), folder_ / "log.1");
    begin_file();
  }

  void copy_and_cut() {
    move_on();
    fs::copy_file(path(), folder_ / "log.1");
    fs::last_write_time(folder_ / "log.1", tick());
    fs::resize_file(path(), 0);
    header();
  }

  void pack() {
    if (rotated_ == 0)
      return;
    const auto plain = folder_ / ("log." + std::to_string(1 + below(rotated_)));
    if (!fs::exists(plain))
      return;
    std::ifstream in(plain, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    folder_.write("packed", gzip(bytes));
    fs::rename(folder_ / "packed", plain + ".gz");
    fs::last_write_time(plain + ".gz", fs::last_write_time(plain));
    fs::remove(plain);
  }

  /// The program begins anew in the same file, without a copy, which need not be shorter for it.
  void write_over() {
    at_ = 0;
    fs::resize_file(path(), 0);
    header();
    write(1 + below(12));
  }

  /// Returns whether a reader that has read so many lines has read one that only the live file has. A file of
  /// which nobody has read more than the header may have been cut off meanwhile: no one can say.
  [[nodiscard]] bool is_recognised(std::size_t read) const {
    return read > file_begins_ + (header_.empty() ? 0 : 1);
  }

  /// Returns whether a reader that has read so many lines may know a file by its header alone: nothing can be
  /// told of that one once it is packed and its inode is used again.
  [[nodiscard]] bool is_in_header(std::size_t read) const {
    return std::ranges::any_of(begins_,
                               [&](std::size_t begin) { return read == begin || read == begin + 1; });
  }

  /// Drops this many lines of the former file.
  void lose(std::size_t from, std::size_t count) {
    const auto first = lines.begin() + static_cast<std::ptrdiff_t>(from);
    lines.erase(first, first + static_cast<std::ptrdiff_t>(count));
    file_begins_ -= count;
    begins_.back() -= count;
  }

  strings lines;  // lines of the whole log

private:
  /// Times of files differ, as those of rotations do.
  fs::file_time_type tick() { return begin_ + std::chrono::seconds(++ticks_); }

  std::string line(std::string text) {
    lines.push_back(text);
    return text + "\n";
  }

  void header() {
    file_begins_ = lines.size();
    begins_.push_back(file_begins_);
    if (!header_.empty())
      put(line(header_));
  }

  void put(const std::string& bytes) {
    std::fstream file(path(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(appends_ ? fs::file_size(path()) : at_));
    file << bytes << std::flush;
    file.close();
    at_ += bytes.size();
    fs::last_write_time(path(), tick());
  }

  void begin_file() {
    folder_.write("log", "");
    at_ = 0;
    header();
  }

  void move_on() {
    if (!is_recognised(lines.size()))
      write(1);
    for (unsigned n = rotated_; n > 0; --n)
      for (const auto* ending : {"", ".gz"})
        if (const auto old = folder_ / ("log." + std::to_string(n) + ending); fs::exists(old))
          fs::rename(old, folder_ / ("log." + std::to_string(n + 1) + ending));
    ++rotated_;
  }

  std::mt19937 random_;
  folder folder_;
  std::string header_;
  bool appends_;                     // else it goes on at its own place, also in a file that was cut off
  std::uint64_t at_ = 0;             // its own place
  std::size_t file_begins_ = 0;      // the number of the line with which the live file begins
  std::vector<std::size_t> begins_;  // and those before it
  unsigned rotated_ = 0;
  fs::file_time_type begin_ = fs::file_time_type::clock::now() - std::chrono::hours(1);
  int ticks_ = 0;
};

/// Cuts lines for what a failure shows.
strings shortened(strings lines) {
  for (auto& line : lines)
    line.resize(std::min<std::size_t>(line.size(), 12));
  return lines;
}

/// Reads it, in one life after another.
class reading {
public:
  explicit reading(written_log& log) : log_(log), life_(std::make_unique<life>(log.path())) {}

  void read(std::size_t max_bytes) {
    const auto before = life_->positions.size();
    for (const auto& line : life_->more(max_bytes))
      lines.push_back(line);
    for (std::size_t i = before; i < life_->positions.size(); ++i)
      at_.push_back(life_->positions[i]);
  }

  /// A later life goes on from where this one is, or from a line that it has read, but none before `first`.
  void restart(std::size_t first) {
    auto next = life_->next();
    const bool is_in_header = log_.is_in_header(lines.size());
    if (log_.below(2) == 0 && first < lines.size()) {
      const auto line = first + log_.below(static_cast<unsigned>(lines.size() - first));
      next = at_[line];
      lines.resize(line);
      at_.resize(line);
    }
    const bool was_noted = log_.below(2) == 0;
    const auto kept = was_noted ? life_->noted() : life_->identity();
    life_ = std::make_unique<life>(log_.path(), kept, next);
    if (!was_noted || is_in_header)  // the first chunk is noted
      read(5000);
  }

  void note() { static_cast<void>(life_->noted()); }
  [[nodiscard]] const std::optional<error>& failure() const { return life_->failure; }

  strings lines;

private:
  written_log& log_;
  std::unique_ptr<life> life_;
  std::vector<position> at_;  // the position of each line
};

void play(unsigned seed, bool writes_over) {
  written_log log(seed);
  reading r(log);
  std::size_t first = 0;  // lines before it may be gone
  std::string steps;
  for (int step = 0; step < 40; ++step) {
    const auto what = log.below(writes_over ? 10 : 9);
    steps += "wwwrcpggso"[what];
    INFO(steps);
    switch (what) {
    case 0:
    case 1:
    case 2:
      log.write(1 + log.below(6));
      break;
    case 3:
      r.note();
      log.rename();
      break;
    case 4:
      if (!log.is_recognised(r.lines.size())) {
        log.write(1);
        r.read(5000);
      }
      r.note();
      log.copy_and_cut();
      break;
    case 5:
      if (log.is_in_header(r.lines.size()))
        r.read(5000);
      r.note();
      log.pack();
      break;
    case 6:
    case 7:
      r.read(1 + log.below(log.below(2) == 0 ? 100 : 5000));
      break;
    case 8:
      r.restart(first);
      break;
    default: {
      log.write(1);
      r.read(5000);
      REQUIRE_FALSE(r.failure());
      REQUIRE(shortened(r.lines) == shortened(log.lines));
      r.note();
      if (log.below(3) == 0) {  // lines that nobody has had the chance to see, and some that somebody has
        log.write(1);
        if (log.below(2) == 0)
          log.write(1);
      }
      const auto unseen = log.lines.size() - r.lines.size();
      log.write_over();
      log.lose(r.lines.size(), unseen);
      first = r.lines.size();
      if (log.below(2) == 0)
        r.restart(first);
      r.read(1 + log.below(5000));
    }
    }
    INFO((r.failure() ? r.failure()->message : std::string()));
    REQUIRE_FALSE(r.failure());
    const auto count = static_cast<std::ptrdiff_t>(std::min(r.lines.size(), log.lines.size()));
    const strings written(log.lines.begin(), log.lines.begin() + count);
    REQUIRE(shortened(r.lines) == shortened(written));
    REQUIRE(r.lines == written);
  }
  log.write(1);
  r.read(5000);
  INFO((r.failure() ? r.failure()->message : std::string()));
  REQUIRE_FALSE(r.failure());
  REQUIRE(shortened(r.lines) == shortened(log.lines));
}

/// Rotations without a copy warn.
class quiet {
public:
  quiet() { spdlog::set_level(spdlog::level::err); }
  ~quiet() { spdlog::set_level(spdlog::level::info); }
  quiet(const quiet&) = delete;
  quiet& operator=(const quiet&) = delete;
};

}  // namespace

TEST_CASE("random rotations of files that begin alike give every line once, in order") {
  const quiet log;
  for (unsigned seed = 1; seed <= seeds(); ++seed) {
    INFO("seed " << seed);
    play(seed, false);
  }
}

TEST_CASE("so do files that are written over, but for lines that nobody has seen") {
  const quiet log;
  for (unsigned seed = 1; seed <= seeds(); ++seed) {
    INFO("seed " << seed);
    play(seed, true);
  }
}
