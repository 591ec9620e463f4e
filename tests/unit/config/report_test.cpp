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
