// Folders of other formats: earlier ones are read, and taken over when they are opened for writing; later
// ones are refused.
#include "runtime/snapshot/control_chain.hpp"
#include "runtime/snapshot/journal_format.hpp"
#include "runtime/snapshot/value_file.hpp"
#include "runtime/wire/bytes.hpp"
#include "tests/unit/snapshot/folder_fixture.hpp"

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;

namespace {

constexpr std::uint16_t before_chains = 3;
const std::string state = "/state/state-0123";

/// The identity's payload in formats 1 to 3.
std::string older_identity(std::uint16_t version) {
  wire::writer out;
  out.fixed(version);
  for (const auto* text : {"0123", "clicks", "old"})
    out.string(text);
  out.fixed(std::uint8_t{1});  // finished
  out.fixed(std::uint64_t{129});
  return out.take();
}

void put_twice(faulty_file_system& files, const std::string& stem, const std::string& bytes) {
  for (const auto* copy : {".1", ".2"})
    files.put(stem + copy, bytes);
}

/// As a process of an earlier version has left it: a value, a journal, a chain.
void put_older_folder(faulty_file_system& files, std::uint16_t version) {
  for (const auto* folder : {"", "/state-0123", "/state-0123/snapshots", "/state-0123/journals",
                             "/state-0123/values", "/state-0123/snapshots/a"})
    REQUIRE(files.make_folder(std::string("/state") + folder));
  put_twice(files, "/state/identity", encode_value("identity", older_identity(version), 7));
  put_twice(files, state + "/values/plan", encode_value("plan", "x", 4));
  put_twice(files, state + "/values/zone%2F1", encode_value("zone/1", "", 1));
  put_twice(files, state + "/journals/a", encode_journal("a", 2, 5, {"one", "two"}));
  put_single_records(files, state + "/snapshots/a", 6);
  for (const auto* cut_short :
       {"/identity.1.tmp", "/state-0123/values/plan.2.tmp", "/state-0123/journals/a.1.tmp"})
    files.put(std::string("/state") + cut_short, "a part");
  files.settle();
}

/// Of the note that earlier versions look at.
int noted_version(faulty_file_system& files) {
  const auto stored = read_value(files, "/state", "identity");
  REQUIRE(stored);
  return stored->payload[0];
}

void check_all_is_there(state_store& store) {
  CHECK(store.id().state_id == "0123");
  CHECK(store.id().previous_state_id == "old");
  CHECK(store.id().finished);
  CHECK(*store.get("plan") == "x");
  CHECK(*store.get("zone/1") == "");
  CHECK(store.get("other").error().code == ec::not_found);
}

}  // namespace

TEST_CASE("a folder of format 1, 2 or 3 is read, and becomes one of format 4 when it is opened for writing") {
  for (const std::uint16_t version : {1, 2, 3}) {
    faulty_file_system files;
    put_older_folder(files, version);
    const auto before = files.operations();
    {
      const auto reader = open_or_fail(clicks_reading, files);
      check_all_is_there(*reader);
      CHECK(*join(*(*reader->open_snapshots("a", 0))->load()) == "123456");
      CHECK(*(*reader->open_journal("a", 0))->load() == std::vector<std::string>{"one", "two"});
      CHECK((*reader->open_journal("b", 0))->load()->empty());
    }
    CHECK(files.operations() == before);
    CHECK(noted_version(files) == version);
    for (int time = 0; time < 2; ++time) {
      const auto store = open_or_fail(clicks, files);
      check_all_is_there(*store);
      CHECK(noted_version(files) == folder_version);
      const auto life = *store->next_incarnation();
      CHECK(life >= 129);
      CHECK(*(*store->open_journal("a", life))->load() == std::vector<std::string>{"one", "two"});
      CHECK(*join(*(*store->open_snapshots("a", life))->load()) == "123456");
    }
    CHECK_FALSE(files.list(state + "/values"));
    for (const auto& path : files.all_files("/state")) {
      INFO(path);
      CHECK(path.find("tmp") == std::string::npos);
      CHECK((path.find("/journals/") == std::string::npos || path.find("/run-") != std::string::npos));
    }
    const auto store = open_or_fail(clicks, files);
    const auto chain = *store->open_snapshots("a", *store->next_incarnation());
    REQUIRE(chain->append("7", false));
    CHECK(*chain->compact(join));  // these are too many files
    CHECK(*join(*chain->load()) == "1234567");
  }
}

TEST_CASE("an older folder that is taken over loses nothing, in whatever step its opener dies, and is either "
          "the older version's or this one's") {
  for (const bool power : {false, true})
    for (std::uint64_t dies_after = 1, done = 0; done == 0; ++dies_after) {
      INFO("after " << dies_after << ", power lost: " << power);
      faulty_file_system files(dies_after);
      put_older_folder(files, before_chains);
      files.crash_after(dies_after);
      if (const auto store = open_dir_store(clicks, files)) {
        const auto life = (*store)->next_incarnation();
        done = life && (*store)->open_journal("a", *life) && !files.is_dead();
      }
      files.restart(power);
      const auto control = look_at_control(files, "/state");
      REQUIRE(control);
      if (control->state.folder)
        CHECK(noted_version(files) == folder_version);  // earlier versions refuse it
      const auto store = open_or_fail(clicks, files);
      check_all_is_there(*store);
      const auto life = *store->next_incarnation();
      CHECK(life >= 129);
      CHECK(*(*store->open_journal("a", life))->load() == std::vector<std::string>{"one", "two"});
    }
}

TEST_CASE("--fresh and a blank state take nothing over from an older folder") {
  for (const bool fresh : {false, true}) {
    faulty_file_system files;
    put_older_folder(files, before_chains);
    auto opened = fresh ? open_dir_store(clicks_fresh, files) : open_blank_dir_store(clicks, files);
    REQUIRE(opened);
    const auto store = std::move(*opened);
    CHECK((store->id().state_id == "0123") != fresh);
    CHECK(store->id().previous_state_id == (fresh ? "0123" : "old"));
    CHECK_FALSE(store->get("plan"));
    const auto life = *store->next_incarnation();
    CHECK(life >= 129);
    CHECK((*store->open_journal("a", life))->load()->empty());
    CHECK((*store->open_snapshots("a", life))->load()->increments.empty());
    CHECK(noted_version(files) == folder_version);
    for (const auto& path : files.all_files("/state"))
      CHECK((path.find("/values/") == std::string::npos && path.find("inc-") == std::string::npos));
  }
}

TEST_CASE("a folder of a later format is refused and left alone") {
  for (const bool in_note : {true, false}) {
    faulty_file_system files;
    open_or_fail(clicks, files);
    if (in_note) {
      put_twice(files, "/state/identity", encode_value("identity", std::string("\5\0and more", 10), 9));
    } else {
      auto control = *control_chain::open(files, "/state", {9, 0}, 0);
      const auto chain = *dir_chain::open_chosen(files, "/state/control", "control", {20, 0});
      REQUIRE(chain->append(std::string("\5\0and more", 10), true));
    }
    const auto before = files.all_files("/state");
    for (const auto& options : {clicks, clicks_fresh, clicks_reading}) {
      const auto opened = open_dir_store(options, files);
      REQUIRE(!opened);
      CHECK(opened.error().code == ec::unsupported);
      CHECK(mentions(opened.error(), "later version"));
    }
    auto after = files.all_files("/state");
    CHECK(after == before);
  }
}

TEST_CASE("of two copies of an older value the newer one is taken over") {
  faulty_file_system files;
  put_older_folder(files, before_chains);
  for (const auto* newer : {"/values/plan.1", "/values/plan.2"}) {
    auto copy = files.clone();
    copy->put(state + newer, encode_value("plan", "new", 5));
    CHECK(*open_or_fail(clicks, *copy)->get("plan") == "new");
    copy = files.clone();
    copy->put(state + newer, "damaged");
    CHECK(*open_or_fail(clicks, *copy)->get("plan") == "x");
    copy = files.clone();
    copy->lose_file(state + newer);
    CHECK(*open_or_fail(clicks, *copy)->get("plan") == "x");
  }
}

TEST_CASE("an older folder of which a value or all values are lost is told as damaged, not begun anew") {
  for (const bool all : {false, true}) {
    faulty_file_system files;
    put_older_folder(files, before_chains);
    const auto values = files.all_files(state + "/values");
    if (all)
      for (const auto& path : values)
        files.lose_file(path);
    if (all)
      REQUIRE(files.remove(state + "/values"));
    else
      put_twice(files, state + "/values/plan", "damaged");
    const auto opened = open_dir_store(clicks, files);
    REQUIRE(!opened);
    CHECK(opened.error().code == ec::corrupt);
    CHECK(mentions(opened.error(), "--fresh"));
    CHECK(noted_version(files) == before_chains);
    open_or_fail(clicks_fresh, files);
  }
}

TEST_CASE("an older journal's torn end is cut, and the longer of its copies is taken over") {
  faulty_file_system older;
  put_older_folder(older, before_chains);
  const auto stem = state + "/journals/a";
  std::string whole = encode_journal("a", 3, 5, {});
  const auto header = whole.size();
  for (std::uint32_t i = 0; i < 2; ++i)
    append_journal_entry(whole, 3, i, i == 0 ? "one" : "two");
  for (std::size_t n = 0; n <= whole.size(); ++n)
    for (const bool both : {false, true}) {
      INFO("cut at " << n << ", both " << both);
      const auto files = older.clone();
      files->put(stem + ".1", whole.substr(0, n));
      files->put(stem + ".2", both ? whole.substr(0, n) : whole);
      const auto store = open_or_fail(clicks, *files);
      const auto opened = store->open_journal("a", 200);
      if (both && n < header) {
        CHECK(opened.error().code == ec::corrupt);
        continue;
      }
      const auto entry = (whole.size() - header) / 2;
      CHECK((*opened)->load()->size() == (both ? (n - header) / entry : 2));
    }
}
