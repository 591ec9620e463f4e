#include "actors/api/answers.hpp"

#include "actors/api/trouble_line.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/data/json_value.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace millrace::api {
namespace {

namespace json = boost::json;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view page_type = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::size_t shown_body = 200;

struct code_status {
  ec code;
  int status;
};
constexpr auto statuses = std::to_array<code_status>({
    {ec::invalid_argument, 400},
    {ec::unsupported, 422},
    {ec::not_found, 404},
    {ec::already_exists, 409},
    {ec::locked, 409},
    {ec::mismatch, 409},
    {ec::unavailable, 503},
    {ec::fenced, 503},
    {ec::corrupt, 500},
    {ec::log_trimmed, 500},
    {ec::refused, 403},
    {ec::io, 500},
    {ec::cancelled, 503},
    {ec::internal, 500},
});

/// Makes one member. Braces within braces could mean a copy as well.
json::object with(std::string_view name, json::value v) {
  json::object out;
  out.emplace(name, std::move(v));
  return out;
}

/// The letters are JSON already.
std::string text_of(const answers::dead_letters& d) {
  return fmt::format(R"({{"letters":[{}],"next":{}}})", fmt::join(d.letters, ","),
                     d.next ? fmt::to_string(*d.next) : "null");
}

template<class A, class... All>
constexpr bool is_one_of(std::type_identity<std::variant<All...>>) {
  return (std::is_same_v<A, All> || ...);
}

/// The letters stay as they are.
std::optional<answer> read_letters(std::string_view text) {
  const auto root = data::read_json_value(text);
  const auto* const o = root ? root->if_object() : nullptr;
  const auto* const letters = o == nullptr ? nullptr : o->if_contains("letters");
  const auto* const next = o == nullptr ? nullptr : o->if_contains("next");
  if (letters == nullptr || !letters->is_array() || next == nullptr)
    return std::nullopt;
  answers::dead_letters out;
  for (const auto& one : letters->get_array()) {
    if (!one.is_object())
      return std::nullopt;
    out.letters.push_back(data::json_text(one));
  }
  if (!next->is_null()) {
    json::error_code failed;
    out.next = next->to_number<std::uint64_t>(failed);
    if (failed)
      return std::nullopt;
  }
  return out;
}
/// Gives nothing where the text is another answer. A document's text stays as it is; so does that of a struct of others.
template<class A>
std::optional<answer> read_as(std::string_view text, std::type_identity<A>) {
  if constexpr (std::is_same_v<A, answers::dead_letters>) {
    return read_letters(text);
  } else if constexpr (std::is_same_v<A, answers::topologies> || std::is_same_v<A, answers::nodes>) {
    auto all = read_json<decltype(A::all)>(text);
    return all ? std::optional<answer>(A{std::move(*all)}) : std::nullopt;
  } else if constexpr (is_one_of<A>(std::type_identity<answer>()) && detail::described<A>) {
    return read_json<A>(text);
  } else {
    const auto is_object = read_json<answers::accepted>(text).has_value();
    return is_object ? std::optional<answer>(answers::document{std::string(text)}) : std::nullopt;
  }
}

struct told_error {
  std::string code;
  bool is_to_be_asked_again = false;
  std::string message;
};
void members(auto& c, wire::like<told_error> auto& e) {
  c("code", "", e.code);
  c("retry", "", e.is_to_be_asked_again);
  c("message", "", e.message);
}
struct told {
  told_error error;
};
void members(auto& c, wire::like<told> auto& t) { c("error", "", t.error); }

/// Returns no value where the body is no error of ours.
std::optional<error> read_error(std::string_view body) {
  const auto e = read_json<told>(body);
  if (!e)
    return std::nullopt;
  error out{ec::internal, fault::outside, e->error.is_to_be_asked_again, visible_lines(e->error.message), {}};
  for (const auto& s : statuses)
    if (to_string(s.code) == e->error.code)
      out.code = s.code;
  return out;
}

}  // namespace

std::string_view to_string(topology_state s) { return words_of(s)[static_cast<std::size_t>(s)]; }
std::string_view answers::word_of(const topology& t) {
  return is_degraded(t) ? std::string_view("degraded") : to_string(t.state);
}
event_time answers::since_of(const topology& t) {
  if (t.state != topology_state::running)
    return t.ended_at;
  event_time out;
  for (const auto& x : t.troubles)
    if (x.since.at != no_watermark && (out.at == no_watermark || x.since < out))
      out = x.since;
  return out;
}

void answers::running_first(std::vector<topology>& all) {
  std::stable_partition(all.begin(), all.end(),
                        [](const auto& t) { return t.state == topology_state::running; });
}
std::string_view to_string(trouble_code c) { return words_of(c)[static_cast<std::size_t>(c)]; }
std::string_view to_string(node_state s) { return words_of(s)[static_cast<std::size_t>(s)]; }

std::string second_text(event_time t) { return format_timestamp(t.at / 1'000'000 * 1'000'000); }

std::string line_of(const answers::trouble& t) {
  auto out = t.text;
  if (t.since.at != no_watermark)
    out += ", since " + second_text(t.since);
  if (!t.node.empty())
    out += fmt::format(", on {}", t.node);
  for (const auto& more : {t.error, t.remedy})
    if (!more.empty())
      out += ": " + more;
  return out;
}

answer for_anybody(answer a) {
  const auto hide = [](answers::topology& t) {
    if (t.state == topology_state::failed)
      t.reason = "requests with the token see why, and the log says it";
    for (auto& x : t.troubles) {
      const auto whole = line_of(x);
      x.error.clear();
      if (const auto at = t.reason.find(whole); at != std::string::npos)
        t.reason.replace(at, whole.size(), line_of(x));
    }
  };
  if (auto* const all = std::get_if<answers::topologies>(&a))
    std::ranges::for_each(all->all, hide);
  else if (auto* const w = std::get_if<answers::waited>(&a))
    hide(w->now);
  return a;
}

http_answer write_answer(const answer& a) {
  if (const auto* const p = std::get_if<answers::page>(&a))
    return {p->is_good ? 200 : 503, std::string(page_type), visible_lines(p->text)};
  if (const auto* const d = std::get_if<answers::document>(&a))
    return {200, std::string(json_type), d->json};
  auto text = std::visit(
      []<class A>(const A& one) {
        if constexpr (requires { one.all; })
          return json_of(one.all);
        else if constexpr (detail::described<A>)
          return json_of(one);
        else if constexpr (requires { text_of(one); })
          return text_of(one);
        else
          return std::string();
      },
      a);
  return {200, std::string(json_type), std::move(text) + '\n'};
}

http_answer write_error(const error& e) {
  int status = 500;
  for (const auto& s : statuses)
    if (s.code == e.code)
      status = s.status;
  const auto text = with(
      "error",
      json::object{{"code", std::string(to_string(e.code))}, {"retry", e.retry}, {"message", describe(e)}});
  return {status, std::string(json_type), data::json_text(text) + '\n'};
}

expected<answer> read_answer(const request& asked, int status, std::string_view body) {
  const auto is_page =
      std::visit([]<class R>(const R&) { return std::is_same_v<typename R::answer, answers::page>; }, asked);
  if (is_page && (status == 200 || status == 503))
    return answers::page{status == 200, std::string(body)};
  if (status != 200) {
    if (auto told = read_error(body))
      return unexpected(std::move(*told));
    return fatal_error(ec::internal,
                       fmt::format("the answer does not come from millrace, with status {}: {}; expected the "
                                   "address of a node's API",
                                   status, visible(body.substr(0, shown_body))));
  }
  auto out = std::visit(
      [&]<class R>(const R&) { return read_as(body, std::type_identity<typename R::answer>()); }, asked);
  if (!out)
    return fatal_error(ec::corrupt,
                       fmt::format("the answer does not come from millrace: {}; expected the address of a "
                                   "node's API",
                                   visible(body.substr(0, shown_body))));
  return std::move(*out);
}

std::string json_of(const answers::topologies& t) { return json_of(t.all); }
std::string json_of(const answers::nodes& n) { return json_of(n.all); }

}  // namespace millrace::api
