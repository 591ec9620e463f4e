#include "config/text/report.hpp"

#include <catch2/catch.hpp>

using namespace millrace::config;

TEST_CASE("a finding is file:line:column: path: message") {
  CHECK(to_string(finding{{"f.json", 3, 9}, "stages.a", "wrong", false}) == "f.json:3:9: stages.a: wrong");
  CHECK(to_string(finding{{"f.json", 3, 9}, "stages.a", "odd", true}) ==
        "f.json:3:9: stages.a: warning: odd");
  CHECK(to_string(finding{{"f.json", 0, 0}, "", "gone", false}) == "f.json: gone");
}

TEST_CASE("findings come in the order of the files, then of their places") {
  report out;
  out.error({"b", 1, 1}, "", "4");
  out.error({"a", 2, 1}, "", "3");
  out.warning({"a", 1, 9}, "", "2");
  out.error({"a", 1, 2}, "", "1");
  out.error({"c", 0, 0}, "", "0");
  std::string order;
  for (const auto& f : out.take({"a", "b"}))
    order += f.message;
  CHECK(order == "01234");
  CHECK(out.errors() == 4);
}

TEST_CASE("suggestions are close names only") {
  const std::vector<std::string> names{"topic", "brokers", "start", "watermark_delay"};
  CHECK(did_you_mean("topc", names) == "; did you mean \"topic\"?");
  CHECK(did_you_mean("TOPIC", names) == "; did you mean \"topic\"?");
  CHECK(did_you_mean("tpoic", names) == "; did you mean \"topic\"?");
  CHECK(did_you_mean("watermark", names) == "; did you mean \"watermark_delay\"?");
  CHECK(did_you_mean("delay", names) == "; did you mean \"watermark_delay\"?");
  CHECK(did_you_mean("del", names).empty());
  CHECK(did_you_mean("watermarkdelay", names) == "; did you mean \"watermark_delay\"?");
  CHECK(did_you_mean("xyz", names).empty());
  CHECK(did_you_mean("a", {"b"}).empty());
  CHECK(did_you_mean("", names).empty());
  CHECK(did_you_mean(std::string(10'000, 'a'), names).empty());
}

TEST_CASE("lists in messages are cut") {
  CHECK(one_of({"a"}) == "\"a\"");
  CHECK(one_of({"a", "b", "c"}) == "\"a\", \"b\" or \"c\"");
  CHECK(one_of(std::vector<std::string>(100, "x")).size() < 200);
}

TEST_CASE("many secrets, references, variables and findings cost no product of their numbers") {
  // Looked through one after another they would be 10^10 steps and more, minutes of work.
  constexpr int many = 100'000;
  report out;
  for (int i = 0; i < many; ++i) {
    const auto n = std::to_string(i);
    out.keep_secret("secret-" + n + "-", "***");
    out.keep_variable("a.b" + n, "NAME", "value");
    out.note_references("r" + n);
    out.error({"f", i, 1}, "p", "the value of " + n);
  }
  out.error({"f", many, 1}, "p", "it was secret-99999-, and not secret-100000");
  int known = 0;
  for (int i = 0; i < many; ++i) {
    known += out.knows_references("r" + std::to_string(i)) && out.tells_of({"f", i, 1}) ? 1 : 0;
    out.show_variables("a.b" + std::to_string(i), {"pass"});
  }
  CHECK(known == many);
  CHECK_FALSE(out.tells_of({"f", 1, 2}));
  CHECK(out.secrets().size() == many);
  const auto found = out.take({"f"});
  REQUIRE(found.size() == many + 1);
  CHECK(found.back().message == "it was ***, and not secret-100000");
}

TEST_CASE("variables are shown at a path and beneath it") {
  report out;
  for (const std::string path : {"a.b", "a.b.c", "a.b[1]", "a.bc", "a"})
    out.keep_variable(path, "NAME", "at " + path);
  out.show_variables("a.b", {});
  std::string hidden;
  for (const auto& s : out.secrets())
    if (s.value.starts_with("at "))
      hidden += s.value + ";";
  CHECK(hidden == "at a.bc;at a;");
}
