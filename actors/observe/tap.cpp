#include "actors/observe/tap.hpp"

#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace millrace::observe {
namespace {

std::vector<std::string> edges_of(const config::topology& t) {
  std::vector<std::string> out;
  for (const auto& s : t.stages)
    for (const auto& from : s.from)
      out.push_back(stage::edge_name(name_of(from), s.name));
  return out;
}

}  // namespace

expected<std::string> edge_of(const config::topology& t, std::string_view text) {
  std::string name(text);
  std::erase(name, ' ');
  const auto edges = edges_of(t);
  for (const auto& edge : edges)
    if (edge == name || edge.starts_with(name + "->"))
      return edge;
  return user_error(ec::not_found, fmt::format("topology {} has no edge {}; expected one of {}", t.name,
                                               visible(name), fmt::join(edges, ", ")));
}

tap_cursor read_cursor(std::string_view text) {
  tap_cursor out;
  while (!text.empty()) {
    const auto one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    const auto colon = one.rfind(':');
    const auto digits = colon == std::string_view::npos ? std::string_view() : one.substr(colon + 1);
    std::uint64_t number = 0;
    if (const auto [rest, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        !digits.empty() && failed == std::errc())
      out[std::string(one.substr(0, colon))] = number;
  }
  return out;
}

expected<tapped> tapped_at(stage::taps& taps, const config::topology& t, std::string_view edge,
                           const std::string& node, std::string_view after) {
  ASSIGN_OR_RETURN(const auto name, edge_of(t, edge));
  const auto cursor = read_cursor(after);
  const auto before = cursor.find(node);
  const auto seen = taps.look(name, before == cursor.end() ? 0 : before->second);
  tapped out{name, {}, seen.passed, fmt::format("{}:{}", node, seen.newest), seen.is_over, {}};
  for (const auto& r : seen.rows)
    out.rows.push_back({node, {r.at}, {r.row}});
  return out;
}

void add(tapped& to, tapped&& more) {
  std::ranges::move(more.rows, std::back_inserter(to.rows));
  std::ranges::stable_sort(to.rows, {}, &tapped_row::at);
  to.passed += more.passed;
  to.next += (to.next.empty() || more.next.empty() ? "" : ",") + more.next;
  to.is_over = to.is_over || more.is_over;
}

}  // namespace millrace::observe
