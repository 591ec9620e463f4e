// The default file of dead letters: when it becomes a part, what is kept, what a fresh state removes.
#include "actors/connectors/file/sink/appended_file.hpp"
#include "tests/unit/file_sink/sink_fixture.hpp"

namespace millrace::sink {
namespace {

std::unique_ptr<writer> parts_writer(const std::filesystem::path& path, part_options parts,
                                     const wall_clock& clock = system_clock()) {
  return std::make_unique<appended_file>(path, row_format::json(*numbers()), false, at_start::append, parts,
                                         clock);
}

void commit_rows(writer& w, std::int64_t from, std::int64_t to) {
  REQUIRE(w.write(numbered_rows(from, to)));
  REQUIRE(w.commit(at(to)));
}

std::string contents(const temp_folder& folder) {
  std::string all;
  for (const auto& name : visible(folder.path()))
    all += content(folder / name);
  return all;
}

}  // namespace

TEST_CASE("A file becomes a part at the commit that reaches a limit, and an empty one goes on") {
  const temp_folder folder;
  auto w = parts_writer(folder / "out.jsonl", {{{}, {}, 3}, {}});
  REQUIRE(w->open(life(1)));
  commit_rows(*w, 0, 2);
  CHECK(visible(folder.path()) == std::vector<std::string>{"out.jsonl"});
  commit_rows(*w, 2, 4);
  CHECK(visible(folder.path()) == std::vector<std::string>{"out-000001.jsonl", "out.jsonl"});
  CHECK(content(folder / "out-000001.jsonl") == lines(0, 4));
  CHECK(content(folder / "out.jsonl").empty());
  commit_rows(*w, 4, 6);
  w.reset();
  w = parts_writer(folder / "out.jsonl", {{{}, {}, 3}, {}});
  REQUIRE(w->open(life(2)));  // goes on with what the file has
  CHECK(visible(folder.path()).size() == 2);
  commit_rows(*w, 6, 7);
  CHECK(visible(folder.path()).size() == 3);
  CHECK(contents(folder) == lines(0, 7));
}

TEST_CASE("A file becomes a part by size, and by age also while nothing is written") {
  const temp_folder folder;
  fake_clock clock(1'000'000);
  auto w = parts_writer(folder / "out.jsonl", {{micros(10'000'000), 1000, {}}, {}}, clock);
  REQUIRE(w->open(life(1)));
  CHECK(!w->keep_alive_in());
  commit_rows(*w, 0, 200);
  CHECK(visible(folder.path()).size() == 2);
  CHECK(!w->keep_alive_in());
  commit_rows(*w, 200, 201);
  CHECK(w->keep_alive_in() == micros(10'000'000));
  clock.set(clock.now() + 9'999'999);
  REQUIRE(w->keep_alive());
  CHECK(visible(folder.path()).size() == 2);
  clock.set(clock.now() + 1);
  REQUIRE(w->keep_alive());
  CHECK(visible(folder.path()).size() == 3);
  CHECK(contents(folder) == lines(0, 201));
}

TEST_CASE("All parts are kept unless a number is said, and then the oldest of this state go") {
  for (const bool some : {false, true}) {
    const temp_folder folder;
    append_to(folder / "out-000002.jsonl", "another's\n");
    auto w = parts_writer(folder / "out.jsonl",
                          {{{}, {}, 1}, some ? std::optional<std::uint64_t>(2) : std::nullopt});
    REQUIRE(w->open(life(1)));
    for (std::int64_t i = 0; i < 5; ++i)
      commit_rows(*w, i, i + 1);
    CHECK(visible(folder.path()).size() == (some ? 4 : 7));
    CHECK(content(folder / "out-000002.jsonl") == "another's\n");
    CHECK(content(folder / "out-000007.jsonl") == lines(4, 5));
  }
}

TEST_CASE("What was written without parts goes on in them") {
  const temp_folder folder;
  auto w = opened(folder / "out.jsonl");
  commit_rows(*w, 0, 5);
  w.reset();
  w = parts_writer(folder / "out.jsonl", {{{}, {}, 3}, {}});
  const auto found = w->open(life(2));
  REQUIRE(found);
  CHECK(position_of(*found) == 5);
  commit_rows(*w, 5, 8);
  CHECK(content(folder / "out-000001.jsonl") == lines(0, 8));
}

TEST_CASE("A number that somebody else has taken since is passed over") {
  const temp_folder folder;
  auto w = parts_writer(folder / "out.jsonl", {{{}, {}, 1}, {}});
  REQUIRE(w->open(life(1)));
  commit_rows(*w, 0, 1);
  append_to(folder / "out-000002.jsonl", "another's\n");
  commit_rows(*w, 1, 2);
  CHECK(content(folder / "out-000002.jsonl") == "another's\n");
  CHECK(content(folder / "out-000003.jsonl") == lines(1, 2));
}

TEST_CASE("A fresh state removes the parts of the old one, and no others") {
  const temp_folder folder;
  append_to(folder / "out-000001.jsonl", "another's\n");
  auto w = parts_writer(folder / "out.jsonl", {{{}, {}, 1}, {}});
  REQUIRE(w->open(life(1)));
  for (std::int64_t i = 0; i < 3; ++i)
    commit_rows(*w, i, i + 1);
  w.reset();
  claim fresh{"state-b", "topology", "out", 1};
  fresh.fresh = true;
  w = parts_writer(folder / "out.jsonl", {{{}, {}, 1}, {}});
  REQUIRE(w->open(fresh));
  CHECK(visible(folder.path()) == std::vector<std::string>{"out-000001.jsonl", "out.jsonl"});
  CHECK(content(folder / "out.jsonl").empty());
}

}  // namespace millrace::sink
