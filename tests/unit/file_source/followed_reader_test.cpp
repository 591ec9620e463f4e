#include "tests/unit/file_source/folder.hpp"
#include "tests/unit/file_source/followed_life.hpp"

#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

using namespace millrace;
using namespace millrace::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST_CASE("a followed file gives what is appended, and waits for the end of a line") {
  const folder f;
  life l(f.write("log", "one\ntw"));
  CHECK(l.more() == strings{"one"});
  CHECK(l.caught_up);
  CHECK(l.more().empty());
  f.append("log", "o\nthree");
  CHECK(l.more() == strings{"two"});
  f.append("log", "\n");
  CHECK(l.more() == strings{"three"});
  CHECK(l.positions == std::vector<position>{{0, 0}, {0, 4}, {0, 8}});
  CHECK(l.next() == position{0, 14});
}

TEST_CASE("a followed file that is read whole has nothing left, plain or compressed") {
  const folder f;
  const std::string content = "one\ntwo\nthree\n";
  const bool packed = GENERATE(false, true);
  const auto path = f.write("log", packed ? gzip(content) : content);
  source::followed_reader r(path);
  REQUIRE(r.discover(no_wait));
  REQUIRE(r.assign("0", {}));
  const auto read = [&] {
    const auto got = r.read(strings{"0"}, 4, no_wait);
    REQUIRE(got);
    return got->has_value();
  };
  REQUIRE(read());
  CHECK(r.lag()->records.empty());
  CHECK(r.lag_bytes() == (packed ? std::nullopt : std::optional<std::uint64_t>(content.size() - 4)));
  while (read()) {
  }
  CHECK(r.lag()->records.at("0") == 0);
  CHECK(r.lag_bytes() == 0U);
}

TEST_CASE("a followed file may be empty at first") {
  const folder f;
  life l(f.write("log", ""));
  CHECK(l.more().empty());
  CHECK(l.caught_up);
  f.append("log", "one\n");
  CHECK(l.more() == strings{"one"});
}

TEST_CASE("a followed file that is not there yet is waited for") {
  const folder f;
  const std::string name = GENERATE("log", "folder/log", "l?g", "folder/l?g");
  CAPTURE(name);
  life first(f / name);
  CHECK(first.more().empty());
  REQUIRE_FALSE(first.failure);
  CHECK(first.caught_up);
  life l(f / name, first.noted(), first.next());  // and is still not there when it is started again
  CHECK(l.more().empty());
  std::filesystem::create_directory(f / "folder");
  CHECK(l.more().empty());
  const auto log = name.starts_with("folder/") ? "folder/log" : "log";
  f.write(log, "one\n");
  CHECK(l.more() == strings{"one"});
  f.append(log, "two\n");
  life next(f / name, l.noted(), l.next());
  CHECK(next.more() == strings{"two"});
  CHECK_FALSE(next.failure);
}

TEST_CASE("what was rotated before the first start is no part of the log, also while the path has no file") {
  const folder f;
  f.write("log.1", "old\n");
  life l(f / "log");
  CHECK(l.more().empty());
  f.write("log", "one\n");
  CHECK(l.more() == strings{"one"});
  CHECK_FALSE(l.failure);
}

TEST_CASE("a folder is no followed file") {
  const folder f;
  std::filesystem::create_directory(f / "log");
  life l(f / "log");
  REQUIRE(l.failure);
  CHECK(l.failure->whose == fault::user);
}

TEST_CASE("after a rename the old file is read to its end, then the new one") {
  const folder f;
  f.write("log.1", "older\n");  // older than the log: it was rotated before
  life l(f.write("log", "one\n"));
  CHECK(l.more() == strings{"one"});
  fs::rename(f / "log", f / "log.2");
  f.append("log.2", "two\n");  // the writer has not reopened yet
  CHECK(l.more() == strings{"two"});
  f.write("log", "");
  f.append("log.2", "three\ncut");  // an empty new file: the writer may still be in the old one
  CHECK(l.more() == strings{"three"});
  f.append("log", "four\n");
  CHECK(l.more() == strings{"four"});
  f.append("log.2", " late\n");  // whoever made the new file, the writer was still in the old one
  CHECK(l.more() == strings{"cut late"});
  CHECK(l.next() == position{2, 23});
  CHECK_FALSE(l.failure);
}

TEST_CASE("rotated while nobody watched, several times: nothing is lost, nothing twice") {
  const folder f;
  std::string kept;
  position next;
  {
    life l(f.write("log", "a1\na2\n"));
    CHECK(l.more() == strings{"a1", "a2"});
    kept = l.identity();
    next = l.next();
  }
  f.append("log", "a3\n");
  fs::rename(f / "log", f / "log.1");
  f.write("log", "b1\nb2\n");
  fs::rename(f / "log.1", f / "log.2");
  fs::rename(f / "log", f / "log.1");
  f.write("log", "c1\n");
  life l(f / "log", kept, next);
  CHECK(l.more() == strings{"a3", "b1", "b2", "c1"});
  CHECK(l.positions == std::vector<position>{{0, 6}, {1, 0}, {1, 3}, {2, 0}});

  SECTION("and again from each position, by the same numbers") {
    life again(f / "log", l.identity(), {1, 3});
    CHECK(again.more() == strings{"b2", "c1"});
    life start(f / "log", l.identity(), {0, 0});
    CHECK(start.more() == strings{"a1", "a2", "a3", "b1", "b2", "c1"});
  }
  SECTION("also when a rotated file was compressed meanwhile") {
    fs::remove(f / "log.1");
    f.write("log.1.gz", gzip("b1\nb2\n"));
    life again(f / "log", l.identity(), {1, 3});
    CHECK(again.more() == strings{"b2", "c1"});
  }
  SECTION("a finished file that was read to its end may be deleted") {
    fs::remove(f / "log.2");
    life again(f / "log", l.identity(), {0, 9});
    CHECK(again.more() == strings{"b1", "b2", "c1"});
    CHECK_FALSE(again.failure);
  }
  SECTION("one that is needed and gone is log_trimmed with the remedy") {
    fs::remove(f / "log.1");
    life again(f / "log", l.identity(), {1, 3});
    CHECK(again.more().empty());
    REQUIRE(again.failure);
    CHECK(again.failure->code == ec::log_trimmed);
    CHECK_FALSE(again.failure->retry);
    CHECK_THAT(again.failure->message, Catch::Contains(f / "log") && Catch::Contains("--fresh"));
  }
}

TEST_CASE("a start in the middle of a rotation, when the path has no file, goes on") {
  const folder f;
  life first(f.write("log", "one\ntwo\n"));
  CHECK(first.more(3) == strings{"one", "two"});
  f.append("log", "three\n");
  fs::rename(f / "log", f / "log.1");
  life second(f / "log", first.identity(), first.next());
  CHECK(second.more() == strings{"three"});
  f.write("log", "four\n");
  CHECK(second.more() == strings{"four"});
  CHECK_FALSE(second.failure);
}

TEST_CASE("the file that was followed is gone and another has its name: log_trimmed, not its lines") {
  const folder f;
  life first(f.write("log", "banner\none\n"));
  CHECK(first.more() == strings{"banner", "one"});
  fs::rename(f / "log", f / "elsewhere");
  f.write("log", "banner\n1\ntwo\nthree\n");
  life second(f / "log", first.identity(), first.next());
  CHECK(second.more().empty());
  REQUIRE(second.failure);
  CHECK(second.failure->code == ec::log_trimmed);
}

TEST_CASE("copied and cut off (copytruncate): the rest comes from the copy") {
  const folder f;
  life l(f.write("log", "one\n"));
  CHECK(l.more() == strings{"one"});
  f.append("log", "two\n");
  fs::copy_file(f / "log", f / "log.1");
  fs::resize_file(f / "log", 0);
  f.append("log", "three\n");
  CHECK(l.more() == strings{"two", "three"});
  CHECK(l.next() == position{1, 6});
  CHECK_FALSE(l.failure);

  life again(f / "log", l.identity(), {0, 4});
  CHECK(again.more() == strings{"two", "three"});
}

TEST_CASE("cut off and grown beyond the place that was read: nothing of the new is taken for the old") {
  const folder f;
  life l(f.write("log", "first 1\nfirst 2\n"));
  CHECK(l.more() == strings{"first 1", "first 2"});
  fs::copy_file(f / "log", f / "log.1");
  fs::resize_file(f / "log", 0);
  f.append("log", "second 1\nsecond 2\nsecond 3\n");
  CHECK(l.more() == strings{"second 1", "second 2", "second 3"});
  CHECK(l.next().major == 1);
}

TEST_CASE("cut off without a copy goes on when all was read, and is log_trimmed when not") {
  const folder f;
  int gaps = 0;
  const auto log = f.write("log", "one\n");
  life l(log,
         std::make_shared<source::generations>(log, source::file_order::natural, for_good, [&] { ++gaps; }));
  CHECK(l.more() == strings{"one"});
  SECTION("all was read") {
    fs::resize_file(f / "log", 0);
    f.append("log", "x\n");
    CHECK(l.more() == strings{"x"});
    CHECK_FALSE(l.failure);
    CHECK(gaps == 1);  // nobody knows what was written between the last look and the cut
    CHECK(l.more().empty());
    CHECK(gaps == 1);
  }
  SECTION("half a line was there") {
    f.append("log", "half");
    CHECK(l.more().empty());
    fs::resize_file(f / "log", 0);
    CHECK(l.more().empty());
    REQUIRE(l.failure);
    CHECK(l.failure->code == ec::log_trimmed);
  }
}

TEST_CASE("a followed glob goes on with files that come later") {
  const folder f;
  f.write("log-1", "a\n");
  f.write("log-2", "b\nb2");
  life l(f / "log-*", {}, {}, 0s);
  CHECK(l.more() == strings{"a", "b"});
  f.write("log-3", "");
  CHECK(l.more().empty());
  f.append("log-3", "c\n");
  CHECK(l.more() == strings{"b2", "c"});
  f.write("log-4.gz", gzip("d\n"));
  CHECK(l.more() == strings{"d"});
  CHECK(l.next() == position{3, 2});
  life again(f / "log-*", l.identity(), {1, 2});
  CHECK(again.more() == strings{"b2", "c", "d"});

  SECTION("whatever their names") {
    f.write("log-0", "z\n");
    CHECK(l.more() == strings{"z"});
    CHECK(l.next() == position{4, 2});
  }
  SECTION("old files may be deleted once they are read") {
    fs::remove(f / "log-1");
    life later(f / "log-*", l.identity(), l.next());
    f.write("log-5", "e\n");
    CHECK(later.more() == strings{"e"});
  }
}

TEST_CASE("files of a glob that grow by turns give all their lines") {
  const folder f;
  f.write("a.log", "a1\n");
  f.write("b.log", "b1\n");
  life l(f / "*.log");
  CHECK(l.more() == strings{"a1", "b1"});
  f.append("a.log", "a2\na3\n");
  CHECK(l.more() == strings{"a2", "a3"});
  f.append("b.log", "b2\nb");
  f.append("a.log", "a4\n");
  CHECK(l.more() == strings{"a4", "b2"});
  f.append("a.log", "a5\n");
  CHECK(l.more() == strings{"a5"});
  f.append("b.log", "3\n");
  const auto kept = l.identity();
  const auto next = l.next();
  f.append("a.log", "a6\n");
  SECTION("in one life") { CHECK(l.more() == strings{"a6", "b3"}); }
  SECTION("in the next life, again from there as from the beginning") {
    life later(f / "*.log", kept, next);
    CHECK(later.more() == strings{"a6", "b3"});
    life again(f / "*.log", later.identity(), {0, 0});
    CHECK(again.more() == strings{"a1", "b1", "a2", "a3", "a4", "b2", "a5", "a6", "b3"});
    CHECK_FALSE(again.failure);
  }
  CHECK_FALSE(l.failure);
}

TEST_CASE("a file of a glob that is renamed is read on, and the new one of its name as well") {
  const folder f;
  f.write("app.log", "a1\n");
  f.write("b.log", "b1\n");
  life l(f / "*.log");
  CHECK(l.more() == strings{"a1", "b1"});
  f.append("app.log", "a2\n");
  fs::rename(f / "app.log", f / "app.log.1");
  f.write("app.log", "c1\nc2\n");
  SECTION("seen at once") { CHECK(l.more() == strings{"a2", "c1", "c2"}); }
  SECTION("with a late line") {
    CHECK(l.more() == strings{"a2", "c1", "c2"});
    f.append("app.log.1", "a3\n");
    CHECK(l.more() == strings{"a3"});
  }
  SECTION("seen by the next life") {
    life later(f / "*.log", l.identity(), l.next());
    CHECK(later.more() == strings{"a2", "c1", "c2"});
    CHECK_FALSE(later.failure);
  }
  SECTION("seen by the next life when it was renamed as well") {
    fs::rename(f / "app.log.1", f / "app.log.2");
    fs::rename(f / "app.log", f / "app.log.1");
    f.write("app.log", "d1\n");
    life later(f / "*.log", l.identity(), l.next());
    CHECK(later.more() == strings{"a2", "c1", "c2", "d1"});
    f.append("app.log.1", "c3\n");
    CHECK(later.more() == strings{"c3"});
    CHECK_FALSE(later.failure);
  }
  CHECK_FALSE(l.failure);
}

TEST_CASE("what the old writer adds after a rotation is read") {
  const folder f;
  life l(f.write("log", "a1\n"));
  CHECK(l.more() == strings{"a1"});
  fs::rename(f / "log", f / "log.1");
  f.write("log", "b1\n");
  CHECK(l.more() == strings{"b1"});
  f.append("log.1", "a2\na3\n");
  SECTION("while it runs, also when it is renamed again") {
    CHECK(l.more() == strings{"a2", "a3"});
    f.append("log", "b2\n");
    CHECK(l.more() == strings{"b2"});
    fs::rename(f / "log.1", f / "log.2");
    f.append("log.2", "a4\n");
    CHECK(l.more() == strings{"a4"});
    f.append("log", "b3\n");
    CHECK(l.more() == strings{"b3"});
  }
  SECTION("at the next start") {
    life later(f / "log", l.identity(), l.next());
    CHECK(later.more() == strings{"a2", "a3"});
    CHECK_FALSE(later.failure);
  }
  SECTION("packed at the next start") {
    fs::remove(f / "log.1");
    f.write("log.1.gz", gzip("a1\na2\na3\n"));
    life later(f / "log", l.identity(), l.next());
    CHECK(later.more() == strings{"a2", "a3"});
    CHECK_FALSE(later.failure);
  }
  CHECK_FALSE(l.failure);
}

TEST_CASE("a longer copy that replaces the log by a rename is the log") {
  const folder f;
  const std::string name = GENERATE("log", "l?g");
  strings all;
  std::string content;
  const auto more = [&](int lines) {
    strings added;
    for (; lines > 0; --lines) {
      added.push_back("line " + std::to_string(all.size()));
      all.push_back(added.back());
      content += added.back() + "\n";
    }
    return added;
  };
  const auto replace = [&] {
    f.write("hidden", content);
    fs::rename(f / "hidden", f / "log");
  };
  const auto first = more(100);
  f.write("log", content);
  life l(f / name);
  CHECK(l.more(5000) == first);
  for (int time = 0; time < 2; ++time) {
    const auto next = more(3);
    replace();
    CHECK(l.more() == next);
  }
  const auto next = more(2);
  replace();
  life later(f / name, l.identity(), l.next());
  CHECK(later.more() == next);
  CHECK_FALSE(later.failure);
  life again(f / name, later.identity(), {0, 0});
  CHECK(again.more(5000) == all);
}

TEST_CASE("a disk that has another device number by now has the same log") {
  const folder f;
  const std::string name = GENERATE("log", "l?g");
  life l(f / name);
  f.write("log", "one\ntwo\n");
  CHECK(l.more() == strings{"one", "two"});
  auto files =
      source::parse_identities(std::string_view(l.identity()).substr(0, l.identity().find("generation")));
  REQUIRE(files);
  for (auto& file : *files)
    file.device += 1;
  const auto elsewhere =
      source::format_identities(*files) + l.identity().substr(l.identity().find("generation"));
  f.append("log", "three\n");
  life later(f / name, elsewhere, l.next());
  CHECK(later.more() == strings{"three"});
  CHECK_FALSE(later.failure);
}

TEST_CASE("a link that is switched: the old file is read on while it grows") {
  const folder f;
  fs::create_directory(f / "old");
  f.write("old/a", "a1\n");
  f.write("old/b", "b1\n");
  fs::create_symlink(f / "old/a", f / "current.log");
  life l(f / "current.log");
  CHECK(l.more() == strings{"a1"});
  fs::remove(f / "current.log");
  fs::create_symlink(f / "old/b", f / "current.log");
  CHECK(l.more() == strings{"b1"});
  f.append("old/a", "a2\n");
  CHECK(l.more() == strings{"a2"});
  f.append("old/a", "a3\n");
  f.append("old/b", "b2\n");
  life later(f / "current.log", l.identity(), l.next());
  CHECK(later.more() == strings{"a3", "b2"});
  CHECK_FALSE(later.failure);
}

TEST_CASE("a file of a glob that is cut off goes on with what is written anew") {
  const folder f;
  f.write("a.log", "a1\na2\n");
  f.write("b.log", "b1\nb2\n");
  life l(f / "*.log");
  CHECK(l.more().size() == 4);
  for (const auto* const name : {"a.log", "b.log"}) {
    CAPTURE(name);
    SECTION(name) {
      fs::resize_file(f / name, 0);
      f.append(name, "new 1\n");
      CHECK(l.more() == strings{"new 1"});
      f.append(name, "new 2\n");
      CHECK(l.more() == strings{"new 2"});
      life later(f / "*.log", l.identity(), l.next());
      f.append(name, "new 3\n");
      CHECK(later.more() == strings{"new 3"});
      CHECK_FALSE(later.failure);
    }
  }
  CHECK_FALSE(l.failure);
}

TEST_CASE("a glob that has the copies as well reads the rest from the copy, and the copy once") {
  const folder f;
  f.write("app.log", "a1\na2\n");
  life l(f / "app.log*");
  CHECK(l.more() == strings{"a1", "a2"});
  f.append("app.log", "a3\n");
  fs::copy_file(f / "app.log", f / "app.log.1");
  SECTION("seen before the cut") {
    CHECK(l.more() == strings{"a3"});
    CHECK(l.more().empty());
  }
  SECTION("not seen before") {}
  const bool was_seen = l.next().minor == 9;
  fs::resize_file(f / "app.log", 0);
  f.append("app.log", "b1\n");
  CHECK(l.more() == (was_seen ? strings{"b1"} : strings{"a3", "b1"}));
  f.append("app.log", "b2\n");
  CHECK(l.more() == strings{"b2"});
  CHECK_FALSE(l.failure);
}

TEST_CASE("the unterminated last line of a file that others follow waits for its end") {
  const folder f;
  f.write("a.log", "a1\na");
  f.write("b.log", "b1\n");
  SECTION("and is whole then") {
    life l(f / "*.log");
    CHECK(l.more() == strings{"a1", "b1"});
    f.append("a.log", "2\n");
    CHECK(l.more() == strings{"a2"});
  }
  SECTION("or is a record after the time for late writes") {
    life l(f / "*.log", {}, {}, 1us);
    CHECK(l.more() == strings{"a1", "b1", "a"});
    f.append("b.log", "b2\n");
    CHECK(l.more() == strings{"b2"});
  }
}

TEST_CASE("a file that is deleted with a line that nobody has ended is a gap") {
  const folder f;
  int gaps = 0;
  f.write("a.log", "a1\na");
  f.write("b.log", "b1\n");
  life before(f / "*.log");
  CHECK(before.more() == strings{"a1", "b1"});
  fs::remove(f / "a.log");
  life l(
      f / "*.log",
      std::make_shared<source::generations>(f / "*.log", source::file_order::natural, 1us, [&] { ++gaps; }),
      before.noted(), before.next());
  CHECK(l.more().empty());
  CHECK(l.more().empty());
  CHECK(gaps == 1);
}

TEST_CASE("readers that share the files of a log have the same generations") {
  const folder f;
  f.write("a.log", "a1\n");
  f.write("b.log", "b1\n");
  const auto files = std::make_shared<source::generations>(f / "*.log");
  life live(f / "*.log", files);
  CHECK(live.more() == strings{"a1", "b1"});
  life behind(f / "*.log", files);
  f.append("a.log", "a2\n");
  CHECK(behind.more() == strings{"a1", "b1", "a2"});
  f.append("b.log", "b2\n");
  CHECK(live.more() == strings{"a2", "b2"});
  f.append("b.log", "b3\n");
  f.append("a.log", "a3\n");
  CHECK(behind.more() == strings{"b2", "b3", "a3"});
  CHECK(live.more() == strings{"b3", "a3"});
  live.positions.erase(live.positions.begin() + 2, live.positions.end() - 2);
  CHECK(live.next() == behind.next());
}

TEST_CASE("a waiting read returns when a line comes, and when it is interrupted", "[clock]") {
  const folder f;
  life l(f.write("log", "one\n"));
  CHECK(l.more() == strings{"one"});
  const strings wanted{"0"};
  std::thread writer([&] { f.append("log", "two\n"); });
  const auto begin = std::chrono::steady_clock::now();
  const auto got = l.reader().read(wanted, 1000, 30s);
  writer.join();
  REQUIRE(got);
  REQUIRE(*got);
  CHECK((*got)->record(0) == "two");
  std::thread other([&] { l.reader().interrupt(); });
  const auto cancelled = l.reader().read(wanted, 1000, 30s);
  other.join();
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().code == ec::cancelled);
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
}

TEST_CASE("random writing, rotation and restarts give every line once, in order") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random); };
    const bool copying = below(2) == 0;
    const folder f;
    f.write("log", "");
    strings written;
    strings read;
    auto l = std::make_unique<life>(f / "log");
    int rotated = 0;
    for (int step = 0; step < 40; ++step) {
      switch (below(6)) {
      case 0:
      case 1:
      case 2:
        for (unsigned n = 1 + below(4); n > 0; --n) {
          written.push_back("line " + std::to_string(written.size()) + std::string(below(30), 'x'));
          f.append("log", written.back() + "\n");
        }
        break;
      case 3: {  // rotation, seen or not
        if (fs::file_size(f / "log") == 0)
          break;
        if (copying)  // one that nobody saw would leave nothing to tell two cut files apart
          for (const auto& line : l->more(1 + below(100)))
            read.push_back(line);
        for (int n = rotated; n > 0; --n)
          fs::rename(f / ("log." + std::to_string(n)), f / ("log." + std::to_string(n + 1)));
        ++rotated;
        if (copying) {
          fs::copy_file(f / "log", f / "log.1");
          fs::resize_file(f / "log", 0);
        } else {
          fs::rename(f / "log", f / "log.1");
          f.write("log", "");
        }
        break;
      }
      case 4:
        for (const auto& line : l->more(1 + below(100)))
          read.push_back(line);
        break;
      default: {  // a new life
        const auto kept = l->identity();
        const auto next = l->next();
        l = std::make_unique<life>(f / "log", kept, next);
      }
      }
      REQUIRE_FALSE(l->failure);
    }
    f.append("log", "last\n");
    written.push_back("last");
    for (const auto& line : l->more())
      read.push_back(line);
    INFO((l->failure ? l->failure->message : std::string()));
    REQUIRE_FALSE(l->failure);
    REQUIRE(read == written);
  }
}
