// Dead letters of a file go into the state folder of a run once, also while the run holds it; a state that begins anew has none
// of them.
#include "actors/node/host/replay_in_folder.hpp"
#include "actors/node/host/run_state.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/run_files.hpp"
#include "tests/support/must.hpp"
#include "tests/support/planned.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

namespace millrace::host::in_folder_test {
namespace {

using millrace::test::must;

/// A state, and three dead letters of two parsers.
class state_of_run {
public:
  state_of_run() {
    std::string text;
    for (const auto* stage : {"parsed", "other", "parsed"})
      text += R"({"id":")" + std::to_string(text.size()) + R"(","stage":")" + stage +
              R"(","partition":"0","position":24,"error":"bad","record":"r","time":"2026-11-21T02:17:25.5Z"})"
              "\n";
    own_.write("letters.jsonl", text, 0600);
  }
  /// Opens it as a run does, with a state in it.
  [[nodiscard]] std::shared_ptr<run_folder> open(bool fresh = false) const {
    auto out = must(run_folder::open(state(), fresh));
    must(take_state(*out, *topology_, fresh));
    return out;
  }
  [[nodiscard]] folder_request request() const {
    folder_request r{{topology_, "in"}, own_ / "letters.jsonl", state()};
    r.older = true;
    return r;
  }
  [[nodiscard]] expected<replay::outcome> replay() const { return replay_in_folder(request()); }
  [[nodiscard]] std::string state() const { return own_ / "state"; }

private:
  millrace::test::scratch own_;
  std::shared_ptr<const config::topology> topology_ = millrace::test::planned(R"json(
    "in": { "source": "file", "path": "in.jsonl" },
    "parsed": { "parser": "json", "from": "in", "schema": { "a": "text" } },
    "other": { "parser": "json", "from": "in", "schema": { "a": "text" } },
    "rows": { "sink": "console", "from": "parsed" },
    "more": { "sink": "console", "from": "other" })json");
};

std::shared_ptr<node::topology_chains> chains_of(const run_folder& folder) {
  return must(look_at_run(folder, "t")).chains;
}

std::vector<replay::batch_entry> batches_of(const run_folder& folder) {
  return must(replay::entries_in(*chains_of(folder)));
}

std::string lock_of(const run_folder& folder) { return folder.folder() + "/replay.lock"; }

}  // namespace

TEST_CASE("letters go into the folder of a run that holds it, each once, in batches over all parsers") {
  const state_of_run s;
  const auto run = s.open();
  CHECK(batches_of(*run).empty());
  CHECK(must(s.replay()).replayed == 3);
  const auto batches = batches_of(*run);
  REQUIRE(batches.size() == 2);
  CHECK(batches[0].number == 1);
  CHECK(batches[1].number == 2);
  CHECK(batches[0].plan != batches[1].plan);
  CHECK(replay::ids_of(batches).size() == 3);
  const auto again = must(s.replay());
  CHECK(again.replayed == 0);
  CHECK(again.before == 3);
  CHECK(batches_of(*run) == batches);
  replay::stored_batches of_parsed({chains_of(*run), "parsed", false});
  const auto numbers = must(of_parsed.numbers());
  REQUIRE(numbers.size() == 1);
  CHECK(of_parsed.settle());
  CHECK(must(of_parsed.read(numbers[0])).records.size() == 2);
}

TEST_CASE("one copy of a batch is enough, and without any the remedy is said") {
  const state_of_run s;
  const auto run = s.open();
  CHECK(must(s.replay()).replayed == 3);
  const auto chains = chains_of(*run);
  const auto whole = must(replay::read_batch(*chains, 1));
  const auto folder = run->folder() + "/chains/t/" + snapshot::file_name_of(replay::name_of_batch(1)) + "/";
  std::ofstream(folder + snapshot::run_file(1)) << "damaged";
  CHECK(must(replay::read_batch(*chains, 1)) == whole);
  REQUIRE(std::filesystem::remove(folder + snapshot::run_file(1, snapshot::run_part::copy)));
  const auto gone = replay::read_batch(*chains, 1);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == ec::corrupt);
  CHECK_THAT(gone.error().message, Catch::Contains("from a backup"));
}

TEST_CASE("a dry run says what would go in, and writes nothing") {
  const state_of_run s;
  const auto run = s.open();
  auto r = s.request();
  r.dry_run = true;
  CHECK(must(replay_in_folder(r)).replayed == 3);
  CHECK(batches_of(*run).empty());
  CHECK_FALSE(std::filesystem::exists(run->folder() + "/chains/t/replayed%3Aindex"));
  CHECK_FALSE(std::filesystem::exists(lock_of(*run)));
}

TEST_CASE("two replays at once are refused, and so is one without a state") {
  const state_of_run s;
  CHECK_THAT(s.replay().error().message, Catch::Contains("expected the --state of the run"));
  const auto run = s.open();
  {
    const auto other = must(run->files().lock(lock_of(*run), snapshot::lock_kind::exclusive));
    const auto refused = s.replay();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::locked);
    CHECK_THAT(refused.error().message, Catch::Contains("another replay into"));
  }
  CHECK(must(s.replay()).replayed == 3);
}

TEST_CASE("a state that begins anew has no batches of the former one, and takes the letters again") {
  const state_of_run s;
  auto run = s.open();
  CHECK(must(s.replay()).replayed == 3);
  run.reset();
  run = s.open(true);
  CHECK(batches_of(*run).empty());
  CHECK(must(s.replay()).replayed == 3);
  CHECK(batches_of(*run).size() == 2);
}

}  // namespace millrace::host::in_folder_test
