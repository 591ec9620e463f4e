// Regular expressions: the parts of PostgreSQL's syntax that are refused, and where. The other parts are
// compared with a real PostgreSQL in tests/e2e/expressions.
#include "evaluate_one.hpp"
#include "runtime/expression/formats/regular_expression.hpp"

using namespace millrace;
using namespace millrace::expression;
using Catch::Matchers::Contains;

TEST_CASE("what has no equal in linear time is a problem at the pattern") {
  for (const auto* pattern :
       {R"((a)\1)", "(?=a)",         "(?!a)", "(?<=a)b", "(?<n>a)", "[[.hyphen.]]", "[[=a=]]", "a{256}",
        "a{1,999}", R"(\p{L})",      "a**",   "(",       ")",       "[b-a]",        "[a-c-e]", "[a-\\d]",
        "^*a",      "a{1,2,3}",      "***?a", "(?z)a",   "(?ia",    "[[:^alpha:]]", R"([\m])", R"(\u61)",
        R"(\89)",   "[[:nothing:]]", "a\\",   "[a",      "a{1",     "(?x)a* ?",     R"(\y*a)", "a|+"}) {
    INFO(pattern);
    const auto text = std::string("s ~ '") + pattern + "'";
    const auto result = evaluated(text);
    CHECK_THAT(result, Contains("problem at 4: the regular expression"));
  }
}

TEST_CASE("a refused pattern is told with the piece that is not offered") {
  const std::pair<const char*, const char*> refusals[] = {
      {R"((a)\1)", R"(\1 is a back reference, and those are not offered)"},
      {"a(?=b)", "(?= ... ) looks ahead, and there is no looking ahead or behind"},
      {"a(?!b)", "(?! ... ) looks ahead"},
      {"(?<=a)b", "(?<= ... ) looks behind"},
      {"(?<!a)b", "(?<! ... ) looks behind"},
      {"(?z)a", "of options there are c, i, m, n, p, q, s, t, w and x, and no z"},
      {"a|*b", "the repetition * stands behind nothing that can be repeated"},
      {R"(a\q)", R"(there is no escape \q)"},
      {R"([\m])", R"(there is no escape \m within [...])"},
  };
  for (const auto& [pattern, why] : refusals) {
    INFO(pattern);
    CHECK_THAT(evaluated(std::string("s ~ '") + pattern + "'"), Contains(why));
  }
}

TEST_CASE("a pattern that would choose another match than PostgreSQL's is refused") {
  CHECK_THAT(evaluated("regexp_replace(s, 'a.*?b+', '')"), Contains("greedy and non-greedy"));
  CHECK_THAT(evaluated("regexp_replace(s, 'a+?|b', '')"), Contains("a choice"));
}

TEST_CASE("flags that PostgreSQL has not, and those of its older syntaxes, are refused") {
  for (const auto* flag : {"b", "e", "z", "1", "é"})
    CHECK_THAT(evaluated(std::string("regexp_replace(s, 'a', '', '") + flag + "')"),
               Contains(std::string("the flag '") + flag + "' of a regular expression is not offered"));
  CHECK_THAT(evaluated("regexp_like(s, 'a', 'qx')"), Contains("the flag q takes a pattern as a plain text"));
}

TEST_CASE("words begin and end between letters of all scripts") {
  CHECK(evaluated(R"(regexp_replace(s, '\m\w', '<', 'g'))") == "text: <à <ội, null, ");
  CHECK(evaluated(R"(regexp_replace(s, '\w\M', '>', 'g'))") == "text: H> Nộ>, null, ");
  CHECK(evaluated(R"(s ~ '\mội')") == "boolean: false, null, false");
  CHECK(evaluated(R"(s ~ '[[:<:]]Nội[[:>:]]')") == "boolean: true, null, false");
  CHECK(evaluated(R"(regexp_match(s, '(\w+)\M\W+\m(\w+)'))") == R"([text]: ["Hà","Nội"], null, null)");
}

TEST_CASE("a word's boundary beside what may be a word's character or another is refused with its place") {
  const std::pair<const char*, const char*> refusals[] = {
      {R"(é.\mb)", R"(\m, its character 3, may have a word's character or another on one of its sides)"},
      {R"(a*[[:>:]])", R"(\M, its character 3, may have)"},
      {R"(\y)", R"(\y, its character 1, may have)"},
      {R"(-\Y)", R"(\Y, its character 2, is offered at a pattern's end only behind characters of words)"},
      {R"(\ma|b)", R"(a word begins or ends at an end of one of its choices)"},
      {R"((\ma)?b)", R"(a word begins or ends at an end of one of its choices)"},
      {R"((\m)?b)", R"(a word begins or ends at an end of one of its choices)"},
  };
  for (const auto& [pattern, why] : refusals) {
    INFO(pattern);
    CHECK_THAT(evaluated(std::string("s ~ '") + pattern + "'"), Contains(why));
  }
}

TEST_CASE("classes beside a word's boundary are bounded, since each is looked at") {
  std::string pattern = "\\ma";
  for (int c = 0; c < 60; ++c)
    pattern += fmt::format("[\\x{:x}-\\xff]", 0x40 + c);
  CHECK_THAT(regular_expression::compile(pattern).error(), Contains("more than 50 different classes"));
  CHECK(regular_expression::compile("\\ma" + std::string(100, '.') + "[b][b]\\M"));
}

TEST_CASE("groups within each other are bounded") {
  const auto nested = [](int depth) { return std::string(depth, '(') + "a" + std::string(depth, ')'); };
  CHECK(regular_expression::compile(nested(500)));
  CHECK_THAT(regular_expression::compile(nested(501)).error(), Contains("more than 500 groups"));
  CHECK(!regular_expression::compile(std::string(1'000'000, '(')));
}

TEST_CASE("sets of matches have a function of one match beside them") {
  CHECK_THAT(evaluated("regexp_matches(s, 'a')"), Contains("write regexp_match(s, 'a')"));
  CHECK_THAT(evaluated("regexp_split_to_table(s, 'a')"),
             Contains("write unnest(regexp_split_to_array(s, 'a'))"));
}

TEST_CASE("regexp_replace takes a place to begin at and a match's number") {
  CHECK(evaluated("regexp_replace('abab', 'a', 'x', 2, 1)", sample()) == "text: abxb, abxb, abxb");
  CHECK_THAT(evaluated("regexp_replace(s, 'a', 'x', 0)"),
             Contains("a search begins at character 1 or later, not at 0"));
  CHECK_THAT(evaluated("regexp_replace(s, 'a', 'x', 1, -1)"),
             Contains("matches are counted from 1, and 0 stands for all of them; there is no match -1"));
}

TEST_CASE("a pattern of a row that is malformed fails that row alone") {
  CHECK(evaluated("'a' ~ (case when p then '(' else '.' end)") ==
        "boolean: !the regular expression '(' cannot be used: a group ( has no end, true, true");
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
  for (const auto* pattern : {"a",
                              "\\s+",
                              "[a-z0-9]+",
                              "<[^>]*>",
                              "\"[^\"]*\"",
                              "(\\w+)=(\\d+)",
                              "a.*?b",
                              "\\d{2}:\\d{2}",
                              "\\s*,\\s*",
                              "[]x]+y",
                              "[[:alpha:]]+ ",
                              "\\.{2,}",
                              "(?:a)b*c*",
                              "x*?-",
                              "é+,",
                              "ab?",
                              "cat|dog|(?:bird)?s$",
                              "\\w+\\s",
                              "[à-ü]+[^à-ü]",
                              "\\m\\w+\\M",
                              "\\yab*c\\y"}) {
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
  CHECK_THAT(evaluated("regexp_count(repeat('ab ', 50000), '\\m\\w+\\M')"), Contains(" 50000"));
}
