#include "actors/replay/letter.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

using namespace millrace;
using namespace millrace::replay;

namespace {

constexpr auto good =
    R"({"id":"db5e","stage":"parsed","partition":"0","position":24,"error":"bad","record":"r","time":"2026-11-21T02:17:25.5Z"})";

struct file {
  explicit file(const std::string& text) : path(own.write("letters", text)) {}
  [[nodiscard]] expected<letters_read>
  read(std::vector<letter>& out, std::uint64_t limit = std::numeric_limits<std::uint64_t>::max()) const {
    return read_letters(path, limit, [&](letter&& l) -> expected<void> {
      out.push_back(std::move(l));
      return {};
    });
  }
  test::scratch own;
  std::string path;
};

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  return text.replace(text.find(what), what.size(), by);
}

}  // namespace

TEST_CASE("a dead letter is read with its record, as text or base64") {
  const auto l = parse_letter(good);
  REQUIRE(l);
  CHECK(l->id == "db5e");
  CHECK(l->stage == "parsed");
  CHECK(l->partition == "0");
  CHECK(l->position == 24);
  CHECK(l->record == "r");
  CHECK(l->time == 1'795'227'445'500'000);
  const auto bytes =
      parse_letter(replaced(good, R"("record":"r")", R"("record":null,"record_base64":"AP8=")"));
  REQUIRE(bytes);
  CHECK(bytes->record == std::string("\0\xff", 2));
}

TEST_CASE("what is not a dead letter is said, and what one is") {
  const auto [line, text] = GENERATE(table<std::string, std::string>({
      {"clicks", "column 1: is not a JSON object"},
      {"[1]", "is not a JSON object"},
      {"{\"id\":\"x\"", "is not a JSON object: incomplete JSON"},
      {std::string(good) + "}", "column "},
      {R"({"userid":"u1"})", "\"id\" is missing"},
      {replaced(good, R"("id":"db5e",)", ""), "\"id\" is missing"},
      {replaced(good, R"("db5e")", R"("")"), "\"id\" is missing, or not a text"},
      {replaced(good, R"("parsed")", "7"), "\"stage\" is missing, or not a text"},
      {replaced(good, "24", "\"24\""), "\"position\" is missing, or not a whole number"},
      {replaced(good, R"("record":"r")", R"("record":null)"), "neither \"record\" nor \"record_base64\""},
      {replaced(good, R"("record":"r")", R"("record_base64":"?")"), "\"record_base64\" is not base64"},
      {replaced(good, "2026-11", "2026-13"), "\"time\" is missing, or not a timestamp"},
  }));
  INFO(line);
  const auto l = parse_letter(line);
  REQUIRE_FALSE(l);
  INFO(l.error().message);
  CHECK(l.error().message.find(text) != std::string::npos);
  CHECK(l.error().message.find("expected what millrace writes") != std::string::npos);
}

TEST_CASE(
    "dead_letters.jsonl stands for its parts in order and itself, a part and any other file for itself") {
  const test::scratch folder;
  const auto path = [&](const char* name) { return folder / name; };
  const auto make = [&](const char* name) { folder.write(name, "x"); };
  CHECK(files_of_letters(path("dead_letters.jsonl")) == std::vector{path("dead_letters.jsonl")});
  for (const auto* name : {"dead_letters-000010.jsonl", "dead_letters-000002.jsonl", "dead_letters-old.jsonl",
                           "mended.jsonl", "mended-000001.jsonl"})
    make(name);
  const std::vector parts{path("dead_letters-000002.jsonl"), path("dead_letters-000010.jsonl")};
  CHECK(files_of_letters(path("dead_letters.jsonl")) == parts);
  make("dead_letters.jsonl");
  auto all = parts;
  all.push_back(path("dead_letters.jsonl"));
  CHECK(files_of_letters(path("dead_letters.jsonl")) == all);
  CHECK(files_of_letters(parts[0]) == std::vector{parts[0]});
  CHECK(files_of_letters(path("mended.jsonl")) == std::vector{path("mended.jsonl")});
}

TEST_CASE("a file's letters are read in order; blank lines are none, and a last line needs no end") {
  const file f(std::string(good) + "\n\n" + replaced(good, "db5e", "2") + "\n" + replaced(good, "db5e", "3"));
  std::vector<letter> all;
  const auto read = f.read(all);
  REQUIRE(read);
  CHECK(read->letters == 3);
  CHECK_FALSE(read->cut_off);
  REQUIRE(all.size() == 3);
  CHECK(all[2].id == "3");
  CHECK(read->bytes == std::filesystem::file_size(f.path));
}

TEST_CASE("a last line that is cut off is left out, one in the middle is passed over and named") {
  const auto half = std::string(good).substr(0, 40);
  const file f(std::string(good) + "\n" + half);
  std::vector<letter> all;
  const auto read = f.read(all);
  REQUIRE(read);
  CHECK(read->cut_off);
  CHECK(all.size() == 1);
  const file torn(std::string(good) + "\n" + half + "\n" + good + "\n");
  all.clear();
  const auto passed = torn.read(all);
  REQUIRE(passed);
  CHECK(passed->letters == 2);
  CHECK(all.size() == 2);
  CHECK_FALSE(passed->cut_off);
  REQUIRE(passed->damaged.size() == 1);
  CHECK(passed->damaged[0].find(torn.path + ":2: column 41") == 0);
  CHECK(passed->more_damaged == 0);
}

TEST_CASE("of many damaged lines ten are named and the others counted") {
  std::string text;
  for (int i = 0; i < 25; ++i)
    text += "\xFF no letter\n";
  std::size_t letters = 0;
  const auto read = read_letters_in(text + good + "\n", "part 3", [&](letter&&) {
    ++letters;
    return expected<void>();
  });
  REQUIRE(read);
  CHECK(letters == 1);
  REQUIRE(read->damaged.size() == 10);
  CHECK(read->damaged.front().starts_with("part 3:1: "));
  CHECK(read->damaged.back().starts_with("part 3:10: "));
  CHECK(read->more_damaged == 15);
}

TEST_CASE("a file that has grown is read up to where it ended before") {
  const file f(std::string(good) + "\n");
  std::vector<letter> all;
  const auto before = f.read(all);
  REQUIRE(before);
  std::ofstream(f.path, std::ios::app) << replaced(good, "db5e", "2") << "\n";
  all.clear();
  REQUIRE(f.read(all, before->bytes));
  CHECK(all.size() == 1);
}

TEST_CASE("an empty file holds no letters, also the second time through it") {
  const file f("");
  std::vector<letter> all;
  for (const auto limit : {std::numeric_limits<std::uint64_t>::max(), std::uint64_t{0}}) {
    const auto read = f.read(all, limit);
    REQUIRE(read);
    CHECK(read->letters == 0);
  }
}

TEST_CASE("a file that cannot be read is named") {
  const auto missing = read_letters("/nowhere/letters", 1, [](letter&&) { return expected<void>(); });
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.find("/nowhere/letters: cannot be read: No such file") == 0);
  const auto is_folder = read_letters("/tmp", 1, [](letter&&) { return expected<void>(); });
  REQUIRE_FALSE(is_folder);
  CHECK(is_folder.error().message.find("/tmp: cannot be read") == 0);
}
