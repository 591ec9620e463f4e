#include "actors/api/requests.hpp"
#include "actors/observe/openapi.hpp"
#include "tests/support/scratch.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("docs/openapi.json is what the declarations say; `millrace reference docs` writes it anew") {
  const auto written = test::contents("docs/openapi.json");
  const auto version = boost::json::parse(written).at("info").at("version").as_string();
  CHECK(written == observe::openapi_text(std::string(version)));
}

TEST_CASE("docs/api.md is what the declarations say; `millrace reference docs` writes it anew") {
  CHECK(test::contents("docs/api.md") == observe::api_page());
}

TEST_CASE("every route has its operation, what it needs, and the members of its answer") {
  const auto root = boost::json::parse(observe::openapi_text("1")).as_object();
  const auto& paths = root.at("paths").as_object();
  std::size_t operations = 0;
  for (const auto& [path, methods] : paths)
    operations += methods.as_object().size();
  CHECK(operations == api::routes().size());
  const auto& stop = paths.at("/api/v1/topologies/{name}/stop").at("post");
  CHECK(stop.as_object().contains("security"));
  CHECK(stop.as_object().contains("requestBody"));
  const auto& graph = paths.at("/api/v1/topologies/{name}/graph").at("get");
  CHECK_FALSE(graph.as_object().contains("security"));
  const auto& schema = graph.at("responses").at("200").at("content").at("application/json").at("schema");
  CHECK(schema.at("properties").as_object().contains("held_up_by"));
  CHECK(schema.at("required").as_array().size() == schema.at("properties").as_object().size());
  for (const auto& r : api::routes())
    CHECK_FALSE(r.doc.empty());
}
