#include "actors/node/host/plan_changes.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <vector>

namespace millrace::host {
namespace {

namespace json = boost::json;

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
      out.changed.push_back(name);
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
