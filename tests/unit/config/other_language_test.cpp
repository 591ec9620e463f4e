#include "config/text/other_language.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace millrace::config;
using namespace std::string_view_literals;

namespace {

/// The language that the message names; "-": none.
std::string named(std::string_view text, read_as wanted = read_as::json) {
  const auto said = other_language(text, wanted);
  if (!said)
    return "-";
  constexpr std::string_view begin = "this looks like ";
  REQUIRE(said->starts_with(begin));
  return said->substr(begin.size(), said->find_first_of(";,") - begin.size());
}

}  // namespace

TEST_CASE("a file in another language is told by its first words") {
  CHECK(named("millrace: 1\ntopology: x\n") == "YAML");
  CHECK(named("# a comment\r\n\r\n---\r\nstages:\r\n") == "YAML");
  CHECK(named("stages:\n  a:\n") == "YAML");
  CHECK(named("- source: x\n") == "YAML");
  CHECK(named("input:\n  kafka: {}\noutput:\n  stdout: {}\n") == "a configuration of Benthos in YAML");
  CHECK(named("output:\n  stdout: {}\n") == "YAML");
  CHECK(named("[stages.a]\nsource = \"x\"\n") == "TOML");
  CHECK(named("[[sinks]]\n") == "TOML");
  CHECK(named("topology = \"x\"\n") == "TOML");
  CHECK(named("execution.checkpointing.interval=10000\n") == "a properties file");
  CHECK(named("! comment\nparallelism.default = 4\n") == "a properties file");
  CHECK(named("<topology/>") == "XML");
  CHECK(named("CREATE TABLE t (a int);") == "SQL");
  CHECK(named("-- of the shop\n/* all\n of it */ select 1;") == "SQL");
  CHECK(named("SET 'execution.runtime-mode' = 'streaming';") == "SQL");
}

TEST_CASE("a mistake in the very language is none of another") {
  CHECK(named("{ 'a': 1 }") == "-");
  CHECK(named("// comment\n{ a: 1 }") == "-");
  CHECK(named("\"millrace\": 1,\n\"topology\": \"x\"") == "-");
  CHECK(named("millrace: 1,\ntopology: 'x'") == "-");
  CHECK(named("a: {\n b: 1\n}") == "-");
  CHECK(named("[tru]") == "TOML");
  CHECK(named("[true]x") == "-");
  CHECK(named("[1, 2") == "-");
  CHECK(named("[\"a\"") == "-");
  CHECK(named("") == "-");
  CHECK(named("/* open") == "-");
  CHECK(named("set") == "-");
  CHECK(named("create") == "-");
  CHECK(named("SELEC 1", read_as::sql) == "-");
  CHECK(named("create tabel x", read_as::sql) == "-");
  CHECK(named("{ \"millrace\": 1 }", read_as::sql) == "JSON");
  CHECK(named("// comment\n{ \"millrace\": 1 }", read_as::sql) == "JSON");
  CHECK(named("stages:\n  a: 1\n", read_as::sql) == "YAML");
}

TEST_CASE("bytes that no topology begins with are named") {
  const auto what = [](std::string_view bytes) { return wrong_encoding(bytes).value_or("-"); };
  CHECK(what("\x1F\x8B\x08\x00"sv) == "the file is compressed with gzip; expected a text in UTF-8");
  CHECK(what("PK\x03\x04"sv) == "the file is a zip or jar archive; expected a text in UTF-8");
  CHECK(what("PAR1"sv) == "the file is a Parquet file; expected a text in UTF-8");
  for (const auto utf16 : {"\xFF\xFE{\0"sv, "\xFE\xFF\0{"sv, "{\0\"\0"sv, "\0{\0\""sv})
    CHECK(what(utf16) == "the file is UTF-16; expected UTF-8 (save it as plain UTF-8)");
  for (const auto good : {""sv, "{"sv, "{}"sv, "-- x"sv, "PARTITION"sv, "BZ"sv})
    CHECK(what(good) == "-");
}
