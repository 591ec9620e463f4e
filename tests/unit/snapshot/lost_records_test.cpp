// A state folder whose chain `control` has lost its newest files, or several: it is told as damaged, and not
// taken for an older one.
#include "runtime/snapshot/control_chain.hpp"
#include "tests/unit/snapshot/folder_fixture.hpp"
#include "tests/unit/snapshot/interposed_file_system.hpp"

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;

namespace {

/// A process that takes a number and keeps something under it.
void run_once(file_system& files, const std::string& what, bool in_journal = false) {
  const auto store = open_or_fail(clicks, files);
  const auto life = *store->next_incarnation();
  REQUIRE(store->put("plan", what));
  if (in_journal)
    REQUIRE((*store->open_journal("a", life))->append({what}));
  else
    REQUIRE((*store->open_snapshots("counts/0", life))->append(what, true));
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

void check_told_as_damaged(faulty_file_system& files) {
  const auto before = files.all_files("/state");
  const auto opened = open_dir_store(clicks, files);
  REQUIRE(!opened);
  CHECK(opened.error().code == ec::corrupt);
  CHECK(opened.error().whose == fault::user);
  INFO(opened.error().message);
  CHECK(mentions(opened.error(), "/state/control"));
  CHECK(mentions(opened.error(), "backup"));
  CHECK(mentions(opened.error(), "--fresh"));
  CHECK(files.all_files("/state") == before);
  const auto copy = files.clone();
  const auto store = open_or_fail(clicks_fresh, *copy);
  CHECK_FALSE(store->get("plan"));
}

}  // namespace

TEST_CASE("a folder whose newest control files were deleted is told as damaged, however many") {
  for (int processes = 1; processes < 12; ++processes)
    for (const bool in_journal : {false, true}) {
      INFO("processes " << processes << ", in a journal " << in_journal);
      faulty_file_system files;
      for (int i = 0; i < processes; ++i)
        run_once(files, std::to_string(i), in_journal);
      files.settle();
      auto places = places_of_control(files);
      for (; !places.empty(); places.pop_back()) {
        lose_run(files, places.back());
        INFO("lost from place " << places.back());
        check_told_as_damaged(files);
      }
    }
}

TEST_CASE("a folder of which any control files were deleted gives no number for a second time") {
  faulty_file_system whole;
  for (int i = 0; i < 9; ++i)
    run_once(whole, std::to_string(i));
  whole.settle();
  const auto last = *open_or_fail(clicks, *whole.clone())->next_incarnation() - 1;
  const auto places = places_of_control(whole);
  REQUIRE(places.size() < 16);
  for (std::uint32_t lost = 1; lost < 1U << places.size(); ++lost) {
    INFO("lost runs, as bits: " << lost);
    const auto files = whole.clone();
    for (std::size_t i = 0; i < places.size(); ++i)
      if ((lost >> i & 1) != 0)
        lose_run(*files, places[i]);
    if (const auto store = open_dir_store(clicks, *files)) {
      CHECK(*(*store)->get("plan") == "8");
      CHECK(*(*store)->next_incarnation() > last);
    } else {
      CHECK(store.error().code == ec::corrupt);
      CHECK(mentions(store.error(), "/state/control"));
      CHECK(mentions(store.error(), "--fresh"));
    }
  }
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
  // The older process is stopped between its look at the chain and its look at the actors.
  faulty_file_system files;
  run_once(files, "one");
  interposed_file_system older(files);
  int listings = 0;
  older.before = [&](std::string_view operation, const std::string& at) {
    if (operation == "list" && at.ends_with("/snapshots") && listings++ == 0)
      run_once(files, "two");
    return interposed_file_system::answer::given;
  };
  const auto opened = open_dir_store(clicks, older);
  CHECK(listings != 0);
  CHECK((opened || opened.error().code != ec::corrupt));
}
