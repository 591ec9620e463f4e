// Files in other encodings than UTF-8: records and positions are of the UTF-8.
#include "actors/connectors/file/source/bounded_reader.hpp"
#include "actors/connectors/file/source/continuation.hpp"
#include "tests/unit/file_source/folder.hpp"
#include "tests/unit/file_source/reading.hpp"

using namespace millrace;
using namespace millrace::test;
using namespace std::string_literals;
using source::bounded_reader;

namespace {

const std::string latin = "h\xE9\n1,\x80\r\n2,\"a\n\xFC\"\n3,\x81\n4";
const std::string utf_16 = "\xFF\xFE"
                           "1\0\xE9\0\n\0\xAC\x20\n\0"s;  // 1é and €

bounded_reader reader_of(const std::string& path, data::encoding from, std::size_t skip = 0) {
  source::wants wanted;
  wanted.frame = data::csv_dialect{};
  wanted.skip = skip;
  wanted.encoding = from;
  return bounded_reader(path, false, wanted);
}

read_result read_file(const std::string& path, data::encoding from, position at = {},
                      std::size_t max_bytes = 1 << 16, std::size_t skip = 0) {
  auto r = reader_of(path, from, skip);
  REQUIRE(r.discover(no_wait));
  return read_all(r, "0", at, max_bytes);
}

}  // namespace

TEST_CASE("records and positions of a file in windows-1252 are of its UTF-8, wherever reading begins and "
          "chunks end") {
  const folder f;
  const std::vector<record> all{
      {{0, 0}, "hé"}, {{0, 4}, "1,€"}, {{0, 11}, "2,\"a\nü\""}, {{0, 20}, "3,\x81"}, {{0, 24}, "4"}};
  for (const auto& path : {f.write("a", latin), f.write("b", gzip(latin))}) {
    for (const std::size_t max_bytes : {1, 3, 8, 1 << 16})
      CHECK(read_file(path, data::encoding::windows_1252, {}, max_bytes).records == all);
    for (std::size_t i = 0; i < all.size(); ++i)
      CHECK(read_file(path, data::encoding::windows_1252, all[i].at).records ==
            std::vector<record>(all.begin() + static_cast<std::ptrdiff_t>(i), all.end()));
    CHECK(read_file(path, data::encoding::windows_1252, {}, 8, 2).records ==
          std::vector<record>(all.begin() + 2, all.end()));
  }
}

TEST_CASE("a text that is larger than the buffers of its stream is decoded whole") {
  const folder f;
  std::string bytes = "\xFE\xFF";
  std::vector<record> all;
  for (std::int64_t i = 0; i < 100'000; ++i) {
    bytes += "\xD8\x3D\xDE\x00\0a\0\n"s;
    all.push_back({{0, 6 * i}, "\U0001F600a"});
  }
  const auto got = read_file(f.write("a", bytes), data::encoding::utf_16, {}, 10'000);
  CHECK((got.records == all));
  CHECK(got.at_end);
}

TEST_CASE("utf-16 without a byte-order mark is an error with the file and a remedy, an empty file is none") {
  const folder f;
  CHECK(read_file(f.write("a", utf_16), data::encoding::utf_16).records ==
        std::vector<record>{{{0, 0}, "1é"}, {{0, 4}, "€"}});
  CHECK(read_file(f.write("b", ""), data::encoding::utf_16).at_end);
  const auto failed = read_file(f.write("c", utf_16.substr(2)), data::encoding::utf_16);
  REQUIRE(failed.failure);
  CHECK(failed.failure->whose == fault::user);
  CHECK(failed.failure->message.find("/c: it does not begin with a byte-order mark") != std::string::npos);
}

TEST_CASE("a byte-order mark alone is not a record of a line") {
  const folder f;
  CHECK(read_file(f.write("a", "\xEF\xBB\xBF"), data::encoding::utf_8).records.empty());
  CHECK(read_file(f.write("b", "\xEF\xBB\xBF\r\n1\n"), data::encoding::utf_8).records ==
        std::vector<record>{{{0, 0}, ""}, {{0, 5}, "1"}});
}

TEST_CASE("a file that is shorter in UTF-8 than where reading goes on is refused") {
  const folder f;
  const auto failed = read_file(f.write("a", latin), data::encoding::windows_1252, {0, 100});
  REQUIRE(failed.failure);
  CHECK(failed.failure->code == ec::mismatch);
}

TEST_CASE("bytes that are left are not known of a file that is decoded, and its growth is no next run") {
  const folder f;
  const auto path = f.write("a", latin + "\n");
  auto r = reader_of(path, data::encoding::windows_1252);
  REQUIRE(r.discover(no_wait));
  REQUIRE(r.assign("0", {}));
  CHECK(r.lag_bytes() == std::nullopt);
  const auto ended = r.identity();
  const auto since = [&](bool is_decoded) {
    std::vector<source::wants> readers(2);
    readers.back().encoding = is_decoded ? data::encoding::windows_1252 : data::encoding::utf_8;
    return source::continue_files(ended, path, false, source::file_order::natural, readers);
  };
  REQUIRE(since(true));
  CHECK(since(true)->partitions.empty());
  f.write("a", latin + "\n5\n");
  CHECK(since(false));
  const auto refused = since(true);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("decoded") != std::string::npos);
}
