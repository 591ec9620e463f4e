// The schemas in the text of a log's identity.
#include "actors/stream/source/kept_schemas.hpp"

#include <catch2/catch.hpp>

namespace millrace::source {

TEST_CASE("Entries of schemas are found wherever they stand, and the rest is as it was") {
  const std::string strange("line\nfeed \x1e\0 end", 16);
  const auto text = "0 1 2 ff\n" + format_schema(7, "\"long\"") + "no end of line" +
                    format_schema(8, strange) +
                    format_schemaless(9, "topic 1\n", {{1, -2}, 4, "why not: 100%\n"}) + "\nlast\n";
  CHECK(without_schemas(text) == "0 1 2 ff\nno end of line\nlast\n");
  CHECK(without_schemas(only_schemas(text)).empty());
  CHECK(only_schemas(text).size() + without_schemas(text).size() == text.size());
  const auto kept = schemas_in(text);
  REQUIRE(kept);
  REQUIRE(kept->by_id.size() == 2);
  CHECK(*kept->by_id.at(7) == "\"long\"");
  CHECK(*kept->by_id.at(8) == strange);
  REQUIRE(kept->unknown.size() == 1);
  CHECK(kept->unknown.at({9, "topic 1\n"}) == schemaless{{1, -2}, 4, "why not: 100%\n"});
}

TEST_CASE("Of two texts one after the other the later one counts; the same text is packed alike") {
  CHECK(*schemas_in(format_schema(7, "a") + format_schema(7, "b"))->by_id.at(7) == "b");
  CHECK(format_schema(7, "a") == format_schema(7, "a"));
  CHECK(without_schemas("plain\n") == "plain\n");
  CHECK(without_schemas("").empty());
  CHECK(schemas_in("plain\n")->by_id.empty());
}

TEST_CASE("Damaged entries and those of a later version are refused") {
  auto whole = format_schema(7, "some text of a schema");
  for (const auto& text :
       {std::string("\x1eschema/1 x y\n"), std::string("\x1eschema/1 7\n"),
        std::string("\x1eschema/1 7 data:,\n"), whole.substr(0, whole.size() - 6),
        std::string("\x1eschemaless/1 7 1 2\n"), std::string("\x1eschemaless/1 7 1 2 3 p\n")}) {
    INFO(text);
    const auto read = schemas_in(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ec::corrupt);
  }
  CHECK(schemas_in("\x1eschema/2 7 x\n").error().code == ec::unsupported);
}

}  // namespace millrace::source
