#include "config/text/environment.hpp"
#include "config/text/reader.hpp"
#include "config/validate.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace millrace::config;

namespace {

struct filled {
  std::string text;
  std::string shown;
  std::string told;
  std::string findings;
  std::vector<secret> secrets;
};

filled fill(const std::string& text) {
  report out;
  auto n = read_json("{\"a\": \"" + text + "\"}", "f", out);
  REQUIRE(n);
  filled result;
  fill_environment(*n, out);
  result.secrets = out.secrets();
  result.text = n->members[0].value.text;
  result.shown = n->members[0].value.safe_text();
  result.told = n->members[0].value.told_text();
  for (const auto& f : out.take({}))
    result.findings += to_string(f) + "\n";
  return result;
}

struct variable {
  variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~variable() { ::unsetenv(name_); }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;
  const char* name_;
};

}  // namespace

TEST_CASE("variables are filled in, defaults where there are none") {
  const variable set("MILLRACE_T_A", "value");
  const variable empty("MILLRACE_T_E", "");
  CHECK(fill("x${MILLRACE_T_A}y").text == "xvaluey");
  CHECK(fill("${MILLRACE_T_A:-other}${MILLRACE_T_A}").text == "valuevalue");
  CHECK(fill("${MILLRACE_T_NONE:-localhost:9092}").text == "localhost:9092");
  CHECK(fill("${MILLRACE_T_NONE:-}").text.empty());
  CHECK(fill("${MILLRACE_T_E:-default}").text == "default");
  CHECK(fill("${MILLRACE_T_E}").text.empty());
}

TEST_CASE("defaults and numbers are told, and no other value of the environment") {
  const variable number("MILLRACE_T_N", "8");
  const variable time("MILLRACE_T_T", "2026-11-30T10:00:00Z");
  const variable word("MILLRACE_T_A", "value");
  const variable password("MILLRACE_T_PASSWORD", "1234");
  CHECK(fill("n >= ${MILLRACE_T_N:-5}").told == "n >= 8");
  CHECK(fill("n >= ${MILLRACE_T_NONE:-5}").told == "n >= 5");
  CHECK(fill("s = ${MILLRACE_T_NONE:-lyon}").told == "s = lyon");
  CHECK(fill("at > ${MILLRACE_T_T}").told == "at > 2026-11-30T10:00:00Z");
  CHECK(fill("s = ${MILLRACE_T_A} ${MILLRACE_T_A:-other}").told ==
        "s = ${MILLRACE_T_A} ${MILLRACE_T_A:-other}");
  CHECK(fill("s = ${MILLRACE_T_PASSWORD}").told == "s = ${MILLRACE_T_PASSWORD}");
  CHECK(fill("s = ${secret:db}").told == "s = ${secret:db}");
  CHECK(fill("$${X} n").told == "$${X} n");
  CHECK(fill("n >= ${MILLRACE_T_N:-5}").shown == "n >= ${MILLRACE_T_N:-5}");
}

TEST_CASE("a dollar sign is itself unless a brace follows, and $${ stands for ${") {
  const auto f = fill("$5 $$ $${X} a$");
  CHECK(f.findings.empty());
  CHECK(f.text == "$5 $$ ${X} a$");
  CHECK(fill("^a$$").text == "^a$$");
}

TEST_CASE("a variable that is not set is an error that names it and points at it") {
  CHECK(fill("x ${MILLRACE_T_NONE}").findings == "f:1:10: a: the environment variable MILLRACE_T_NONE is not "
                                                 "set; expected a value (export MILLRACE_T_NONE=..., "
                                                 "or give a default: ${MILLRACE_T_NONE:-...})\n");
}

TEST_CASE("what is no variable is an error") {
  for (const auto* bad : {"${}", "${1A}", "${A B}", "${A-x}", "${A:?x}", "${A:}"}) {
    CAPTURE(bad);
    CHECK(fill(bad).findings.find("names no variable; expected ${NAME} or ${NAME:-default}") !=
          std::string::npos);
  }
  CHECK(fill("${A").findings.find("\"${\" without \"}\"") != std::string::npos);
}

TEST_CASE("values from the environment are secret, and shown as written") {
  const variable set("MILLRACE_T_A", "hunter2");
  const variable tiny("MILLRACE_T_B", "on");
  const auto f = fill("${MILLRACE_T_A}@${MILLRACE_T_B}/${MILLRACE_T_NONE:-plain}");
  CHECK(f.text == "hunter2@on/plain");
  CHECK(f.shown == "${MILLRACE_T_A}@${MILLRACE_T_B}/${MILLRACE_T_NONE:-plain}");
  REQUIRE(f.secrets.size() == 1);
  CHECK(f.secrets[0].value == "hunter2");
  CHECK(f.secrets[0].shown == "${MILLRACE_T_A}");
}

TEST_CASE("bytes that are not UTF-8, and huge values, do not come in") {
  const variable bad("MILLRACE_T_A", "\xFF\xFE");
  const variable huge("MILLRACE_T_B", std::string(100'000, 'x').c_str());
  CHECK(fill("${MILLRACE_T_A}").findings.find("holds bytes that are not UTF-8") != std::string::npos);
  CHECK(fill("${MILLRACE_T_B}").findings.find("has 100000 bytes; expected at most 65536") !=
        std::string::npos);
}

TEST_CASE("keys are not filled in") {
  report out;
  auto n = read_json(R"({"${MILLRACE_T_NONE}": "x"})", "f", out);
  REQUIRE(n);
  fill_environment(*n, out);
  CHECK(out.errors() == 0);
  CHECK(n->members[0].name == "${MILLRACE_T_NONE}");
}

TEST_CASE("passwords are masked in URIs and assignments") {
  CHECK(mask_passwords("mysql://u:p@h:1/db") == "mysql://u:***@h:1/db");
  CHECK(mask_passwords("mysql://u:p@ss/w?rd@h/db") == "mysql://u:***@h/db");
  CHECK(mask_passwords("mysql://u@h/db") == "mysql://u@h/db");
  CHECK(mask_passwords("postgresql://h:5432/db") == "postgresql://h:5432/db");
  CHECK(mask_passwords("postgresql://h/db?user=u&password=p&x=1") ==
        "postgresql://h/db?user=u&password=***&x=1");
  CHECK(mask_passwords("postgresql://h/db?x=a@b:c") == "postgresql://h/db?x=a@b:c");
  CHECK(mask_passwords("host=h password=se user=u") == "host=h password=*** user=u");
  CHECK(mask_passwords("host=h password='s e' user=u") == "host=h password='***' user=u");
  CHECK(mask_passwords("host=h password='s\\'e' user=u") == "host=h password='***' user=u");
  CHECK(mask_passwords("host=h password=s\\ e&;f user=u") == "host=h password=*** user=u");
  CHECK(mask_passwords("a://u:p@h, b://v:q@i") == "a://u:***@h, b://v:***@i");
  CHECK(mask_passwords("sqlite3:///folder/x.db") == "sqlite3:///folder/x.db");
  for (const std::string name : {"api_key", "API_KEY", "apikey", "api-key", "x_api_key", "access_key",
                                 "X-Amz-Signature", "X-Amz-Credential", "key", "sig", "auth"}) {
    CHECK(mask_passwords("https://h/a?" + name + "=p&x=1") == "https://h/a?" + name + "=***&x=1");
    CHECK(mask_passwords("https://h/a?x=1&" + name + "=p") == "https://h/a?x=1&" + name + "=***");
  }
  CHECK(mask_passwords("host=h sslkey=/etc/key.pem key=user") == "host=h sslkey=/etc/key.pem key=user");
  std::vector<std::string> found;
  CHECK(mask_passwords("a://u:p1@h PWD=p2", &found) == "a://u:***@h PWD=***");
  CHECK(found == std::vector<std::string>{"p1", "p2"});
}

TEST_CASE("redaction takes longer secrets first and leaves no rest") {
  CHECK(redact("abcdef abc", {{"abc", "1"}, {"abcdef", "2"}}) == "2 1");
  CHECK(redact("aaaa", {{"aa", "***"}}) == "***");
  CHECK(redact("ab12345", {{"ab12", "1"}, {"b12345", "2"}}) == "2");
  CHECK(redact("x", {{"", "y"}}) == "x");
}

TEST_CASE("redaction finds a secret in another case, and the beginning of one that was cut off") {
  const std::vector<secret> secrets{{"Bearer-abcdef123456", "***"}};
  CHECK(redact("text/bearer-ABCDEF123456; x", secrets) == "text/***; x");
  CHECK(redact("the server says: bear", secrets) == "the server says: ***");
  CHECK(redact("the server says: bea", secrets) == "the server says: bea");
  CHECK(redact("a bearer of news", secrets) == "a bearer of news");
}

TEST_CASE("references to secrets stay and are counted, and no variable is called so") {
  report out;
  auto n = read_json(
      R"({"a": "x${secret:db}$${secret:no}${secret:b.c}", "b": "${secret:a b}", "c": "${secret"})", "f", out);
  REQUIRE(n);
  fill_environment(*n, out, variables::refused);
  CHECK(n->find("a")->value.text == "x${secret:db}${secret:no}${secret:b.c}");
  CHECK(n->find("a")->value.references == 2);
  const auto found = out.take({});
  REQUIRE(found.size() == 2);
  CHECK(to_string(found[0]).find("f:1:56: b: \"${secret:\" names no secret; expected ${secret:NAME}") == 0);
  CHECK(found[1].message.find("\"${\" without \"}\"") == 0);
}
