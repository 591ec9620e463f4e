// Regular expressions: the parts of PostgreSQL's syntax that are refused, and where. The other parts are
// compared with a real PostgreSQL in tests/e2e/expressions.
#include "evaluate_one.hpp"
#include "runtime/expression/formats/regular_expression.hpp"

using namespace millrace;
using namespace millrace::expression;
using Catch::Matchers::Contains;

TEST_CASE("what has no equal in linear time is a problem at the pattern") {
  for (const auto* pattern :
       {R"((a)\1)", "(?=a)",  "(?!a)",         "(?<=a)b", "(?<n>a)",  R"(\ma)",       R"(a\M)",
        R"(\B)",    R"(\ya)", R"(a\Y)",        R"(\cA)",  "***=a",    "[[.hyphen.]]", "[[=a=]]",
        "[[:<:]]a", "a{256}", "a{1,999}",      R"([\D])", R"(\p{L})", "a**",          "(",
        ")",        "[b-a]",  "[[:nothing:]]", "a\\",     "[a",       "a{1"}) {
    INFO(pattern);
    const auto text = std::string("s ~ '") + pattern + "'";
    const auto result = evaluated(text);
    CHECK_THAT(result, Contains("problem at 4: the regular expression"));
  }
}

TEST_CASE("a pattern that would choose another match than PostgreSQL's is refused") {
  CHECK_THAT(evaluated("regexp_replace(s, 'a.*?b+', '')"), Contains("greedy and non-greedy"));
  CHECK_THAT(evaluated("regexp_replace(s, 'a+?|b', '')"), Contains("a choice"));
  CHECK_THAT(evaluated("regexp_replace(s, 'a', '', 'n')"), Contains("the flag 'n'"));
}

TEST_CASE("a pattern of a row that is malformed fails that row alone") {
  CHECK(evaluated("'a' ~ (case when p then '(' else '.' end)") ==
        "boolean: !the regular expression '(' cannot be used: missing ): (, true, true");
}

TEST_CASE("a pattern that others need exponential time for ends in linear time") {
  const auto e = regular_expression::compile("^(a+)+$");
  REQUIRE(e);
  CHECK(!e->found_in(std::string(100'000, 'a') + "b"));
}

TEST_CASE("a pattern whose repetitions end before what comes behind them is short-sighted") {
  const auto judged = [](const char* pattern, const char* flags = "") {
    const auto e = regular_expression::compile(pattern, flags);
    REQUIRE(e);
    return e->is_short_sighted();
  };
  for (const auto* pattern : {"a", "\\s+", "[a-z0-9]+", "<[^>]*>", "\"[^\"]*\"", "(\\w+)=(\\d+)", "a.*?b",
                              "\\d{2}:\\d{2}", "\\s*,\\s*", "[]x]+y", "[[:alpha:]]+ ", "\\.{2,}", "(?:a)b*c*",
                              "x*?-", "é+,", "ab?", "cat|dog|(?:bird)?s$", "\\w+\\s", "[à-ü]+[^à-ü]"}) {
    INFO(pattern);
    CHECK(judged(pattern));
  }
  for (const auto* pattern :
       {"(a)(.*END)?", "a.*END", "a[^b]*b|c", "(ab)*c", "a+a", "\\w+\\d", "[a-z]*(x)", "^a+", "a*b?a"}) {
    INFO(pattern);
    CHECK_FALSE(judged(pattern));
  }
  CHECK(judged("[a-j]+-", "i"));
  CHECK(judged("(?i)<[^>]*>"));
  CHECK(judged("[a-z]+[^a-z]", "i"));
  CHECK_FALSE(judged("k+\\u212a", "i"));  // the Kelvin sign is a k
}

TEST_CASE("a search for all matches that would read a text again for each fails its row") {
  CHECK_THAT(evaluated("regexp_count(repeat('a', 50000), '(a)(.*END)?')"),
             Contains("the pattern has too many matches in a text of 50000 bytes"));
  CHECK_THAT(evaluated("regexp_count(repeat('a', 200000), 'a')"), Contains("200000"));
}
