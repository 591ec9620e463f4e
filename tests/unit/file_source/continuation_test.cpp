// Checks what counts as new since a bounded log of files was read to its end.
#include "actors/connectors/file/source/bounded_reader.hpp"
#include "actors/connectors/file/source/continuation.hpp"
#include "tests/unit/file_source/folder.hpp"
#include "tests/unit/file_source/reading.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::source;
using namespace millrace::test;

namespace {

std::string identity_of(const std::string& pattern, bool parallel) {
  bounded_reader r(pattern, parallel);
  REQUIRE(r.discover(no_wait));
  return r.identity();
}

std::optional<continuation> since(const std::string& ended, const std::string& pattern,
                                  bool parallel = false) {
  auto found = continue_files(ended, pattern, parallel);
  if (!found)
    FAIL(found.error().message);
  return found->partitions.empty() ? std::nullopt : std::optional(*found);
}

std::vector<std::string> records_of(const continuation& c, const std::string& pattern,
                                    bool parallel = false) {
  bounded_reader r(pattern, parallel);
  REQUIRE(r.discover(no_wait));
  REQUIRE(r.check_identity(c.identity));
  CHECK(r.identity() == c.identity);
  std::vector<std::string> out;
  for (const auto& p : c.partitions) {
    REQUIRE(r.assign(p.name, p.start));
    const std::vector<std::string> wanted{p.name};
    for (bool ended = false; !ended;) {
      const auto got = r.read(wanted, 1 << 20, no_wait);
      REQUIRE(got);
      REQUIRE(*got);
      CHECK((*got)->from >= p.start);
      for (std::size_t i = 0; i < (*got)->records(); ++i)
        out.emplace_back((*got)->record(i));
      ended = (*got)->at_end;
    }
  }
  return out;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("nothing is new in files that are as they were, or gone") {
  const folder f;
  f.write("a", "1\n");
  f.write("b", "2\n");
  const auto ended = identity_of(f / "?", false);
  CHECK_FALSE(since(ended, f / "?"));
  std::filesystem::remove(f / "a");
  CHECK_FALSE(since(ended, f / "?"));
  std::filesystem::remove(f / "b");
  CHECK_FALSE(since(ended, f / "?"));
}

TEST_CASE("lines appended to the last file and files with later names are one log behind the end") {
  const folder f;
  f.write("a", "1\n");
  f.write("b", "2\n");
  const auto ended = identity_of(f / "?", false);
  f.append("b", "3\n4\n");
  f.write("c", "5\n");
  const auto next = since(ended, f / "?");
  REQUIRE(next);
  REQUIRE(next->partitions.size() == 1);
  CHECK(next->partitions[0].start == position{2, 2});  // after the end of the first run, (1, 3)
  CHECK(records_of(*next, f / "?") == texts{"3", "4", "5"});
  CHECK_FALSE(since(next->identity, f / "?"));
  f.append("c", "6\n");
  const auto third = since(next->identity, f / "?", false);
  REQUIRE(third);
  CHECK(third->partitions[0].start > position{3, 3});
  CHECK(records_of(*third, f / "?") == texts{"6"});
}

TEST_CASE("what comes while a run goes on is the next one's") {
  const folder f;
  f.write("a", "1\n");
  const auto ended = identity_of(f / "?", false);
  f.write("b", "2\n");
  const auto next = since(ended, f / "?");
  REQUIRE(next);
  f.append("b", "3\n");
  f.write("c", "4\n");
  CHECK(records_of(*next, f / "?") == texts{"2"});
  const auto third = since(next->identity, f / "?", false);
  REQUIRE(third);
  CHECK(records_of(*third, f / "?") == texts{"3", "4"});
}

TEST_CASE("later names are later than those of files that are gone") {
  const folder f;
  f.write("b", "1\n");
  const auto ended = identity_of(f / "?", false);
  std::filesystem::remove(f / "b");
  f.write("c", "2\n");
  const auto next = since(ended, f / "?");
  REQUIRE(next);
  CHECK(records_of(*next, f / "?") == texts{"2"});
  std::filesystem::remove(f / "c");
  f.write("bb", "3\n");
  const auto refused = continue_files(next->identity, f / "?*", false);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("its name comes before"));
}

TEST_CASE("with parallel each file goes on by itself, whatever its name") {
  const folder f;
  f.write("b", "1\n");
  f.write("c", "2\n");
  const auto ended = identity_of(f / "?", true);
  f.write("a", "3\n");
  f.append("b", "4\n");
  const auto next = since(ended, f / "?", true);
  REQUIRE(next);
  REQUIRE(next->partitions.size() == 2);
  CHECK(next->partitions[1].start == position{1, 2});
  CHECK(records_of(*next, f / "?", true) == texts{"3", "4"});
  std::filesystem::remove(f / "a");
  CHECK_FALSE(since(next->identity, f / "?", true));
  f.append("b", "5\n");
  const auto third = since(next->identity, f / "?", true);
  REQUIRE(third);
  CHECK(third->partitions[0].start == position{2, 4});
  CHECK(records_of(*third, f / "?", true) == texts{"5"});
  f.write("a", "3\n");  // put back: it was read
  CHECK_FALSE(since(third->identity, f / "?", true));
  f.append("a", "6\n");
  const auto fourth = since(third->identity, f / "?", true);
  REQUIRE(fourth);
  CHECK(records_of(*fourth, f / "?", true) == texts{"6"});
  f.write("a", "7\n8\n");
  const auto refused = continue_files(third->identity, f / "?", true);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("replaced or cut"));
}

TEST_CASE("a last line without a newline was a record: it may end, and not go on") {
  const folder f;
  f.write("a", "1\n2");
  const auto ended = identity_of(f / "?", false);
  SECTION("ended") {
    f.append("a", "\n3\n");
    const auto next = since(ended, f / "?");
    REQUIRE(next);
    CHECK(records_of(*next, f / "?") == texts{"3"});
  }
  SECTION("ended as on Windows") {
    f.append("a", "\r\n3\r\n");
    const auto next = since(ended, f / "?");
    REQUIRE(next);
    CHECK(records_of(*next, f / "?") == texts{"3"});
  }
  SECTION("gone on") {
    f.append("a", "22\n3\n");
    const auto refused = continue_files(ended, f / "?", false);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::mismatch);
    CHECK(refused.error().whose == fault::user);
    CHECK_THAT(refused.error().message, Catch::Contains("no newline") && Catch::Contains("byte 3"));
  }
}

TEST_CASE("files that have changed otherwise than by growing are refused") {
  const folder f;
  f.write("a", "1\n");
  f.write("b", "2\n");
  const auto refusal = [&, ended = identity_of(f / "?", false)] {
    const auto refused = continue_files(ended, f / "?", false);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().whose == fault::user);
    CHECK_THAT(refused.error().message, Catch::Contains("--fresh"));
    return refused.error().message;
  };
  SECTION("replaced") {
    f.write("b", "9\n3\n");
    CHECK_THAT(refusal(), Catch::Contains("replaced or cut"));
  }
  SECTION("cut") {
    f.write("b", "2");
    CHECK_THAT(refusal(), Catch::Contains("replaced or cut"));
  }
  SECTION("grown before the last one") {
    f.append("a", "3\n");
    CHECK_THAT(refusal(), Catch::Contains("has grown"));
  }
}

TEST_CASE("a compressed file that has grown is refused, a new one is read") {
  const folder f;
  f.write("a.gz", gzip("1\n"));
  const auto ended = identity_of(f / "*", false);
  f.write("b.gz", gzip("2\n"));
  const auto next = since(ended, f / "*");
  REQUIRE(next);
  CHECK(records_of(*next, f / "*") == texts{"2"});
  f.append("b.gz", gzip("3\n"));
  const auto refused = continue_files(next->identity, f / "*", false);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("compressed"));
}
