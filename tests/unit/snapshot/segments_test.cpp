// Files of spilled output: durable when written, refused when damaged, gone when nobody needs them.
#include "runtime/snapshot/dir_segments.hpp"
#include "runtime/snapshot/dir_store.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::snapshot;
using test::faulty_file_system;

namespace {

struct opened {
  std::unique_ptr<state_store> store;
  std::unique_ptr<snapshots> chain;
  std::unique_ptr<segments> spilled;
};

opened open_all(faulty_file_system& files, incarnation life, const std::vector<segment_id>& needed = {}) {
  opened o;
  auto store = open_dir_store({"/state", "clicks", false, false}, files);
  REQUIRE(store);
  o.store = std::move(*store);
  REQUIRE(o.store->next_incarnation());  // the numbers of the lives here are given
  auto chain = o.store->open_snapshots("counts/0", life);
  REQUIRE(chain);
  o.chain = std::move(*chain);
  auto spilled = o.store->open_segments("counts/0", life, needed);
  REQUIRE(spilled);
  o.spilled = std::move(*spilled);
  return o;
}

std::string folder_of(const opened& o) {
  return "/state/state-" + o.store->id().state_id + "/segments/counts%2F0";
}

}  // namespace

TEST_CASE("a segment is read back as it was, also after a loss of power") {
  faulty_file_system files;
  {
    const auto o = open_all(files, 1);
    CHECK(files.all_files("/state/state-" + o.store->id().state_id + "/segments").empty());
    REQUIRE(o.spilled->write({1, 1}, "some rows"));
    REQUIRE(o.spilled->write({1, 2}, "more rows"));
    CHECK(*o.spilled->read({1, 1}) == "some rows");
  }
  files.restart(true);
  const auto o = open_all(files, 2, {{1, 1}, {1, 2}});
  CHECK(*o.spilled->read({1, 1}) == "some rows");
  REQUIRE(o.spilled->remove({{1, 1}, {1, 7}}));
  CHECK(o.spilled->read({1, 1}).error().code == ec::not_found);
  CHECK(*o.spilled->read({1, 2}) == "more rows");
}

TEST_CASE("what no snapshot names is removed when the actor opens") {
  faulty_file_system files;
  {
    const auto o = open_all(files, 1);
    REQUIRE(o.spilled->write({1, 1}, "kept"));
    REQUIRE(o.spilled->write({1, 2}, "left by a crash before the capture"));
    files.put(folder_of(o) + "/tmp-seg-1", "cut short");
  }
  const auto o = open_all(files, 2, {{1, 1}});
  CHECK(files.all_files(folder_of(o)).size() == 1);
  CHECK(*o.spilled->read({1, 1}) == "kept");
}

TEST_CASE("a damaged or missing segment is an error with the way out, wherever it is damaged") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    faulty_file_system files(seed);
    const auto o = open_all(files, 1);
    REQUIRE(o.spilled->write({1, 1}, "some rows"));
    const auto path = folder_of(o) + "/" + to_file_name(segment_id{1, 1});
    files.damage(path);
    const auto damaged = o.spilled->read({1, 1});
    REQUIRE_FALSE(damaged);
    REQUIRE(damaged.error().code == ec::corrupt);
    REQUIRE_FALSE(damaged.error().retry);
    REQUIRE(damaged.error().message.find("--fresh") != std::string::npos);
    REQUIRE(damaged.error().message.find(path) != std::string::npos);
    files.lose_file(path);
    REQUIRE(o.spilled->read({1, 1}).error().code == ec::not_found);
  }
}

TEST_CASE("a segment that cannot be written leaves nothing, and the next one goes on") {
  for (unsigned good = 0; good < 8; ++good) {
    faulty_file_system files;
    const auto o = open_all(files, 1);
    files.fail_next(1, good);
    const bool written = o.spilled->write({1, 1}, "some rows").has_value();
    files.fail_next(0);
    if (!written)
      CHECK(files.all_files(folder_of(o)).empty());
    REQUIRE(o.spilled->write({1, 2}, "more rows"));
    CHECK(*o.spilled->read({1, 2}) == "more rows");
  }
}

TEST_CASE("a segment that dies while it is written is whole or not there") {
  for (std::uint64_t operations = 1; operations < 12; ++operations) {
    faulty_file_system files(operations);
    {
      const auto o = open_all(files, 1);
      files.crash_after(operations);
      const bool written = o.spilled->write({1, 1}, "some rows").has_value();
      const bool died = files.is_dead();
      files.restart(true);
      if (written && !died)
        CHECK(*o.spilled->read({1, 1}) == "some rows");
    }
    const auto o = open_all(files, 2, {{1, 1}});
    const auto back = o.spilled->read({1, 1});
    CHECK((back ? *back == "some rows" : back.error().code == ec::not_found));
  }
}

TEST_CASE("an older life neither writes nor removes segments") {
  faulty_file_system files;
  const auto old = open_all(files, 1);
  REQUIRE(old.spilled->write({1, 1}, "some rows"));
  const auto chain = old.store->open_snapshots("counts/0", 2);
  REQUIRE(chain);
  CHECK(old.spilled->write({1, 2}, "late").error().code == ec::fenced);
  CHECK(old.spilled->remove({{1, 1}}).error().code == ec::fenced);
  CHECK(old.store->open_segments("counts/0", 1, {}).error().code == ec::fenced);
  CHECK(*old.spilled->read({1, 1}) == "some rows");
}

TEST_CASE("names of segments are told from others") {
  segment_id id;
  REQUIRE(parse_file_name(to_file_name(segment_id{7, 12}), id));
  CHECK(id == segment_id{7, 12});
  for (const auto* text : {"", "seg-", "seg-1-2", "seg-00000000000000000007_00000000000000000012",
                           "seg-0000000000000000000x-00000000000000000012", "inc-00000000000000000001"})
    CHECK_FALSE(parse_file_name(text, id));
}
