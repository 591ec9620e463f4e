// Two processes use one chain, as on a shared mount: the older is stopped before a file operation, wakes up when
// the newer has gone on, and must neither harm it nor take what it writes for durable.
#include "tests/unit/snapshot/folder_fixture.hpp"
#include "tests/unit/snapshot/interposed_file_system.hpp"

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;
using answer = interposed_file_system::answer;

namespace {

/// Two processes; `files` is the older one's view.
struct two_processes {
  faulty_file_system disk;
  interposed_file_system files{disk}, others{disk};
  actor_chains older{files, {0, 0}}, newer{others, {0, 0}};

  std::unique_ptr<snapshots> take_over(incarnation life) {
    auto opened = newer.open_snapshots("a", life);
    if (!opened)
      FAIL(opened.error().message);
    return std::move(*opened);
  }
  std::string found(incarnation life) { return *join(*take_over(life)->load()); }

  /// Once, before the older one's next operation of that kind on such a path.
  void when(std::string_view operation, const std::string& part, answer what, std::function<void()> then) {
    files.before = [this, operation, part, what, then](std::string_view done, const std::string& path) {
      if (done != operation || path.find(part) == std::string::npos)
        return answer::given;
      const auto happens = then;  // this function goes with what is assigned next
      const auto gives = what;
      files.before = [](auto, const auto&) { return answer::given; };
      happens();
      return gives;
    };
  }
};

}  // namespace

TEST_CASE("a write that failed removes nothing: the name may be the successor's by then") {
  for (const auto* operation : {"write", "publish", "sync"}) {
    INFO(operation);
    two_processes p;
    const auto zombie = *p.older.open_snapshots("a", 1);
    REQUIRE(zombie->append("one,", false));
    REQUIRE(*zombie->compact(join));  // the next append begins a file
    std::unique_ptr<snapshots> successor;
    p.when(operation, "/a", answer::refused, [&] {
      successor = p.take_over(2);
      REQUIRE(successor->append("two,", false));
    });
    CHECK_FALSE(zombie->append("lost,", false));
    REQUIRE(successor);
    const auto found = p.found(3);
    // A record that was there before the successor opened stands before it; nobody was told so.
    CHECK(found == (operation == std::string("sync") ? "one,lost,two," : "one,two,"));
  }
}

TEST_CASE("a place that was trimmed away is not taken for a new one") {
  for (const bool opens : {false, true}) {
    INFO("an opening " << opens);
    two_processes p;
    std::unique_ptr<snapshots> zombie, successor;
    if (!opens) {
      zombie = *p.older.open_snapshots("a", 1);
      REQUIRE(zombie->append("one,", false));
      REQUIRE(*zombie->compact(join));
    }
    p.when("publish", "/a/", answer::given, [&] {
      successor = p.take_over(2);
      for (int i = 0; i < 5; ++i) {
        REQUIRE(successor->append("two,", false));
        REQUIRE(*successor->compact(join));
      }
    });
    if (opens)
      CHECK(p.older.open_snapshots("a", 1).error().code == ec::fenced);
    else
      CHECK(zombie->append("lost,", false).error().code == ec::fenced);
    CHECK(p.found(3) == (opens ? "two,two,two,two,two," : "one,two,two,two,two,two,"));
  }
}

TEST_CASE("an opening that loses the race for its place reads again: only a higher life makes it give up") {
  for (const bool compacted : {false, true}) {
    two_processes p;
    const auto old = *p.newer.open_snapshots("a", 1);
    REQUIRE(old->append("one,", false));
    if (compacted)
      REQUIRE(*old->compact(join));
    p.when("publish", "/a/", answer::given, [&] { (void)old->append("and,", false); });
    const auto rightful = p.older.open_snapshots("a", 2);
    REQUIRE(rightful);
    const auto found = *join(*(*rightful)->load());
    REQUIRE((*rightful)->append("two,", false));
    CHECK(old->append("lost,", false).error().code == ec::fenced);
    CHECK(p.found(3) == found + "two,");
  }
}

TEST_CASE("what an older life has taken for durable is in the newer one, wherever that stood still") {
  for (int stops_at = 0; stops_at < 30; ++stops_at) {
    INFO("before operation " << stops_at);
    two_processes p;
    const auto old = *p.newer.open_snapshots("a", 1);
    REQUIRE(old->append("one,", false));
    bool counts = false;
    int left = stops_at;
    p.files.before = [&](auto, const auto&) {
      if (left-- == 0)
        counts = old->append("and,", false).has_value();
      return answer::given;
    };
    const auto rightful = p.older.open_snapshots("a", 2);
    REQUIRE(rightful);
    const auto found = *join(*(*rightful)->load());
    if (counts)
      CHECK(found == "one,and,");
    REQUIRE((*rightful)->append("two,", false));
    CHECK(p.found(3) == found + "two,");
  }
}

TEST_CASE("a run behind one of a higher life is void, whatever it names as what it builds upon") {
  faulty_file_system disk;
  REQUIRE(disk.make_folder("/a"));
  const auto put = [&](std::uint64_t place, std::uint64_t sequence, incarnation life, chain::link upon,
                       std::string_view text) {
    const record r{record_kind::increment, 1, sequence, chain::number_of({life, 0}), upon.sequence,
                   upon.checksum,          0, {}};
    const auto header = seal(r, "a", text);
    disk.put("/a/" + run_file(place), std::string(bytes_of(header)) + "a" + std::string(text));
    return chain::link{sequence, header.checksum};
  };
  const auto first = put(1, 1, 1, {}, "one,");
  (void)put(2, 2, 3, first, "three,");
  (void)put(3, 2, 2, first, "late,");
  const auto opened = open_dir_snapshots(disk, "/a", "a", 4);
  REQUIRE(opened);
  CHECK(*join(*(*opened)->load()) == "one,three,");
}

TEST_CASE("a base of an older life removes nothing of a newer one's") {
  for (const auto* operation : {"publish", "sync", "list", "remove"}) {
    INFO(operation);
    two_processes p;
    const auto zombie = *p.older.open_snapshots("a", 1);
    for (int i = 0; i < 3; ++i) {
      REQUIRE(zombie->append("one,", false));
      if (i < 2)
        REQUIRE(*zombie->compact(join));
    }
    std::unique_ptr<snapshots> successor;
    p.when(operation, "/a", operation == std::string("sync") ? answer::lost : answer::given, [&] {
      successor = p.take_over(2);
      REQUIRE(successor->append("two,", false));
      REQUIRE(*successor->compact(join));
    });
    (void)zombie->compact(join);
    REQUIRE(successor);
    REQUIRE(successor->append("three,", false));
    CHECK(p.found(3) == "one,one,one,two,three,");
  }
}

TEST_CASE("an opener removes what older lives were writing, and leaves what a newer one writes") {
  faulty_file_system disk;
  REQUIRE(disk.make_folder("/a"));
  const auto of = [](incarnation life) {
    return "/a/tmp-" + std::to_string(chain::number_of({life, 0})) + "-base";
  };
  for (const incarnation life : {1, 9})
    disk.put(of(life), "a part");
  REQUIRE(open_dir_snapshots(disk, "/a", "a", 4));
  CHECK_FALSE(disk.read(of(1)));
  CHECK(disk.read(of(9)));
}

TEST_CASE(
    "of openers that have chosen the same term one has counted, and removes what the others were writing") {
  faulty_file_system disk;
  REQUIRE(disk.make_folder("/a"));
  const auto of = [](life l) { return "/a/tmp-" + std::to_string(number_of(l)) + "-base"; };
  for (const auto other : {life{4, 90}, life{5, 0}})
    disk.put(of(other), "a part");
  REQUIRE(dir_chain::open_chosen(disk, "/a", "a", {4, 7}));
  CHECK_FALSE(disk.read(of({4, 90})));
  CHECK(disk.read(of({5, 0})));
}

TEST_CASE("what a new life builds upon lasts, also where its writer died before the sync") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    faulty_file_system disk(seed);
    interposed_file_system files(disk);
    std::string path;
    {
      const actor_chains store(files, {0, 0});
      const auto chain = *store.open_snapshots("a", 1);
      REQUIRE(chain->append("one,", false));
      files.before = [&](std::string_view operation, const std::string& at) {
        if (operation == "append" && !at.ends_with(".copy"))
          path = at;
        return answer::given;
      };
      REQUIRE(chain->append("two,", false));
      REQUIRE_FALSE(path.empty());
      files.before = [](auto, const auto&) { return answer::given; };
      disk.forget_last_sync(path);
    }
    std::string found;
    {
      const actor_chains store(files, {0, 0});
      const auto chain = *store.open_snapshots("a", 2);
      found = *join(*chain->load());
      REQUIRE(chain->append("three,", false));
    }
    disk.restart(true);
    const actor_chains store(files, {0, 0});
    const auto opened = store.open_snapshots("a", 3);
    REQUIRE(opened);
    CHECK(*join(*(*opened)->load()) == found + "three,");
  }
}

TEST_CASE("a chain that has only the marks of what was trimmed is damaged, not new") {
  faulty_file_system disk;
  const actor_chains store(disk, {0, 0});
  {
    const auto chain = *store.open_snapshots("a", 1);
    for (int i = 0; i < 3; ++i) {
      REQUIRE(chain->append("one,", false));
      REQUIRE(*chain->compact(join));
    }
  }
  const auto lose_all = [&](std::string_view begin) {
    std::size_t lost = 0;
    for (const auto& path : disk.all_files(store.folder_of("a")))
      if (path.starts_with(store.folder_of("a") + "/" + std::string(begin))) {
        disk.lose_file(path);
        ++lost;
      }
    return lost;
  };
  CHECK(lose_all("run-") != 0);
  const auto damaged = store.open_snapshots("a", 2);
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code == ec::corrupt);
  CHECK(mentions(damaged.error(), "--fresh"));
  CHECK(lose_all("trim-") != 0);
  CHECK(store.open_snapshots("a", 3));
}

TEST_CASE("whose copy was taken for a seal is told that another process goes on, and may try again") {
  for (const bool is_between_the_copies : {false, true}) {
    INFO("between the two copies of a record: " << is_between_the_copies);
    faulty_file_system disk;
    interposed_file_system files(disk);
    REQUIRE(disk.make_folder("/a"));
    const auto writer = *open_dir_snapshots(files, "/a", "a", 1);
    const auto copy = "/a/" + run_file(1, run_part::copy);
    const auto seal = [&] { REQUIRE(disk.publish(copy, "/a/" + run_file(1, run_part::sealed))); };
    if (is_between_the_copies)
      files.before = [&](std::string_view operation, const std::string& path) {
        if (operation == "append" && path == copy)
          seal();
        return answer::given;
      };
    else
      seal();
    const auto lost = writer->append("one,", true);
    REQUIRE_FALSE(lost);
    CHECK(lost.error().retry);
    CHECK(lost.error().code == ec::locked);
    CHECK(lost.error().message.find("another process") != std::string::npos);
    files.before = [](auto, const auto&) { return answer::given; };
    CHECK(writer->append("two,", true));  // the life that has sealed it did not open
    const auto successor = *open_dir_snapshots(disk, "/a", "a", 2);
    CHECK(*join(*successor->load()) == "two,");
  }
}
