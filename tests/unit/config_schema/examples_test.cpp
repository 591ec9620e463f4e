// The examples and beginnings of stages that editors show, held against the rules of the options and against `check`.
#include "actors/catalog.hpp"
#include "config/core_options.hpp"
#include "config/load_text.hpp"
#include "config/plan.hpp"
#include "config/schema/examples.hpp"
#include "config/schema/schema.hpp"
#include "config/text/reader.hpp"
#include "config/validate.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <functional>
#include <regex>

namespace {

using namespace millrace;
using namespace millrace::config;
namespace json = boost::json;

std::string told(report& found) {
  std::string out;
  for (const auto& f : found.take({"t"}))
    out += to_string(f) + "\n";
  return out;
}

/// What the option's own rules say of its example; empty: it is good.
std::string judged(const option& o, const json::value& example) {
  report found;
  const auto tree = read_json(json::serialize(json::object{{o.name, example}}), "t", found);
  REQUIRE(tree);
  auto alone = o;
  alone.required = false;
  const auto read = read_options(*tree, {alone}, {"", "a stage", {}, {}, {}}, found);
  auto out = told(found);
  if (out.empty() && !read.has(o.name))
    out = "no value";
  return out;
}

void each_option(const std::vector<option>& options, std::string_view kind, std::string_view type,
                 const std::function<void(const option&, std::string_view, std::string_view)>& with) {
  for (const auto& o : options) {
    with(o, kind, type);
    each_option(o.members, {}, {}, with);
  }
}

/// The text with each placeholder's own value in its place, another model's file for that of the example.
std::string filled(const json::object& body) {
  static const std::regex placeholder(R"(\$\{[0-9]+:([^}]*)\})");
  return std::regex_replace(std::regex_replace(json::serialize(body), placeholder, "$1"),
                            std::regex("churn\\.json"), "tests/unit/model/golden/python_boosted.json");
}

}  // namespace

TEST_CASE("each example is valid by the rules of its option") {
  std::size_t seen = 0;
  const auto check = [&](const option& o, std::string_view kind, std::string_view type) {
    const auto example = example_of(o, kind, type);
    CAPTURE(kind, type, o.name, json::serialize(example));
    CHECK_FALSE(example.is_null());
    CHECK(judged(o, example) == "");
    ++seen;
  };
  each_option(top_level_options(), {}, {}, check);
  each_option(dead_letter_options(), {}, {}, check);
  each_option(column_options(), {}, {}, check);
  for (const auto& s : described_stages(connectors()))
    each_option(s.options, to_string(s.kind), s.type, check);
  CHECK(seen > 300);
}

TEST_CASE("each property of the schema has a description and an example") {
  std::size_t seen = 0;
  const std::function<void(const json::value&, const std::string&)> walk = [&](const json::value& v,
                                                                               const std::string& path) {
    if (v.is_array())
      for (const auto& item : v.as_array())
        walk(item, path);
    if (!v.is_object())
      return;
    for (const auto& member : v.as_object()) {
      const std::string name(member.key());
      if (name == "examples" || name == "defaultSnippets" || name == "if")
        continue;
      if (name != "properties") {
        walk(member.value(), path + "/" + name);
        continue;
      }
      for (const auto& property : member.value().as_object()) {
        const std::string key(property.key());
        CAPTURE(path, key);
        const auto* const is = property.value().if_object();
        REQUIRE(is != nullptr);
        // A map of expressions has "*" and the like for all columns.
        const bool is_star = key.find('*') != std::string::npos;
        const bool has_both = is->contains("description") && is->contains("examples");
        CHECK((is_star || has_both));
        seen += has_both ? 1 : 0;
        walk(property.value(), path + "/" + key);
      }
    }
  };
  walk(json::parse(schema_text(connectors())), "");
  CHECK(seen > 300);
}

namespace {

/// A topology of this stage, with what it reads from and what reads from it.
std::string topology_of(stage_kind kind, const std::string& stage) {
  const std::string clicks = R"json("clicks": { "source": "kafka", "brokers": "b:1", "topic": "t" })json";
  const std::string rows =
      R"json("parsed": { "parser": "json", "from": "clicks", "event_time": "at", "watermark_delay": "1 minute",
             "idle_timeout": "1 minute", "schema": { "userid": "text", "amount": "bigint", "a": "double", "b": "double",
             "c": "double", "at": "timestamp" } })json";
  const std::string head = R"json({ "millrace": 1, "topology": "t", "stages": { )json";
  const auto shown = [](const char* name) {
    return std::string(R"json(, "out": { "sink": "console", "from": ")json") + name + "\" } } }";
  };
  switch (kind) {
  case stage_kind::source:
    return head + "\"clicks\": " + stage + ", " + rows + shown("parsed");
  case stage_kind::parser:
    return head + clicks + ", \"parsed\": " + stage + shown("parsed");
  case stage_kind::sink:
    return head + clicks + ", " + rows + ", \"own\": " + stage + " } }";
  default:
    return head + clicks + ", " + rows + ", \"own\": " + stage + shown("own");
  }
}

std::string findings_of(const std::string& text) {
  std::string out;
  for (const auto& f : load_text(text, "t", connectors()).findings)
    out += to_string(f) + "\n";
  return out;
}

}  // namespace

TEST_CASE("each stage has a beginning that check finds good with its placeholders filled") {
  const auto stages = described_stages(connectors());
  const auto schema = json::parse(schema_text(connectors()));
  const auto& snippets = schema.at("$defs").at("stage").at("defaultSnippets").as_array();
  REQUIRE(snippets.size() == stages.size());
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const auto text = topology_of(stages[i].kind, filled(snippets[i].at("body").as_object()));
    CAPTURE(text);
    CHECK(findings_of(text) == "");
    CHECK(load_text(text, "t", connectors()).plan);
  }
}

TEST_CASE("each stage's example in the reference page is that beginning, and check finds it good") {
  const auto page = reference_text(connectors());
  for (const auto& s : described_stages(connectors())) {
    const auto heading =
        std::string("\n### `\"") + std::string(to_string(s.kind)) + "\": \"" + s.type + "\"`\n";
    CAPTURE(heading);
    const std::string fence = "```jsonc\n";
    const auto section = page.find(heading);
    REQUIRE(section != std::string::npos);
    const auto begin = page.find(fence, section) + fence.size();
    const auto end = page.find("```", begin);
    REQUIRE(begin < page.find("\n### ", section + 1));
    const auto member = json::parse("{" + page.substr(begin, end - begin) + "}").as_object();
    REQUIRE(member.size() == 1);
    static const std::regex placeholder(R"(\$\{[0-9]+:([^}]*)\})");
    CHECK(json::serialize(member.begin()->value()) ==
          std::regex_replace(json::serialize(snippet_of(s).at("body")), placeholder, "$1"));
    const auto text = topology_of(s.kind, filled(member.begin()->value().as_object()));
    CAPTURE(text);
    CHECK(findings_of(text) == "");
    CHECK(load_text(text, "t", connectors()).plan);
  }
}

TEST_CASE("examples that a connector or the planner reads itself are good in a stage") {
  std::size_t seen = 0;
  for (const auto& s : described_stages(connectors()))
    for (const auto& o : s.options) {
      if (o.type != option_type::any)
        continue;
      auto body = snippet_of(s).at("body").as_object();
      body[o.name] = example_of(o, to_string(s.kind), s.type);
      body.erase("event_time");  // a column of the beginning's own schema
      body.erase("watermark_delay");
      CAPTURE(s.type, o.name);
      CHECK(findings_of(topology_of(s.kind, filled(body))) == "");
      ++seen;
    }
  CHECK(seen > 3);
}
