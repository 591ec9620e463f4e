#include "actors/api/requests.hpp"

#include "runtime/base/percent.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/text_encoding.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

namespace millrace::api {
namespace {

namespace json = boost::json;

constexpr parameter key_parameter{
    "key", "a text or number of the only key column, a JSON list of all, or a JSON object by column"};

constexpr parameter after_parameter{"after", "what the answer before gave as `next`"};

/// They stand in the order of the alternatives of `request`.
constexpr auto all_routes = std::to_array<route>({
    {"PUT", "/api/v1/topologies/{}",
     "Runs a topology, or changes the one that runs; answered after a second in which a source does not "
     "answer, to be asked again",
     body_form::plan, true, false},
    {"GET",
     "/api/v1/topologies",
     "Topologies, and how they stand. Why one has failed may quote a record, and is told with the token "
     "alone",
     body_form::none,
     false,
     false,
     false,
     {},
     true},
    {"GET", "/api/v1/nodes", "Nodes, and what they run"},
    {"GET",
     "/api/v1/events",
     "What has happened, oldest first: the newest thousand events that the store has",
     body_form::none,
     false,
     false,
     true,
     {"newest", "so many of them, the newest", true}},
    {"GET",
     "/api/v1/topologies/{}/end",
     "Waits until a topology is over; answered after 25 s without that, to be asked again. Why it has failed "
     "is told with the token alone",
     body_form::none,
     false,
     true,
     false,
     {},
     true},
    {"GET", "/api/v1/topologies/{}/report", "The report that `run --report` writes"},
    {"GET", "/api/v1/topologies/{}/graph", "Stages and edges, and who holds the others up"},
    {"GET",
     "/api/v1/topologies/{}/events",
     "Server-sent events, each second: `graph`, and `figures` where they are asked for; `end` when the "
     "topology is "
     "over; comments while there is no answer",
     body_form::none,
     false,
     false,
     false,
     {"figures", "1: what all actors show comes as well", true},
     true},
    {"GET", "/api/v1/topologies/{}/stages/{}", "What the lanes, shards or commits of a stage show"},
    {"GET", "/api/v1/topologies/{}/stages/{}/explain",
     "Why a stage gives nothing, and what would change that"},
    {"GET", "/api/v1/topologies/{}/figures", "What all actors of a topology show"},
    {"GET", "/api/v1/topologies/{}/figures/here", "The same of the process that is asked"},
    {"GET", "/api/v1/troubles/here",
     "What is wrong with topologies that run, as the process that is asked sees it"},
    {"GET", "/api/v1/topologies/{}/ledger", "The equation of each stage"},
    {"GET",
     "/api/v1/topologies/{}/dead_letters",
     "Dead letters that are kept, oldest first, a part a page",
     body_form::none,
     false,
     true,
     true,
     {"page", "what the answer before gave as `next`", true}},
    {"GET",
     "/api/v1/topologies/{}/dead_letters/newest",
     "Dead letters that are kept, newest first, a part a page",
     body_form::none,
     false,
     true,
     true,
     {"page", "what the answer before gave as `next`", true}},
    {"GET", "/api/v1/topologies/{}/dead_letters/counts",
     "The newest dead letters, 16 MB of them, counted by stage and error", body_form::none, false, false,
     true},
    {"GET", "/api/v1/topologies/{}/stages/{}/state",
     "The open windows of a key of a window, and their aggregates as they stand", body_form::none, false,
     false, true, key_parameter},
    {"GET", "/api/v1/topologies/{}/stages/{}/state/here", "The same where the process that is asked has them",
     body_form::none, false, false, true, key_parameter},
    {"GET", "/api/v1/topologies/{}/edges/{}/tap",
     "Rows as they pass on an edge; the first question turns the tap on, for five minutes", body_form::none,
     false, false, true, after_parameter},
    {"GET", "/api/v1/topologies/{}/edges/{}/tap/here", "The same of the process that is asked",
     body_form::none, false, false, true, after_parameter},
    {"POST", "/api/v1/topologies/{}/stages/{}/trace",
     "What becomes of a record of a source or parser: where it is filtered, late or a dead letter, in which "
     "windows it "
     "counts",
     body_form::record, false, false, true},
    {"POST", "/api/v1/topologies/{}/stop", "Ends a topology in order; its state stays",
     body_form::confirmation, true, false},
    {"POST", "/api/v1/topologies/{}/start",
     "Has a topology of a cluster that was stopped or has failed go on, by the plan that the cluster has; "
     "answered after a second in which a source does not answer, to be asked again",
     body_form::confirmation, true, false},
    {"POST", "/api/v1/topologies/{}/remove",
     "Removes a topology of a cluster that is over, with its state and its dead letters",
     body_form::confirmation, true, false},
    {"POST", "/api/v1/topologies/{}/pause", "Pauses a topology: it reads nothing until it is resumed",
     body_form::confirmation, true, false},
    {"POST", "/api/v1/topologies/{}/resume", "Resumes a topology that is paused", body_form::confirmation,
     true, false},
    {"POST", "/api/v1/topologies/{}/stages/{}/restart",
     "Begins new lives of a parser, window or sink, or of one of its actors; no row is lost or doubled",
     body_form::confirmation, true, false},
    {"POST", "/api/v1/topologies/{}/replay",
     "Has the records of dead letters go in again, each once, however often it is asked; answered after 20 s "
     "without an end, to be asked again",
     body_form::replay, true, false},
    {"POST", "/api/v1/nodes/{}/drain", "Has a node give away what it runs", body_form::confirmation, true,
     false},
    {"POST", "/api/v1/nodes/{}/undrain", "Takes a drain back: the node gets work again",
     body_form::confirmation, true, false},
    {"POST", "/api/v1/nodes/{}/forget",
     "Gives up a node that does not come back, and what is on its disk alone", body_form::confirmation, true,
     false},
    {"GET", "/api/v1/status", "The node that was asked, and its cluster"},
    {"GET", "/metrics", "Figures for Prometheus"},
    {"GET", "/healthz", "Whether every server was reached, and answers; 503 and why where not"},
    {"GET", "/readyz", "Whether new input is taken; 503 and why where not"},
    {"GET", "/livez", "Whether the process moves; 503 where not"},
});
static_assert(all_routes.size() == std::variant_size_v<request>);

constexpr std::size_t max_confirmation = 8 * max_name;
constexpr std::size_t shown_text = 80;

/// nullopt: the text is badly encoded, too long, or not UTF-8.
std::optional<std::string> decoded(std::string_view text, std::size_t most) {
  auto out = strictly_percent_decoded(text);
  return out && out->size() <= most && data::is_utf8(*out) ? std::move(out) : std::nullopt;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

/// nullopt: the text is no name: empty, too long, badly encoded, or with control characters.
std::optional<std::string> decoded_name(std::string_view text) {
  auto out = decoded(text, max_name);
  return !out || out->empty() || std::ranges::any_of(*out, is_control) ? std::nullopt : std::move(out);
}

/// Cuts off and returns what stands in front of the next '/'.
std::string_view take_part(std::string_view& path) {
  const auto end = std::min(path.find('/'), path.size());
  const auto out = path.substr(0, end);
  path.remove_prefix(std::min(end + 1, path.size()));
  return out;
}

/// The raw names where the path is the route's; nothing where it is not.
std::optional<std::vector<std::string_view>> match(std::string_view path, std::string_view pattern) {
  if (std::ranges::count(path, '/') != std::ranges::count(pattern, '/'))
    return std::nullopt;
  std::vector<std::string_view> names;
  while (!pattern.empty()) {
    const auto expected = take_part(pattern);
    const auto there = take_part(path);
    if (expected == "{}" && !there.empty())
      names.push_back(there);
    else if (expected != there)
      return std::nullopt;
  }
  return names;
}

/// Reads "?NAME=VALUE" into `out`; false where the route takes no such query.
bool read_query(const parameter& p, std::string_view query, routed& out) {
  if (query.empty())
    return true;
  const auto head = fmt::format("?{}=", p.name);
  if (p.name.empty() || !query.starts_with(head))
    return false;
  const auto value = query.substr(head.size());
  if (p.is_number) {
    const auto* const end = value.data() + value.size();
    const auto [at, failed] = std::from_chars(value.data(), end, out.number);
    return failed == std::errc() && at == end && out.number != 0;
  }
  auto text = value.find('&') == std::string_view::npos ? decoded(value, max_parameter) : std::nullopt;
  out.text = text.value_or("");
  return text.has_value();
}

http_refusal no_such_query(const parameter& p) {
  return {400,
          p.name.empty()
              ? "this path takes no query"
              : fmt::format("the query is none of this path; expected \"?{}=\" and {}, or none", p.name,
                            p.is_number ? "a number"
                                        : fmt::format("at most {} bytes, percent-encoded", max_parameter)),
          {}};
}

/// The path's last name.
const std::string& to_confirm(const std::string& name, const std::string& stage) {
  return stage.empty() ? name : stage;
}

unexpected wrong(std::string why) { return user_error(ec::invalid_argument, std::move(why)); }

/// The name that a body confirms, an object of so many members; nothing where it is none.
expected<json::object> read_confirming(std::string_view body, const std::string& name, std::size_t members,
                                       std::string_view expected_body) {
  json::error_code failed;
  json::parse_options options;
  options.max_depth = 3;
  auto value = json::parse(body, failed, {}, options);
  const auto* const o = failed ? nullptr : value.if_object();
  const auto* const confirmed = o == nullptr ? nullptr : o->if_contains("confirm");
  if (confirmed == nullptr || o->size() > members || !confirmed->is_string())
    return wrong(fmt::format("the body is no confirmation; expected {} with the name that is in the path",
                             expected_body));
  if (std::string_view(confirmed->get_string()) != name)
    return wrong(fmt::format("\"{}\" is confirmed, and the request is for \"{}\"",
                             visible(std::string_view(confirmed->get_string()).substr(0, shown_text)),
                             visible(name)));
  return std::move(value.get_object());
}

/// {"confirm": NAME} and nothing else.
expected<void> read_confirmation(std::string_view body, const std::string& name) {
  if (body.size() > max_confirmation)
    return wrong("the confirmation is too long");
  return read_confirming(body, name, 1, R"({"confirm": "NAME"})").map([](const json::object&) {});
}

/// {"confirm": NAME, "into": STAGE} and, where it is there, "letters".
expected<requests::replay> read_replay(std::string_view body, const std::string& name) {
  constexpr std::string_view form = R"({"confirm": "NAME", "into": "STAGE", "letters": ["ID", ...]})";
  ASSIGN_OR_RETURN(const auto o, read_confirming(body, name, 3, form));
  const auto malformed = [&] {
    return wrong(fmt::format("the body is none of a replay; expected {}, at most {} letters, or without "
                             "\"letters\" for all",
                             form, max_letters));
  };
  requests::replay out;
  std::size_t known = 1;
  if (const auto* const into = o.if_contains("into"); into != nullptr && into->is_string()) {
    out.into = into->get_string();
    ++known;
  }
  if (out.into.empty() || out.into.size() > max_name)
    return malformed();
  if (const auto* const letters = o.if_contains("letters")) {
    ++known;
    if (!letters->is_array() || letters->get_array().empty() || letters->get_array().size() > max_letters)
      return malformed();
    for (const auto& one : letters->get_array()) {
      if (!one.is_string() || one.get_string().empty() || one.get_string().size() > max_name)
        return malformed();
      out.letters.emplace_back(one.get_string());
    }
  }
  if (o.size() != known)
    return malformed();
  return out;
}

template<std::size_t... I>
request request_at(std::size_t which, const routed& at, std::string_view body, std::index_sequence<I...>) {
  request out;
  const auto make = [&]<class R>(R r) {
    if constexpr (requires { r.topology; })
      r.topology = at.name;
    if constexpr (requires { r.node; })
      r.node = at.name;
    if constexpr (requires { r.stage; })
      r.stage = at.stage;
    if constexpr (requires { r.edge; })
      r.edge = at.stage;
    if constexpr (requires { r.after; })
      r.after = at.text;
    if constexpr (requires { r.plan; })
      r.plan = body;
    if constexpr (requires { r.record; })
      r.record = body;
    if constexpr (requires { r.page; })
      r.page = at.number;
    if constexpr (requires { r.key; })
      r.key = at.text;
    if constexpr (requires { r.newest; })
      r.newest = at.number;
    if constexpr (std::is_same_v<R, requests::events>)
      r.figures = at.number;
    out = std::move(r);
  };
  ((which == I ? make(std::variant_alternative_t<I, request>()) : void()), ...);
  return out;
}

}  // namespace

std::span<const route> routes() { return all_routes; }

const route& route_of(const request& r) { return all_routes[r.index()]; }

routing find_route(std::string_view method, std::string_view target) {
  const auto query = target.find('?');
  const auto path = target.substr(0, query);
  std::string allow;
  for (const auto& r : all_routes) {
    const auto raw = match(path, r.path);
    if (!raw)
      continue;
    if (r.method != method) {
      allow += (allow.empty() ? "" : ", ") + std::string(r.method);
      continue;
    }
    routed out{&r, {}, {}, {}};
    if (!read_query(r.query, query == std::string_view::npos ? "" : target.substr(query), out))
      return no_such_query(r.query);
    auto* to = &out.name;
    for (const auto& one : *raw) {
      auto name = decoded_name(one);
      if (!name)
        return http_refusal{
            400, fmt::format("the name in the path is none; expected at most {} bytes", max_name), {}};
      *to = std::move(*name);
      to = &out.stage;
    }
    return out;
  }
  if (!allow.empty())
    return http_refusal{405, fmt::format("expected {}", allow), allow};
  return http_refusal{404, fmt::format("there is no \"{}\"", visible(path.substr(0, shown_text))), {}};
}

expected<request> read_request(const routed& at, std::string_view body) {
  switch (at.to->body) {
  case body_form::replay: {
    ASSIGN_OR_RETURN(auto read, read_replay(body, at.name));
    read.topology = at.name;
    return request(std::move(read));
  }
  case body_form::none:
    if (!body.empty())
      return wrong("this request takes no body");
    break;
  case body_form::confirmation:
    RETURN_IF_ERROR(read_confirmation(body, to_confirm(at.name, at.stage)));
    break;
  case body_form::record:
    if (body.empty() || body.size() > max_record)
      return wrong(fmt::format(R"(the body is no record; expected {{"record": TEXT}}, at most {} MiB)",
                               max_record >> 20U));
    break;
  case body_form::plan:
    if (body.empty() || body.size() > max_plan)
      return wrong(
          fmt::format("the body is no topology; expected its JSON, at most {} MiB", max_plan >> 20U));
    break;
  }
  const auto which = static_cast<std::size_t>(at.to - all_routes.data());
  return request_at(which, at, body, std::make_index_sequence<std::variant_size_v<request>>());
}

http_message write_request(const request& r) {
  const auto& to = route_of(r);
  std::string name;
  std::string stage;
  std::string value;  // the query's value
  http_message out{std::string(to.method), std::string(to.path), {}};
  std::visit(
      [&](const auto& one) {
        if constexpr (requires { one.topology; })
          name = one.topology;
        if constexpr (requires { one.node; })
          name = one.node;
        if constexpr (requires { one.stage; })
          stage = one.stage;
        if constexpr (requires { one.plan; })
          out.body = one.plan;
        if constexpr (requires { one.record; })
          out.body = one.record;
        if constexpr (requires { one.page; })
          value = one.page == 0 ? "" : fmt::to_string(one.page);
        if constexpr (requires { one.newest; })
          value = one.newest == 0 ? "" : fmt::to_string(one.newest);
        if constexpr (requires { one.figures; })
          value = one.figures == 0 ? "" : fmt::to_string(one.figures);
        if constexpr (requires { one.key; })
          value = one.key;
        if constexpr (requires { one.edge; })
          stage = one.edge;
        if constexpr (requires { one.after; })
          value = one.after;
      },
      r);
  for (const auto* const one : {&name, &stage})
    if (const auto hole = out.target.find("{}"); hole != std::string::npos)
      out.target.replace(hole, 2, percent_encoded(*one));
  if (!value.empty())
    out.target += fmt::format("?{}={}", to.query.name, percent_encoded(value));
  if (to.body == body_form::confirmation || to.body == body_form::replay) {
    json::object confirmation;
    confirmation.emplace("confirm", to_confirm(name, stage));
    if (const auto* const replay = std::get_if<requests::replay>(&r)) {
      confirmation.emplace("into", replay->into);
      if (!replay->letters.empty())
        confirmation.emplace("letters", json::array(replay->letters.begin(), replay->letters.end()));
    }
    out.body = data::json_text(confirmation);
  }
  return out;
}

}  // namespace millrace::api
