// Chains whose folder is listed while names come and go: a listing is no snapshot of its folder.
#include "runtime/snapshot/run_files.hpp"
#include "tests/unit/snapshot/dir_snapshots.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"
#include "tests/unit/snapshot/interposed_file_system.hpp"
#include "tests/unit/snapshot/joined.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;
using answer = interposed_file_system::answer;

TEST_CASE("a listing that has a run's seal but not the run is made again: a higher life may lie there") {
  struct torn final : interposed_file_system {
    using interposed_file_system::interposed_file_system;
    std::string hidden;
    int left = 0;  // listings that lack it; all but the last one lack its copies, too
    expected<std::vector<entry>> list(const std::string& path) override {
      auto all = interposed_file_system::list(path);
      --left;
      if (all && left >= 0)
        std::erase_if(*all, [this](const entry& e) {
          return left == 0 ? e.name == hidden : e.name.starts_with(hidden);
        });
      return all;
    }
  };
  const auto open = [](file_system& files, incarnation life) {
    return open_dir_snapshots(files, "/a", "a", life);
  };
  /// Leaves the folder as a dead opener has: it has sealed the run before that run had its second copy.
  const auto seal_alone = [](faulty_file_system& disk, std::uint64_t place) {
    REQUIRE(disk.remove("/a/" + run_file(place, run_part::copy)));
    REQUIRE(disk.write("/a/" + run_file(place, run_part::sealed), {}, true));
  };
  for (int torn_ones = 1; torn_ones < 4; ++torn_ones) {
    INFO("torn listings " << torn_ones);
    faulty_file_system disk;
    torn files(disk);
    REQUIRE(disk.make_folder("/a"));
    REQUIRE(open(disk, 4));
    seal_alone(disk, 1);
    files.hidden = run_file(1);
    files.left = torn_ones;
    const auto lower = open(files, 1);
    REQUIRE_FALSE(lower);
    CHECK(lower.error().code == ec::fenced);
  }
  for (int torn_ones = 1; torn_ones < 4; ++torn_ones) {
    INFO("torn listings " << torn_ones << ", for one whose append has failed");
    faulty_file_system disk;
    torn files(disk);
    REQUIRE(disk.make_folder("/a"));
    const auto zombie = *open(files, 1);
    files.before = [](std::string_view operation, const auto&) {
      return operation == "append" ? answer::refused : answer::given;
    };
    REQUIRE_FALSE(zombie->append("lost,", false));
    files.before = [](auto, const auto&) { return answer::given; };
    REQUIRE(open(disk, 4));
    seal_alone(disk, 2);
    files.hidden = run_file(2);
    files.left = torn_ones;
    while (files.left > 0)
      CHECK_FALSE(zombie->append("lost,", false));
    CHECK(zombie->append("lost,", false).error().code == ec::fenced);
  }
}

TEST_CASE("a listing amid which a newer life goes on and trims does not make a record count") {
  // The worst that a listing may show: of what comes or goes meanwhile, the writer's own run alone.
  struct torn final : interposed_file_system {
    using interposed_file_system::interposed_file_system;
    std::string kept;
    std::function<void()> meanwhile;
    expected<std::vector<entry>> list(const std::string& path) override {
      auto first = interposed_file_system::list(path);
      const auto happens = std::exchange(meanwhile, nullptr);
      if (!happens || !first)
        return first;
      happens();
      const auto second = *interposed_file_system::list(path);
      std::erase_if(*first, [&](const entry& e) {
        return e.name != kept && std::ranges::find(second, e.name, &entry::name) == second.end();
      });
      return first;
    }
  };
  const auto open = [](file_system& files, incarnation life) {
    return open_dir_snapshots(files, "/a", "a", life, base_rule{0, 0});
  };
  const auto become = [](faulty_file_system& disk, faulty_file_system& other) {
    for (const auto& path : disk.all_files("/a"))
      disk.lose_file(path);
    for (const auto& path : other.all_files("/a"))
      disk.put(path, other.contents(path));
  };
  constexpr std::size_t most_bases = 4;
  for (std::size_t before = 0; before <= most_bases + 1; ++before)
    for (auto amid = before; amid <= most_bases + 1; ++amid) {
      INFO("states of the successor before the look " << before << ", amid it " << amid);
      faulty_file_system disk;
      torn files(disk);
      REQUIRE(disk.make_folder("/a"));
      const auto zombie = *open(files, 1);
      REQUIRE(zombie->append("one,", false));
      // The successor has sealed the run and read it before the append. Then it opens, and makes bases.
      std::vector<std::unique_ptr<faulty_file_system>> states;
      const auto go_on = [&] {
        REQUIRE(disk.write("/a/" + run_file(1, run_part::sealed), {}, true));
        states.push_back(disk.clone());
        const auto later = disk.clone();
        const auto successor = *open(*later, 2);
        states.push_back(later->clone());
        for (std::size_t i = 0; i < most_bases; ++i) {
          REQUIRE(successor->append("two,", false));
          REQUIRE(*successor->compact(join));
          states.push_back(later->clone());
        }
      };
      bool is_appended = false;
      files.before = [&](std::string_view operation, const auto&) {
        if (std::exchange(is_appended, is_appended || operation == "append") && before > 0)
          become(disk, *states[before]);
        if (operation == "append")
          go_on();
        else if (is_appended)
          files.before = [](auto, const auto&) { return answer::given; };
        return answer::given;
      };
      files.kept = run_file(1);
      files.meanwhile = [&] {
        if (amid > before)
          become(disk, *states[amid]);
      };
      CHECK_FALSE(zombie->append("lost,", false));
    }
}
