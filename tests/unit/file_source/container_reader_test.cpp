// Checks that records of Avro object containers are those that were written, wherever reading begins, and that damage is told.
#include "actors/connectors/file/source/bounded_reader.hpp"
#include "actors/connectors/file/source/container_file.hpp"
#include "actors/connectors/file/source/continuation.hpp"
#include "tests/support/avro_container.hpp"
#include "tests/unit/file_source/folder.hpp"
#include "tests/unit/file_source/reading.hpp"

#include <algorithm>
#include <fstream>
#include <map>

using namespace millrace;
using namespace millrace::source;
using namespace millrace::test;

namespace {

using strings = std::vector<std::string>;
constexpr std::string_view texts_schema = R"("string")";
const strings codecs{"null", "deflate", "snappy", "zstandard"};
const wants contained{.frame = by_container{}};

/// Records as Avro writes texts, of which some are long.
strings some_records(std::size_t count, std::size_t first = 0) {
  strings out;
  for (auto i = first; i < first + count; ++i)
    out.push_back(avro_text(std::to_string(i) + std::string(i % 7 == 3 ? 300 : i % 5, 'x')));
  return out;
}

std::vector<record> numbered(const strings& records, std::int64_t major = 0, std::int64_t first = 0) {
  std::vector<record> out;
  for (const auto& r : records)
    out.push_back({{major, first++}, r});
  return out;
}

std::vector<record> operator+(std::vector<record> a, const std::vector<record>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

read_result read_container(const std::string& path, position from = {}, std::size_t max_bytes = 1 << 16) {
  bounded_reader r(path, false, contained);
  if (auto found = r.discover(no_wait); !found) {
    read_result refused;
    refused.failure = std::move(found).error();
    return refused;
  }
  return read_all(r, "0", from, max_bytes);
}

std::string failure_of(const read_result& got) {
  REQUIRE(got.failure);
  CHECK(got.failure->whose == fault::user);
  return got.failure->message;
}

/// All chunks up to the end.
std::vector<chunk> chunks_of(const std::string& path, std::size_t max_bytes) {
  bounded_reader r(path, false, contained);
  REQUIRE(r.discover(no_wait));
  REQUIRE(r.assign("0", {}));
  const strings wanted{"0"};
  std::vector<chunk> out;
  while (out.empty() || !out.back().at_end) {
    auto got = r.read(wanted, max_bytes, no_wait);
    REQUIRE(got);
    REQUIRE(*got);
    out.push_back(std::move(**got));
  }
  return out;
}

strings lines_of_file(const std::string& path) {
  std::ifstream in(path);
  strings out;
  for (std::string line; std::getline(in, line);)
    out.push_back(line);
  return out;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4U];
    out += digits[static_cast<unsigned char>(c) & 15U];
  }
  return out;
}

}  // namespace

TEST_CASE("a container's records have their numbers as positions, under every codec, whole file or gzip, in "
          "chunks of any size") {
  const folder f;
  const auto records = some_records(50);
  for (const auto& codec : codecs)
    for (const std::size_t a_block : {1, 7, 50})
      for (const bool packed : {false, true}) {
        const auto bytes = avro_container(texts_schema, records, a_block, codec);
        const auto path = f.write("a", packed ? gzip(bytes) : bytes);
        for (const std::size_t max_bytes : {1, 40, 1 << 16}) {
          const auto got = read_container(path, {}, max_bytes);
          CHECK(got.records == numbered(records));
          CHECK(got.at_end);
          CHECK(got.next == position{0, 50});
        }
      }
}

TEST_CASE("a container is read on at each of its records") {
  const folder f;
  const auto records = some_records(40);
  for (const auto& codec : codecs)
    for (const bool packed : {false, true}) {
      const auto bytes = avro_container(texts_schema, records, 6, codec);
      const auto path = f.write("a", packed ? gzip(bytes) : bytes);
      for (std::size_t from = 0; from <= records.size(); ++from) {
        const auto got = read_container(path, {0, static_cast<std::int64_t>(from)}, 100);
        CHECK(got.records == numbered({records.begin() + static_cast<std::ptrdiff_t>(from), records.end()}, 0,
                                      static_cast<std::int64_t>(from)));
        CHECK(got.at_end);
      }
    }
  const auto path = f.write("a", avro_container(texts_schema, records, 6));
  CHECK_THAT(failure_of(read_container(path, {0, 41})), Catch::Contains("has 40 records and had more"));
}

TEST_CASE("a chunk of a container has the schema of its file, one text for all of them") {
  const folder f;
  f.write("a.1", avro_container(texts_schema, some_records(20), 3));
  f.write("a.2", avro_container(R"("bytes")", some_records(20), 3));
  std::map<std::string, std::shared_ptr<const std::string>> schemas;
  for (const auto& c : chunks_of(f / "a.*", 30)) {
    CHECK_FALSE(c.lines);
    REQUIRE(c.schemas);
    REQUIRE(c.schemas->of_all);
    CHECK(c.part == c.topic);
    const auto known = schemas.emplace(c.topic, c.schemas->of_all).first;
    CHECK(known->second == c.schemas->of_all);
  }
  REQUIRE(schemas.size() == 2);
  CHECK(*schemas[f / "a.1"] == texts_schema);
  CHECK(*schemas[f / "a.2"] == R"("bytes")");
}

TEST_CASE("containers of a glob are one log, or a partition each") {
  const folder f;
  for (int i = 9; i < 12; ++i)
    f.write("a." + std::to_string(i),
            avro_container(texts_schema, some_records(5, static_cast<std::size_t>(i) * 10), 2));
  CHECK(read_container(f / "a.*").records == numbered(some_records(5, 90)) +
                                                 numbered(some_records(5, 100), 1) +
                                                 numbered(some_records(5, 110), 2));
  CHECK(read_container(f / "a.*", {1, 3}).records ==
        numbered(some_records(2, 103), 1, 3) + numbered(some_records(5, 110), 2));
  bounded_reader r(f / "a.*", true, contained);
  REQUIRE(r.discover(no_wait));
  CHECK(read_all(r, f / "a.10", {0, 4}, 100).records == numbered(some_records(1, 104), 0, 4));
}

TEST_CASE("records without a byte have positions of their own, and come in chunks of bounded size") {
  const folder f;
  const auto path = f.write("a", avro_head(R"("null")") + avro_block(100'000, "") + avro_block(2, ""));
  const auto got = read_container(path, {0, 7}, 1'000);
  CHECK(got.records.size() == 99'995);
  CHECK(got.next == position{0, 100'002});
  for (const auto& c : chunks_of(path, 1'000))
    CHECK(c.records() <= 1'000);
}

TEST_CASE("blocks without records, and a container without blocks, have none") {
  const folder f;
  const auto records = some_records(1);
  CHECK(read_container(f.write("a", avro_head(texts_schema))).at_end);
  const auto got = read_container(f.write("a", avro_head(texts_schema) + avro_block(0, "") +
                                                   avro_block(1, records[0]) + avro_block(0, "")));
  CHECK(got.records == numbered(records));
  CHECK(got.at_end);
}

TEST_CASE(
    "a container that is cut off gives the records of its whole blocks, then an error, wherever it is cut") {
  const folder f;
  const auto records = some_records(12);
  for (const auto& codec : codecs) {
    const auto all = avro_container(texts_schema, records, 3, codec);
    std::vector<std::size_t> ends{avro_head(texts_schema, codec).size()};
    for (std::size_t blocks = 1; blocks <= 4; ++blocks)
      ends.push_back(
          avro_container(texts_schema,
                         {records.begin(), records.begin() + static_cast<std::ptrdiff_t>(blocks * 3)}, 3,
                         codec)
              .size());
    REQUIRE(ends.back() == all.size());
    for (std::size_t size = 0; size < all.size(); ++size) {
      const auto got = read_container(f.write("a", all.substr(0, size)), {}, 20);
      const auto whole = std::upper_bound(ends.begin(), ends.end(), size) - ends.begin();
      const bool at_edge = whole > 0 && ends[static_cast<std::size_t>(whole) - 1] == size;
      CHECK(got.records ==
            numbered({records.begin(), records.begin() + std::max<std::ptrdiff_t>(0, whole - 1) * 3}));
      CHECK(got.at_end == at_edge);
      if (!at_edge)
        CHECK_THAT(failure_of(got),
                   size == 0   ? Catch::Contains("the file is empty")
                   : whole > 0 ? Catch::Contains("cut off within the block at byte " +
                                                 std::to_string(ends[static_cast<std::size_t>(whole) - 1]))
                               : Catch::Contains("cut off within its head"));
    }
  }
}

TEST_CASE("a container that was cut off is read on when the whole file has taken its place") {
  const folder f;
  const auto records = some_records(12);
  const auto all = avro_container(texts_schema, records, 3);
  const auto path = f.write("a", all.substr(0, all.size() - 5));
  bounded_reader first(path, false, contained);
  REQUIRE(first.discover(no_wait));
  const auto got = read_all(first, "0", {}, 1 << 16);
  CHECK(got.next == position{0, 9});
  REQUIRE(got.failure);
  f.write("a", all);
  bounded_reader second(path, false, contained);
  REQUIRE(second.discover(no_wait));
  REQUIRE(second.check_identity(first.identity()));
  const auto rest = read_all(second, "0", got.next, 1 << 16);
  CHECK(rest.records == numbered(some_records(3, 9), 0, 9));
  CHECK(rest.at_end);
}

TEST_CASE("another sync marker behind a block is told with its place, behind the records before") {
  const folder f;
  const auto records = some_records(9);
  auto bytes = avro_container(texts_schema, records, 3);
  const auto first = avro_container(texts_schema, {records.begin(), records.begin() + 3}, 3).size();
  const auto second = avro_container(texts_schema, {records.begin(), records.begin() + 6}, 3).size();
  bytes[second - 1] = static_cast<char>(bytes[second - 1] ^ 1);
  for (const std::int64_t from : {0, 3, 6}) {
    const auto got = read_container(f.write("a", bytes), {0, from});
    CHECK(got.records == (from == 0 ? numbered(some_records(3)) : std::vector<record>()));
    CHECK_THAT(failure_of(got), Catch::Contains("the block at byte " + std::to_string(first)) &&
                                    Catch::Contains("at byte " + std::to_string(second - 16)) &&
                                    Catch::Contains("another sync marker"));
  }
}

TEST_CASE("a block whose bytes are damaged is an error with its place") {
  const folder f;
  const auto records = some_records(6);
  for (const auto& codec : {"deflate", "snappy", "zstandard"}) {
    auto bytes = avro_container(texts_schema, records, 3, codec);
    const auto first = avro_container(texts_schema, {records.begin(), records.begin() + 3}, 3, codec).size();
    bytes[bytes.size() - 17 - 4] = static_cast<char>(bytes[bytes.size() - 17 - 4] ^ 0x55);
    bytes[first + 3] = static_cast<char>(bytes[first + 3] ^ 0x55);
    const auto got = read_container(f.write("a", bytes));
    CHECK(got.records == numbered(some_records(3)));
    CHECK_THAT(failure_of(got), Catch::Contains("at byte " + std::to_string(first)));
  }
  const auto empty = read_container(f.write("a", avro_head(texts_schema) + avro_block(0, "some")));
  CHECK_THAT(failure_of(empty), Catch::Contains("4 bytes and no record"));
}

TEST_CASE("a record that does not end within its block is a cut one, and reading goes on behind the block") {
  const folder f;
  const auto good = some_records(3);
  const auto broken = good[0] + avro_long(1'000) + "short";
  const auto bytes = avro_head(texts_schema) + avro_block(3, good[0] + good[1] + good[2]) +
                     avro_block(4, broken) + avro_block(1, good[1]);
  const auto at = avro_head(texts_schema).size() + avro_block(3, good[0] + good[1] + good[2]).size();
  const auto path = f.write("a", bytes);
  const auto rest = broken.substr(good[0].size());
  const std::vector<record> all =
      numbered(good) + numbered({good[0], rest}, 0, 3) + numbered({good[1]}, 0, 7);
  for (const std::size_t max_bytes : {1, 1 << 16}) {
    CHECK(read_container(path, {}, max_bytes).records == all);
    CHECK(read_container(path, {0, 4}, max_bytes).records == std::vector<record>(all.begin() + 4, all.end()));
    CHECK(read_container(path, {0, 7}, max_bytes).records == std::vector<record>(all.begin() + 5, all.end()));
    std::size_t cut = 0;
    for (const auto& c : chunks_of(path, max_bytes))
      for (std::uint32_t i = 0; i < c.records(); ++i)
        if (c.is_cut(i)) {
          ++cut;
          CHECK(c.record(i) == rest);
          REQUIRE(c.why_cut.contains(i));
          CHECK(c.why_cut.at(i) == "record 2 of the 4 of the block at byte " + std::to_string(at) +
                                       " does not end within it; this is the rest of the block, 7 bytes "
                                       "(records that are not read: 3)");
        }
    CHECK(cut == 1);
  }
}

TEST_CASE("the last record of a block that has more bytes is a cut one") {
  const folder f;
  const auto good = some_records(2);
  const auto path = f.write("a", avro_head(texts_schema) + avro_block(2, good[0] + good[1] + "more") +
                                     avro_block(1, good[0]));
  CHECK(read_container(path).records == numbered({good[0], good[1] + "more", good[0]}));
  const auto c = chunks_of(path, 1 << 16).front();
  CHECK(c.cut == std::vector<std::uint32_t>{1});
  CHECK_THAT(c.why_cut.at(1),
             Catch::Contains("record 2 of the 2") && Catch::Contains("does not end with it"));
}

TEST_CASE("of a long rest of a block the beginning is kept") {
  const folder f;
  const auto path =
      f.write("a", avro_head(texts_schema) + avro_block(1, avro_long(9'000'000) + std::string(100'000, 'x')));
  const auto got = read_container(path);
  REQUIRE(got.records.size() == 1);
  CHECK(got.records[0].bytes.size() == 65'536);
  CHECK(got.at_end);
}

TEST_CASE("a file that is no container is told with what it holds") {
  const folder f;
  const auto told = [&](const std::string& bytes) { return failure_of(read_container(f.write("a", bytes))); };
  CHECK_THAT(told("id,name\n1,x\n"),
             Catch::Contains("not an Avro object container") && Catch::Contains("found text"));
  CHECK_THAT(told("{\"id\":1}\n"), Catch::Contains("found JSON"));
  CHECK_THAT(told("PAR1\x15\x04"), Catch::Contains("found Parquet"));
  CHECK_THAT(told("BZh91AY&SYabc"), Catch::Contains("found bzip2"));
  CHECK_THAT(told("Obj\x02"
                  "abc"),
             Catch::Contains("another version"));
  CHECK_THAT(told(std::string("\0\0\0\0\x07", 5)), Catch::Contains("found the bytes 00 00 00 00 07"));
  CHECK_THAT(told(gzip("text")), Catch::Contains("found text"));
  CHECK_THAT(told(avro_head("{")), Catch::Contains("the schema in its head is none"));
}

TEST_CASE("a file of the glob that is no container is refused before a run keeps anything of it, also one "
          "that has come later") {
  const folder f;
  f.write("a.1", avro_container(texts_schema, some_records(1), 1));
  const std::vector<wants> readers{contained};
  bounded_reader good(f / "a.*", false, contained);
  REQUIRE(good.discover(no_wait));
  const auto path = f.write("a.2", "id,name\n");
  bounded_reader bad(f / "a.*", false, contained);
  const auto found = bad.discover(no_wait);
  REQUIRE_FALSE(found);
  CHECK_THAT(found.error().message, Catch::StartsWith(path) && Catch::Contains("Move it away"));
  CHECK_FALSE(found.error().retry);
  const auto next = continue_files(good.identity(), f / "a.*", false, file_order::natural, readers);
  REQUIRE_FALSE(next);
  CHECK_THAT(next.error().message, Catch::Contains("not an Avro object container"));
}

TEST_CASE("a container that has grown by whole blocks is the next run's, behind the records that were read") {
  const folder f;
  const auto head = avro_head(texts_schema);
  const auto first = head + avro_block(2, some_records(1)[0] + some_records(1, 1)[0]);
  const auto grown = first + avro_block(1, some_records(1, 2)[0]);
  const std::vector<wants> readers{contained};
  for (const bool parallel : {false, true}) {
    const auto path = f.write("a.1", first);
    bounded_reader r(f / "a.*", parallel, contained);
    REQUIRE(r.discover(no_wait));
    const auto ended = r.identity();
    const auto none = continue_files(ended, f / "a.*", parallel, file_order::natural, readers);
    REQUIRE(none);
    CHECK(none->partitions.empty());
    f.write("a.1", grown);
    f.write("a.2", avro_container(texts_schema, some_records(2, 10), 1));
    const auto next = continue_files(ended, f / "a.*", parallel, file_order::natural, readers);
    REQUIRE(next);
    REQUIRE(next->partitions.size() == (parallel ? 2 : 1));
    CHECK(next->partitions[0].start == position{1, 2});
    bounded_reader later(f / "a.*", parallel, contained);
    REQUIRE(later.discover(no_wait));
    REQUIRE(later.check_identity(next->identity));
    const auto of_grown = numbered(some_records(1, 2), 1, 2);
    const auto of_new = numbered(some_records(2, 10), parallel ? 0 : 2);
    CHECK(read_all(later, next->partitions[0].name, {1, 2}, 100).records ==
          (parallel ? of_grown : of_grown + of_new));
    if (parallel)
      CHECK(read_all(later, next->partitions[1].name, next->partitions[1].start, 100).records == of_new);
    std::remove((f / "a.2").c_str());
  }
}

TEST_CASE("a container that has grown is refused where it is compressed, other than it was, or read as "
          "lines, too") {
  const folder f;
  const std::vector<wants> readers{contained};
  const auto first = avro_container(texts_schema, some_records(4), 2);
  const auto more = avro_block(1, some_records(1, 4)[0]);
  const auto after = [&](const std::string& before, const std::string& now, const std::vector<wants>& by) {
    const auto path = f.write("a", before);
    bounded_reader r(path, false, contained);
    REQUIRE(r.discover(no_wait));
    const auto ended = r.identity();
    f.write("a", now);
    const auto next = continue_files(ended, path, false, file_order::natural, by);
    REQUIRE_FALSE(next);
    return next.error().message;
  };
  CHECK_THAT(after(gzip(first), gzip(first) + gzip(more), readers), Catch::Contains("compressed"));
  CHECK_THAT(after(first, avro_container(texts_schema, some_records(4, 1), 2) + more, readers),
             Catch::Contains("is not what was read"));
  CHECK_THAT(after(first, first + more, {contained, wants{}}), Catch::Contains("another `framing` each"));
}

TEST_CASE("bytes that are left of containers go by blocks, and are none at the end") {
  const folder f;
  const auto records = some_records(6);
  const auto all = avro_container(texts_schema, records, 2);
  const auto path = f.write("a", all);
  bounded_reader r(path, false, contained);
  REQUIRE(r.discover(no_wait));
  REQUIRE(r.assign("0", {}));
  CHECK(r.lag_bytes() == all.size());
  auto before = all.size() + 1;
  const strings wanted{"0"};
  for (bool ended = false; !ended;) {
    const auto got = r.read(wanted, 1, no_wait);
    REQUIRE(got);
    REQUIRE(*got);
    ended = (*got)->at_end;
    REQUIRE(r.lag_bytes());
    CHECK(*r.lag_bytes() <= before);
    before = *r.lag_bytes();
  }
  CHECK(r.lag_bytes() == 0U);
}

TEST_CASE("containers of another program are read, and its other codecs refused") {
  const std::string folder_of = "tests/unit/file_source/containers/";
  const auto expected_records = lines_of_file(folder_of + "records.txt");
  REQUIRE(expected_records.size() == 40);
  for (const auto& codec : codecs) {
    INFO(codec);
    const auto got = read_container(folder_of + codec + ".avro");
    CHECK(got.at_end);
    strings found;
    for (const auto& r : got.records)
      found.push_back(hex(r.bytes));
    CHECK(found == expected_records);
  }
  for (const auto* codec : {"bzip2", "xz"})
    CHECK_THAT(failure_of(read_container(folder_of + codec + ".avro")),
               Catch::Contains(std::string("codec \"") + codec));
}
