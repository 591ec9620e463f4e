// The file that says in which cluster and store a node was last.
#include "actors/node/host/cluster_note.hpp"
#include "tests/unit/host/host_fixture.hpp"

#include <filesystem>

namespace millrace::host::test {

TEST_CASE(
    "a note is read as it was written, the later one in the place of the earlier one, for its owner alone") {
  const own_folder folder;
  CHECK(must(read_cluster_note(folder.path().string())) == cluster_note{});
  for (const std::string id : {"millrace#1", "millrace#2"}) {
    const cluster_note note{id, "dir:/x y"};
    REQUIRE(write_cluster_note(folder.path().string(), note));
    CHECK(must(read_cluster_note(folder.path().string())) == note);
  }
  using std::filesystem::perms;
  CHECK(std::filesystem::status(folder / "cluster").permissions() ==
        (perms::owner_read | perms::owner_write));
}

TEST_CASE("a file that is no note is refused, with the remedy") {
  for (const std::string bytes :
       {"", "millrace#1", "millrace#1\n", "millrace#1\ndir:/x", "\ndir:/x\n", "a\nb\nc\n"}) {
    INFO(bytes);
    const own_folder folder;
    folder.write("cluster", bytes);
    std::filesystem::permissions(folder / "cluster", std::filesystem::perms::owner_read);
    const auto read = read_cluster_note(folder.path().string());
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ec::corrupt);
    CHECK_THAT(read.error().message, Catch::Contains(folder / "cluster") && Catch::Contains("remove it"));
  }
}

}  // namespace millrace::host::test
