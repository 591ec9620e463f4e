// Lines as they are: one column, hidden ones beside it.
#include "actors/parsers/text/text_parser.hpp"
#include "tests/support/chunk_of.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::parser;
using data::type_id;
using test::chunk_of;

namespace {

parser_options options_of(std::vector<data::field> columns) {
  parser_options o;
  o.declared = 1;
  o.used.assign(columns.size(), true);
  o.formats.resize(1);
  o.schema = std::make_shared<data::schema>(std::move(columns));
  return o;
}

}  // namespace

TEST_CASE("every record is its text, whatever stands in it") {
  const auto p = make_text_parser(options_of({{"line", type_id::text}, {"_position", type_id::bigint}}))
                     ->parse(chunk_of({"plain", "  {\"a\":1} ", "", "a,\"b", "ội"}, false));
  REQUIRE(p.rows.rows == 5);
  CHECK(p.dead.empty());
  CHECK(p.rows.columns[0]->text_at(1) == "  {\"a\":1} ");
  CHECK(p.rows.columns[0]->text_at(2).empty());
  CHECK(!p.rows.columns[0]->is_null(2));
  CHECK(p.rows.columns[0]->text_at(4) == "ội");
  CHECK(p.rows.columns[1]->ints()[1] == 5);
}

TEST_CASE("a byte-order mark in front of a record is none of its text") {
  const auto p = make_text_parser(options_of({{"line", type_id::text}}))
                     ->parse(chunk_of({"\xEF\xBB\xBF"
                                       "ERROR",
                                       "a\xEF\xBB\xBF"},
                                      false));
  REQUIRE(p.rows.rows == 2);
  CHECK(p.rows.columns[0]->text_at(0) == "ERROR");
  CHECK(p.rows.columns[0]->text_at(1) == "a\xEF\xBB\xBF");
}

TEST_CASE("a blank line is filtered, and an empty message is a row") {
  const auto parser = make_text_parser(options_of({{"line", type_id::text}}));
  const auto lines = parser->parse(chunk_of({"", "x", " ", ""}));
  CHECK(lines.records == std::vector<std::uint32_t>{1, 2});
  CHECK(lines.filtered == std::vector<std::uint32_t>{0, 3});
  const auto messages = parser->parse(chunk_of({"", "x"}, false));
  CHECK(messages.records == std::vector<std::uint32_t>{0, 1});
  CHECK(messages.filtered.empty());
}

TEST_CASE("what is not text, or no record, is a dead letter") {
  auto c = chunk_of({"\xc3(", "x", "y", std::string("a\0b", 3)}, false);
  c.lengths[1] = source::no_value;
  const auto p = make_text_parser(options_of({{"line", type_id::text}}))->parse(c);
  REQUIRE(p.dead.size() == 3);
  CHECK(p.dead[0].record == 0);
  CHECK(p.dead[0].error == "the record is not UTF-8");
  CHECK(p.dead[1].record == 1);
  CHECK(p.dead[2].record == 3);
  CHECK(p.dead[2].error == "the record holds a NUL byte, which no text can");
  CHECK(p.records == std::vector<std::uint32_t>{2});
}

TEST_CASE("a message without a value is a null line where that is wanted") {
  auto c = chunk_of({"a", "", ""}, false);
  c.lengths[1] = source::no_value;
  auto o = options_of({{"line", type_id::text}});
  o.on_null = data::valueless::row;
  const auto p = make_text_parser(o)->parse(c);
  REQUIRE(p.rows.rows == 3);
  CHECK(p.rows.columns[0]->is_null(1));
  CHECK_FALSE(p.rows.columns[0]->is_null(2));
}

TEST_CASE("the beginning of a line that was too long is a dead letter, whatever it looks like") {
  auto c = chunk_of({"a", "begin", "", "b", "\xe2\x82", "c"});
  c.cut = {1, 2, 4};
  const auto p = make_text_parser(options_of({{"line", type_id::text}}))->parse(c);
  CHECK(p.records == std::vector<std::uint32_t>{0, 3, 5});
  REQUIRE(p.dead.size() == 3);
  for (const auto& d : p.dead)
    CHECK(d.error == cut_record);
}

TEST_CASE("the source's time can be the event time") {
  auto o = options_of({{"line", type_id::text}, {"_timestamp", type_id::timestamp}});
  o.event_time = 1;
  auto c = chunk_of({"a", "b"}, false);
  c.timestamps = {1'000'000, -1};
  c.timestamp_types = {0, 0};
  const auto p = make_text_parser(o)->parse(c);
  CHECK(p.rows.rows == 1);
  REQUIRE(p.dead.size() == 1);
  CHECK(p.dead[0].error.find("no event time") != std::string::npos);
}
