#include "tools/console/screen.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace::console;

namespace {

content topologies() {
  return {{}, {{"TOPOLOGY", "STATE"}, {{"clicks", "running"}, {"sales", "failed"}, {"views", "running"}}}};
}

std::string text_of(screen& s, std::size_t height = 24) {
  std::string out;
  for (const auto& l : s.picture(height, 80))
    out += l.text + '\n';
  return out;
}

std::string selected(screen& s, std::size_t height = 24) {
  const auto all = s.picture(height, 80);
  const auto at = std::ranges::find(all, line::look::selected, &line::how);
  return at == all.end() ? std::string() : at->text;
}

screen with_topologies() {
  screen s("");
  s.on_answer(s.question(), topologies(), "12:00:00");
  return s;
}

}  // namespace

TEST_CASE("a picture has as many lines as the terminal, the title first and the keys last") {
  auto s = with_topologies();
  for (const std::size_t height : {1, 2, 3, 4, 5, 24, 100}) {
    const auto all = s.picture(height, 80);
    CHECK(all.size() == height);
    CHECK_THAT(all.front().text, Catch::StartsWith("millrace  topologies  as of 12:00:00"));
  }
  CHECK(s.picture(0, 80).empty());
  CHECK_THAT(text_of(s), Catch::Contains("sales     failed") && Catch::Contains("q end"));
}

TEST_CASE("what was asked before the view changed is not shown") {
  auto s = with_topologies();
  const auto before = s.question();
  s.on_key(key::other, '2');
  CHECK(s.shown() == view::nodes);
  s.on_answer(before, topologies(), "12:00:01");
  CHECK_THAT(text_of(s), Catch::Contains("asking") && !Catch::Contains("clicks"));
}

TEST_CASE("one moves, goes in, and comes back") {
  auto s = with_topologies();
  s.on_key(key::down);
  CHECK_THAT(selected(s), Catch::StartsWith("sales"));
  s.on_key(key::page_down);
  CHECK_THAT(selected(s), Catch::StartsWith("views"));
  s.on_key(key::other, 'k');
  s.on_key(key::enter);
  CHECK(s.shown() == view::stages);
  CHECK(s.topology() == "sales");
  s.on_answer(s.question(), {{}, {{"STAGE"}, {{"counts"}}}}, "12:00:02");
  s.on_key(key::enter);
  CHECK(s.shown() == view::stage);
  CHECK(s.stage() == "counts");
  s.on_key(key::back);
  CHECK(s.shown() == view::stages);
  s.on_key(key::back);
  CHECK(s.shown() == view::topologies);
}

TEST_CASE("a shard leads to its stage") {
  screen s("t");
  s.on_key(key::other, '5');
  s.on_answer(s.question(), {{}, {{"SHARD"}, {{"counts/3"}}}}, "");
  s.on_key(key::enter);
  CHECK(s.stage() == "counts");
}

TEST_CASE("a filter shows rows with its text, until Esc") {
  auto s = with_topologies();
  s.on_key(key::other, '/');
  for (const char c : std::string("running"))
    s.on_key(key::other, c);
  CHECK_THAT(text_of(s),
             Catch::Contains("clicks") && !Catch::Contains("sales") && Catch::Contains("/running_"));
  s.on_key(key::enter);
  s.on_key(key::down);
  CHECK_THAT(selected(s), Catch::StartsWith("views"));
  s.on_key(key::back);
  CHECK_THAT(text_of(s), Catch::Contains("sales"));
  CHECK(s.shown() == view::topologies);
}

TEST_CASE("figures are sorted by their value, text by the alphabet") {
  CHECK(comes_before("3.1 GB", "900.0 MB"));
  CHECK(comes_before("10", "9"));
  CHECK(comes_before("1.5/s", "-"));
  CHECK(comes_before("a", "b"));
  CHECK_FALSE(comes_before("2 bytes", "1.0 kB"));
  auto s = with_topologies();
  s.on_key(key::other, 's');
  s.on_key(key::other, 's');
  CHECK_THAT(text_of(s), Catch::Contains("STATE *"));
  CHECK_THAT(selected(s), Catch::StartsWith("sales"));  // failed comes before running
}

TEST_CASE("Space holds the picture; trouble is told, and what was seen stays") {
  auto s = with_topologies();
  s.on_key(key::other, ' ');
  s.on_answer(s.question(), {{}, {{"TOPOLOGY"}, {{"new"}}}}, "12:00:09");
  CHECK_THAT(text_of(s), Catch::Contains("HELD") && Catch::Contains("clicks") && !Catch::Contains("new"));
  s.on_key(key::other, ' ');
  s.on_trouble(s.question(), "nobody listens there; trying again");
  CHECK_THAT(text_of(s), Catch::Contains("nobody listens there") && Catch::Contains("clicks"));
  s.on_answer(s.question(), topologies(), "12:00:10");
  CHECK_THAT(text_of(s), !Catch::Contains("nobody listens"));
}

TEST_CASE("rows beyond the screen are reached") {
  screen s("t");
  content many{{"above"}, {{"STAGE"}, {}}};
  for (int i = 0; i < 100; ++i)
    many.table.rows.push_back({"stage" + std::to_string(i)});
  s.on_key(key::other, '3');
  s.on_answer(s.question(), many, "");
  s.on_key(key::last);
  CHECK(selected(s, 10) == "stage99");
  s.on_key(key::page_up);
  CHECK(selected(s, 10) == "stage93");
  s.on_key(key::first);
  CHECK(selected(s, 10) == "stage0");
  // Fewer rows than before: the selection stays among them.
  s.on_key(key::last);
  many.table.rows.resize(3);
  s.on_answer(s.question(), many, "");
  CHECK(selected(s, 10) == "stage2");
}

TEST_CASE("sentences go on in the next line, between words where that is possible") {
  using lines = std::vector<std::string>;
  CHECK(wrapped("", 5) == lines{""});
  CHECK(wrapped("one two", 7) == lines{"one two"});
  CHECK(wrapped("one two", 6) == lines{"one", "two"});
  CHECK(wrapped("one two", 3) == lines{"one", "two"});
  CHECK(wrapped("abcdefg h", 3) == lines{"abc", "def", "g h"});
  CHECK(wrapped("äöü äö", 3) == lines{"äöü", "äö"});
  CHECK(wrapped("ab", 0) == lines{"a", "b"});
  screen s("t");
  s.on_answer(s.question(), {{"a window waits for a record"}, {}}, "");
  const auto all = s.picture(10, 12);
  CHECK(all.at(1).text == "a window");
  CHECK(all.at(2).text == "waits for a");
}

TEST_CASE("q ends, ? helps") {
  auto s = with_topologies();
  s.on_key(key::other, '?');
  CHECK_THAT(text_of(s), Catch::Contains("Space") && Catch::Contains("hold the picture"));
  s.on_key(key::back);
  CHECK(s.shown() == view::topologies);
  s.on_key(key::other, 'q');
  CHECK(s.is_over());
}

TEST_CASE("an edge leads to its tap, whose newest rows come first, and back") {
  screen s("t");
  s.on_key(key::other, '9');
  CHECK(s.shown() == view::edges);
  s.on_answer(s.question(),
              {{}, {{"FROM", "TO", "HELD"}, {{"a", "b", "0 bytes"}, {"b.late", "c", "0 bytes"}}}},
              "12:00:00");
  s.on_key(key::down);
  s.on_key(key::enter);
  CHECK(s.shown() == view::tap);
  CHECK(s.stage() == "b.late->c");
  CHECK(s.cursor().empty());
  s.on_answer(s.question(), {{}, {{"NODE", "AT", "ROW"}, {{"n", "1", "second"}, {"n", "0", "first"}}}, "n:2"},
              "12:00:01");
  CHECK(s.cursor() == "n:2");
  s.on_answer(s.question(), {{}, {{"NODE", "AT", "ROW"}, {{"n", "2", "third"}}}, "n:3"}, "12:00:02");
  const auto shown = text_of(s);
  CHECK(shown.find("third") < shown.find("second"));
  CHECK(shown.find("second") < shown.find("first"));
  CHECK(shown.find("t / b.late->c") != std::string::npos);
  content many{{}, {{"NODE", "AT", "ROW"}, {}}, "n:999"};
  many.table.rows.assign(500, {"n", "3", "more"});
  s.on_answer(s.question(), many, "12:00:03");
  CHECK(text_of(s, 900).find("third") == std::string::npos);  // no more than 200 are kept
  s.on_key(key::other, '?');
  s.on_key(key::back);
  CHECK(s.shown() == view::edges);
  CHECK(s.cursor().empty());
}
