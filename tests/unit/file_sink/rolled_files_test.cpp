// Rolled files: only whole files are visible, each row in one of them.
#include "actors/connectors/file/sink/rolled_files.hpp"
#include "tests/unit/file_sink/sink_fixture.hpp"

namespace millrace::sink {
namespace {

std::unique_ptr<rolled_files> rolling(const std::filesystem::path& path, roll_options roll,
                                      const wall_clock& clock = system_clock(), bool csv = false) {
  return std::make_unique<rolled_files>(path,
                                        csv ? row_format::csv(*numbers()) : row_format::json(*numbers()),
                                        false, at_start::append, roll, clock);
}
constexpr roll_options ten_rows{{}, {}, 10};

std::string joined(const std::filesystem::path& folder) {
  std::string all;
  for (const auto& name : visible(folder))
    all += content(folder / name);
  return all;
}

}  // namespace

TEST_CASE("A file becomes visible at the commit that reaches the number of rows, never before") {
  const temp_folder folder;
  auto w = rolling(folder / "out.jsonl", ten_rows);
  REQUIRE(w->open(life(1)));
  write_and_commit(*w, 0, 9);
  CHECK(visible(folder.path()).empty());
  write_and_commit(*w, 9, 13);
  CHECK(visible(folder.path()) == std::vector<std::string>{"out-000001.jsonl"});
  CHECK(content(folder / "out-000001.jsonl") == lines(0, 13));
  write_and_commit(*w, 13, 33);
  CHECK(content(folder / "out-000002.jsonl") == lines(13, 33));
  write_and_commit(*w, 33, 34);
  w.reset();
  CHECK(content(folder / "out-000003.jsonl") == lines(33, 34));
}

TEST_CASE("A restart goes on with the hidden file and forgets what was not committed") {
  const temp_folder folder;
  const auto path = folder / "out.jsonl";
  std::filesystem::create_directory(folder / "copy");
  auto w = rolling(path, ten_rows);
  REQUIRE(w->open(life(1)));
  write_and_commit(*w, 0, 5);
  REQUIRE(w->write(numbered_rows(5, 100'000)));
  // The copy is as kill -9 leaves the folder.
  for (const auto& e : std::filesystem::directory_iterator(folder.path()))
    if (e.is_regular_file())
      std::filesystem::copy(e.path(), folder / "copy" / e.path().filename().string());
  auto next = rolling(folder / "copy/out.jsonl", ten_rows);
  CHECK(position_of(next->open(life(2, true)).value()) == 5);
  CHECK(visible(folder / "copy").empty());
  write_and_commit(*next, 5, 11);
  CHECK(content(folder / "copy/out-000001.jsonl") == lines(0, 11));
  // and the first one, ending in order, publishes what is committed
  w.reset();
  CHECK(content(folder / "out-000001.jsonl") == lines(0, 5));
}

TEST_CASE("Files end by size and by age, also while nothing is written") {
  const temp_folder folder;
  fake_clock clock(1'000'000);
  roll_options roll;
  roll.age = micros(60'000'000);
  roll.size = 1000;
  auto w = rolling(folder / "out.jsonl", roll, clock);
  REQUIRE(w->open(life(1)));
  write_and_commit(*w, 0, 100);
  CHECK(visible(folder.path()).size() == 1);
  clock.set(500'000'000);
  write_and_commit(*w, 100, 101);
  CHECK(w->keep_alive_in() == micros(60'000'000));
  clock.set(559'999'999);
  CHECK(w->keep_alive_in() == micros(1));
  CHECK(w->keep_alive());
  write_and_commit(*w, 101, 102);
  CHECK(visible(folder.path()).size() == 1);
  clock.set(560'000'000);
  CHECK(w->keep_alive_in() == micros(0));
  CHECK(w->keep_alive());
  CHECK_FALSE(w->keep_alive_in());
  CHECK(content(folder / "out-000002.jsonl") == lines(100, 102));
  clock.set(900'000'000);
  CHECK(w->keep_alive());
  REQUIRE(w->commit(at(102)));
  CHECK(visible(folder.path()).size() == 2);  // no empty files
}

TEST_CASE("Each CSV file has its header") {
  const temp_folder folder;
  auto w = rolling(folder / "out.csv", ten_rows, system_clock(), true);
  REQUIRE(w->open(life(1)));
  write_and_commit(*w, 1, 6);
  write_and_commit(*w, 8, 13);
  write_and_commit(*w, 15, 16);
  w.reset();
  CHECK(content(folder / "out-000001.csv").starts_with("n,name\n1,row 1\n"));
  CHECK(content(folder / "out-000002.csv") == "n,name\n15,row 15\n");
}

TEST_CASE("Numbers go on behind files that are there, and none is ever written over") {
  const temp_folder folder;
  append_to(folder / "out-000041.jsonl", "somebody's\n");
  append_to(folder / "out-x.jsonl", "not a number\n");
  auto w = rolling(folder / "out.jsonl", ten_rows);
  REQUIRE(w->open(life(1)));
  append_to(folder / "out-000042.jsonl", "came later\n");
  REQUIRE(w->write(numbered_rows(0, 10)));
  const auto refused = w->commit(at(10));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::already_exists);
  CHECK(content(folder / "out-000042.jsonl") == "came later\n");
  CHECK_FALSE(w->open(life(1)));
  std::filesystem::remove(folder / "out-000042.jsonl");
  CHECK(position_of(w->open(life(1)).value()) == 10);
  CHECK(content(folder / "out-000042.jsonl") == lines(0, 10));
}

TEST_CASE("A published file may be taken away at once") {
  const temp_folder folder;
  auto w = rolling(folder / "out.jsonl", ten_rows);
  REQUIRE(w->open(life(1)));
  for (int i = 0; i < 5; ++i) {
    write_and_commit(*w, i * 10, i * 10 + 10);
    CHECK(joined(folder.path()) == lines(i * 10, i * 10 + 10));
    std::filesystem::remove(folder / visible(folder.path()).at(0));
  }
  CHECK(position_of(w->open(life(2)).value()) == 50);
}

TEST_CASE("A fresh state removes the files of the old one, and no others") {
  const temp_folder folder;
  append_to(folder / "out-000001.jsonl", "somebody's\n");
  {
    auto w = rolling(folder / "out.jsonl", ten_rows);
    REQUIRE(w->open(life(1)));
    write_and_commit(*w, 0, 10);
    write_and_commit(*w, 10, 20);
    write_and_commit(*w, 20, 21);
  }
  CHECK(visible(folder.path()).size() == 4);
  auto w = rolling(folder / "out.jsonl", ten_rows);
  claim fresh{"state-b", "topology", "out", 1};
  CHECK_FALSE(w->open(fresh));
  fresh.fresh = true;
  CHECK_FALSE(w->open(fresh).value());
  CHECK(visible(folder.path()) == std::vector<std::string>{"out-000001.jsonl"});
  write_and_commit(*w, 0, 10);
  CHECK(content(folder / "out-000001.jsonl") == "somebody's\n");
  CHECK(content(folder / "out-000002.jsonl") == lines(0, 10));
}

TEST_CASE("With at_start empty a state that begins removes the files of the one before, and no others") {
  const temp_folder folder;
  append_to(folder / "out-000001.jsonl", "somebody's\n");
  auto o = file_options(folder / "out.jsonl");
  o.set("at_start", std::string("empty"), {});
  auto roll = std::make_shared<config::values>();
  roll->set("rows", std::int64_t{10}, {});
  o.set("roll", roll, {});
  const auto make = [&] { return std::move(make_file_writer(o, numbers()).value()); };
  auto w = make();
  REQUIRE(w->open(life(1)));
  write_and_commit(*w, 0, 10);
  w = make();
  REQUIRE(w->open(life(2, true)));
  write_and_commit(*w, 10, 20);
  CHECK(visible(folder.path()).size() == 3);
  w = make();
  REQUIRE(w->open({"state-b", "topology", "out", 1}));
  write_and_commit(*w, 0, 10);
  CHECK(visible(folder.path()) == std::vector<std::string>{"out-000001.jsonl", "out-000002.jsonl"});
  CHECK(content(folder / "out-000001.jsonl") == "somebody's\n");
  CHECK(content(folder / "out-000002.jsonl") == lines(0, 10));
}

TEST_CASE("An older life publishes nothing once it is fenced") {
  const temp_folder folder;
  auto old = rolling(folder / "out.jsonl", ten_rows);
  REQUIRE(old->open(life(1)));
  write_and_commit(*old, 0, 5);
  auto newer = rolling(folder / "out.jsonl", ten_rows);
  CHECK(position_of(newer->open(life(2)).value()) == 5);
  REQUIRE(old->write(numbered_rows(5, 20)));
  const auto refused = old->commit(at(20));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::fenced);
  old.reset();
  CHECK(visible(folder.path()).empty());
  write_and_commit(*newer, 5, 12);
  CHECK(joined(folder.path()) == lines(0, 12));
}

}  // namespace millrace::sink
