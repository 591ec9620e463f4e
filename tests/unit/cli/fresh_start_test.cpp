#include "tests/support/planned.hpp"
#include "tools/cli/fresh_start.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

cli::fresh_start_notice notice(const std::string& source, const std::string& sinks) {
  return cli::notice_of_fresh_start(
      test::planned_text(R"({"millrace": 1, "topology": "t", "stages": {"in": {)" + source +
                         R"(}, "rows": {"parser": "text", "from": "in"}, )" + sinks + "}}"));
}

const std::string file = R"("source": "file", "path": "in.log")";

}  // namespace

TEST_CASE("a fresh start says what each kind of sink does with the rows that are there") {
  const auto n =
      notice(file, R"("a": {"sink": "sql", "connection": "sqlite3://x.db", "table": "a", "from": "rows"},
    "u": {"sink": "sql", "connection": "sqlite3://x.db", "table": "u", "mode": "upsert", "key": "line", "from": "rows"},
    "k": {"sink": "kafka", "brokers": "b:1", "topic": "out", "from": "rows"},
    "f": {"sink": "file", "path": "out.csv", "format": "csv", "from": "rows"},
    "r": {"sink": "file", "path": "day.csv", "format": "csv", "roll": {"rows": 5}, "from": "rows"})");
  CHECK(n.is_warning);
  CHECK(
      n.text ==
      "t: --fresh begins a new state; a, k: rows that are there stay, and rows that are computed again stand "
      "there twice; u: rows that are there stay, and a row that is computed again replaces the one with its "
      "key; f: the file is emptied, whoever has written to it; r: the files that the state before has "
      "written "
      "are removed, and no others");
}

TEST_CASE("a fresh start that loses nothing is no warning") {
  const auto n = notice(file, R"("c": {"sink": "console", "from": "rows"},
    "u": {"sink": "sql", "connection": "sqlite3://x.db", "table": "u", "mode": "upsert", "key": "line", "from": "rows"})");
  CHECK_FALSE(n.is_warning);
  CHECK(n.text.ends_with("; c: rows are given again"));
}

TEST_CASE("a fresh start drops what waits in the spool of a source that cannot be asked again") {
  const std::string console = R"("c": {"sink": "console", "from": "rows"})";
  const auto n =
      notice(R"("source": "http_server", "listen": "127.0.0.1:0", "routes": {"/in": {}})", console);
  CHECK(n.is_warning);
  CHECK(n.text.ends_with("; in: records that wait in the spool are dropped"));
  CHECK_FALSE(notice(file, console).is_warning);
}
