// A state folder as a whole: made, found again, started over, read only.
#include "tests/unit/snapshot/folder_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;

TEST_CASE("a state folder is made with its parents and found again") {
  const scratch dir;
  std::string id;
  {
    const auto store = open_or_fail({dir / "a/b/c//", "clicks", false, false});
    id = store->id().state_id;
    CHECK(id.size() == 32);
    CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(store->folder() == dir / "a/b/c");
    CHECK(store->id().previous_state_id.empty());
    CHECK(!store->id().finished);
    REQUIRE(store->mark_finished());
    CHECK(store->id().finished);
  }
  const auto store = open_or_fail({dir / "a/b/c", "clicks", false, false});
  CHECK(store->id().state_id == id);
  CHECK(store->id().finished);
}

TEST_CASE("--fresh gives a new identity, remembers the old one and leaves plain files alone") {
  faulty_file_system files;
  std::string first;
  {
    const auto store = open_or_fail(clicks, files);
    first = store->id().state_id;
    REQUIRE((*store.open_snapshots("counts/0", 1))->append("old", false));
    REQUIRE(store->put("plan", "old"));
    REQUIRE(store->mark_finished());
    files.put("/state/dead_letters.jsonl", "{}\n");
  }
  const auto store = open_or_fail(clicks_fresh, files);
  CHECK(store->id().state_id != first);
  CHECK(store->id().previous_state_id == first);
  CHECK(!store->id().finished);
  CHECK(store->get("plan").error().code == ec::not_found);
  CHECK((*store.open_snapshots("counts/0", 1))->load()->increments.empty());
  CHECK(files.contents("/state/dead_letters.jsonl") == "{}\n");
  for (const auto& path : files.all_files("/state"))
    CHECK(path.find(first) == std::string::npos);
}

TEST_CASE("a blank state keeps its id and forgets what was stored under it, in whatever step it dies") {
  const auto fill = [](file_system& files) {
    const auto store = open_or_fail(clicks, files);
    for (const auto* const name : {"starts/parsed", "tried", "zone"})
      REQUIRE(store->put(name, "x"));
    REQUIRE((*store.open_snapshots("counts/0", 1))->append("capture", false));
    return store->id().state_id;
  };
  for (std::uint64_t steps = 0;; ++steps) {
    faulty_file_system files;
    const auto id = fill(files);
    files.crash_after(steps);
    const bool done = open_blank_dir_store(clicks, files).has_value();
    files.restart(false);
    const auto store = open_or_fail(clicks, files);
    CHECK(store->id().state_id == id);
    if (!store->get("tried"))  // removed last
      CHECK_FALSE(store->get("starts/parsed"));
    if (!done)
      continue;
    CHECK_FALSE(store->get("zone"));
    CHECK_FALSE(store->get("tried"));
    CHECK((*store.open_snapshots("counts/0", 1))->load()->increments.empty());
    break;
  }
}

TEST_CASE("a state that becomes blank a second time forgets what was stored since the first") {
  faulty_file_system files;
  const auto id = open_or_fail(clicks, files)->id().state_id;
  for (int time = 0; time < 3; ++time) {
    auto opened = open_blank_dir_store(clicks, files);
    REQUIRE(opened);
    const opened_state store(std::move(*opened), {});
    CHECK(store->id().state_id == id);
    CHECK_FALSE(store->get("plan"));
    const auto chain = *store.open_snapshots("a", 1);
    CHECK(chain->load()->increments.empty());
    REQUIRE(chain->append("x", false));
    REQUIRE(store->put("plan", "x"));
    CHECK(files.list("/state/state-" + id)->size() == 1);  // its contents
  }
}

TEST_CASE("--fresh that dies at any step leaves the old state whole or the new one") {
  for (std::uint64_t dies_after = 1; dies_after < 80; ++dies_after)
    for (const bool power : {false, true}) {
      INFO("after " << dies_after << ", power lost: " << power);
      faulty_file_system files(dies_after);
      std::string first;
      {
        const auto store = open_or_fail(clicks, files);
        first = store->id().state_id;
        REQUIRE((*store.open_snapshots("a", 1))->append("old", false));
        REQUIRE(store->put("plan", "old"));
      }
      files.crash_after(dies_after);
      (void)open_dir_store(clicks_fresh, files);
      files.restart(power);
      const auto store = open_or_fail(clicks, files);
      const bool is_old = store->id().state_id == first;
      if (!is_old)
        CHECK(store->id().previous_state_id == first);
      const auto chain = *store.open_snapshots("a", 2);
      CHECK(chain->load()->increments.size() == (is_old ? 1 : 0));
      CHECK(store->get("plan").has_value() == is_old);
    }
}

TEST_CASE("a folder that has lost what it knows of itself is damaged, not new, and --fresh is the way out") {
  enum class harm { no_folder, no_files, empty_state, all_damaged, opening_only, no_note_either };
  for (const auto how : {harm::no_folder, harm::no_files, harm::empty_state, harm::all_damaged,
                         harm::opening_only, harm::no_note_either}) {
    INFO("harm " << static_cast<int>(how));
    faulty_file_system files;
    {
      const auto store = open_or_fail(clicks, files);
      REQUIRE(store->put("plan", "x"));
      if (how != harm::empty_state)
        REQUIRE((*store.open_snapshots("a", 1))->append("one", true));
    }
    for (const auto& path : files.all_files("/state/control"))
      how == harm::all_damaged ? files.put(path, "damaged") : files.lose_file(path);
    if (how == harm::no_folder)
      REQUIRE(files.remove("/state/control"));
    if (how == harm::opening_only)
      REQUIRE(dir_chain::open_chosen(files, "/state/control", "control", {1, 0}));
    if (how == harm::no_note_either)
      for (const auto* path : {"/state/identity.1", "/state/identity.2"})
        files.lose_file(path);
    const auto before = files.operations();
    for (const bool read_only : {false, true}) {
      const auto opened = open_dir_store({"/state", "clicks", false, read_only}, files);
      REQUIRE(!opened);
      CHECK((opened.error().code == ec::corrupt || how == harm::no_note_either));
      CHECK((mentions(opened.error(), "--fresh") || (read_only && how == harm::no_note_either)));
      if (!read_only)
        CHECK(files.operations() - before <= 4);  // its lock
    }
    {
      const auto store = open_or_fail(clicks_fresh, files);
      CHECK_FALSE(store->get("plan"));
      REQUIRE(store->put("plan", "y"));
    }
    const auto store = open_or_fail(clicks, files);
    CHECK(*store->get("plan") == "y");
  }
}

TEST_CASE("a first start that dies at any step is begun again, or gone on with") {
  for (const bool power : {false, true})
    for (std::uint64_t dies_after = 1, done = 0; done == 0; ++dies_after) {
      INFO("after " << dies_after << ", power lost: " << power);
      faulty_file_system files(dies_after);
      files.crash_after(dies_after);
      std::string id;
      if (const auto store = open_dir_store(clicks, files); store && !files.is_dead()) {
        id = (*store)->id().state_id;
        done = 1;
      }
      files.restart(power);
      const auto store = open_or_fail(clicks, files);
      CHECK((id.empty() || id == store->id().state_id));
      CHECK(store->id().previous_state_id.empty());
    }
}

TEST_CASE("one damaged or missing file of what a folder knows of itself costs nothing") {
  faulty_file_system healthy;
  for (int process = 0; process < 9; ++process) {
    const auto store = open_or_fail(clicks, healthy);
    REQUIRE(store->put("plan", std::to_string(process)));
    healthy.settle();
    for (const auto& victim : healthy.all_files("/state"))
      for (const bool missing : {false, true}) {
        INFO(victim << " missing " << missing << " process " << process);
        const auto files = healthy.clone();
        missing ? files->lose_file(victim) : files->damage(victim);
        for (int again = 0; again < 2; ++again) {
          const auto opened = open_or_fail(clicks, *files);
          CHECK(*opened->get("plan") == std::to_string(process));
        }
      }
  }
}

TEST_CASE("opening a folder costs six syncs, and a value two") {
  faulty_file_system files;
  open_or_fail(clicks, files);
  const auto closed = files.syncs();
  const auto store = open_or_fail(clicks, files);
  CHECK(files.syncs() - closed == 6);
  for (int i = 0; i < 3; ++i) {
    const auto before = files.syncs();
    REQUIRE(store->put("plan", std::to_string(i)));
    CHECK(files.syncs() - before == 2);
  }
}

TEST_CASE("what a folder knows of itself does not grow with its openings and changes") {
  faulty_file_system files;
  std::size_t most_files = 0, most_bytes = 0;
  for (int process = 0; process < 40; ++process) {
    const auto store = open_or_fail(clicks, files);
    for (int i = 0; i < process % 5 * 20; ++i)
      REQUIRE(store->put("plan", std::string(1000, 'x')));
    std::size_t bytes = 0;
    const auto all = files.all_files("/state/control");
    for (const auto& path : all)
      bytes += files.contents(path).size();
    most_files = std::max(most_files, all.size());
    most_bytes = std::max(most_bytes, bytes);
  }
  CHECK(most_files <= 20);
  CHECK(most_bytes < 500'000);
}

TEST_CASE("names of any characters and lengths stay apart") {
  faulty_file_system files;
  std::vector<std::string> names{"", "a", "A", "a/b", "a.b", "a%2Fb", "..", "a.1", std::string("\0", 1), "ö"};
  for (const char last : {'x', 'y'})
    names.push_back(std::string(400, 'n') + last);
  const auto store = open_or_fail(clicks, files);
  for (const auto& name : names) {
    REQUIRE(store->put(name, "value of " + name));
    REQUIRE((*store.open_snapshots(name, 1))->append("state of " + name, true));
  }
  for (const auto& name : names) {
    CHECK(*store->get(name) == "value of " + name);
    CHECK((*store.open_snapshots(name, 2))->load()->increments == std::vector{"state of " + name});
  }
}

TEST_CASE("an older incarnation is fenced, also by a later process") {
  faulty_file_system files;
  {
    const auto store = open_or_fail(clicks, files);
    const auto old_life = *store.open_snapshots("a", 5);
    REQUIRE(store.open_snapshots("a", 6));
    CHECK(old_life->append("x", false).error().code == ec::fenced);
    CHECK(store.open_snapshots("a", 5).error().code == ec::fenced);
  }
  const auto store = open_or_fail(clicks, files);
  CHECK(store.open_snapshots("a", 5).error().code == ec::fenced);
  CHECK(store.open_snapshots("a", 7).has_value());
}

TEST_CASE("reading only takes no lock, writes nothing and refuses to") {
  faulty_file_system files;
  CHECK(open_dir_store({"/state", "clicks", false, true}, files).error().code == ec::not_found);
  const auto store = open_or_fail(clicks, files);
  REQUIRE(store->put("plan", "x"));
  const auto before = files.operations();
  const auto reader = open_or_fail({"/state", "clicks", false, true}, files);
  CHECK(reader->id().state_id == store->id().state_id);
  CHECK(*reader->get("plan") == "x");
  CHECK(!reader->put("plan", "y"));
  CHECK(!reader->mark_finished());
  CHECK(files.operations() == before);
}

TEST_CASE("32 actors write at the same time") {
  const scratch dir;
  const open_options options{dir / "state", "clicks", false, false};
  constexpr int actors = 32, rounds = 12;
  {
    const auto store = open_or_fail(options, posix_file_system(), {100, 5});
    std::vector<std::thread> threads;
    std::atomic<int> failures{0};
    for (int a = 0; a < actors; ++a)
      threads.emplace_back([&, a] {
        const auto name = "counts/" + std::to_string(a);
        auto chain = store.open_snapshots(name, 1);
        if (!chain) {
          ++failures;
          return;
        }
        for (int i = 0; i < rounds; ++i)
          if (!(*chain)->append(std::to_string(i) + ",", i % 4 == 0) || !(*chain)->compact(join) ||
              !store->put(name, std::to_string(i)))
            ++failures;
        (void)store->bytes();
      });
    for (auto& t : threads)
      t.join();
    REQUIRE(failures == 0);
  }
  const auto store = open_or_fail(options);
  for (int a = 0; a < actors; ++a) {
    const auto name = "counts/" + std::to_string(a);
    CHECK(*join(*(*store.open_snapshots(name, 2))->load()) == "0,1,2,3,4,5,6,7,8,9,10,11,");
    CHECK(*store->get(name) == "11");
  }
}
