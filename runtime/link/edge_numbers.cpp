#include "runtime/link/edge_numbers.hpp"

#include <fmt/format.h>

namespace millrace::link {

expected<edge_numbers> edge_numbers::make(std::uint64_t plan, std::vector<edge_name> edges) {
  edge_numbers out;
  for (auto& e : edges)
    out.numbers_.emplace(std::move(e), mail_edge);
  if (out.numbers_.size() > most_edges)
    return user_error(ec::unsupported,
                      fmt::format("the plan has {} edges between actors, and a link numbers {} of a plan: "
                                  "use fewer lanes or shards",
                                  out.numbers_.size(), most_edges));
  auto number = static_cast<edge_id>(plan % plans + 1) << 20U;
  for (auto& [name, at] : out.numbers_)
    at = number++;
  return out;
}

std::optional<edge_id> edge_numbers::number_of(const edge_name& edge) const {
  const auto at = numbers_.find(edge);
  return at == numbers_.end() ? std::nullopt : std::optional(at->second);
}

}  // namespace millrace::link
