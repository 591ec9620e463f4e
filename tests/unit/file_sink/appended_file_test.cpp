// The appended file: rows and progress in one step, also if others touch the file.
#include "tests/unit/file_sink/sink_fixture.hpp"

namespace millrace::sink {

TEST_CASE("Rows are in the file after their commit, and the progress comes back") {
  const temp_folder folder;
  const auto path = folder / "deep/er/out.jsonl";
  {
    auto w = file_writer(path);
    CHECK_FALSE(w->open(life(1)).value());
    write_and_commit(*w, 0, 10);
    CHECK(content(path) == lines(0, 10));
    write_and_commit(*w, 10, 10);
    write_and_commit(*w, 10, 11);
  }
  auto w = file_writer(path);
  const auto p = w->open(life(2, true)).value();
  REQUIRE(p);
  CHECK(position_of(p) == 11);
  CHECK(p->batch == 11);
  write_and_commit(*w, 11, 20);
  CHECK(content(path) == lines(0, 20));
  CHECK(visible(folder / "deep/er") == std::vector<std::string>{"out.jsonl"});
}

TEST_CASE("Rows that were written but not committed are gone after the next open") {
  const temp_folder folder;
  const auto path = folder / "out.jsonl";
  auto w = opened(path);
  write_and_commit(*w, 0, 3);
  REQUIRE(w->write(numbered_rows(3, 100'000)));  // more than is held in memory
  CHECK(content(path).size() > lines(0, 3).size());
  CHECK(position_of(w->open(life(1)).value()) == 3);
  CHECK(content(path) == lines(0, 3));
  REQUIRE(w->write(numbered_rows(3, 100'000)));
  w.reset();
  CHECK(position_of(opened(path, 2)->open(life(3)).value()) == 3);
  CHECK(content(path) == lines(0, 3));
}

TEST_CASE("A newer life fences the older one, which then changes nothing") {
  const temp_folder folder;
  const auto path = folder / "out.jsonl";
  auto old = opened(path, 1);
  write_and_commit(*old, 0, 5);
  REQUIRE(old->write(numbered_rows(5, 7)));
  auto newer = opened(path, 2);
  write_and_commit(*newer, 5, 6);
  const auto refused = old->commit(at(7));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::fenced);
  CHECK_FALSE(refused.error().retry);
  const auto reopened = old->open(life(1));
  REQUIRE_FALSE(reopened);
  CHECK(reopened.error().code == ec::fenced);
  old.reset();
  write_and_commit(*newer, 6, 8);
  CHECK(content(path) == lines(0, 8));
}

TEST_CASE("A zombie with a megabyte of rows under way is fenced before it writes them") {
  const temp_folder folder;
  const auto path = folder / "out.jsonl";
  auto old = opened(path, 1);
  auto newer = opened(path, 2);
  const auto refused = old->write(numbered_rows(0, 100'000));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::fenced);
  CHECK(content(path).empty());
}

TEST_CASE("Rows go behind what was in the file before the first start") {
  const temp_folder folder;
  const auto path = folder / "out.jsonl";
  append_to(path, "before\nunterminated");
  auto w = opened(path);
  CHECK(content(path) == "before\nunterminated");
  write_and_commit(*w, 0, 1);
  CHECK(content(path) == "before\nunterminated\n" + lines(0, 1));
}

TEST_CASE("What others append between runs that end in order, or between commits, is kept") {
  const temp_folder folder;
  const auto path = folder / "out.jsonl";
  {
    auto w = opened(path);
    write_and_commit(*w, 0, 1);
    append_to(path, "between commits");
    write_and_commit(*w, 1, 2);
  }
  append_to(path, "between runs\n");
  auto w = opened(path, 2);
  write_and_commit(*w, 2, 3);
  CHECK(content(path) == lines(0, 1) + "between commits\n" + lines(1, 2) + "between runs\n" + lines(2, 3));
}

TEST_CASE("A file shorter than what is committed, or gone, is an error with its remedy") {
  const temp_folder folder;
  const auto path = folder / "out.jsonl";
  { write_and_commit(*opened(path), 0, 10); }
  SECTION("shorter") {
    std::filesystem::resize_file(path, 20);
    const auto p = file_writer(path)->open(life(2));
    REQUIRE_FALSE(p);
    CHECK(p.error().code == ec::mismatch);
    CHECK(p.error().message.find("only 20 bytes") != std::string::npos);
    CHECK(p.error().message.find("--fresh") != std::string::npos);
    CHECK(content(path).size() == 20);
  }
  SECTION("gone") {
    std::filesystem::remove(path);
    const auto p = file_writer(path)->open(life(2));
    REQUIRE_FALSE(p);
    CHECK(p.error().code == ec::not_found);
    CHECK(p.error().whose == fault::user);
    CHECK_FALSE(std::filesystem::exists(path));
  }
}

TEST_CASE(
    "A file that is removed, replaced or shortened while the sink writes is an error at the next commit") {
  const temp_folder folder;
  const auto path = folder / "out.jsonl";
  auto w = opened(path);
  write_and_commit(*w, 0, 10);
  SECTION("removed") { std::filesystem::remove(path); }
  SECTION("replaced") {
    std::filesystem::rename(path, folder / "rotated");
    append_to(path, content(folder / "rotated"));
  }
  SECTION("shortened") { std::filesystem::resize_file(path, 5); }
  REQUIRE(w->write(numbered_rows(10, 11)));
  const auto refused = w->commit(at(11));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().whose == fault::user);
  CHECK(refused.error().message.find(path.string()) != std::string::npos);
  CHECK_FALSE(w->commit(at(11)));  // only an open makes it whole again
}

TEST_CASE(
    "Progress that the state folder expects and that is not there is an error, never a start from zero") {
  const temp_folder folder;
  const auto p = file_writer(folder / "out.jsonl")->open(life(2, true));
  REQUIRE_FALSE(p);
  CHECK(p.error().code == ec::mismatch);
}

TEST_CASE("A file of another sink or state is refused; a fresh state replaces it once") {
  const temp_folder folder;
  const auto path = folder / "out.jsonl";
  { write_and_commit(*opened(path), 0, 10); }
  for (auto other : {claim{"state-b", "topology", "out", 1}, claim{"state-a", "topology", "second", 1},
                     claim{"state-a", "else", "out", 9}}) {
    const auto p = file_writer(path)->open(other);
    REQUIRE_FALSE(p);
    CHECK(p.error().code == ec::mismatch);
    CHECK(p.error().whose == fault::user);
    CHECK(content(path) == lines(0, 10));
  }
  claim fresh{"state-b", "topology", "out", 1};
  fresh.fresh = true;
  auto w = file_writer(path);
  CHECK_FALSE(w->open(fresh).value());
  CHECK(content(path).empty());
  write_and_commit(*w, 0, 2);
  CHECK(position_of(w->open(fresh).value()) == 2);  // its own rows are not replaced
  CHECK(content(path) == lines(0, 2));
}

TEST_CASE(
    "With at_start empty a state that begins finds an empty file, and its restarts keep what it wrote") {
  const temp_folder folder;
  const auto path = folder / "out.jsonl";
  const auto make = [&] {
    auto o = file_options(path);
    o.set("at_start", std::string("empty"), {});
    return std::move(make_file_writer(o, numbers()).value());
  };
  append_to(path, "from long ago\n");
  auto w = make();
  CHECK_FALSE(w->open(life(1)).value());
  CHECK(content(path).empty());
  write_and_commit(*w, 0, 2);
  REQUIRE(w->write(numbered_rows(2, 4)));  // never committed
  w = make();
  CHECK(position_of(w->open(life(2, true)).value()) == 2);
  write_and_commit(*w, 2, 3);
  CHECK(content(path) == lines(0, 3));

  // Another state of the same sink begins: its folder is new.
  claim next{"state-b", "topology", "out", 1};
  w = make();
  CHECK_FALSE(w->open(next).value());
  CHECK(content(path).empty());
  write_and_commit(*w, 5, 6);
  next.life = 2;
  w = make();
  CHECK(position_of(w->open(next).value()) == 6);
  CHECK(content(path) == lines(5, 6));
  // The older state must not write any more; and nobody else's file is emptied.
  CHECK_FALSE(make()->open(life(3, true)));
  CHECK_FALSE(make()->open({"state-c", "topology", "second", 1}));
  CHECK(content(path) == lines(5, 6));
  // --adopt goes on with what is there.
  claim adopting{"state-c", "topology", "out", 1};
  adopting.adopt = true;
  CHECK(position_of(make()->open(adopting).value()) == 6);
  CHECK(content(path) == lines(5, 6));
}

TEST_CASE("With at_start empty, progress that is missing is an error and empties nothing") {
  const temp_folder folder;
  const auto path = folder / "out.jsonl";
  { write_and_commit(*opened(path), 0, 10); }
  std::filesystem::remove(folder / ".millrace-out.jsonl");
  auto o = file_options(path);
  o.set("at_start", std::string("empty"), {});
  const auto w = std::move(make_file_writer(o, numbers()).value());
  CHECK_FALSE(w->open(life(2, true)));
  CHECK(content(path) == lines(0, 10));
}

TEST_CASE("A directory or a pipe in the place of the file is refused") {
  const temp_folder folder;
  std::filesystem::create_directory(folder / "out.jsonl");
  const auto p = file_writer(folder / "out.jsonl")->open(life(1));
  REQUIRE_FALSE(p);
  CHECK(p.error().whose == fault::user);
  append_to(folder / "plain", "x");
  CHECK_FALSE(file_writer(folder / "plain/out.jsonl")->open(life(1)));
  const auto device = file_writer("/dev/full")->open(life(1));
  CHECK_FALSE(device);
  std::error_code ignored;
  std::filesystem::remove("/dev/.millrace-full", ignored);
}

TEST_CASE("CSV has its header once, also when the first rows were abandoned") {
  const temp_folder folder;
  const auto path = folder / "out.csv";
  const auto make = [&] { return std::move(make_file_writer(file_options(path, "csv"), numbers()).value()); };
  auto w = make();
  REQUIRE(w->open(life(1)));
  REQUIRE(w->commit(at(0)));
  CHECK(content(path).empty());
  REQUIRE(w->write(numbered_rows(0, 100'000)));
  REQUIRE(w->open(life(1)));
  write_and_commit(*w, 6, 8);
  w = make();
  REQUIRE(w->open(life(2)));
  write_and_commit(*w, 8, 9);
  CHECK(content(path) == "n,name\n6,row 6\n7,\n8,row 8\n");
}

TEST_CASE("Dead letters have exactly one of record and record_base64; other nulls are written") {
  const temp_folder folder;
  const auto schema =
      std::make_shared<data::schema>(std::vector<data::field>{{"id", data::type_id::text},
                                                              {"partition", data::type_id::text},
                                                              {"record", data::type_id::text},
                                                              {"record_base64", data::type_id::text}});
  std::vector<data::column_ptr> columns;
  for (const std::vector<const char*>& values :
       {std::vector<const char*>{"1", "2"}, {"p", nullptr}, {"broken {", nullptr}, {nullptr, "/w=="}}) {
    data::column_builder b(data::type_id::text);
    for (const auto* v : values)
      v ? b.append_text(v) : b.append_null();
    columns.push_back(b.finish());
  }
  auto w = make_dead_letter_writer(folder / "dead_letters.jsonl", schema, {});
  REQUIRE(w->open(life(1)));
  REQUIRE(w->write({schema, columns, 2}));
  REQUIRE(w->commit(at(2)));
  CHECK(content(folder / "dead_letters.jsonl") ==
        "{\"id\":\"1\",\"partition\":\"p\",\"record\":\"broken {\"}\n"
        "{\"id\":\"2\",\"partition\":null,\"record_base64\":\"/w==\"}\n");
}

}  // namespace millrace::sink
