// Files of spilled output: durable when written, refused when damaged, gone when nobody needs them.
#include "runtime/snapshot/dir_segments.hpp"
#include "runtime/snapshot/made_folders.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"
#include "tests/unit/snapshot/interposed_file_system.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::snapshot;
using test::faulty_file_system;
using test::interposed_file_system;

namespace {

constexpr std::string_view parent = "/store/segments";
constexpr std::string_view folder = "/store/segments/counts%2F0";

std::unique_ptr<segments> open(file_system& files, incarnation life,
                               const std::vector<segment_id>& needed = {}) {
  auto fence = std::make_shared<life_fence>();
  fence->newest = life;
  auto opened = make_folders(files, "/store").and_then([&] {
    return dir_segments::open(files, std::string(parent), "counts/0", life, std::move(fence), needed);
  });
  REQUIRE(opened);
  return std::move(*opened);
}

}  // namespace

TEST_CASE("a segment is read back as it was, also after a loss of power") {
  faulty_file_system files;
  {
    const auto spilled = open(files, 1);
    CHECK(files.all_files(std::string(parent)).empty());
    REQUIRE(spilled->write({1, 1}, "some rows"));
    REQUIRE(spilled->write({1, 2}, "more rows"));
    CHECK(*spilled->read({1, 1}) == "some rows");
  }
  files.restart(true);
  const auto spilled = open(files, 2, {{1, 1}, {1, 2}});
  CHECK(*spilled->read({1, 1}) == "some rows");
  REQUIRE(spilled->remove({{1, 1}, {1, 7}}));
  CHECK(spilled->read({1, 1}).error().code == ec::not_found);
  CHECK(*spilled->read({1, 2}) == "more rows");
}

TEST_CASE("what no snapshot names is removed when the actor opens") {
  faulty_file_system files;
  {
    const auto spilled = open(files, 1);
    REQUIRE(spilled->write({1, 1}, "kept"));
    REQUIRE(spilled->write({1, 2}, "left by a crash before the capture"));
    files.put(std::string(folder) + "/tmp-seg-1", "cut short");
  }
  const auto spilled = open(files, 2, {{1, 1}});
  CHECK(files.all_files(std::string(folder)).size() == 1);
  CHECK(*spilled->read({1, 1}) == "kept");
}

TEST_CASE("a damaged or missing segment is an error with the way out, wherever it is damaged") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    faulty_file_system files(seed);
    const auto spilled = open(files, 1);
    REQUIRE(spilled->write({1, 1}, "some rows"));
    const auto path = std::string(folder) + "/" + to_file_name(segment_id{1, 1});
    files.damage(path);
    const auto damaged = spilled->read({1, 1});
    REQUIRE_FALSE(damaged);
    REQUIRE(damaged.error().code == ec::corrupt);
    REQUIRE_FALSE(damaged.error().retry);
    REQUIRE(damaged.error().message.find("--fresh") != std::string::npos);
    REQUIRE(damaged.error().message.find(path) != std::string::npos);
    files.lose_file(path);
    REQUIRE(spilled->read({1, 1}).error().code == ec::not_found);
  }
}

TEST_CASE("a segment that cannot be written leaves nothing, and the next one goes on") {
  for (unsigned good = 0; good < 8; ++good) {
    faulty_file_system files;
    const auto spilled = open(files, 1);
    files.fail_next(1, good);
    const bool written = spilled->write({1, 1}, "some rows").has_value();
    files.fail_next(0);
    if (!written)
      CHECK(files.all_files(std::string(folder)).empty());
    REQUIRE(spilled->write({1, 2}, "more rows"));
    CHECK(*spilled->read({1, 2}) == "more rows");
  }
}

TEST_CASE("a segment that dies while it is written is whole or not there") {
  for (std::uint64_t operations = 1; operations < 12; ++operations) {
    faulty_file_system files(operations);
    {
      const auto spilled = open(files, 1);
      files.crash_after(operations);
      const bool written = spilled->write({1, 1}, "some rows").has_value();
      const bool died = files.is_dead();
      files.restart(true);
      if (written && !died)
        CHECK(*spilled->read({1, 1}) == "some rows");
    }
    const auto spilled = open(files, 2, {{1, 1}});
    const auto back = spilled->read({1, 1});
    CHECK((back ? *back == "some rows" : back.error().code == ec::not_found));
  }
}

TEST_CASE("an older life neither writes nor removes segments, and leaves those of a newer one") {
  faulty_file_system files;
  auto fence = std::make_shared<life_fence>();
  fence->newest = 1;
  REQUIRE(make_folders(files, "/store"));
  const auto old = *dir_segments::open(files, std::string(parent), "counts/0", 1, fence, {});
  REQUIRE(old->write({1, 1}, "some rows"));
  const auto newer = open(files, 2, {{1, 1}});
  REQUIRE(newer->write({2, 1}, "newer"));
  (void)open(files, 1, {{1, 1}});
  CHECK(*newer->read({2, 1}) == "newer");
  fence->newest = 2;
  CHECK(old->write({1, 2}, "late").error().code == ec::fenced);
  CHECK(old->remove({{1, 1}}).error().code == ec::fenced);
  CHECK(dir_segments::open(files, std::string(parent), "counts/0", 1, fence, {}).error().code == ec::fenced);
  CHECK(*old->read({1, 1}) == "some rows");
}

TEST_CASE("a file that a newer life is about to publish is not removed by an older one") {
  faulty_file_system disk;
  interposed_file_system files(disk);
  int published = 0;
  files.before = [&](std::string_view operation, const std::string& path) {
    if (operation == "publish" && path.starts_with(parent)) {
      ++published;
      (void)open(disk, 1);
    }
    return interposed_file_system::answer::given;
  };
  const auto newer = open(files, 2);
  REQUIRE(newer->write({2, 1}, "newer"));
  CHECK(published == 1);
  CHECK(*newer->read({2, 1}) == "newer");
}

TEST_CASE("names of segments are told from others") {
  segment_id id;
  REQUIRE(parse_file_name(to_file_name(segment_id{7, 12}), id));
  CHECK(id == segment_id{7, 12});
  for (const auto* text : {"", "seg-", "seg-1-2", "seg-00000000000000000007_00000000000000000012",
                           "seg-0000000000000000000x-00000000000000000012", "inc-00000000000000000001"})
    CHECK_FALSE(parse_file_name(text, id));
}
