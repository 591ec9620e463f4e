#include "actors/connectors/file/source/bounded_reader.hpp"
#include "actors/connectors/file/source/continuation.hpp"
#include "tests/unit/file_source/folder.hpp"
#include "tests/unit/file_source/followed_life.hpp"
#include "tests/unit/file_source/reading.hpp"

using namespace millrace;
using namespace millrace::test;
using source::bounded_reader;

namespace {

using strings = std::vector<std::string>;
const strings only{"0"};

read_result read_file(const std::string& pattern, std::size_t max_bytes = 1 << 16) {
  bounded_reader r(pattern, false);
  const auto found = r.discover(no_wait);
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  REQUIRE((*found)[0].name == "0");
  return read_all(r, "0", (*found)[0].start, max_bytes);
}

strings texts(const read_result& r) {
  strings out;
  for (const auto& item : r.records)
    out.push_back(item.bytes);
  return out;
}

}  // namespace

TEST_CASE("a file's lines are records with the byte offsets of their beginnings") {
  const folder f;
  const auto got = read_file(f.write("a", "one\ntwo\n\nfour\n"));
  CHECK(got.records == std::vector<record>{{{0, 0}, "one"}, {{0, 4}, "two"}, {{0, 8}, ""}, {{0, 9}, "four"}});
  CHECK(got.at_end);
  CHECK(got.next == position{0, 14});
}

TEST_CASE("bytes that are left are known of plain files, and of compressed ones not before the end") {
  const folder f;
  static_cast<void>(f.write("a.1", "one\n"));
  static_cast<void>(f.write("a.2", "two\nthree\n"));
  bounded_reader r(f / "a.*", false);
  REQUIRE(r.discover(no_wait));
  REQUIRE(r.assign("0", {0, 0}));
  CHECK(r.lag_bytes() == 14U);
  REQUIRE(r.read(only, 1, no_wait));
  CHECK(r.lag_bytes() == 10U);
  REQUIRE(r.assign("0", {1, 4}));
  CHECK(r.lag_bytes() == 6U);
  while (r.lag_bytes() != 0U)
    REQUIRE(r.read(only, 1, no_wait));
  bounded_reader packed(f.write("b", gzip("one\n")), false);
  REQUIRE(packed.discover(no_wait));
  REQUIRE(packed.assign("0", {0, 0}));
  CHECK(packed.lag_bytes() == std::nullopt);
  while (packed.lag_bytes() != 0U)
    REQUIRE(packed.read(only, 1, no_wait));
}

TEST_CASE("carriage return and line feed end a line together, other carriage returns belong to it") {
  const folder f;
  CHECK(texts(read_file(f.write("a", "a\r\n\r\nb\rc\r\nd\r\r\ne"))) == strings{"a", "", "b\rc", "d\r", "e"});
}

TEST_CASE("a file whose lines end with carriage returns alone is refused with what mends it") {
  const folder f;
  for (const auto& content : {std::string("a,b\r1,2\r3,4\r"), gzip("a,b\r1,2\r3,4")}) {
    const auto got = read_file(f.write("a", content));
    CHECK(got.records.empty());
    REQUIRE(got.failure);
    CHECK(got.failure->code == ec::unsupported);
    CHECK(got.failure->whose == fault::user);
    CHECK_THAT(got.failure->message, Catch::Contains("tr '\\r' '\\n'"));
  }
  CHECK(texts(read_file(f.write("a", "a\r"))) == strings{"a"});
  bounded_reader quoted(f.write("a", "\"a\rb\",1"), false, {.frame = data::csv_dialect{}});
  REQUIRE(quoted.discover(no_wait));
  CHECK(texts(read_all(quoted, "0", {}, 4096)) == strings{"\"a\rb\",1"});
}

TEST_CASE("bytes of a record are kept as they are, NUL and invalid UTF-8 too") {
  const folder f;
  const std::string odd("\0\xFF\xC3 \t", 5);
  CHECK(texts(read_file(f.write("a", odd + "\n" + odd))) == strings{odd, odd});
}

TEST_CASE("an empty file ends at once, with a chunk that says so") {
  const folder f;
  const auto got = read_file(f.write("a", ""));
  CHECK(got.records.empty());
  CHECK(got.at_end);
  CHECK(read_file(f.write("b", gzip(""))).at_end);
  CHECK(read_file(f.write("c", "\n\n\r\n")).at_end);
}

TEST_CASE("a reader assigned at the end says again that it is the end") {
  const folder f;
  bounded_reader r(f.write("a", "one\n"), false);
  REQUIRE(r.discover(no_wait));
  CHECK(read_all(r, "0", {0, 4}, 100).at_end);
  CHECK(read_all(r, "0", {0, 4}, 100).at_end);
  const auto after = r.read(only, 100, no_wait);
  REQUIRE(after);
  CHECK_FALSE(*after);
}

TEST_CASE("files of a glob are one log in name order, and a missing last newline glues nothing") {
  const folder f;
  f.write("b.jsonl", "3\n4");
  f.write("a.jsonl", "1\n2");
  f.write("c.jsonl", "");
  f.write("d.jsonl", gzip("5\n"));
  f.write("e.txt", "no\n");
  const auto got = read_file(f / "*.jsonl");
  CHECK(got.records ==
        std::vector<record>{{{0, 0}, "1"}, {{0, 2}, "2"}, {{1, 0}, "3"}, {{1, 2}, "4"}, {{3, 0}, "5"}});
  CHECK(got.at_end);
}

TEST_CASE("with parallel each file is a partition named by its path") {
  const folder f;
  f.write("a.jsonl", "1\n2\n");
  f.write("b.jsonl", "3\n");
  bounded_reader r(f / "*.jsonl", true);
  const auto found = r.discover(no_wait);
  REQUIRE(found);
  REQUIRE(found->size() == 2);
  CHECK((*found)[0].name == f / "a.jsonl");
  CHECK(read_all(r, f / "b.jsonl", {}, 100).records == std::vector<record>{{{0, 0}, "3"}});
  CHECK(read_all(r, f / "a.jsonl", {0, 2}, 100).records == std::vector<record>{{{0, 2}, "2"}});
}

TEST_CASE("read prefers the partitions in the order in which they are wanted") {
  const folder f;
  f.write("a", "1\n2\n");
  f.write("b", "3\n");
  bounded_reader r(f / "?", true);
  REQUIRE(r.discover(no_wait));
  REQUIRE(r.assign(f / "a", {}));
  REQUIRE(r.assign(f / "b", {}));
  const strings wanted{f / "b", f / "a"};
  CHECK(r.lag()->records.empty());
  CHECK((**r.read(wanted, 100, no_wait)).partition == f / "b");
  CHECK((**r.read(wanted, 100, no_wait)).partition == f / "a");
  CHECK_FALSE(*r.read(wanted, 100, no_wait));
  CHECK(r.lag()->records == std::map<std::string, std::uint64_t>{{f / "a", 0}, {f / "b", 0}});
}

TEST_CASE("gzip is known by its content, not by its name") {
  const folder f;
  CHECK(texts(read_file(f.write("plain.gz", "one\ntwo\n"))) == strings{"one", "two"});
  CHECK(texts(read_file(f.write("packed.txt", gzip("one\ntwo\n")))) == strings{"one", "two"});
}

TEST_CASE("concatenated gzip members are one text, zeros behind them are padding") {
  const folder f;
  CHECK(texts(read_file(f.write("a.gz", gzip("one\nt") + gzip("") + gzip("wo\n") +
                                            std::string(512, '\0')))) == strings{"one", "two"});
}

TEST_CASE("a truncated gzip file gives all whole lines that can be inflated, then an error that names it") {
  const folder f;
  std::string text;
  for (int i = 0; i < 20'000; ++i)
    text += "line " + std::to_string(i * 7919 % 100'003) + "\n";
  const auto packed = gzip(text);
  const auto path = f.write("cut.gz", packed.substr(0, packed.size() / 2));
  const auto got = read_file(path, 4096);
  REQUIRE(got.failure);
  CHECK(got.failure->code == ec::corrupt);
  CHECK(got.failure->whose == fault::user);
  CHECK_THAT(got.failure->message, Catch::Contains(path));
  CHECK_FALSE(got.at_end);
  std::string read;
  for (const auto& r : got.records)
    read += r.bytes + "\n";
  REQUIRE(read.size() > text.size() / 4);
  CHECK(text.substr(0, read.size()) == read);

  SECTION("the trailer alone is missing") {
    f.write("cut.gz", packed.substr(0, packed.size() - 3));
    const auto all = read_file(path, 4096);
    CHECK(all.records.size() == 20'000);
    REQUIRE(all.failure);
    CHECK(all.failure->code == ec::corrupt);
  }
}

TEST_CASE("a truncated gzip file goes on with the whole one in its place, from the line that was cut") {
  const folder f;
  const auto packed = gzip("one\n1234\nthree\n");
  const strings all{"one", "1234", "three"};
  const auto path = f / "cut.gz";
  read_result got;
  std::string identity;
  for (auto size = packed.size() - 1; got.records.size() != 1; --size) {
    f.write("cut.gz", packed.substr(0, size));
    bounded_reader r(path, false);
    REQUIRE(r.discover(no_wait));
    identity = r.identity();
    got = read_all(r, "0", {}, 4096);
    REQUIRE(got.failure);
    CHECK(texts(got) == strings(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(got.records.size())));
  }
  CHECK(got.next == position{0, 4});

  std::filesystem::remove(path);
  SECTION("whole") {
    static_cast<void>(f.write("cut.gz", packed));
    bounded_reader r(path, false);
    REQUIRE(r.discover(no_wait));
    REQUIRE(r.check_identity(identity));
    CHECK(texts(read_all(r, "0", got.next, 4096)) == strings{"1234", "three"});
    CHECK(r.identity() != identity);
    const auto ended = source::continue_files(r.identity(), path, false);
    REQUIRE(ended);  // the next run finds nothing new
    CHECK(ended->partitions.empty());
  }
  SECTION("another one") {
    static_cast<void>(f.write("cut.gz", gzip("two\n5678\nthree and more\n")));
    bounded_reader r(path, false);
    REQUIRE(r.discover(no_wait));
    CHECK_FALSE(r.check_identity(identity));
  }
}

TEST_CASE("a whole gzip file that has grown is another one than the run began with, and is read to its "
          "listed end") {
  const folder f;
  const auto path = f.write("a.gz", gzip("one\n"));
  bounded_reader r(path, false);
  REQUIRE(r.discover(no_wait));
  f.append("a.gz", gzip("two\n"));
  CHECK(texts(read_all(r, "0", {}, 4096)) == strings{"one"});
  bounded_reader again(path, false);
  REQUIRE(again.discover(no_wait));
  CHECK_FALSE(again.check_identity(r.identity()));
}

TEST_CASE("a last line that goes on while it is read is not a record, and the next run has it whole") {
  const folder f;
  const auto path = f.write("a", "one\n12");
  bounded_reader r(path, false);
  REQUIRE(r.discover(no_wait));
  const auto listed = r.identity();
  const auto version = r.identity_version();
  f.append("a", "34\nlast");
  const auto got = read_all(r, "0", {}, 4096);
  CHECK(texts(got) == strings{"one"});
  CHECK(got.at_end);
  CHECK(got.next == position{0, 4});
  CHECK(r.identity() != listed);
  CHECK(r.identity_version() != version);
  const auto next = source::continue_files(r.identity(), path, false);
  REQUIRE(next);
  REQUIRE(next->partitions.size() == 1);
  CHECK(next->partitions[0].start == position{1, 4});
  bounded_reader second(path, false);
  REQUIRE(second.discover(no_wait));
  REQUIRE(second.check_identity(next->identity));
  CHECK(texts(read_all(second, "0", {1, 4}, 4096)) == strings{"1234", "last"});
  CHECK(second.identity() != next->identity);

  f.append("a", " but one\n");  // it was a record: a reader of this run gives it again
  bounded_reader again(path, false);
  REQUIRE(again.discover(no_wait));
  REQUIRE(again.check_identity(second.identity()));
  CHECK(texts(read_all(again, "0", {1, 4}, 4096)) == strings{"1234", "last"});
}

TEST_CASE("a last line whose end alone comes while it is read is a record") {
  const folder f;
  bounded_reader r(f.write("a", "one\n12"), false);
  REQUIRE(r.discover(no_wait));
  f.append("a", "\n34\n");
  CHECK(texts(read_all(r, "0", {}, 4096)) == strings{"one", "12"});
}

TEST_CASE("a line that goes on at the end of a file that cannot be gone on with is an error") {
  const folder f;
  const auto is_told = [&](bounded_reader& r, const std::string& grown, const std::string& partition) {
    REQUIRE(r.discover(no_wait));
    f.append(grown, "34\n");
    const auto got = read_all(r, partition, {}, 4096);
    CHECK(texts(got) == strings{"one"});
    REQUIRE(got.failure);
    CHECK(got.failure->code == ec::mismatch);
    CHECK_THAT(got.failure->message, Catch::Contains("is not a record"));
  };
  const auto path = f.write("a.1", "one\n12");
  f.write("a.2", "56\n");
  SECTION("the files of a glob") {
    bounded_reader r(f / "a.*", false);
    is_told(r, "a.1", "0");
  }
  SECTION("parallel ones") {
    bounded_reader r(f / "a.*", true);
    is_told(r, "a.1", path);
  }
  SECTION("one that is decoded") {
    bounded_reader r(path, false, {.encoding = data::encoding::windows_1252});
    is_told(r, "a.1", "0");
  }
}

TEST_CASE("content that is packed otherwise than by gzip is refused with what unpacks it") {
  const folder f;
  const std::vector<std::pair<std::string, std::string>> all{{"BZh61AY&SY\x01", "bzip2 -dc "},
                                                             {std::string("\xFD\x37zXZ\0\0", 7), "xz -dc "},
                                                             {"\x28\xB5\x2F\xFD\x04", "zstd -dc "},
                                                             {"PK\x03\x04\n\n", "unzip -p "},
                                                             {"PAR1\x15\x04\n", "Parquet"}};
  for (const auto& [head, says] : all) {
    const auto path = f.write("a", head + "1,2\n3,4\n");
    const auto got = read_file(path);
    CHECK(got.records.empty());
    REQUIRE(got.failure);
    CHECK(got.failure->code == ec::unsupported);
    CHECK(got.failure->whose == fault::user);
    CHECK_THAT(got.failure->message, Catch::Contains(path) && Catch::Contains(says));
  }
  CHECK(texts(read_file(f.write("a", "PAR1,2\nBZh,4\nPK\n"))) == strings{"PAR1,2", "BZh,4", "PK"});
  CHECK(texts(read_file(f.write("b", "BZh"))) == strings{"BZh"});
}

TEST_CASE("damage within a gzip file is an error that names it") {
  const folder f;
  auto packed = gzip("one\ntwo\nthree\n");
  packed[packed.size() - 6] ^= 0x55;  // the checksum
  const auto got = read_file(f.write("bad.gz", packed));
  REQUIRE(got.failure);
  CHECK(got.failure->code == ec::corrupt);
  const auto garbage = read_file(f.write("tail.gz", gzip("one\n") + "garbage"));
  CHECK(texts(garbage) == strings{"one"});
  REQUIRE(garbage.failure);
  CHECK(garbage.failure->code == ec::corrupt);
}

TEST_CASE("a record of 10 MB comes whole, plain and gzip, whatever the chunk size") {
  const folder f;
  const std::string big(10 << 20, 'x');
  const std::string text = "a\n" + big + "\nb\n";
  for (const auto& path : {f.write("a", text), f.write("a.gz", gzip(text))}) {
    const auto got = read_file(path, 1000);
    REQUIRE(got.records.size() == 3);
    CHECK(got.records[1].bytes == big);
    CHECK(got.records[2] == record{{0, static_cast<std::int64_t>(big.size()) + 3}, "b"});
  }
}

TEST_CASE("a line beyond the bound is a cut record at its offset, between the records around it") {
  const folder f;
  const std::string text = "a\n" + std::string(source::longest_line + 1, 'x') + "\nb\n";
  for (const auto& path : {f.write("a", text), f.write("a.gz", gzip(text))}) {
    const auto got = read_file(path, 1000);
    CHECK_FALSE(got.failure);
    REQUIRE(got.records.size() == 3);
    CHECK(got.records[1] == record{{0, 2}, std::string(source::kept_of_longer_line, 'x')});
    CHECK(got.records[2] == record{{0, static_cast<std::int64_t>(source::longest_line) + 4}, "b"});
  }
  CHECK(
      texts(read_file(f.write("b", "a\n" + std::string(source::longest_line, 'y') + "\nb\n"), 1000)).size() ==
      3);
}

TEST_CASE("a missing file, a glob without a match and a folder are the user's errors at discover") {
  const folder f;
  for (const auto& pattern : {f / "none.jsonl", f / "*.jsonl"}) {
    const auto found = bounded_reader(pattern, false).discover(no_wait);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == ec::not_found);
    CHECK(found.error().whose == fault::user);
    CHECK_THAT(found.error().message, Catch::Contains("no file matches " + pattern));
  }
  const auto found = bounded_reader(f.path().string(), false).discover(no_wait);
  REQUIRE_FALSE(found);
  CHECK_THAT(found.error().message, Catch::Contains("is a folder"));
}

TEST_CASE("a file whose name has glob characters is that file") {
  const folder f;
  CHECK(texts(read_file(f.write("a[1]*.jsonl", "one\n"))) == strings{"one"});
}

TEST_CASE("what is appended after discover does not belong to the bounded log") {
  const folder f;
  bounded_reader r(f.write("a", "one\ntwo\n"), false);
  REQUIRE(r.discover(no_wait));
  f.append("a", "three\nfour");
  CHECK(texts(read_all(r, "0", {}, 100)) == strings{"one", "two"});
}

TEST_CASE("a bounded file that shrinks while it is read is an error, not an end") {
  const folder f;
  bounded_reader r(f.write("a", "one\ntwo\n"), false);
  REQUIRE(r.discover(no_wait));
  f.write("a", "one\n");
  const auto got = read_all(r, "0", {}, 100);
  REQUIRE(got.failure);
  CHECK(got.failure->code == ec::mismatch);
  CHECK_FALSE(got.at_end);
}

TEST_CASE("the identity of an unchanged list is accepted") {
  const folder f;
  f.write("a", "1\n");
  f.write("b %\n", "2\n");
  bounded_reader first(f / "*", false);
  REQUIRE(first.discover(no_wait));
  bounded_reader second(f / "*", false);
  REQUIRE(second.discover(no_wait));
  CHECK(second.check_identity(first.identity()));
}

TEST_CASE("a changed list is refused with what changed and the remedy") {
  const folder f;
  f.write("a", "1\n");
  f.write("b", "2\n");
  bounded_reader first(f / "?", false);
  REQUIRE(first.discover(no_wait));
  struct change {
    std::string file;
    std::optional<std::string> bytes;  // none: it is gone
    std::string told;
  };
  const auto& [file, bytes, told] = GENERATE(values<change>({
      {"b", "2\n3\n", "2 bytes"},  // grown
      {"a", "9\n", "replaced"},    // replaced in place by as many bytes
      {"c", "3\n", "added"},
      {"A", "3\n", "added"},
      {"a", std::nullopt, "gone"},
  }));
  CAPTURE(file, told);
  if (bytes)
    f.write(file, *bytes);
  else
    std::filesystem::remove(f / file);
  bounded_reader second(f / "?", false);
  REQUIRE(second.discover(no_wait));
  const auto same = second.check_identity(first.identity());
  REQUIRE_FALSE(same);
  CHECK(same.error().code == ec::mismatch);
  CHECK(same.error().whose == fault::user);
  CHECK_THAT(same.error().message, Catch::Contains("--fresh") && Catch::Contains("follow"));
  CHECK_THAT(same.error().message, Catch::Contains(f / file) && Catch::Contains(told));
}

TEST_CASE("a damaged identity text is called damaged") {
  const folder f;
  bounded_reader r(f.write("a", "1\n"), false);
  REQUIRE(r.discover(no_wait));
  for (const std::string_view text : {"x", "0 1 2 3 4", "0 1 2 3 9999 aa /a\n", "\n", "0 1 2 3 4 5 \n"}) {
    const auto same = r.check_identity(text);
    REQUIRE_FALSE(same);
    CHECK(same.error().code == ec::corrupt);
  }
}

TEST_CASE("a position behind the list is refused") {
  const folder f;
  bounded_reader r(f.write("a", "1\n"), false);
  REQUIRE(r.discover(no_wait));
  const auto assigned = r.assign("0", {1, 0});
  REQUIRE_FALSE(assigned);
  CHECK(assigned.error().code == ec::mismatch);
}

TEST_CASE("an interrupt ends the next read as cancelled, once") {
  const folder f;
  bounded_reader r(f.write("a", "1\n"), false);
  REQUIRE(r.discover(no_wait));
  REQUIRE(r.assign("0", {}));
  r.interrupt();
  const auto got = r.read(only, 100, no_wait);
  REQUIRE_FALSE(got);
  CHECK(got.error().code == ec::cancelled);
  CHECK(r.read(only, 100, no_wait));
}

TEST_CASE("lines that are skipped are no records, and their quotes open no field") {
  const folder f;
  f.write("a.csv", "made by \"x\r\n\n\"\nn,t\n1,\"b\n\nc\"\n");
  f.write("b.csv", "1\n2");
  f.write("c.csv", "1\n2\n3\nn,t\n2,d");
  bounded_reader r(f / "*.csv", false, {.header = true, .frame = data::csv_dialect{}, .skip = 3});
  REQUIRE(r.discover(no_wait));
  std::vector<std::string> all;
  for (const auto& got : read_all(r, "0", {}, 1 << 16).records)
    all.push_back(got.bytes);
  CHECK(all == std::vector<std::string>{"n,t", "1,\"b\n\nc\"", "n,t", "2,d"});
}

TEST_CASE("the state of a followed log is none of a bounded one; the other way round it goes on") {
  const folder f;
  f.write("a.log", "one\n");
  f.write("b.log", "two\n");
  source::bounded_reader bounded(f / "*.log", false);
  REQUIRE(bounded.discover(no_wait));
  life followed(f / "*.log", bounded.identity(), {1, 0});
  CHECK(followed.more() == strings{"two"});
  f.append("a.log", "three\n");
  CHECK(followed.more() == strings{"three"});
  CHECK_FALSE(followed.failure);
  const auto same = bounded.check_identity(followed.identity());
  REQUIRE_FALSE(same);
  CHECK(same.error().whose == fault::user);
  CHECK_THAT(same.error().message, Catch::Contains("\"follow\": true"));
}
