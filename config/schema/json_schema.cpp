#include "config/schema/described_stage.hpp"
#include "config/schema/examples.hpp"
#include "config/schema/schema.hpp"
#include "config/test_options.hpp"
#include "config/text/pretty_json.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace millrace::config {
namespace {

namespace json = boost::json;

json::object reference_to(std::string_view name) { return {{"$ref", fmt::format("#/$defs/{}", name)}}; }

/// The stage whose options they are; none for those of the top level, of an object or a column.
struct owner {
  std::string_view kind{};
  std::string_view type{};
  bool in_topology = true;  // false: options of a test file, which have no examples
};
json::object object_schema(const std::vector<option>& options, const owner& of = {});

/// The type alone; docs and defaults come around it.
json::object type_schema(const option& o) {
  switch (o.type) {
  case option_type::text:
  case option_type::expression:
    return {{"type", "string"}};
  case option_type::choice: {
    json::array choices(o.choices.begin(), o.choices.end());
    return {{"enum", std::move(choices)}};
  }
  case option_type::boolean:
    return {{"anyOf", {json::object{{"type", "boolean"}}, reference_to("filled_in")}}};
  case option_type::integer: {
    json::object number{{"type", "integer"}, {"minimum", o.minimum}};
    if (o.maximum != std::numeric_limits<std::int64_t>::max())
      number["maximum"] = o.maximum;
    return {{"anyOf", {std::move(number), reference_to("filled_in")}}};
  }
  case option_type::duration: {
    if (o.choices.empty())
      return reference_to("duration");
    json::array choices(o.choices.begin(), o.choices.end());
    return {{"anyOf", {reference_to("duration"), json::object{{"enum", std::move(choices)}}}}};
  }
  case option_type::size:
    return reference_to("size");
  case option_type::rate:
    return reference_to("rate");
  case option_type::text_map:
    return {{"type", "object"}, {"additionalProperties", {{"type", {"string", "number", "boolean"}}}}};
  case option_type::text_list:
    return {{"anyOf",
             {json::object{{"type", "string"}},
              json::object{{"type", "array"}, {"items", {{"type", "string"}}}, {"minItems", 1}}}}};
  case option_type::key_pairs: {
    auto out = type_schema({.name = o.name, .type = option_type::text_list});
    out["anyOf"].as_array().push_back(json::object{
        {"type", "object"}, {"additionalProperties", {{"type", "string"}}}, {"minProperties", 1}});
    return out;
  }
  case option_type::expression_map: {
    json::object many{{"*", {{"const", true}}}};
    for (const auto& name : o.choices)
      many[name] = {{"const", true}};
    return {
        {"type", "object"}, {"properties", std::move(many)}, {"additionalProperties", {{"type", "string"}}}};
  }
  case option_type::object:
    return object_schema(o.members);
  case option_type::any:
    break;
  }
  return {};
}

json::value default_of(const option& o) {
  if (o.type == option_type::boolean)
    return o.default_text == "true";
  if (o.type == option_type::integer)
    return std::stoll(o.default_text);
  return json::string(o.default_text);
}

json::object option_schema(const option& o, const owner& of) {
  json::object out{{"description", o.doc}};
  if (of.in_topology)
    out["examples"] = json::array{example_of(o, of.kind, of.type)};
  if (!o.default_text.empty())
    out["default"] = default_of(o);
  auto type = o.name == "schema" ? reference_to("columns") : type_schema(o);
  for (auto& member : type)
    out[member.key()] = std::move(member.value());
  return out;
}

json::object object_schema(const std::vector<option>& options, const owner& of) {
  json::object properties;
  json::array required;
  for (const auto& o : options) {
    properties[o.name] = option_schema(o, of);
    if (o.required)
      required.emplace_back(o.name);
  }
  json::object out{
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty())
    out["required"] = std::move(required);
  return out;
}

json::object stage_schema(const described_stage& s, bool of_dead_letters) {
  auto options = s.options;
  std::erase_if(options, [&](const option& o) {
    return of_dead_letters && std::ranges::find(not_of_dead_letters, o.name) != std::end(not_of_dead_letters);
  });
  auto out = object_schema(options, {to_string(s.kind), s.type});
  json::object properties{
      {std::string(to_string(s.kind)), {{"const", s.type}, {"description", s.doc}, {"examples", {s.type}}}}};
  for (auto& member : out["properties"].as_object())
    properties[member.key()] = std::move(member.value());
  out["properties"] = std::move(properties);
  json::array required{std::string(to_string(s.kind))};
  if (const auto* const more = out.if_contains("required"))
    required.insert(required.end(), more->as_array().begin(), more->as_array().end());
  out["required"] = std::move(required);
  return out;
}

/// One `if has this kind and type, then these options` a stage: an editor then speaks of the one that is
/// meant.
json::object stages_schema(const std::vector<described_stage>& stages) {
  json::array cases;
  json::object types;
  for (const auto kind : kind_keys) {
    json::array names;
    for (const auto& s : stages)
      if (to_string(s.kind) == kind)
        names.emplace_back(s.type);
    types[kind] = {{"description", fmt::format("The type of the {}", kind)},
                   {"examples", {names.front()}},
                   {"enum", std::move(names)}};
  }
  json::array kinds;
  for (const auto kind : kind_keys)
    kinds.push_back(json::object{{"required", {kind}}});
  for (const auto& s : stages)
    cases.push_back(json::object{{"if",
                                  {{"properties", {{std::string(to_string(s.kind)), {{"const", s.type}}}}},
                                   {"required", {std::string(to_string(s.kind))}}}},
                                 {"then", reference_to(fmt::format("{}_{}", to_string(s.kind), s.type))}});
  json::array snippets;
  for (const auto& s : stages)
    snippets.push_back(snippet_of(s));
  return {{"type", "object"},
          {"defaultSnippets", std::move(snippets)},
          {"properties", std::move(types)},
          {"anyOf", std::move(kinds)},
          {"allOf", std::move(cases)}};
}

json::object dead_letters_schema(const std::vector<described_stage>& stages) {
  json::array sinks{object_schema(dead_letter_options())};
  for (const auto& s : stages)
    if (s.kind == stage_kind::sink)
      sinks.push_back(stage_schema(s, true));
  return {{"anyOf", std::move(sinks)}};
}

/// numeric(p,s), and numeric(p); that s is no more than p is left to `check`.
constexpr std::string_view numeric_pattern =
    R"(^numeric\( *([1-9]|[12][0-9]|3[0-8]) *(, *([0-9]|[12][0-9]|3[0-8]) *)?\)$)";

json::object column_schema() {
  json::array scalars(column_options().front().choices.begin(), column_options().front().choices.end());
  auto long_form = object_schema(column_options());
  auto& nested = long_form["properties"].as_object()["type"].as_object();
  nested.erase("enum");
  nested["$ref"] = "#/$defs/column";
  return {{"anyOf",
           {json::object{{"enum", std::move(scalars)}},
            json::object{{"type", "string"}, {"pattern", numeric_pattern}}, std::move(long_form),
            reference_to("columns"),
            json::object{
                {"type", "array"}, {"items", reference_to("column")}, {"minItems", 1}, {"maxItems", 1}}}}};
}

}  // namespace

std::string schema_text(const catalog& connectors) {
  const auto stages = described_stages(connectors);
  auto root = object_schema(top_level_options());
  auto& properties = root["properties"].as_object();
  properties["$schema"] = {{"type", "string"},
                           {"description", "This schema, for editors"},
                           {"examples", {"topology.schema.json"}}};
  auto& of_stages = properties["stages"].as_object();
  of_stages["type"] = "object";
  of_stages["propertyNames"] = {{"pattern", "^[A-Za-z][A-Za-z0-9_-]{0,99}$"}};
  of_stages["additionalProperties"] = reference_to("stage");
  auto& of_dead_letters = properties["dead_letters"].as_object();
  for (auto& member : dead_letters_schema(stages))
    of_dead_letters[member.key()] = member.value();

  json::object definitions{
      {"stage", stages_schema(stages)},
      {"columns",
       {{"type", "object"}, {"additionalProperties", reference_to("column")}, {"minProperties", 1}}},
      {"column", column_schema()},
      {"filled_in", {{"type", "string"}, {"pattern", "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}"}}},
      {"duration", {{"type", "string"}, {"examples", {"5 minutes", "100 ms", "1 hour 30 minutes"}}}},
      {"size", {{"type", {"string", "integer"}}, {"examples", {"128 MB", "64 KiB"}}}},
      {"rate", {{"type", "string"}, {"examples", {"10/s", "600/min"}}}}};
  for (const auto& s : stages)
    definitions[fmt::format("{}_{}", to_string(s.kind), s.type)] = stage_schema(s, false);

  json::object out{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                   {"title", "millrace topology"}};
  for (auto& member : root)
    out[member.key()] = std::move(member.value());
  out["$defs"] = std::move(definitions);
  return pretty_json(out);
}

std::string test_schema_text() {
  constexpr owner of_tests{.in_topology = false};
  const auto list_of = [](std::string_view name) -> json::object {
    return {{"type", "array"}, {"items", reference_to(name)}};
  };
  auto file = object_schema(test_file_options(), of_tests);
  auto& members = file["properties"].as_object();
  members["$schema"] = {{"type", "string"}, {"description", "This schema, for editors"}};
  for (auto& member : list_of("case"))
    members["cases"].as_object()[member.key()] = std::move(member.value());

  auto one_case = object_schema(test_case_options(), of_tests);
  const json::object step{
      {"type", "object"},
      {"properties", {{"advance", {{"anyOf", {list_of("record"), reference_to("duration")}}}}}},
      {"additionalProperties", list_of("record")}};
  auto& of_case = one_case["properties"].as_object();
  of_case["input"].as_object()["anyOf"] = {reference_to("step"), list_of("step")};
  of_case["expect"].as_object()["type"] = "object";
  of_case["expect"].as_object()["additionalProperties"] = {
      {"anyOf", {list_of("row"), reference_to("expectation")}}};

  auto expectation = object_schema(expectation_options(), of_tests);
  for (auto& member : list_of("row"))
    expectation["properties"].as_object()["rows"].as_object()[member.key()] = std::move(member.value());
  const json::object from_file{{"type", "object"},
                               {"properties", {{"file", {{"type", "string"}}}}},
                               {"additionalProperties", false},
                               {"required", {"file"}}};

  json::object out{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "millrace tests"}};
  for (auto& member : file)
    out[member.key()] = std::move(member.value());
  out["$defs"] = json::object{
      {"case", std::move(one_case)},
      {"step", step},
      {"record",
       {{"description", "Text, JSON that is written on one line, a file's lines, or the long form"},
        {"anyOf",
         {json::object{{"type", {"string", "object", "array", "number", "boolean", "null"}}}, from_file,
          object_schema(test_record_options(), of_tests)}}}},
      {"row", {{"type", "object"}}},
      {"expectation", std::move(expectation)},
      {"filled_in", {{"type", "string"}, {"pattern", "^(true|false|[0-9]+)$"}}},
      {"duration", {{"type", "string"}, {"examples", {"30 s", "5 minutes"}}}}};
  return pretty_json(out);
}

}  // namespace millrace::config
