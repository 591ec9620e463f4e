// Random writing, by several writers, into a followed path or glob: files that grow by turns, are renamed while their
// writer goes on, are packed, and are replaced by longer copies of themselves; read in one life after another. Every line
// comes once, those of a writer's file in order, and a life that begins at an earlier line gives the same lines at the
// same positions. Files may begin with a line that is skipped and a header, written in pieces: it comes with each line.
#include "tests/unit/file_source/folder.hpp"
#include "tests/unit/file_source/followed_life.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <random>

using namespace millrace;
using namespace millrace::test;
namespace fs = std::filesystem;

namespace {

class logs {
public:
  logs(unsigned seed, bool several, bool named) : several_(several), named_(named), random_(seed) {
    create();
  }

  unsigned below(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }
  [[nodiscard]] source::wants wanted() const { return {.header = named_, .skip = named_ ? 1U : 0U}; }
  [[nodiscard]] std::string pattern() const { return folder_ / (several_ ? "*.log" : "a.log"); }

  /// A file of a new name, or one that takes the name of a renamed one.
  void create() {
    const std::string name = several_ ? std::string(1, static_cast<char>('a' + below(5))) + ".log" : "a.log";
    if (fs::exists(folder_ / name))
      return;
    create_as(name);
  }

  void write_some() {
    const auto i = any();
    if (files_[i].takes_lines)
      write(i, 1 + below(4));
  }

  /// Its writer may go on under the other name for a while.
  void rename() {
    auto& f = files_[any()];
    if (!f.name.ends_with(".log") || (several_ && !f.was_seen))  // else its name is not known of the log
      return;
    for (unsigned n = 50; n > 0; --n)
      for (auto& other : files_)
        for (const auto* const ending : {"", ".gz"})
          if (other.name == rotated(f.name, n) + ending)
            move(other, rotated(f.name, n + 1) + ending);
    move(f, rotated(f.name, 1));
    if (!several_ || below(2) == 0)
      create_as(f.name.substr(0, f.name.size() - 2));
  }

  void replace_by_copy() {
    auto& f = files_[any()];
    if (!f.takes_lines)
      return;
    folder_.write("hidden", f.content);
    fs::rename(folder_ / "hidden", folder_ / f.name);
  }

  void pack() {
    auto& f = files_[any()];
    if (f.name.ends_with(".log") || f.name.ends_with(".gz"))
      return;
    if (named_ && !f.was_known)  // of a packed file a line is known that is none of a header
      return;
    folder_.write("hidden", gzip(f.content));
    fs::rename(folder_ / "hidden", folder_ / (f.name + ".gz"));
    fs::last_write_time(folder_ / (f.name + ".gz"), fs::last_write_time(folder_ / f.name));
    fs::remove(folder_ / f.name);
    f.name += ".gz";
    f.takes_lines = false;
  }

  /// A reader has read all that there was.
  void were_seen() {
    for (auto& f : files_) {
      f.was_seen = true;
      f.was_known = f.begins_with.empty();
    }
  }

  std::map<std::string, strings> lines;  // keyed by file, as its lines begin

private:
  struct written_file {
    std::string name;
    std::string content;
    std::string begins_with;  // what is yet to be written of the lines that are no records
    bool takes_lines = true;
    bool was_seen = false;
    bool was_known = false;  // to be no other file
  };

  std::size_t any() { return below(static_cast<unsigned>(files_.size())); }
  /// A file is known by what it begins with, from its first byte on.
  static std::string about(std::size_t i) { return std::string(1, static_cast<char>('!' + i)) + " about"; }
  static std::string header_of(std::size_t i) { return "names of file " + std::to_string(i); }
  static std::string rotated(const std::string& name, unsigned n) { return name + "." + std::to_string(n); }

  void create_as(const std::string& name) {
    const auto i = files_.size();
    const auto first = named_ ? about(i) + "\n" + header_of(i) + "\n" : std::string();
    files_.push_back({name, "", first});
    if (named_ && below(2) == 0)
      append(files_[i], files_[i].begins_with.substr(0, 1 + below(static_cast<unsigned>(first.size()))));
    else
      write(i, 1);
  }

  void append(written_file& f, const std::string& bytes) {
    folder_.append(f.name, bytes);
    f.content += bytes;
    f.begins_with.erase(0, bytes.size());
  }

  void move(written_file& f, const std::string& name) {
    fs::rename(folder_ / f.name, folder_ / name);
    f.name = name;
  }

  void write(std::size_t i, unsigned count) {
    std::string bytes;
    const auto of = "file " + std::to_string(i);
    for (; count > 0; --count) {
      lines[of].push_back(of + " line " + std::to_string(lines[of].size()) + std::string(below(40), 'x'));
      bytes += lines[of].back() + "\n";
    }
    append(files_[i], files_[i].begins_with + bytes);
  }

  bool several_;
  bool named_;
  std::mt19937 random_;
  folder folder_;
  std::vector<written_file> files_;
};

class reader_of_logs {
public:
  explicit reader_of_logs(logs& l) : logs_(l), life_(begin({}, {})) {}

  void read(std::size_t max_bytes) {
    const auto before = life_->positions.size();
    const auto lines = life_->more(max_bytes);
    INFO((life_->failure ? life_->failure->message : std::string()));
    REQUIRE_FALSE(life_->failure);
    logs_.were_seen();
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto known = read_.emplace(life_->positions[before + i], lines[i]).first;
      REQUIRE(known->second == lines[i]);  // a position means one line, in every life
      if (logs_.wanted().header) {
        const auto& header = life_->headers[before + i];
        REQUIRE(header);
        const bool is_header = header->at == life_->positions[before + i];
        REQUIRE((is_header ? lines[i] : "names of " + lines[i].substr(0, lines[i].find(" line"))) ==
                header->text);
      }
    }
  }

  /// The next life begins where this one is, or at a line before.
  void restart() {
    auto next = life_->next();
    if (logs_.below(2) == 0 && !read_.empty()) {
      auto at = read_.begin();
      std::advance(at, logs_.below(static_cast<unsigned>(read_.size())));
      next = at->first;
    }
    const auto kept = logs_.below(2) == 0 ? life_->noted() : life_->identity();
    life_ = begin(kept, next);
    REQUIRE_FALSE(life_->failure);
  }

  [[nodiscard]] std::map<std::string, strings> lines() const {
    std::map<std::string, strings> out;
    for (const auto& [at, line] : read_)
      if (!line.starts_with("names"))
        out[line.substr(0, line.find(" line"))].push_back(line);
    return out;
  }

private:
  [[nodiscard]] std::unique_ptr<life> begin(const std::string& kept, position from) const {
    return std::make_unique<life>(logs_.pattern(), kept, from, for_good, logs_.wanted());
  }

  logs& logs_;
  std::unique_ptr<life> life_;
  std::map<position, std::string> read_;
};

void play_writers(unsigned seed, bool several, bool named = false) {
  logs l(seed, several, named);
  reader_of_logs r(l);
  std::string steps;
  for (int step = 0; step < 50; ++step) {
    const auto what = l.below(11);
    steps += "wwwwcrrpnks"[what];
    INFO(steps);
    switch (what) {
    case 4:
      l.replace_by_copy();
      break;
    case 5:
    case 6:
      r.read(1 + l.below(l.below(2) == 0 ? 60 : 3000));
      break;
    case 7:
      l.pack();
      break;
    case 8:
      l.rename();
      break;
    case 9:
      several ? l.create() : l.write_some();
      break;
    case 10:
      r.restart();
      break;
    default:
      l.write_some();
    }
  }
  INFO(steps);
  r.read(5000);
  r.read(5000);
  const auto read = r.lines();
  for (const auto& [file, lines] : l.lines) {
    INFO(file);
    REQUIRE(read.contains(file));
    REQUIRE(read.at(file) == lines);
  }
  REQUIRE(read.size() == l.lines.size());
}

}  // namespace

TEST_CASE("random writers of a followed path and its rotated files give every line once") {
  for (unsigned seed = 1; seed <= seeds(); ++seed) {
    INFO("seed " << seed);
    play_writers(seed, false);
  }
}

TEST_CASE("random writers of a followed glob give every line once") {
  for (unsigned seed = 1; seed <= seeds(); ++seed) {
    INFO("seed " << seed);
    play_writers(seed, true);
  }
}

TEST_CASE("random writers of followed files with a header give every line once, with its file's header") {
  for (unsigned seed = 1; seed <= seeds(); ++seed) {
    INFO("seed " << seed);
    play_writers(seed, seed % 2 == 0, true);
  }
}
