#include "actors/catalog.hpp"
#include "config/plan/plan_model.hpp"
#include "tests/unit/model/small_models.hpp"
#include "tests/unit/remote/remote_folder.hpp"
#include "tools/remote/resolved.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <cstdlib>

using namespace millrace;

TEST_CASE("a cluster gets one text: overlays, values and the environment are in it, filled in once") {
  const remote::test::folder f;
  ::setenv("MILLRACE_TEST_TOPIC", "${HOME} and $${x}", 1);
  const config::load_request request{f.write("t.json", R"({
        "millrace": 1, "topology": "t",  // a comment
        "stages": { "in": { "source": "file", "path": "${MILLRACE_TEST_TOPIC}" },
                    "parsed": { "parser": "text", "from": "in" },
                    "out": { "sink": "kafka", "brokers": "b:1", "topic": "x", "from": "parsed" } } })"),
                                     {f.write("o.json", R"({"stages": {"out": {"sink": "console"}}})")},
                                     {"stages.in.follow=true"}};
  const auto plan = config::load(request, connectors()).plan;
  REQUIRE(plan);
  const auto text = remote::resolved_text(request, connectors(), *plan);
  REQUIRE(text);
  const auto root = boost::json::parse(*text).as_object();
  const auto& stages = root.at("stages").as_object();
  CHECK(stages.at("in").as_object().at("follow").as_bool());
  CHECK(stages.at("in").as_object().at("path").as_string() == "$${HOME} and $$${x}");
  CHECK(stages.at("out").as_object().at("sink").as_string() == "console");
  CHECK_FALSE(stages.at("out").as_object().contains("brokers"));
  // It says the same when it is read again, in any environment.
  ::unsetenv("MILLRACE_TEST_TOPIC");
  const config::load_request again{f.write("again.json", *text), {}, {}};
  const auto loaded = config::load(again, connectors());
  REQUIRE(loaded.plan);
  CHECK(loaded.plan->stages.front().options.text("path") == "${HOME} and $${x}");
  CHECK(*remote::resolved_text(again, connectors(), *loaded.plan) == *text);
}

TEST_CASE("a file that is gone is told") {
  const auto gone = remote::resolved_text({"/nowhere/t.json", {}, {}}, connectors(), {});
  REQUIRE_FALSE(gone);
  CHECK(gone.error().whose == fault::user);
}

TEST_CASE("models go with the text, packed, and no further than a cluster takes them") {
  const remote::test::folder f;
  const auto bytes = millrace::test::two_trees("5E-1", "[1,7,4]", R"(["a","b"])");
  const config::load_request request{f.write("t.json", R"json({ "millrace": 1, "topology": "t", "stages": {
      "in": { "source": "file", "path": "in.csv" },
      "rows": { "parser": "csv", "from": "in", "schema": { "a": "double", "b": "double" } },
      "scored": { "transform": "model", "from": "rows", "model": ")json" +
                                                           f.write("m.json", bytes) +
                                                           R"json(", "column": "p" },
      "out": { "sink": "console", "from": "scored" } } })json"),
                                     {},
                                     {}};
  const auto plan = config::load(request, connectors()).plan;
  REQUIRE(plan);
  const auto text = remote::resolved_text(request, connectors(), *plan);
  REQUIRE(text);
  const config::load_request again{f.write("again.json", *text), {}, {}};
  const auto loaded = config::load(again, connectors());
  REQUIRE(loaded.plan);
  CHECK(config::model_of(*loaded.plan->find("scored"))->bytes == bytes);
  CHECK(loaded.plan->state_fingerprint == plan->state_fingerprint);
  CHECK(config::describe_plan(*loaded.plan).find("model in the topology's text: ") != std::string::npos);
  CHECK(*remote::resolved_text(again, connectors(), *loaded.plan) == *text);

  const config::load_request large{
      f.write("large.json", *text), {}, {"stages.in.path=" + std::string(5'000'000, 'x')}};
  const auto of_large = config::load(large, connectors());
  REQUIRE(of_large.plan);
  const auto refused = remote::resolved_text(large, connectors(), *of_large.plan);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("a cluster takes 4 MiB; remedy: ") != std::string::npos);
}

TEST_CASE("references to secrets go to a cluster as they are, beside what is escaped") {
  const remote::test::folder f;
  ::setenv("MILLRACE_TEST_USER", "u${x}", 1);
  const config::load_request request{f.write("t.json", R"({ "millrace": 1, "topology": "t", "stages": {
      "in": { "source": "file", "path": "$${secret:x}.csv" },
      "parsed": { "parser": "text", "from": "in" },
      "out": { "sink": "kafka", "brokers": "b:1", "topic": "x", "from": "parsed",
               "properties": { "sasl.mechanism": "PLAIN", "sasl.username": "${MILLRACE_TEST_USER}${secret:name}", "sasl.password": "${secret:pw}" } } } })"),
                                     {},
                                     {}};
  const auto plan = config::load(request, connectors()).plan;
  REQUIRE(plan);
  const auto text = remote::resolved_text(request, connectors(), *plan);
  ::unsetenv("MILLRACE_TEST_USER");
  REQUIRE(text);
  CHECK(text->find(R"("sasl.username":"u$${x}${secret:name}")") != std::string::npos);
  CHECK(text->find(R"("sasl.password":"${secret:pw}")") != std::string::npos);
  CHECK(text->find(R"("path":"$${secret:x}.csv")") != std::string::npos);
}
