#include "actors/catalog.hpp"
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
  const auto text = remote::resolved_text(request, connectors());
  REQUIRE(text);
  const auto root = boost::json::parse(*text).as_object();
  const auto& stages = root.at("stages").as_object();
  CHECK(stages.at("in").as_object().at("follow").as_bool());
  CHECK(stages.at("in").as_object().at("path").as_string() == "$${HOME} and $$${x}");
  CHECK(stages.at("out").as_object().at("sink").as_string() == "console");
  CHECK_FALSE(stages.at("out").as_object().contains("brokers"));
  // Read again, it says the same, whatever the environment there is.
  ::unsetenv("MILLRACE_TEST_TOPIC");
  const config::load_request again{f.write("again.json", *text), {}, {}};
  const auto loaded = config::load(again, connectors());
  REQUIRE(loaded.plan);
  CHECK(loaded.plan->stages.front().options.text("path") == "${HOME} and $${x}");
  CHECK(*remote::resolved_text(again, connectors()) == *text);
}

TEST_CASE("a file that is gone is told") {
  const auto gone = remote::resolved_text({"/nowhere/t.json", {}, {}}, connectors());
  REQUIRE_FALSE(gone);
  CHECK(gone.error().whose == fault::user);
}
