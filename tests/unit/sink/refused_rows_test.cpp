#include "actors/stream/sink/refused_rows.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using millrace::sink::refused_rows;
using next = refused_rows::next;

namespace {

const delivery::fence stamp{3, 1};

delivery::answer stands_at(mark have) { return {stamp, have}; }

const delivery::dead_letters& letters_of(const delivery::lane_frame& f) {
  return *std::get<delivery::letters_ptr>(f.content);
}

}  // namespace

TEST_CASE("the dead-letter sink is asked where it stands before any row goes") {
  refused_rows r("table");
  CHECK(r.log() == "refused/table");
  CHECK(r.wanted() == next::ask);
  r.answered(stands_at({{0, 4}}));
  CHECK(r.wanted() == next::read);
  CHECK(r.after() == 4);
  CHECK(r.newest() == 4);
}

TEST_CASE("rows go as one frame at a time, each under its sequence") {
  refused_rows r("table");
  r.answered(stands_at({}));
  const auto f = r.send({{1, R"({"a":1})", "too long"}, {3, R"({"a":2})", "no such type"}});
  CHECK(f.log == "refused/table");
  CHECK(f.stamp == stamp);
  CHECK((f.from == position{0, 0} && f.to == position{0, 3}));
  REQUIRE(letters_of(f).size() == 2);
  CHECK(letters_of(f)[1].at == position{0, 3});
  CHECK(letters_of(f)[1].error == "no such type");
  CHECK(r.wanted() == next::nothing);
  CHECK(r.newest() == 3);

  CHECK_FALSE(r.acknowledged({0, 2}));
  CHECK(r.wanted() == next::nothing);
  CHECK(r.acknowledged({0, 3}));
  CHECK(r.wanted() == next::read);
  CHECK(r.after() == 3);
}

TEST_CASE("a frame under way is forgotten with the life that it went to") {
  refused_rows r("table");
  r.answered(stands_at({}));
  static_cast<void>(r.send({{1, "{}", "e"}}));
  r.ask_again();
  CHECK(r.wanted() == next::ask);
  r.answered(stands_at({}));  // it never came
  CHECK(r.after() == 0);
  CHECK(r.newest() == 1);
}

TEST_CASE("an answer of an earlier life of the dead-letter sink does not take its successor's place") {
  refused_rows r("table");
  r.answered(stands_at({}));
  r.ask_again();
  r.answered({{4, 1}, {{0, 2}}});
  r.answered(stands_at({}));  // overtaken
  CHECK(r.after() == 2);
  CHECK(r.send({{3, "{}", "e"}}).stamp == delivery::fence{4, 1});
}

TEST_CASE("the end is sent once, behind the last row") {
  refused_rows r("table");
  r.answered(stands_at({{0, 7}}));
  const auto end = r.send_end();
  REQUIRE(end);
  CHECK((end->from == position{0, 7} && end->to == position{0, 8}));
  CHECK(end->watermark == end_of_time);
  CHECK_FALSE(end->has_content());
  CHECK(r.end_is_sent());
  CHECK(r.after() == 7);
  CHECK(r.acknowledged({0, 8}));
  CHECK_FALSE(r.send_end());
}

TEST_CASE("a new life of the dead-letter sink that has not the end gets it once more, and so it is behind "
          "later rows") {
  refused_rows r("table");
  CHECK_FALSE(r.end_is_sent());
  r.answered(stands_at({{0, 7}}));
  REQUIRE(r.send_end());
  r.ask_again();
  CHECK_FALSE(r.end_is_sent());
  r.answered({{4, 1}, {{0, 7}}});
  CHECK_FALSE(r.end_is_sent());
  REQUIRE(r.send_end());
  CHECK(r.end_is_sent());
  static_cast<void>(r.send({{9, "{}", "e"}}));
  CHECK_FALSE(r.end_is_sent());
  REQUIRE(r.send_end());
  CHECK(r.end_is_sent());
}

TEST_CASE("behind an end, rows of replayed records go on under the next major number") {
  refused_rows r("table");
  r.answered(stands_at({{0, 8}, end_of_time}));
  CHECK(r.after() == 7);
  const auto f = r.send({{9, "{}", "e"}});
  CHECK((f.from == position{0, 8} && f.to == position{1, 9}));
  const auto end = r.send_end();
  REQUIRE(end);
  CHECK((end->from == position{1, 9} && end->to == position{1, 10}));
}
