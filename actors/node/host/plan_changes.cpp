#include "actors/node/host/plan_changes.hpp"

#include "runtime/data/json_value.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace millrace::host {
namespace {

namespace json = boost::json;

/// Options whose numbers are no part of a secret.
constexpr std::array<std::string_view, 12> told{
    "where", "having",           "size",           "slide", "gap", "ttl", "every", "limit", "before",
    "after", "allowed_lateness", "watermark_delay"};

bool is_of_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_';
}

/// " (5 becomes 8)", where one number of a text has changed; else empty.
std::string changed_number(std::string_view was, std::string_view is) {
  const auto less = std::min(was.size(), is.size());
  std::size_t front = 0;
  while (front < less && was[front] == is[front])
    ++front;
  std::size_t back = 0;
  while (back < less - front && was[was.size() - 1 - back] == is[is.size() - 1 - back])
    ++back;
  while (front > 0 && is_of_word(was[front - 1]))
    --front;
  while (back > 0 && is_of_word(was[was.size() - back]))
    --back;
  was = was.substr(front, was.size() - back - front);
  is = is.substr(front, is.size() - back - front);
  const auto is_number = [](std::string_view s) {
    return !s.empty() && s.find_first_not_of("0123456789.") == std::string_view::npos;
  };
  return is_number(was) && is_number(is) ? fmt::format(" ({} becomes {})", was, is) : std::string();
}

std::string change_of(std::string_view option, const json::value& was, const json::value& is) {
  if (std::ranges::find(told, option) == told.end())
    return {};
  const auto text = [](const json::value& v) {
    return v.is_string() ? std::string(v.get_string()) : v.is_number() ? data::json_text(v) : std::string();
  };
  return changed_number(text(was), text(is));
}

struct differences {
  std::vector<std::string> added, changed, dropped;
};

/// Members are compared down to the options of stages: what is within an option is one value.
void compare(const json::object& before, const json::object& now, const std::string& above, int depth,
             differences& out) {
  for (const auto& [key, value] : before)
    if (!now.contains(key))
      out.dropped.push_back(above + std::string(key));
  for (const auto& [key, value] : now) {
    const auto name = above + std::string(key);
    const auto* const old = before.if_contains(key);
    if (old == nullptr)
      out.added.push_back(name);
    else if (depth > 0 && old->is_object() && value.is_object())
      compare(old->get_object(), value.get_object(), name + ".", depth - 1, out);
    else if (*old != value)
      out.changed.push_back(name + change_of(key, *old, value));
  }
}

std::optional<json::object> object_in(std::string_view text) {
  json::error_code failed;
  auto value = json::parse(json::string_view(text.data(), text.size()), failed);
  return failed || !value.is_object() ? std::nullopt : std::optional(std::move(value.get_object()));
}

}  // namespace

std::string changes_between(std::string_view before, std::string_view now) {
  const auto old = object_in(before);
  const auto is = object_in(now);
  if (!old || !is)
    return "its file is new here";
  differences d;
  compare(*old, *is, {}, 2, d);
  std::vector<std::string> said;
  const auto say = [&](std::string_view verb, const std::vector<std::string>& names) {
    if (!names.empty())
      said.push_back(fmt::format("{} {}", verb, fmt::join(names, ", ")));
  };
  say("adds", d.added);
  say("changes", d.changed);
  say("drops", d.dropped);
  return said.empty() ? "its file is the same" : fmt::format("it {}", fmt::join(said, " and "));
}

}  // namespace millrace::host
