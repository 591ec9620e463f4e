// What a registry answers, and what it means; schemas that reference others.
#include "actors/registry/access.hpp"
#include "actors/registry/answers.hpp"
#include "actors/registry/self_contained.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace millrace::registry {
namespace {

const std::string at = "http://r:8081";

http::answer answered(long status, std::string body) {
  http::answer a;
  a.status = status;
  a.body = std::move(body);
  return a;
}

/// The same text where both are JSON of the same content.
boost::json::value json(const std::string& text) { return boost::json::parse(text); }

}  // namespace

TEST_CASE("Paths of a registry's API escape what a subject's name has") {
  CHECK(path_of_id(7) == "/schemas/ids/7");
  CHECK(path_of_version("a/b value", "latest") == "/subjects/a%2Fb%20value/versions/latest");
  CHECK(path_of_versions("s") == "/subjects/s/versions");
}

TEST_CASE("A schema is read with its type and what it references") {
  const auto avro = read_schema(at, answered(200, R"({"schema":"\"long\""})"));
  REQUIRE(avro);
  REQUIRE(avro->found);
  CHECK(avro->found->kind == schema_kind::avro);
  CHECK(avro->found->text == "\"long\"");
  const auto proto = read_schema(
      at,
      answered(
          200,
          R"({"schema":"x","schemaType":"PROTOBUF","references":[{"name":"a.proto","subject":"s","version":3}]})"));
  REQUIRE(proto);
  REQUIRE(proto->found);
  CHECK(proto->found->kind == schema_kind::protobuf);
  CHECK(proto->found->references == std::vector<reference>{{"a.proto", "s", 3}});
  const auto other = read_schema(at, answered(200, R"({"schema":"x","schemaType":"THRIFT"})"));
  REQUIRE(other);
  CHECK_FALSE(other->found);
  CHECK_THAT(other->why, Catch::Contains("THRIFT"));
}

TEST_CASE("A registry that has no such schema says so; one that is away is asked again; one that refuses is "
          "told of") {
  for (const auto code : {40401, 40402, 40403}) {
    const auto none = read_schema(
        at, answered(404, fmt::format(R"({{"error_code":{},"message":"Schema\nnot found"}})", code)));
    REQUIRE(none);
    CHECK_FALSE(none->found);
    CHECK(none->why == "Schema\\nnot found");
  }
  for (const auto status : {500L, 502L, 503L, 504L, 429L, 408L}) {
    const auto away = read_schema(at, answered(status, "<html>"));
    REQUIRE_FALSE(away);
    CHECK(away.error().code == ec::unavailable);
    CHECK(away.error().retry);
    CHECK_THAT(away.error().message,
               Catch::StartsWith("schema registry http://r:8081: it answers with status"));
  }
  for (const auto status : {401L, 403L}) {
    const auto refused =
        read_schema(at, answered(status, R"({"error_code":40101,"message":"Unauthorized"})"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::refused);
    CHECK(refused.error().whose == fault::user);
    CHECK_FALSE(refused.error().retry);
    CHECK_THAT(refused.error().message,
               Catch::Contains("`registry_user`") && Catch::Contains("`registry_headers`"));
  }
}

TEST_CASE("Something else at that address is no registry, and no word about a schema") {
  for (const auto& a :
       {answered(200, "<html>welcome</html>"), answered(200, "[]"), answered(200, "{}"), answered(200, ""),
        answered(200, R"({"schema":1})"), answered(404, "<html>"), answered(404, R"({"status":404})"),
        answered(404, R"({"error_code":404})"), answered(400, "{}"), answered(204, ""), answered(302, ""),
        answered(200, R"({"schema":"x","references":[{"name":"a"}]})")}) {
    INFO(a.status << a.body);
    const auto none = read_schema(at, a);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == ec::unavailable);
    CHECK(none.error().retry);
    CHECK_THAT(none.error().message, Catch::Contains("check `registry`"));
  }
  CHECK_THAT(read_schema(at, answered(200, "<html>\x1b[31m" + std::string(5000, 'x'))).error().message,
             Catch::Contains("\\u001b[31m"));
  CHECK(read_schema(at, answered(200, std::string(5000, 'x'))).error().message.size() < 700);
  http::answer longer = answered(200, "");
  longer.is_longer = true;
  CHECK_FALSE(read_schema(at, longer)->found);
}

TEST_CASE("Ids are read, and a refused schema is told of") {
  CHECK(read_id(at, answered(200, R"({"id":12})"))->found == 12);
  CHECK_FALSE(read_id(at, answered(200, R"({"id":-1})")));
  const auto refused = read_id(at, answered(409, R"({"error_code":409,"message":"incompatible"})"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::refused);
  CHECK_THAT(refused.error().message, Catch::Contains("incompatible"));
  CHECK(
      json(body_of({schema_kind::avro, "\"long\"", {{"a.R", "s", 1}}})) ==
      json(
          R"({"schema":"\"long\"","schemaType":"AVRO","references":[{"name":"a.R","subject":"s","version":1}]})"));
}

TEST_CASE("A referenced type stands where it is used first, and by its name later") {
  const auto whole = self_contained(
      R"({"type":"record","name":"S","namespace":"b","fields":[{"name":"x","type":["null","a.R"]},{"name":"y","type":{"type":"array","items":"a.R"}}]})",
      {R"({"type":"record","name":"R","namespace":"a","fields":[{"name":"e","type":"E"},{"name":"n","type":["null","R"]}]})",
       R"({"type":"enum","name":"a.E","symbols":["u"]})", R"({"type":"fixed","name":"unused","size":3})"});
  REQUIRE(whole);
  CHECK(json(*whole) == json(R"({"type":"record","name":"S","namespace":"b","fields":[
    {"name":"x","type":["null",{"type":"record","name":"a.R","fields":[
      {"name":"e","type":{"type":"enum","name":"a.E","symbols":["u"]}},{"name":"n","type":["null","a.R"]}]}]},
    {"name":"y","type":{"type":"array","items":"a.R"}}]})"));
}

TEST_CASE("A type of no namespace keeps it within a record that has one") {
  const auto whole = self_contained(R"({"type":"record","name":"b.S","fields":[{"name":"x","type":"R"}]})",
                                    {R"({"type":"record","name":"R","fields":[{"name":"i","type":"int"}]})"});
  REQUIRE(whole);
  CHECK(
      json(*whole) ==
      json(
          R"({"type":"record","name":"b.S","fields":[{"name":"x","type":{"type":"record","name":"R","namespace":"","fields":[
    {"name":"i","type":"int"}]}}]})"));
}

TEST_CASE("A type within a referenced one may be used before that") {
  const auto whole = self_contained(
      R"(["E",{"type":"map","values":"R"},{"type":"R"}])",
      {R"({"type":"record","name":"R","fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["u"]}}]})"});
  REQUIRE(whole);
  CHECK(json(*whole) == json(R"([{"type":"enum","name":"E","symbols":["u"]},
    {"type":"map","values":{"type":"record","name":"R","fields":[{"name":"e","type":"E"}]}},{"type":"R"}])"));
}

TEST_CASE("Schemas that are no JSON, or nest without end, are refused") {
  CHECK_FALSE(self_contained("{", {}));
  CHECK_FALSE(self_contained("\"R\"", {"nonsense"}));
  std::string deep = "\"long\"";
  for (int i = 0; i < 200; ++i)
    deep = R"({"type":"array","items":)" + deep + "}";
  CHECK_FALSE(self_contained(deep, {}));
  CHECK_FALSE(self_contained("\"long\"", {deep}));
  CHECK_FALSE(self_contained(std::string(100'000, '['), {}));
  // A chain of references nests, too.
  std::vector<std::string> chain;
  for (int i = 0; i < 200; ++i)
    chain.push_back(
        fmt::format(R"({{"type":"record","name":"R{}","fields":[{{"name":"x","type":"R{}"}}]}})", i, i + 1));
  CHECK_FALSE(self_contained("\"R0\"", chain));
}

}  // namespace millrace::registry
