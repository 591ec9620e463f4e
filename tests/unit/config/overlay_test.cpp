#include "config/text/overlay.hpp"
#include "config/text/reader.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

using namespace millrace::config;

namespace {

node tree(std::string_view text, const std::string& file = "f") {
  report out;
  auto n = read_json(text, file, out);
  REQUIRE(n);
  return std::move(*n);
}

std::string merged(std::string_view base, std::string_view patch) {
  auto b = tree(base);
  merge(b, tree(patch));
  return boost::json::serialize(to_json(b));
}

std::string set(std::string_view base, const std::string& argument) {
  auto b = tree(base);
  report out;
  apply_set(b, argument, out);
  for (const auto& f : out.take({}))
    return to_string(f);
  return boost::json::serialize(to_json(b));
}

}  // namespace

TEST_CASE("an overlay is a JSON merge patch: the cases of RFC 7386's appendix whose roots are maps") {
  CHECK(merged(R"({"a":"b"})", R"({"a":"c"})") == R"({"a":"c"})");
  CHECK(merged(R"({"a":"b"})", R"({"b":"c"})") == R"({"a":"b","b":"c"})");
  CHECK(merged(R"({"a":"b"})", R"({"a":null})") == R"({})");
  CHECK(merged(R"({"a":"b","b":"c"})", R"({"a":null})") == R"({"b":"c"})");
  CHECK(merged(R"({"a":["b"]})", R"({"a":"c"})") == R"({"a":"c"})");
  CHECK(merged(R"({"a":"c"})", R"({"a":["b"]})") == R"({"a":["b"]})");
  CHECK(merged(R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})") == R"({"a":{"b":"d"}})");
  CHECK(merged(R"({"a":[{"b":"c"}]})", R"({"a":[1]})") == R"({"a":[1]})");
  CHECK(merged(R"({"e":null})", R"({"a":1})") == R"({"e":null,"a":1})");
  CHECK(merged(R"({})", R"({"a":{"bb":{"ccc":null}}})") == R"({"a":{"bb":{}}})");
}

TEST_CASE("what an overlay changes keeps its order, and tells where it was written") {
  auto b = tree("{\"s\":{\"source\":\"kafka\",\"topic\":\"x\"}}", "base");
  merge(b, tree("{\n \"s\":{\"source\":\"file\", \"path\":\"p\"}}", "over"));
  const auto& s = b.find("s")->value;
  CHECK(s.members[0].name == "source");
  CHECK(s.members[0].value.where.file == "over");
  CHECK(s.members[0].value.where.line == 2);
  CHECK(s.members[1].value.where.file == "base");
  CHECK(s.where.file == "base");
  CHECK(s.members[2].where.column == 24);
}

TEST_CASE("--set takes JSON where the value is JSON, else text") {
  CHECK(set(R"({"a":{"b":{}}})", "a.b.c=10/s") == R"({"a":{"b":{"c":"10/s"}}})");
  CHECK(set(R"({"a":1})", "a=12") == R"({"a":12})");
  CHECK(set(R"({"a":1})", "a=true") == R"({"a":true})");
  CHECK(set(R"({"a":1})", "a=\"12\"") == R"({"a":"12"})");
  CHECK(set(R"({"a":1})", "a=[\"x\", {\"y\": 1}]") == R"({"a":["x",{"y":1}]})");
  CHECK(set(R"({"a":1})", "a={\"b\":1}") == R"({"a":{"b":1}})");
  CHECK(set(R"({"a":{"x":1}})", "a={\"b\":1}") == R"({"a":{"x":1,"b":1}})");
  CHECK(set(R"({"a":1})", "a=") == R"({"a":""})");
  CHECK(set(R"({"a":1})", "a=null") == R"({})");
  CHECK(set(R"({"a":1})", "a=x=y, \"z\"") == R"({"a":"x=y, \"z\""})");
  CHECK(set(R"({"a":1})", "a=1,\"b\":2") == R"({"a":"1,\"b\":2"})");
  CHECK(set(R"({"a":1})", "a=1}") == R"({"a":"1}"})");
}

TEST_CASE("--set reaches keys with dots in double quotes, and makes maps below a stage") {
  CHECK(set(R"({"stages":{"k":{}}})", "stages.k.properties.\"sasl.user\"=x") ==
        R"({"stages":{"k":{"properties":{"sasl.user":"x"}}}})");
}

TEST_CASE("--set names the argument in its findings") {
  CHECK(set(R"({"stages":{"clicks":{}}})", "stages.cliks.rate=1/s") ==
        "--set:1:8: stages.cliks: there is no \"cliks\" in the topology to set something in; expected one of "
        "\"clicks\"; "
        "did you mean \"clicks\"?");
  CHECK(set(R"({"a":1})", "a.b=1") ==
        "--set:1:1: a: this is 1, nothing can be set in it; expected the path of a map");
  for (const auto* bad : {"", "=", "a", "a..b=1", ".a=1", "a.=1", "\"a=1", "\"a\"b=1"}) {
    CAPTURE(bad);
    CHECK(set(R"({"a":{}})", bad).find("is not PATH=VALUE; expected a form like stages.clicks.rate=10/s") !=
          std::string::npos);
  }
  CHECK(set(R"({"a":{}})", "..=secret").find("secret") == std::string::npos);
  CHECK(set(R"({"a":{}})", "a=\xFF").find("is not PATH=VALUE") != std::string::npos);
}
