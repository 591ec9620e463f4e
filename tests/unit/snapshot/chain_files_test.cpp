// An actor's snapshots as files: what an append costs, when a base is due, what lives leave.
#include "tests/support/scratch.hpp"
#include "tests/unit/snapshot/folder_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;

TEST_CASE("an append costs one sync of the file, and one of the folder where it begins a file") {
  faulty_file_system files;
  const actor_chains store(files, {0, 6});
  const auto chain = *store.open_snapshots("a", 1);
  const auto syncs_of_append = [&](bool twice) {
    const auto before = files.syncs();
    REQUIRE(chain->append("x", twice));
    return files.syncs() - before;
  };
  for (const bool twice : {false, false, true, false})  // after the opening record
    CHECK(syncs_of_append(twice) == (twice ? 2 : 1));
  REQUIRE(*chain->compact(join));
  CHECK(syncs_of_append(false) == 2);
  CHECK(syncs_of_append(false) == 1);
  CHECK(syncs_of_append(true) == 3);  // the name of its second copy, too
  CHECK(syncs_of_append(true) == 2);
}

TEST_CASE("increments lie in one file between two bases, however many they are") {
  faulty_file_system files;
  const actor_chains store(files);
  const auto chain = *store.open_snapshots("a", 1);
  std::size_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(chain->append("x", i % 7 == 0));
    REQUIRE(chain->compact(join));
    most = std::max(most, files.all_files(store.folder_of("a")).size());
  }
  CHECK(most == 7);  // two bases, a file of increments after each, a copy of the newer one, two trim marks
  CHECK(join(*chain->load())->size() == 1000);
}

TEST_CASE("lives that end at once do not pile up files") {
  faulty_file_system files;
  const actor_chains store(files);
  std::size_t most = 0;
  for (incarnation life = 1; life < 50; ++life) {
    const auto chain = *store.open_snapshots("a", life);
    REQUIRE(chain->append("x", false));
    REQUIRE(chain->compact(join));
    most = std::max(most, files.all_files(store.folder_of("a")).size());
  }
  CHECK(most <= 18);
  CHECK(join(*(*store.open_snapshots("a", 50))->load())->size() == 49);
}

TEST_CASE("a large base is not written again for a few hundred small increments") {
  faulty_file_system files;
  const actor_chains store(files, {1000, 20});
  const auto chain = *store.open_snapshots("a", 1);
  REQUIRE(chain->append(std::string(100'000, 'a'), false));
  REQUIRE(*chain->compact(join));
  int compactions = 0;
  for (int i = 0; i < 400; ++i) {
    REQUIRE(chain->append(std::string(50, 'b'), false));
    compactions += *chain->compact(join);
  }
  CHECK(compactions == 0);
  for (int i = 0; i < 200; ++i) {
    REQUIRE(chain->append(std::string(50, 'b'), false));
    compactions += *chain->compact(join);
  }
  CHECK(compactions == 1);
  CHECK(join(*chain->load())->size() == 130'000);
}

TEST_CASE("an older life in another process finds the newer one's file, and is fenced") {
  faulty_file_system files;
  REQUIRE(files.make_folder("/a"));
  const auto open = [&](incarnation life) { return *open_dir_snapshots(files, "/a", "a", life); };
  const auto older = open(1);
  REQUIRE(older->append("one,", false));
  const auto newer = open(2);
  CHECK(older->append("lost,", false).error().code == ec::fenced);
  REQUIRE(newer->append("two,", false));
  CHECK(older->append("lost,", false).error().code == ec::fenced);
  CHECK(*join(*open(3)->load()) == "one,two,");
}

TEST_CASE("a record that a look has shown stays once it is settled, though its writer died before its sync") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    faulty_file_system files(seed);
    REQUIRE(files.make_folder("/chain"));
    const auto writer = *dir_chain::open_chosen(files, "/chain", "a", {1, 0});
    REQUIRE(writer->append("first", true));
    files.settle();
    REQUIRE(writer->append("second", false));
    files.forget_last_sync("/chain/" + run_file(1));
    const std::vector<std::string> both{"first", "second"};
    CHECK(dir_chain::look(files, "/chain", "a")->contents.increments == both);
    REQUIRE(dir_chain::settle(files, "/chain", "a"));
    files.restart(true);
    CHECK(dir_chain::look(files, "/chain", "a")->contents.increments == both);
  }
}

TEST_CASE("a failed append leaves the chain as it was and the next one goes on") {
  for (unsigned failures = 1; failures < 4; ++failures)
    for (unsigned good = 0; good < 3; ++good)
      for (const bool twice : {false, true}) {
        INFO(failures << " failures after " << good << ", twice: " << twice);
        faulty_file_system files(failures);
        const actor_chains store(files);
        const auto chain = *store.open_snapshots("a", 1);
        REQUIRE(chain->append("one,", false));
        REQUIRE(chain->append("and,", true));
        // The file has "one" once, and a second copy of it is due: then there are two appends, or three.
        REQUIRE(chain->append("old,", false));
        files.fail_next(failures, std::min(good, twice ? 2U : 1U));
        REQUIRE(!chain->append("lost,", twice));
        files.fail_next(0);
        REQUIRE(chain->append("two,", twice));
        CHECK(*join(*chain->load()) == "one,and,old,two,");
        {
          const auto again = *store.open_snapshots("a", 2);
          CHECK(*join(*again->load()) == "one,and,old,two,");
        }
        for (const auto& path : files.all_files("/state"))
          CHECK(path.find("tmp") == std::string::npos);
      }
}

TEST_CASE("compaction waits until increments outweigh the base, then keeps one base in reserve") {
  faulty_file_system files;
  const actor_chains store(files, {1000, 200});
  const auto chain = *store.open_snapshots("a", 1);
  REQUIRE(chain->append(std::string(500, 'a'), false));
  CHECK(*chain->compact(join) == false);
  std::string all(500, 'a');
  for (int i = 0; i < 40; ++i) {
    REQUIRE(chain->append(std::string(400, 'b'), i % 5 == 0));
    all.append(400, 'b');
    const auto done = chain->compact(join);
    REQUIRE(done.has_value());
    CHECK(*join(*chain->load()) == all);
  }
  int bases = 0;
  for (const auto& path : files.all_files("/state"))
    bases += is_base(files, path);
  CHECK(bases == 2);
  CHECK(chain->bytes() < 5 * all.size());
  std::uint64_t on_disk = 0;
  for (const auto& path : files.all_files(store.folder_of("a")))
    on_disk += files.contents(path).size();
  CHECK(chain->bytes() == on_disk);
}

TEST_CASE("many small increments are compacted for their number") {
  faulty_file_system files;
  const actor_chains store(files);
  const auto chain = *store.open_snapshots("a", 1);
  int compactions = 0;
  for (int i = 0; i < 450; ++i) {
    REQUIRE(chain->append("x", false));
    compactions += *chain->compact(join);
  }
  CHECK(compactions == 2);
  CHECK(join(*chain->load())->size() == 450);
}

TEST_CASE("a merge that fails, or a base that cannot be written, costs nothing") {
  faulty_file_system files;
  const actor_chains store(files, {0, 0});
  const auto chain = *store.open_snapshots("a", 1);
  REQUIRE(chain->append("x", false));
  CHECK(chain->compact([](const auto&) -> expected<std::string> { return our_error("no"); }).error().code ==
        ec::internal);
  files.fail_next(1);
  CHECK(chain->compact(join).error().code == ec::io);
  CHECK(*chain->compact(join));
  CHECK(*join(*chain->load()) == "x");
}

TEST_CASE("a record of another actor or number is damage") {
  faulty_file_system files;
  const actor_chains store(files);
  {
    const auto a = *store.open_snapshots("a", 1);
    const auto b = *store.open_snapshots("b", 1);
    REQUIRE(a->append("of a", false));
    REQUIRE(b->append("of b", false));
  }
  const auto name = "/" + run_file(1);
  files.put(store.folder_of("a") + name, files.contents(store.folder_of("b") + name));
  const auto chain = *(*store.open_snapshots("a", 2))->load();
  CHECK(chain.increments.empty());
  CHECK(chain.passed_over == 1);
}

TEST_CASE("names of any characters and lengths stay apart") {
  faulty_file_system files;
  std::vector<std::string> names{"", "a", "A", "a/b", "a.b", "a%2Fb", "..", "a.1", std::string("\0", 1), "ö"};
  for (const char last : {'x', 'y'})
    names.push_back(std::string(400, 'n') + last);
  const actor_chains store(files);
  for (const auto& name : names)
    REQUIRE((*store.open_snapshots(name, 1))->append("state of " + name, true));
  for (const auto& name : names)
    CHECK((*store.open_snapshots(name, 2))->load()->increments == std::vector{"state of " + name});
}

TEST_CASE("an older incarnation is fenced, also by a later process") {
  faulty_file_system files;
  {
    const actor_chains store(files);
    const auto old_life = *store.open_snapshots("a", 5);
    REQUIRE(store.open_snapshots("a", 6));
    CHECK(old_life->append("x", false).error().code == ec::fenced);
    CHECK(store.open_snapshots("a", 5).error().code == ec::fenced);
  }
  files.restart(false);
  const actor_chains store(files);
  CHECK(store.open_snapshots("a", 5).error().code == ec::fenced);
  CHECK(store.open_snapshots("a", 7));
}

TEST_CASE("32 actors write at the same time") {
  const millrace::test::scratch dir;
  constexpr int actors = 32, rounds = 12;
  const auto name_of = [](int actor) { return "counts/" + std::to_string(actor); };
  {
    const actor_chains store(posix_file_system(), {100, 5}, dir / "state");
    std::vector<std::thread> threads;
    std::atomic<int> failures{0};
    for (int a = 0; a < actors; ++a)
      threads.emplace_back([&, a] {
        const auto chain = store.open_snapshots(name_of(a), 1);
        for (int i = 0; i < rounds; ++i)
          if (!chain || !(*chain)->append(std::to_string(i) + ",", i % 4 == 0) || !(*chain)->compact(join))
            ++failures;
      });
    for (auto& t : threads)
      t.join();
    REQUIRE(failures == 0);
  }
  const actor_chains store(posix_file_system(), {}, dir / "state");
  for (int a = 0; a < actors; ++a)
    CHECK(*join(*(*store.open_snapshots(name_of(a), 2))->load()) == "0,1,2,3,4,5,6,7,8,9,10,11,");
}
