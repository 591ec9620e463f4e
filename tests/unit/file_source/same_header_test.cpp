// Tests which log a file belongs to, if files begin alike, with one header that is wider than the bytes a
// file is known by: the bytes in front of the place that was read tell them from each other.
#include "actors/connectors/file/source/bounded_reader.hpp"
#include "actors/connectors/file/source/continuation.hpp"
#include "tests/unit/file_source/folder.hpp"
#include "tests/unit/file_source/followed_life.hpp"

#include <filesystem>
#include <fstream>

using namespace millrace;
using namespace millrace::test;
namespace fs = std::filesystem;

namespace {

const std::string header = "# " + std::string(1500, 'h');

std::string text(const strings& lines) {
  std::string out;
  for (const auto& line : lines)
    out += line + "\n";
  return out;
}

strings with_header(const strings& lines) {
  strings out{header};
  out.insert(out.end(), lines.begin(), lines.end());
  return out;
}

}  // namespace

TEST_CASE("each file of a followed glob is read, however alike they begin") {
  const folder f;
  f.write("day-1", text(with_header({"a", "b"})));
  f.write("day-2", text(with_header({"c"})));
  life l(f / "day-*");
  CHECK(l.more() == strings{header, "a", "b", header, "c"});
  f.write("day-3", text(with_header({"d"})));
  CHECK(l.more() == with_header({"d"}));

  SECTION("a file that is renamed is the one that it was") {
    fs::rename(f / "day-3", f / "day-4");
    CHECK(l.more().empty());
    life again(f / "day-*", l.identity(), {2, 1503});
    CHECK(again.more() == strings{"d"});
    CHECK_FALSE(again.failure);
  }
  SECTION("a file that is needed and gone is not replaced by one that begins alike") {
    fs::remove(f / "day-3");
    f.write("day-4", text(with_header({"d"})));
    life again(f / "day-*", l.identity(), {2, 1503});
    CHECK(again.more().empty());
    REQUIRE(again.failure);
    CHECK(again.failure->code == ec::log_trimmed);
  }
  SECTION("its inode may be that of a file which was read and deleted") {
    fs::remove(f / "day-1");
    for (int n = 4; n < 12; ++n)
      f.write("day-" + std::to_string(n), text(with_header({"line " + std::to_string(n)})));
    CHECK(l.more().size() == 16);
  }
}

TEST_CASE("files of a followed glob that are the same to the last byte are files of their own") {
  const folder f;
  for (int n = 0; n < 4; ++n)
    f.write("part-" + std::to_string(n), "one\ntwo\n");
  life l(f / "part-*");
  CHECK(l.more() == strings{"one", "two", "one", "two", "one", "two", "one", "two"});
  SECTION("one that is packed under its name is no new one") {
    fs::remove(f / "part-3");
    f.write("part-3.gz", gzip("one\ntwo\n").substr(0, 20));  // the file is not whole yet
    CHECK(l.more().empty());
    f.write("part-3.gz", gzip("one\ntwo\n"));
    CHECK(l.more().empty());
    life again(f / "part-*", l.identity(), {3, 4});
    CHECK(again.more() == strings{"two"});
  }
  SECTION("packed ones of later names are read") {
    f.write("part-4.gz", gzip("one\ntwo\n"));
    f.write("part-5.gz", gzip("one\ntwo\n"));
    CHECK(l.more().size() == 4);
  }
  CHECK_FALSE(l.failure);
}

TEST_CASE("a followed file that is renamed: the next one is read, though it has the same header") {
  const folder f;
  life l(f.write("log", text(with_header({"a"}))));
  CHECK(l.more() == with_header({"a"}));
  fs::rename(f / "log", f / "log.1");
  f.write("log", text(with_header({"b"})));
  CHECK(l.more() == with_header({"b"}));
  SECTION("twice, while nobody looks") {
    fs::rename(f / "log", f / "log.2");
    f.write("log", text({header}));  // a header and nothing else
    fs::last_write_time(f / "log", fs::last_write_time(f / "log") + std::chrono::seconds(1));
    fs::rename(f / "log", f / "log.3");
    f.write("log", text(with_header({"c", "d"})));
    life again(f / "log", l.identity(), l.next());
    CHECK(again.more() == strings{header, header, "c", "d"});
    CHECK_FALSE(again.failure);
  }
  SECTION("packed ones of those that were read are not read again") {
    f.write("log.1.gz", gzip(text(with_header({"a"}))));
    fs::remove(f / "log.1");
    fs::rename(f / "log", f / "log.2");
    f.write("log", text(with_header({"c"})));
    CHECK(l.more() == with_header({"c"}));
  }
  SECTION("what is just being packed is not read") {
    const auto packed = gzip(text(with_header({"b"})));
    fs::rename(f / "log", f / "log.2");
    f.write("log", "");
    f.write("log.2.gz", packed.substr(0, packed.size() / 2));
    CHECK(l.more().empty());
    f.append("log", text(with_header({"c"})));
    CHECK(l.more() == with_header({"c"}));
    CHECK_FALSE(l.failure);
  }
}

TEST_CASE("copied and cut off with the same header: the rest comes from the right copy") {
  const folder f;
  life l(f.write("log", text(with_header({"a", "b"}))));
  CHECK(l.more() == with_header({"a", "b"}));
  const auto kept = l.identity();
  const auto next = l.next();
  const auto rotate = [&](const std::string& copy, int when) {
    fs::copy_file(f / "log", f / copy);
    fs::last_write_time(f / copy, fs::file_time_type::clock::now() + std::chrono::seconds(when));
    fs::resize_file(f / "log", 0);
  };
  f.append("log", "c\n");
  rotate("log.1", -20);
  f.append("log", text(with_header({"d", "e", "f"})));
  SECTION("seen at once") { CHECK(l.more() == strings{"c", header, "d", "e", "f"}); }
  SECTION("twice, while the reader does not look") {
    rotate("log.2", -10);
    f.append("log", text(with_header({"g", "h", "i", "j"})));
    CHECK(l.more() == strings{"c", header, "d", "e", "f", header, "g", "h", "i", "j"});
    CHECK(l.next().major == 2);
  }
  SECTION("seen by the next life, as by one that was killed before it noted more than the file's beginning") {
    life again(f / "log", kept, next);
    CHECK(again.more() == strings{"c", header, "d", "e", "f"});
    CHECK_FALSE(again.failure);
  }
  SECTION("seen by the next life when the copies are packed") {
    f.write("log.1.gz", gzip(text(with_header({"a", "b", "c"}))));
    fs::last_write_time(f / "log.1.gz", fs::last_write_time(f / "log.1"));
    fs::remove(f / "log.1");
    life again(f / "log", kept, next);
    CHECK(again.more() == strings{"c", header, "d", "e", "f"});
    CHECK_FALSE(again.failure);
  }
  CHECK_FALSE(l.failure);
}

TEST_CASE("a file that was written anew in place with the same header is read from its beginning") {
  const folder f;
  life l(f.write("day.csv", text(with_header({"monday 1", "monday 2"}))));
  CHECK(l.more() == with_header({"monday 1", "monday 2"}));
  strings rows{"tuesday 1"};
  SECTION("shorter") {}
  SECTION("of the same length") { rows = {"tuesdy 1", "tuesdy 2"}; }
  SECTION("longer") { rows = {"tuesday 1", "tuesday 2", "tuesday 3"}; }
  const auto kept = l.noted();
  const auto write = [&] {
    std::fstream file(f / "day.csv", std::ios::in | std::ios::out);  // never shorter than it was
    file << text(with_header(rows));
    file.close();
    fs::resize_file(f / "day.csv", text(with_header(rows)).size());
  };
  SECTION("under the reader") {
    write();
    CHECK(l.more() == with_header(rows));
    CHECK_FALSE(l.failure);
  }
  SECTION("between two lives") {
    write();
    life again(f / "day.csv", kept, l.next());
    CHECK(again.more() == with_header(rows));
    CHECK_FALSE(again.failure);
    CHECK(again.next().major == 1);
    life third(f / "day.csv", again.noted(), again.next());
    CHECK(third.more().empty());
    f.append("day.csv", "more\n");
    CHECK(third.more() == strings{"more"});
  }
  SECTION("between two lives, when not all of it was read") {
    write();
    life again(f / "day.csv", kept, {0, 1503});
    CHECK(again.more().empty());
    REQUIRE(again.failure);
    CHECK(again.failure->code == ec::log_trimmed);
    CHECK_THAT(again.failure->message, Catch::Contains("--fresh"));
  }
}

TEST_CASE("zeros that a cut file begins with are passed over") {
  const folder f;
  std::ofstream writer(f / "log");
  const auto write = [&](const std::string& bytes) { writer << bytes << std::flush; };
  write(text(with_header({"a"})));
  life l(f / "log");
  CHECK(l.more() == with_header({"a"}));
  fs::copy_file(f / "log", f / "log.1");
  fs::resize_file(f / "log", 0);
  CHECK(l.more().empty());
  write("b\n");
  CHECK(l.more() == strings{"b"});
  CHECK(l.positions.back() == position{1, 1505});
  write("c\n");
  life again(f / "log", l.noted(), l.next());
  CHECK(again.more() == strings{"c"});
  life start(f / "log", again.noted(), {1, 0});
  CHECK(start.more() == strings{"b", "c"});

  SECTION("also those of a longer hole, and none yet behind them") {
    fs::resize_file(f / "log", 0);
    fs::resize_file(f / "log", 3'000'000);
    CHECK(again.more().empty());
    writer.seekp(3'000'100);
    write("d\n");
    CHECK(again.more() == strings{"d"});
    INFO((again.failure ? again.failure->message : std::string()));
    CHECK_FALSE(again.failure);
  }
  SECTION("also of a packed file") {
    f.write("log.2.gz", gzip(std::string(1505, '\0') + "b\nc\n"));
    fs::remove(f / "log");
    life packed(f / "log", again.noted(), {1, 0});
    CHECK(packed.more() == strings{"b", "c"});
  }
}

TEST_CASE("a bounded file that was exchanged for another with the same header is not read on") {
  const folder f;
  f.write("day.csv", text(with_header({"monday 1", "monday 2"})));
  source::bounded_reader first(f / "day.csv", false);
  REQUIRE(first.discover(no_wait));
  const auto before = first.identity();
  SECTION("of the same length, within a run") {
    f.write("day.csv", text(with_header({"tuesdy 1", "tuesdy 2"})));
    source::bounded_reader second(f / "day.csv", false);
    REQUIRE(second.discover(no_wait));
    const auto same = second.check_identity(before);
    REQUIRE_FALSE(same);
    CHECK_THAT(same.error().message, Catch::Contains("its content was replaced"));
  }
  SECTION("longer, by the next run") {
    f.write("day.csv", text(with_header({"tuesday 1", "tuesday 2", "tuesday 3"})));
    const auto next = source::continue_files(before, f / "day.csv", false);
    REQUIRE_FALSE(next);
    CHECK_THAT(next.error().message, Catch::Contains("replaced or cut"));
  }
  SECTION("between two starts of the next run") {
    f.append("day.csv", "monday 3\n");
    const auto next = source::continue_files(before, f / "day.csv", false);
    REQUIRE(next);
    f.write("day.csv", text(with_header({"tuesday 1", "tuesday 2", "tuesday 3", "tuesday 4"})));
    source::bounded_reader second(f / "day.csv", false);
    REQUIRE(second.discover(no_wait));
    CHECK_FALSE(second.check_identity(next->identity));
  }
}
