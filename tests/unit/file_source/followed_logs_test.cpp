#include "actors/connectors/file/source/bounded_reader.hpp"
#include "actors/connectors/file/source/followed_logs.hpp"
#include "tests/unit/file_source/folder.hpp"
#include "tests/unit/file_source/followed_life.hpp"
#include "tests/unit/file_source/reading.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>

using namespace millrace;
using namespace millrace::test;
namespace fs = std::filesystem;

namespace {

using rows = std::map<std::string, strings>;  // by partition

/// A life of a reader of a lane, which has these of all partitions.
class lane {
public:
  explicit lane(const std::string& pattern, const std::map<std::string, position>& from = {},
                const std::string& kept = {})
      : reader_(pattern, std::make_shared<source::files_of_logs>(for_good), {}) {
    const auto found = reader_.discover(no_wait);
    REQUIRE(found);
    for (const auto& p : *found)
      partitions.push_back(p.name);
    if (!kept.empty())
      REQUIRE(reader_.check_identity(kept));
    for (const auto& [name, at] : from)
      assign(name, at);
  }

  void assign(const std::string& name, position at = {}) {
    REQUIRE(reader_.assign(name, at));
    next[name] = at;
  }
  strings found_beside() {
    std::set<std::string> known(partitions.begin(), partitions.end());
    const auto found = reader_.discover_beside(known, no_wait);
    REQUIRE(found);
    strings out;
    for (const auto& p : *found)
      out.push_back(fs::path(p.name).filename());
    return out;
  }
  /// Returns so many records, by the names of files, and what comes at once behind them.
  rows read(std::size_t count) {
    rows out;
    strings wanted;
    for (const auto& [name, at] : next)
      wanted.push_back(name);
    for (std::size_t left = count;;) {
      const auto got = reader_.read(wanted, 20, left > 0 ? std::chrono::seconds(60) : no_wait);
      REQUIRE(got);
      if (!*got)
        return out;
      left -= std::min(left, (*got)->records());
      check_chunk(**got, next[(*got)->partition]);
      next[(*got)->partition] = (*got)->to;
      for (std::size_t i = 0; i < (*got)->records(); ++i)
        out[fs::path((*got)->partition).filename()].emplace_back((*got)->record(i));
    }
  }
  std::string identity() {
    reader_.note_progress();
    return reader_.identity();
  }

  strings partitions;
  std::map<std::string, position> next;

private:
  source::followed_logs reader_;
};

std::map<std::string, position> at_the_beginning(const strings& partitions) {
  std::map<std::string, position> out;
  for (const auto& name : partitions)
    out[name] = {};
  return out;
}

}  // namespace

TEST_CASE("each followed log is a partition, and goes on through its own rotation and a restart") {
  const folder f;
  f.write("a.log", "a1\n");
  f.write("b.log", "b1\n");
  f.write("b.log.1", "older\n");
  f.write("b.log-20261128.gz", gzip("older\n"));
  lane first(f / "*.log*");
  CHECK(first.partitions == strings{f / "a.log", f / "b.log"});
  for (const auto& name : first.partitions)
    first.assign(name);
  CHECK(first.read(2) == rows{{"a.log", {"a1"}}, {"b.log", {"b1"}}});
  f.append("b.log", "b2\n");
  fs::rename(f / "b.log", f / "b.log.2");
  f.write("b.log", "b3\n");
  f.append("a.log", "a2\n");
  CHECK(first.read(3) == rows{{"a.log", {"a2"}}, {"b.log", {"b2", "b3"}}});
  CHECK(first.found_beside().empty());

  f.append("b.log", "b4\n");
  fs::rename(f / "b.log", f / "b.log.3");
  f.write("b.log", "b5\n");
  f.write("c.log", "c1\n");
  lane second(f / "*.log*", first.next, first.identity());
  CHECK(second.read(2) == rows{{"b.log", {"b4", "b5"}}});
  f.write("d.log", "d1\n");
  CHECK(second.partitions == strings{f / "a.log", f / "b.log", f / "c.log"});
  CHECK(second.found_beside() == strings{"d.log"});
  second.assign(f / "d.log");
  CHECK(second.read(1) == rows{{"d.log", {"d1"}}});
}

TEST_CASE("lanes that each read some of the logs keep an identity of those, and one lane goes on with both") {
  const folder f;
  f.write("a.log", "a1\n");
  f.write("b.log", "b1\n");
  lane one(f / "*.log", {{f / "a.log", {}}});
  lane other(f / "*.log", {{f / "b.log", {}}});
  CHECK(one.read(1) == rows{{"a.log", {"a1"}}});
  CHECK(other.read(1) == rows{{"b.log", {"b1"}}});
  auto next = one.next;
  next.merge(other.next);
  for (const auto* const name :
       {"a.log", "b.log"}) {  // seen again only under the names that rotation gives them
    f.append(name, "last\n");
    fs::rename(f / name, f / name + ".1");
    f.write(name, "new\n");
  }
  const auto stale = lane(f / "*.log", at_the_beginning({f / "a.log", f / "b.log"})).identity();
  lane both(f / "*.log", next, stale + one.identity() + other.identity());
  CHECK(both.read(4) == rows{{"a.log", {"last", "new"}}, {"b.log", {"last", "new"}}});
}

TEST_CASE("followed logs that are not there yet are found later") {
  const folder f;
  lane l(f / "logs/*.log");
  CHECK(l.partitions.empty());
  CHECK(l.found_beside().empty());
  CHECK(!l.identity().empty());  // the state belongs to it
  fs::create_directory(f / "logs");
  f.write("logs/a.log", "a1\n");
  CHECK(l.found_beside() == strings{"a.log"});
}

TEST_CASE("a path that is followed as one of several logs is waited for") {
  const folder f;
  lane l(f / "logs/a.log", {{f / "logs/a.log", {}}});
  CHECK(l.partitions == strings{f / "logs/a.log"});
  CHECK(l.read(0).empty());
  fs::create_directory(f / "logs");
  f.write("logs/a.log", "a1\n");
  CHECK(l.read(1) == rows{{"a.log", {"a1"}}});
}

TEST_CASE("the state of one followed log is none of several, and the other way round") {
  const folder f;
  f.write("a.log", "a1\n");
  const auto pattern = f / "*.log";
  source::followed_logs several(pattern, std::make_shared<source::files_of_logs>(for_good), {});
  source::followed_reader one(pattern);
  REQUIRE(several.discover(no_wait));
  REQUIRE(one.discover(no_wait));
  const auto no_longer_one = several.check_identity(one.identity());
  REQUIRE_FALSE(no_longer_one);
  CHECK(no_longer_one.error().message.find("leave out \"parallel\"") != std::string::npos);
  const auto one_now = one.check_identity(several.identity());
  REQUIRE_FALSE(one_now);
  CHECK(one_now.error().message.find("put \"parallel\": true back") != std::string::npos);
  source::bounded_reader bounded(pattern, true);
  REQUIRE(bounded.discover(no_wait));
  const auto followed = bounded.check_identity(several.identity());
  REQUIRE_FALSE(followed);
  CHECK(followed.error().message.find("put \"follow\": true back") != std::string::npos);
  CHECK_FALSE(several.check_identity("logs\nlog 5"));
}
