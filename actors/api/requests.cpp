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

template<class... R>
constexpr auto routes_of(std::type_identity<std::variant<R...>>) {
  return std::array{R::route...};
}
constexpr auto all_routes = routes_of(std::type_identity<request>());

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
              : fmt::format("this path does not take this query; expected \"?{}=\" and {}, or none", p.name,
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
    return wrong(fmt::format("the body is not a confirmation; expected {} with the name that is in the path",
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
    return wrong(fmt::format("the body is not that of a replay; expected {}, at most {} letters, or without "
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

/// Calls `copy` with each member of a request and the part of the message that it stands in, to copy one to the other.
template<class R>
void pair_up(R& r, auto& at, auto& body, const auto& copy) {
  if constexpr (requires { r.topology; })
    copy(r.topology, at.name);
  if constexpr (requires { r.node; })
    copy(r.node, at.name);
  if constexpr (requires { r.stage; })
    copy(r.stage, at.stage);
  if constexpr (requires { r.edge; })
    copy(r.edge, at.stage);
  if constexpr (requires { r.after; })
    copy(r.after, at.text);
  if constexpr (requires { r.key; })
    copy(r.key, at.text);
  if constexpr (requires { r.state; })
    copy(r.state, at.text);
  if constexpr (requires { r.page; })
    copy(r.page, at.number);
  if constexpr (requires { r.newest; })
    copy(r.newest, at.number);
  if constexpr (requires { r.figures; })
    copy(r.figures, at.number);
  if constexpr (requires { r.plan; })
    copy(r.plan, body);
  if constexpr (requires { r.record; })
    copy(r.record, body);
}

template<class... R>
request request_at(std::size_t which, std::type_identity<std::variant<R...>>) {
  const request each[] = {R{}...};
  return each[which];
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
            400, fmt::format("the name in the path is not valid; expected at most {} bytes", max_name), {}};
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
      return wrong(fmt::format(R"(the body is not a record; expected {{"record": TEXT}}, at most {} MiB)",
                               max_record >> 20U));
    break;
  case body_form::plan:
    if (body.empty() || body.size() > max_plan)
      return wrong(
          fmt::format("the body is not a topology; expected its JSON, at most {} MiB", max_plan >> 20U));
    if (!at.text.empty() && at.text != "fresh" && at.text != "adopt")
      return wrong(fmt::format("the query has the state \"{}\"; expected fresh or adopt",
                               visible(std::string_view(at.text).substr(0, shown_text))));
    break;
  }
  auto out = request_at(static_cast<std::size_t>(at.to - all_routes.data()), std::type_identity<request>());
  std::visit([&](auto& r) { pair_up(r, at, body, [](auto& member, const auto& part) { member = part; }); },
             out);
  return out;
}

http_message write_request(const request& r) {
  const auto& to = route_of(r);
  http_message out{std::string(to.method), std::string(to.path), {}};
  routed at;
  std::visit(
      [&](const auto& one) {
        pair_up(one, at, out.body, [](const auto& member, auto& part) { part = member; });
      },
      r);
  for (const auto* const one : {&at.name, &at.stage})
    if (const auto hole = out.target.find("{}"); hole != std::string::npos)
      out.target.replace(hole, 2, percent_encoded(*one));
  if (at.number != 0)
    at.text = fmt::to_string(at.number);
  if (!at.text.empty())
    out.target += fmt::format("?{}={}", to.query.name, percent_encoded(at.text));
  if (to.body == body_form::confirmation || to.body == body_form::replay) {
    json::object confirmation;
    confirmation.emplace("confirm", to_confirm(at.name, at.stage));
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
