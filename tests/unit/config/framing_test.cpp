// Checks which sources a parser's `framing` is refused for, and with what remedy.
#include "test_catalog.hpp"

#include <catch2/catch.hpp>

using namespace millrace::config;
using namespace millrace::config::test;

namespace {

connector source_of(std::string type, source_traits traits) {
  connector c{.kind = stage_kind::source, .type = std::move(type), .doc = "Reads"};
  c.source = [traits](const values&) { return traits; };
  return c;
}

/// What `check` finds for a parser of this framing behind that source.
std::string found(const std::string& source, const std::string& framing) {
  static const catalog all = [] {
    catalog c{
        source_of("files", {.bounded = true, .splits_text = true}),
        source_of("logs", {.splits_text = true}),
        source_of("input",
                  {.bounded = true, .splits_text = true, .splits_once = true, .is_standard_input = true}),
        source_of("table", {.splits_text = true, .splits_once = true}),
        source_of("topic", {}),
        {.kind = stage_kind::parser, .type = "framed", .doc = "Parses"},
        {.kind = stage_kind::sink, .type = "console", .doc = "Prints rows"}};
    c[5].options = {{.name = "framing",
                     .type = option_type::choice,
                     .doc = "Ends",
                     .default_text = "record",
                     .choices = {"lines", "values", "record", "container", "delimited"}}};
    return c;
  }();
  const files f;
  const auto path = f.write("topology.json", with_stages(R"("in": { "source": ")" + source + R"(" },
"rows": { "parser": "framed", "from": "in", "framing": ")" +
                                                         framing + R"(", "schema": { "a": "text" } },
"out": { "sink": "console", "from": "rows" })"));
  std::string out;
  for (const auto& finding : load({path, {}, {}}, all).findings)
    out += finding.message;
  return out;
}

}  // namespace

TEST_CASE("containers and records behind lengths are for files that are read to their end") {
  for (const auto* framing : {"container", "delimited"}) {
    CHECK(found("files", framing).empty());
    CHECK_THAT(found("logs", framing),
               Catch::Contains("follows them") && Catch::Contains("without \"follow\""));
    CHECK_THAT(found("input", framing),
               Catch::Contains("is standard input") && Catch::Contains("into a file"));
    CHECK_THAT(found("table", framing),
               Catch::Contains("makes a table of one") && Catch::Contains("without `key`"));
    CHECK_THAT(found("topic", framing), Catch::Contains("has records of its own"));
  }
}

TEST_CASE("records of bytes are not cut at line feeds, and lines and values go with every file") {
  CHECK(found("topic", "record").empty());
  for (const auto* source : {"files", "logs", "input", "table"}) {
    CHECK_THAT(found(source, "record"), Catch::Contains("splits files at line feeds"));
    CHECK(found(source, "lines").empty());
    CHECK(found(source, "values").empty());
  }
  CHECK(found("topic", "lines").empty());
}
