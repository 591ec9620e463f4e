#include "actors/observe/openapi.hpp"

#include "actors/api/answers.hpp"
#include "actors/observe/explain.hpp"
#include "actors/observe/graph.hpp"
#include "actors/observe/history.hpp"
#include "actors/observe/key_state.hpp"
#include "actors/observe/ledger.hpp"
#include "actors/observe/letter_counts.hpp"
#include "actors/observe/report_schema.hpp"
#include "actors/observe/tap.hpp"
#include "actors/observe/trace.hpp"
#include "actors/observe/troubles.hpp"
#include "runtime/base/page_text.hpp"

#include <fmt/format.h>

#include <array>
#include <span>
#include <type_traits>

namespace millrace::observe {
namespace {

namespace json = boost::json;
namespace answers = api::answers;

template<class T>
struct is_list : std::false_type {};
template<class T>
struct is_list<std::vector<T>> : std::true_type {};
template<class T>
struct is_optional : std::false_type {};
template<class T>
struct is_optional<std::optional<T>> : std::true_type {};
template<class T>
struct is_map : std::false_type {};
template<class T>
struct is_map<std::map<std::string, T>> : std::true_type {};

template<class T>
inline constexpr bool is_list_answer =
    std::is_same_v<T, answers::topologies> || std::is_same_v<T, answers::nodes>;

json::object of_type(std::string_view name) { return {{"type", name}}; }
json::object member_of(std::string_view type, std::string_view doc) {
  return {{"type", type}, {"description", doc}};
}

json::object object_schema(json::object properties, json::array required) {
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

template<class T>
json::object schema_of();

struct schema_writer {
  json::object& properties;
  json::array& required;
  template<class T>
  void operator()(std::string_view name, std::string_view doc, const T&) {
    auto one = schema_of<T>();
    one.emplace("description", doc);
    properties.emplace(name, std::move(one));
    required.emplace_back(name);
  }
};

template<class T>
json::object schema_of() {
  if constexpr (std::is_same_v<T, answers::accepted> || std::is_same_v<T, api::json_object>) {
    return of_type("object");
  } else if constexpr (std::is_same_v<T, answers::page> || std::is_same_v<T, api::event_stream>) {
    return of_type("string");
  } else if constexpr (std::is_same_v<T, answers::document>) {
    return report_schema();
  } else if constexpr (std::is_same_v<T, answers::dead_letters>) {
    json::object letters{{"type", "array"},
                         {"items", of_type("object")},
                         {"description", "the dead letters, each with id, stage, partition, position, error, "
                                         "record or record_base64, and time"}};
    json::object next{{"type", json::array{"integer", "null"}},
                      {"description", "the next page; null: this is the last"}};
    return object_schema({{"letters", std::move(letters)}, {"next", std::move(next)}}, {"letters", "next"});
  } else if constexpr (is_list_answer<T>) {
    return schema_of<decltype(T::all)>();
  } else if constexpr (std::is_same_v<T, bool>) {
    return of_type("boolean");
  } else if constexpr (std::is_same_v<T, std::string>) {
    return of_type("string");
  } else if constexpr (std::is_same_v<T, api::event_time>) {
    return {{"type", json::array{"string", "null"}}};
  } else if constexpr (std::is_integral_v<T>) {
    return {{"type", "integer"}, {"minimum", 0}};
  } else if constexpr (std::is_floating_point_v<T>) {
    return of_type("number");
  } else if constexpr (std::is_enum_v<T>) {
    const auto words = words_of(T{});
    return {{"type", "string"}, {"enum", json::array(words.begin(), words.end())}};
  } else if constexpr (is_optional<T>::value) {
    return {{"anyOf", json::array{schema_of<typename T::value_type>(), of_type("null")}}};
  } else if constexpr (is_list<T>::value) {
    return {{"type", "array"}, {"items", schema_of<typename T::value_type>()}};
  } else if constexpr (is_map<T>::value) {
    return {{"type", "object"}, {"additionalProperties", schema_of<typename T::mapped_type>()}};
  } else {
    json::object properties;
    json::array required;
    schema_writer w{properties, required};
    const T nothing{};
    members(w, nothing);
    return object_schema(std::move(properties), std::move(required));
  }
}

json::object content(std::string_view type, json::object schema, std::string_view words = {}) {
  json::object out{{"content", json::object{{type, json::object{{"schema", std::move(schema)}}}}}};
  if (!words.empty())
    out.emplace("description", words);
  return out;
}

/// "/api/v1/topologies/{name}/stages/{stage}": the first hole of a path names a topology or a node, the second a stage or
/// an edge.
std::string named_path(std::string_view path) {
  std::string out(path);
  for (const auto* const name :
       {"{name}", path.find("/edges/") == std::string_view::npos ? "{stage}" : "{edge}"})
    if (const auto hole = out.find("{}"); hole != std::string::npos)
      out.replace(hole, 2, name);
  return out;
}

/// "[?page=N]"
std::string query_text(const api::parameter& p) {
  return p.name.empty() ? "" : fmt::format("[?{}={}]", p.name, p.is_number ? "N" : "TEXT");
}

json::array parameters_of(const api::route& r) {
  json::array out;
  const auto add = [&](std::string_view name, std::string_view in, std::string_view doc,
                       std::string_view type) {
    out.emplace_back(json::object{{"name", name},
                                  {"in", in},
                                  {"required", in == "path"},
                                  {"description", doc},
                                  {"schema", of_type(type)}});
  };
  const auto path = named_path(r.path);
  if (path.find("{name}") != std::string::npos)
    add("name", "path", r.path.find("/nodes/") != std::string_view::npos ? "of a node" : "of a topology",
        "string");
  if (path.find("{stage}") != std::string::npos)
    add("stage", "path", "of a stage", "string");
  if (path.find("{edge}") != std::string::npos)
    add("edge", "path", "FROM->TO, or the stage that it leaves", "string");
  if (!r.query.name.empty())
    add(r.query.name, "query", r.query.doc, r.query.is_number ? "integer" : "string");
  if (r.is_action)
    add("X-Millrace-Action", "header", "required, because no page of another site can send it", "string");
  return out;
}

struct body_member {
  std::string_view name;
  std::string_view doc;
  std::string_view type = "string";
};
constexpr auto confirmation_members =
    std::to_array<body_member>({{"confirm", "the name that is in the path"}});
constexpr auto record_members = std::to_array<body_member>({
    {"record", "its text, as the source has it; a JSON record may also be given as JSON; null: no value"},
    {"partition", "its partition; lateness is then judged by this one alone"},
    {"key", "the key of a Kafka record"},
    {"timestamp", "the time that the source has stored with it"},
    {"headers", "the headers of a Kafka record, by name", "object"},
    {"header", "the first line of a CSV file, where it names the columns"},
});

constexpr auto replay_members = std::to_array<body_member>({
    {"confirm", "the name that is in the path"},
    {"into", "required, too: the source or parser at which the records enter"},
    {"letters", "the ids of the dead letters to replay; default: all that are kept", "array"},
});

/// The first member must be there.
json::object body_schema(std::span<const body_member> all) {
  json::object properties;
  for (const auto& m : all)
    properties.emplace(m.name, member_of(m.type, m.doc));
  return object_schema(std::move(properties), {all.front().name});
}

json::object body_of(const api::route& r) {
  return content("application/json", r.body == api::body_form::plan     ? of_type("object")
                                     : r.body == api::body_form::record ? body_schema(record_members)
                                     : r.body == api::body_form::replay ? body_schema(replay_members)
                                                                        : body_schema(confirmation_members));
}

template<class R>
json::object operation_of(const api::route& r) {
  json::object out;
  out.emplace("summary", r.doc);
  if (auto parameters = parameters_of(r); !parameters.empty())
    out.emplace("parameters", std::move(parameters));
  if (r.body != api::body_form::none)
    out.emplace("requestBody", body_of(r));
  if (r.needs_token())
    out.emplace("security", json::array{json::object{{"token", json::array()}}});
  using answer = typename R::answer;
  const auto* const type = std::is_same_v<answer, answers::page>       ? "text/plain"
                           : std::is_same_v<answer, api::event_stream> ? "text/event-stream"
                                                                       : "application/json";
  json::object error_ref{{"$ref", "#/components/schemas/error"}};
  out.emplace("responses", json::object{{"200", content(type, schema_of<answer>(), "the answer")},
                                        {"default", content("application/json", std::move(error_ref),
                                                            "why there is no answer")}});
  return out;
}

template<class... R>
void each_route(auto&& f, std::type_identity<std::variant<R...>>) {
  (f.template operator()<R>(R::route), ...);
}
void each_route(auto&& f) { each_route(f, std::type_identity<api::request>()); }

json::object error_schema() {
  auto inner = object_schema({{"code", member_of("string", "the code of the error, for scripts")},
                              {"retry", member_of("boolean", "whether asking again may help")},
                              {"message", member_of("string", "a sentence for people, with the remedy")}},
                             {"code", "retry", "message"});
  return object_schema({{"error", std::move(inner)}}, {"error"});
}

/// Indented by two, a member a line, so that a change shows as a diff.
void append_pretty(std::string& out, const json::value& v, std::size_t depth) {
  const auto line = [&](std::size_t d) {
    out += '\n';
    out.append(2 * d, ' ');
  };
  if (const auto* const o = v.if_object(); o != nullptr && !o->empty()) {
    out += '{';
    for (const auto* between = ""; const auto& [name, one] : *o) {
      out += between;
      between = ",";
      line(depth + 1);
      out += data::json_text(json::string(name)) + ": ";
      append_pretty(out, one, depth + 1);
    }
    line(depth);
    out += '}';
  } else if (const auto* const a = v.if_array(); a != nullptr && !a->empty() && !a->front().is_string()) {
    out += '[';
    for (const auto* between = ""; const auto& one : *a) {
      out += between;
      between = ",";
      line(depth + 1);
      append_pretty(out, one, depth + 1);
    }
    line(depth);
    out += ']';
  } else {
    out += data::json_text(v);
  }
}

/// The members of a schema as a list, those of inner objects below theirs.
void append_members(std::string& out, const json::object& schema, std::size_t depth) {
  const auto* inner = &schema;
  if (const auto* const items = schema.if_contains("items"))
    inner = &items->as_object();
  if (const auto* const more = schema.if_contains("additionalProperties"))
    inner = &more->as_object();
  if (inner != &schema)
    return append_members(out, *inner, depth);
  if (const auto* const either = schema.if_contains("anyOf"))
    return append_members(out, either->as_array().front().as_object(), depth);
  const auto* const properties = schema.if_contains("properties");
  if (properties == nullptr)
    return;
  for (const auto& [name, one] : properties->as_object()) {
    const auto& o = one.as_object();
    std::string words(o.at("description").as_string());
    if (const auto* const all = o.if_contains("enum"))
      for (const auto* between = ": "; const auto& word : all->as_array()) {
        words += fmt::format("{}`{}`", between, std::string_view(word.as_string()));
        between = ", ";
      }
    out += fmt::format("{}- `{}`: {}\n", std::string(2 * depth, ' '), std::string_view(name), words);
    append_members(out, o, depth + 1);
  }
}

}  // namespace

std::string openapi_text(const std::string& version) {
  json::object paths;
  each_route([&]<class R>(const api::route& r) {
    std::string method(r.method);
    for (auto& c : method)
      c = static_cast<char>(c - 'A' + 'a');
    auto& at = paths[named_path(r.path)];
    if (!at.is_object())
      at = json::object();
    at.get_object().emplace(method, operation_of<R>(r));
  });
  json::object info{{"title", "millrace"},
                    {"description",
                     "The API of a node, and of `millrace run --http`. Made of the declarations by "
                     "`millrace reference docs`."},
                    {"version", version}};
  json::object scheme{{"type", "http"},
                      {"scheme", "bearer"},
                      {"description", "the token, in the file `token` of the state folder"}};
  json::object components{{"securitySchemes", json::object{{"token", std::move(scheme)}}},
                          {"schemas", json::object{{"error", error_schema()}}}};
  const json::object root{{"openapi", "3.1.0"},
                          {"info", std::move(info)},
                          {"paths", std::move(paths)},
                          {"components", std::move(components)}};
  std::string out;
  append_pretty(out, root, 0);
  return out + '\n';
}

std::string api_page() {
  std::string out =
      "# The API\n\nA node and `millrace run --http` serve this API. `millrace reference docs` generates "
      "this "
      "page; [openapi.json](openapi.json) says the same to programs, and [design/api.md](design/api.md) "
      "gives "
      "the reasons.\n\n"
      "Answers are JSON. An event time is ISO 8601 text, `\"end\"` once everything has come, or null before "
      "the first. An error is `{\"error\": {\"code\", \"retry\", \"message\"}}` with the status of its code. "
      "Where the token is needed, send it as `Authorization: Bearer TOKEN`. An action also needs the header "
      "`X-Millrace-Action: yes`, and the name once more in its body, `{\"confirm\": NAME}`.\n";
  each_route([&]<class R>(const api::route& r) {
    out +=
        fmt::format("\n## {} {}{}\n\n{}.{}{}\n", r.method, named_path(r.path), query_text(r.query), r.doc,
                    r.needs_token() ? " Needs the token." : "",
                    r.body == api::body_form::plan
                        ? " Its body is the topology in JSON, with overlays applied and variables filled in."
                    : r.body == api::body_form::replay
                        ? " Its body is `{\"confirm\": NAME, \"into\": STAGE, \"letters\": [ID, ...]}`: "
                          "the records enter at STAGE, a source or a parser, and go on to the stage that "
                          "they failed at. Without `letters` all dead letters that are kept are replayed."
                        : "");
    if constexpr (std::is_same_v<R, api::requests::events>)
      out +=
          "\n- `graph`: the graph as above, each second\n- `figures`: the figures as below, each second, "
          "with `?figures=1`\n"
          "- `end`: `{\"topology\", \"state\", \"reason\"}`, the last event\n"
          "- `error`: an error as above, the last event\n\nEach has its JSON as one line of `data`. A server "
          "sends events to at most 8 clients, and refuses more with 503. A client that does not read is "
          "dropped after 10 s; when it asks again, it gets the state of that moment.\n";
    if (r.body == api::body_form::record) {
      out += "\nIts body:\n\n";
      append_members(out, body_schema(record_members), 0);
      out += "\nThe answer:\n";
    }
    std::string list;
    append_members(list, schema_of<typename R::answer>(), 0);
    if (!list.empty())
      out += (is_list_answer<typename R::answer> ? "\nA list of:\n\n" : "\n") + list;
  });
  return wrapped_page(out);
}

}  // namespace millrace::observe
