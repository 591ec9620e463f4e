#include "runtime/snapshot/made_folders.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <catch2/catch.hpp>

using namespace millrace::snapshot;
using millrace::snapshot::test::faulty_file_system;

TEST_CASE("a folder lies above each path") {
  CHECK(folder_above("/a/b") == "/a");
  CHECK(folder_above("/a") == "/");
  CHECK(folder_above("a/b") == "a");
  CHECK(folder_above("a") == ".");
}

TEST_CASE("folders that were made are there after a loss of power, and what was there costs no sync") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    faulty_file_system files(seed);
    REQUIRE(make_folders(files, "/a/b/c"));
    CHECK(files.syncs() == 3);
    REQUIRE(make_folders(files, "/a/b/c"));
    CHECK(files.syncs() == 3);
    files.restart(true);
    CHECK(files.list("/a/b/c"));
  }
}

TEST_CASE("folders of this program's own are durable, also where their maker died before they were") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    faulty_file_system files(seed);
    REQUIRE(make_folders(files, "/a"));
    REQUIRE(files.make_folder("/a/b"));
    REQUIRE(files.make_folder("/a/b/c"));
    REQUIRE(make_folders(files, "/a/b/c", "/a"));
    files.restart(true);
    CHECK(files.list("/a/b/c"));
  }
}

TEST_CASE("an error of the file system ends the making of folders") {
  faulty_file_system files;
  files.fail_next(1);
  CHECK_FALSE(make_folders(files, "/a"));
  files.fail_next(1, 1);
  CHECK_FALSE(make_folders(files, "/b"));
}
