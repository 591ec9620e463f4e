#include "tests/unit/dry_run/dry_run_fixture.hpp"
#include "tools/dry_run/day_or_month.hpp"

using namespace millrace;
using namespace millrace::dry_run;
using namespace millrace::dry_run::test;

namespace {

using texts = std::vector<std::string>;

/// The warnings about these lines, parsed as JSON or CSV by the members of a parser.
texts said(const std::string& parser, const texts& records) {
  return days_or_months(plan(R"_("in": {"source": "file", "path": "/nowhere/x"}, "parsed": {)_" + parser +
                             R"_(, "from": "in"}, "out": {"sink": "console", "from": "parsed"})_"),
                        lines("in", records));
}

const std::string json = R"_("parser": "json", "schema": {"t": "timestamp"})_";

std::string t(const std::string& text) { return R"_({"t":")_" + text + R"_("})_"; }

}  // namespace

TEST_CASE("dates that could have the day or the month first are counted, with a format for them") {
  CHECK(
      said(json, {t("05.11.2026 10:00"), t("06.11.2026 10:00"), t("2026-01-01"), t("07.07.2026")}) ==
      texts{
          "parsed: column \"t\": 2 of 4 values, such as \"05.11.2026 10:00\", could have the day or the "
          "month "
          "first, and are read with the month first; if the day is, declare the column's \"format\", such as "
          "\"%d.%m.%Y %H:%M\""});
  CHECK(said(json, {t("5/11/2026"), t("25/11/2026")}) ==
        texts{"parsed: column \"t\": 1 of 2 values, such as \"5/11/2026\", could have the day or the month "
              "first (1 "
              "has the day first, and is a dead letter), and are read with the month first; if the day is, "
              "declare "
              "the column's \"format\", such as \"%d/%m/%Y\""});
}

TEST_CASE("dates of nested columns and of CSV are counted likewise, and those with a format are not") {
  const auto nested =
      said(R"_("parser": "json", "schema": {"o": {"l": ["date"], "n": "bigint"},
                                "f": {"type": "date", "format": "%d.%m.%Y"}})_",
           {R"_({"o":{"l":["01.02.2026","02.02.2026","03.02.2026"],"n":1},"f":"01.02.2026"})_"});
  REQUIRE(nested.size() == 1);
  CHECK(nested.front().starts_with("parsed: column \"o.l[0]\": 2 of 3 values, such as \"01.02.2026\", "));
  const auto csv = said(R"_("parser": "csv", "header": true, "schema": {"n": "bigint", "t": "timestamp"})_",
                        {"t,n", "01.02.2026,1", "03.02.2026,x"});
  REQUIRE(csv.size() == 1);
  CHECK(csv.front().starts_with("parsed: column \"t\": 2 of 2 values"));
}

TEST_CASE("dates that can be read one way alone are none to warn of") {
  CHECK(
      said(json, {t("2026-11-05"), t("24 Apr 2021"), t("20261105"), t("2021-04-24T19:55:00.796Z")}).empty());
  CHECK(said(json, {t("11/05/2026"), t("11/25/2026")}).empty());  // a later one shows that the month is first
  CHECK(said(json, {t("05.05.2026"), t("25.12.2026")}).empty());  // the same either way, and a dead letter
  CHECK(said(json, {t("05.11"), t("x"), t(""), "{}", "no JSON"}).empty());
  CHECK(said(R"_("parser": "json", "schema": {"t": "text"})_", {t("05.11.2026")}).empty());
}

TEST_CASE("a sample of more records than are parsed at once is counted as a whole") {
  texts many(10'000, t("05.11.2026"));
  const auto found = said(json, many);
  REQUIRE(found.size() == 1);
  CHECK(found.front().find(": 10000 of 10000 values") != std::string::npos);
  many.push_back(t("05.13.2026"));
  CHECK(said(json, many).empty());
}
