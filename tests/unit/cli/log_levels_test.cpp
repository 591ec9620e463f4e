#include "tools/cli/log_levels.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using Catch::Matchers::Contains;
using namespace spdlog::level;

namespace {

std::string problem(std::string_view text) {
  const auto levels = cli::parse_log_levels(text);
  return levels ? std::string("none") : levels.error().message;
}

std::shared_ptr<const config::topology> job() {
  config::topology t;
  const auto add = [&](const char* name, config::stage_kind kind, const char* type) {
    config::stage s;
    s.name = name;
    s.kind = kind;
    s.type = type;
    t.stages.push_back(std::move(s));
  };
  add("clicks", config::stage_kind::source, "kafka");
  add("parsed", config::stage_kind::parser, "json");
  add("counts", config::stage_kind::window, "tumbling");
  add("topic", config::stage_kind::sink, "kafka");
  add("file", config::stage_kind::sink, "sql");
  return std::make_shared<const config::topology>(std::move(t));
}

std::map<std::string, level_enum> stages(std::string_view text) {
  const auto levels = cli::parse_log_levels(text);
  REQUIRE(levels);
  const auto out = cli::levels_of_stages(*levels, {job()});
  REQUIRE(out);
  return *out;
}

}  // namespace

TEST_CASE("a level stands for all lines, and one behind a name for that name's") {
  const auto one = cli::parse_log_levels("warn");
  REQUIRE(one);
  CHECK(one->others == warn);
  CHECK(one->named.empty());
  const auto more = cli::parse_log_levels("clicks=debug,error,kafka=warn");
  REQUIRE(more);
  CHECK(more->others == err);
  CHECK(more->named == std::map<std::string, level_enum>{{"clicks", debug}, {"kafka", warn}});
  CHECK(cli::parse_log_levels("clicks=trace")->others == info);
}

TEST_CASE("what is not a list of levels is refused with what is expected") {
  CHECK(problem("wran") == "\"wran\" is not a level; expected trace, debug, info, warn, error, and "
                           "STAGE=LEVEL behind commas, as in "
                           "info,clicks=debug,kafka=warn; did you mean \"warn\"?");
  CHECK_THAT(problem(""), Contains("\"\" is not a level"));
  CHECK_THAT(problem("info,"), Contains("\"\" is not a level"));
  CHECK_THAT(problem("clicks=loud"), Contains("\"loud\" is not a level"));
  CHECK_THAT(problem("info,debug"), Contains("\"debug\" is the second level for all lines"));
  CHECK_THAT(problem("=debug"), Contains("\"=debug\" names no stage"));
  CHECK_THAT(problem("a=debug,a=warn"), Contains("\"a\" has two levels"));
}

TEST_CASE("a stage's level is that of its name, else of its type, else of its kind") {
  CHECK(stages("sink=error,kafka=warn,topic=debug") ==
        std::map<std::string, level_enum>{
            {"clicks", warn}, {"topic", debug}, {"file", err}, {"dead_letters", err}});
  CHECK(stages("file=debug") == std::map<std::string, level_enum>{{"file", debug}});
  CHECK(stages("info").empty());
  CHECK(stages("parquet=debug").empty());  // a type of the language that this job does not use
}

TEST_CASE("a name that is not a stage, type or kind is refused with the one that is meant") {
  const auto levels = cli::parse_log_levels("clikcs=debug");
  REQUIRE(levels);
  const auto out = cli::levels_of_stages(*levels, {job()});
  REQUIRE_FALSE(out);
  CHECK(
      out.error().message ==
      "--log-level: \"clikcs\" is not a stage, and no type or kind of stages; the stages are clicks, parsed, "
      "counts, topic, file, dead_letters; did you mean \"clicks\"?");
}
