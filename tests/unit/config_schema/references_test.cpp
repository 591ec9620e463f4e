// The pages that are generated from the declarations, against what is checked in.
#include "actors/catalog.hpp"
#include "config/schema/schema.hpp"
#include "tests/support/scratch.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE(
    "docs/topology.schema.json is what the declarations say; `millrace reference docs` writes it anew") {
  CHECK(test::contents("docs/topology.schema.json") == config::schema_text(connectors()));
}

TEST_CASE("docs/test.schema.json is what the declarations say; `millrace reference docs` writes it anew") {
  CHECK(test::contents("docs/test.schema.json") == config::test_schema_text());
}

TEST_CASE("docs/reference.md is what the declarations say; `millrace reference docs` writes it anew") {
  CHECK(test::contents("docs/reference.md") == config::reference_text(connectors()));
}

TEST_CASE("docs/functions.md is what the list of functions says; `millrace reference docs` writes it anew") {
  CHECK(test::contents("docs/functions.md") == config::functions_text());
}

TEST_CASE("the schema is JSON, and every reference in it leads somewhere") {
  const auto schema = boost::json::parse(config::schema_text(connectors())).as_object();
  CHECK(schema.at("$schema") == "https://json-schema.org/draft/2020-12/schema");
  const auto& definitions = schema.at("$defs").as_object();
  const auto text = config::schema_text(connectors());
  constexpr std::string_view mark = "\"#/$defs/";
  std::size_t references = 0;
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const auto begin = at + mark.size();
    const auto name = text.substr(begin, text.find('"', begin) - begin);
    CAPTURE(name);
    CHECK(definitions.contains(name));
    ++references;
  }
  CHECK(references > 20);
}

TEST_CASE("every option of every connector stands in both pages") {
  const auto schema = boost::json::parse(config::schema_text(connectors())).as_object();
  const auto page = config::reference_text(connectors());
  for (const auto& c : connectors()) {
    const auto name = std::string(config::to_string(c.kind)) + "_" + c.type;
    const auto& properties = schema.at("$defs").at(name).at("properties").as_object();
    for (const auto& o : c.options) {
      CAPTURE(name, o.name);
      CHECK(properties.contains(o.name));
      CHECK(page.find("| `" + o.name + "` |") != std::string::npos);
      CHECK_FALSE(o.doc.empty());
    }
  }
}
