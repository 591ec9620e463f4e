// A state folder whose chain `control` has lost its newest files, or several: it is told as damaged, and not
// taken for an older one.
#include "runtime/snapshot/control_chain.hpp"
#include "tests/unit/snapshot/folder_fixture.hpp"
#include "tests/unit/snapshot/interposed_file_system.hpp"

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;

namespace {

/// A process that keeps a value.
void run_once(file_system& files, const std::string& what) {
  REQUIRE(open_or_fail(clicks, files)->put("plan", what));
}

/// The places of the runs in DIR/control, ascending.
std::vector<std::uint64_t> places_of_control(file_system& files) {
  std::vector<std::uint64_t> out;
  const auto listed = list_runs(files, "/state/control");
  REQUIRE(listed);
  for (const auto& r : listed->runs)
    out.push_back(r.place);
  return out;
}

void lose_run(faulty_file_system& files, std::uint64_t place) {
  for (const auto& path : files.all_files("/state/control"))
    if (path.starts_with("/state/control/" + run_file(place)))
      files.lose_file(path);
}

void check_told_as_damaged(faulty_file_system& files, std::string_view where = "/state/control") {
  const auto before = files.all_files("/state");
  const auto opened = open_dir_store(clicks, files);
  REQUIRE(!opened);
  CHECK(opened.error().code == ec::corrupt);
  CHECK(opened.error().whose == fault::user);
  INFO(opened.error().message);
  CHECK(mentions(opened.error(), where));
  CHECK(mentions(opened.error(), "backup"));
  CHECK(mentions(opened.error(), "--fresh"));
  CHECK(files.all_files("/state") == before);
  const auto copy = files.clone();
  const auto store = open_or_fail(clicks_fresh, *copy);
  CHECK_FALSE(store->get("plan"));
}

}  // namespace

TEST_CASE("a folder of which any control files were deleted is damaged, or holds a value that it has held") {
  faulty_file_system whole;
  for (int i = 0; i < 9; ++i)
    run_once(whole, std::to_string(i));
  whole.settle();
  const auto id = open_or_fail(clicks, *whole.clone())->id().state_id;
  const auto places = places_of_control(whole);
  REQUIRE(places.size() < 16);
  for (std::uint32_t lost = 1; lost < 1U << places.size(); ++lost) {
    INFO("lost runs, as bits: " << lost);
    const auto files = whole.clone();
    for (std::size_t i = 0; i < places.size(); ++i)
      if ((lost >> i & 1) != 0)
        lose_run(*files, places[i]);
    if (const auto store = open_dir_store(clicks, *files)) {
      CHECK((*store)->id().state_id == id);
      CHECK((*store)->get("plan")->size() == 1);
    } else {
      CHECK(store.error().code == ec::corrupt);
      CHECK(mentions(store.error(), "/state/control"));
      CHECK(mentions(store.error(), "--fresh"));
    }
  }
}

TEST_CASE("a folder whose control files do not know that it started over is told as damaged") {
  faulty_file_system files;
  run_once(files, "before");
  const auto known = places_of_control(files);
  open_or_fail(clicks_fresh, files);
  files.settle();
  for (const auto place : places_of_control(files))
    if (place > known.back())
      lose_run(files, place);
  check_told_as_damaged(files, "/state/state-");
}

TEST_CASE("a folder whose control files do not know that its state became blank is told as damaged") {
  faulty_file_system files;
  run_once(files, "before");
  const auto known = places_of_control(files);
  REQUIRE(open_blank_dir_store(clicks, files));
  files.settle();
  for (const auto place : places_of_control(files))
    if (place > known.back())
      lose_run(files, place);
  check_told_as_damaged(files);
}

TEST_CASE("a folder that another process has gone on with is not told as damaged") {
  // The older process is stopped between its looks at the chain and at the contents.
  for (int stop_at = 0, listings = 1; listings > stop_at; ++stop_at) {
    faulty_file_system files;
    run_once(files, "one");
    const auto contents = "/state/state-" + open_or_fail(clicks, files)->id().state_id;
    interposed_file_system older(files);
    listings = 0;
    older.before = [&](std::string_view operation, const std::string& at) {
      if (operation == "list" && at == contents && listings++ == stop_at)
        REQUIRE(open_blank_dir_store(clicks, files));
      return interposed_file_system::answer::given;
    };
    const auto opened = open_dir_store(clicks, older);
    CHECK((stop_at > 0 || listings > 1));
    CHECK((opened || opened.error().code != ec::corrupt));
  }
}
