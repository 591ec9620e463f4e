// Checks records that stand behind their lengths: whole, in parts, cut off, too long and damaged.
#include "actors/connectors/file/source/bounded_reader.hpp"
#include "actors/connectors/file/source/continuation.hpp"
#include "actors/connectors/file/source/record_end.hpp"
#include "tests/unit/file_source/folder.hpp"
#include "tests/unit/file_source/reading.hpp"

using namespace millrace;
using namespace millrace::source;
using namespace millrace::test;

namespace {

using strings = std::vector<std::string>;
const wants delimited{.frame = by_length{}};

std::string varint_of(std::uint64_t size) {
  std::string out;
  for (; size > 0x7F; size >>= 7U)
    out += static_cast<char>(size | 0x80U);
  return out += static_cast<char>(size);
}

/// With records of line feeds, nothing, and more than one byte of length.
strings delimited_records() {
  return {"one", "", "\n\n", std::string(130, 'x'), "\r\n", "", std::string(20'000, '\0'), "end"};
}

std::string joined(const strings& records) {
  std::string out;
  for (const auto& r : records)
    out += varint_of(r.size()) + r;
  return out;
}

std::vector<record> placed(const strings& records, std::int64_t major = 0, std::size_t at = 0) {
  std::vector<record> out;
  for (const auto& r : records) {
    out.push_back({{major, static_cast<std::int64_t>(at)}, r});
    at += varint_of(r.size()).size() + r.size();
  }
  return out;
}

read_result read_delimited(const std::string& path, position from = {}, std::size_t max_bytes = 1 << 16) {
  bounded_reader r(path, false, delimited);
  REQUIRE(r.discover(no_wait));
  return read_all(r, "0", from, max_bytes);
}

}  // namespace

TEST_CASE("records behind their lengths have the offsets of these as positions, plain and gzip, from each of "
          "them on") {
  const folder f;
  const auto records = delimited_records();
  const auto all = placed(records);
  for (const bool packed : {false, true}) {
    const auto path = f.write("a", packed ? gzip(joined(records)) : joined(records));
    for (const std::size_t max_bytes : {1, 100, 1 << 16}) {
      const auto got = read_delimited(path, {}, max_bytes);
      CHECK(got.records == all);
      CHECK(got.at_end);
      for (std::size_t i = 0; i < all.size(); ++i)
        CHECK(read_delimited(path, all[i].at, max_bytes).records ==
              std::vector<record>(all.begin() + static_cast<std::ptrdiff_t>(i), all.end()));
    }
  }
  CHECK(read_delimited(f.write("a", "")).at_end);
}

TEST_CASE("a file that is cut off within a record gives those before, then an error, wherever it is cut") {
  const folder f;
  const strings records{"one", std::string(200, 'x'), "", "end"};
  const auto all = joined(records);
  const auto places = placed(records);
  for (std::size_t size = 0; size <= all.size(); ++size) {
    std::vector<record> whole;
    for (const auto& r : places)
      if (static_cast<std::size_t>(r.at.minor) + varint_of(r.bytes.size()).size() + r.bytes.size() <= size)
        whole.push_back(r);
    const auto edge =
        joined({records.begin(), records.begin() + static_cast<std::ptrdiff_t>(whole.size())}).size();
    const auto got = read_delimited(f.write("a", all.substr(0, size)), {}, 16);
    CHECK(got.records == whole);
    CHECK(got.at_end == (edge == size));
    if (edge == size)
      continue;
    REQUIRE(got.failure);
    CHECK(got.failure->code == ec::corrupt);
    CHECK_THAT(got.failure->message,
               Catch::Contains("cut off") && Catch::Contains("at byte " + std::to_string(edge)));
    CHECK((got.failure->message.find("ends within its length") != std::string::npos) == (size == 5));
  }
}

TEST_CASE("a cut off file is read on when the whole one has taken its place") {
  const folder f;
  const auto all = joined({"one", "two", "three"});
  const auto path = f.write("a", all.substr(0, all.size() - 2));
  bounded_reader first(path, false, delimited);
  REQUIRE(first.discover(no_wait));
  const auto got = read_all(first, "0", {}, 1 << 16);
  CHECK(got.next == position{0, 8});
  REQUIRE(got.failure);
  f.write("a", all);
  bounded_reader second(path, false, delimited);
  REQUIRE(second.discover(no_wait));
  REQUIRE(second.check_identity(first.identity()));
  CHECK(read_all(second, "0", got.next, 1 << 16).records == placed({"three"}, 0, 8));
}

TEST_CASE("a length of more than five bytes is an error behind the records before it") {
  const folder f;
  const auto got = read_delimited(f.write("a", joined({"one"}) + std::string(5, '\xFF') + "more"));
  CHECK(got.records == placed({"one"}));
  REQUIRE(got.failure);
  CHECK(got.failure->code == ec::corrupt);
  CHECK_THAT(got.failure->message, Catch::Contains("at byte 4 no length"));
}

TEST_CASE("a record of more than 64 MiB is cut to its beginning, and reading goes on behind it") {
  const folder f;
  const std::string longer(longest_line + 1, 'x');
  const auto path = f.write("a", joined({"one", longer, "end"}));
  bounded_reader r(path, false, delimited);
  REQUIRE(r.discover(no_wait));
  REQUIRE(r.assign("0", {}));
  const strings wanted{"0"};
  std::vector<std::pair<std::string, bool>> found;
  for (bool ended = false; !ended;) {
    const auto got = r.read(wanted, 1 << 16, no_wait);
    REQUIRE(got);
    if (!*got)
      continue;
    const auto& c = **got;
    CHECK(c.bytes.capacity() < longest_line);
    for (std::size_t i = 0; i < c.records(); ++i)
      found.emplace_back(c.record(i), c.is_cut(i));
    ended = c.at_end;
  }
  CHECK(found == std::vector<std::pair<std::string, bool>>{
                     {"one", false}, {longer.substr(0, kept_of_longer_line), true}, {"end", false}});
  const auto whole = f.write("a", joined({longer.substr(1)}));
  CHECK(read_delimited(whole).records.at(0).bytes.size() == longest_line);
  bounded_reader cut(f.write("a", varint_of(std::uint64_t{1} << 34U) + "short"), false, delimited);
  REQUIRE(cut.discover(no_wait));
  const auto got = read_all(cut, "0", {}, 1 << 16);
  REQUIRE(got.failure);
  CHECK_THAT(got.failure->message, Catch::Contains("17179869184 bytes by its length, and 5 are there"));
}

TEST_CASE("records that follow where a delimited file had its end are the next run's") {
  const folder f;
  const std::vector<wants> readers{delimited};
  const auto path = f.write("a", joined({"one"}));
  bounded_reader r(path, false, delimited);
  REQUIRE(r.discover(no_wait));
  const auto ended = r.identity();
  f.write("a", joined({"one", "two"}));
  const auto next = continue_files(ended, path, false, file_order::natural, readers);
  REQUIRE(next);
  REQUIRE(next->partitions.size() == 1);
  CHECK(next->partitions[0].start == position{1, 4});
  bounded_reader later(path, false, delimited);
  REQUIRE(later.discover(no_wait));
  REQUIRE(later.check_identity(next->identity));
  CHECK(read_all(later, "0", {1, 4}, 100).records == placed({"two"}, 1, 4));
}
