// Finds where the record of a dead letter goes in again, or why it cannot. Pure.
#pragma once

#include "actors/replay/letter.hpp"
#include "actors/stream/lane/lane_plan.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace millrace::replay {

struct route {
  std::shared_ptr<const lane::lane_plan> plan;  // the plan whose lanes read it
  std::string stage;      // the record goes to this stage and downstream of it: nowhere else was it missing
  std::string partition;  // the source's partition that it came from
};

struct no_route {
  /// It belongs to another part of the topology than `into`: not asked for, rather than refused.
  bool elsewhere = false;
  std::string why;  // the same text for all of a kind: they are counted by it
};

/// Returns whether a record on this route can reach windows only.
[[nodiscard]] bool reaches_windows_only(const route& r);

using plans = std::vector<std::shared_ptr<const lane::lane_plan>>;

/// ec::invalid_argument where no record can go in there: the text names the stages that could be meant, and `what` was
/// given as `into`.
[[nodiscard]] expected<void> check_into(const config::topology& t, const std::string& into,
                                        std::string_view what = "into");
/// Says whether a source that gives records to `into`, a source or a parser, comes to an end.
[[nodiscard]] bool is_bounded(const config::topology& t, const std::string& into);

/// `into`: a source or a parser of the topology, whose lanes `all` are.
[[nodiscard]] tl::expected<route, no_route> route_of(const letter& l, const plans& all,
                                                     const std::string& into);

}  // namespace millrace::replay
