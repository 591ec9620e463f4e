// Finds which stages feed which, over transforms, as the answers about a running topology need it. Pure.
#pragma once

#include "actors/observe/figures.hpp"
#include "config/plan.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/shard_name.hpp"

#include <set>
#include <string>
#include <vector>

namespace millrace::observe {

/// ec::not_found where the topology has no such stage.
[[nodiscard]] expected<const config::stage*> find_stage(const config::topology& t, const std::string& name);

/// The stages that move records by themselves upstream of a stage, the nearest on each way: parsers and
/// windows. Each has one entry.
struct feeders {
  std::set<std::string> parsers;
  std::set<std::string> windows;
};
[[nodiscard]] feeders feeders_of(const config::topology& t, const config::stage& s);
/// The same of one side of a join.
[[nodiscard]] feeders feeders_of(const config::topology& t, const config::stage& join, config::side of);
/// Returns those that feed the stage by one of its edges.
[[nodiscard]] feeders feeders_by(const config::topology& t, const config::input_ref& edge);

/// True where the stage is a join that looks up versions: its option late_versions says how late one may come.
[[nodiscard]] bool has_versions(const config::topology& t, const std::string& stage);

/// `, and so does "parallel": true of in, begun anew: ...` where late records of a window may come of it that several files
/// are one log, in which one file moves the watermark beyond another one's times; else nothing.
[[nodiscard]] std::string remedy_of_files(const config::topology& t, const std::string& window);

/// All partitions of the lane have come to their end, and it has some.
[[nodiscard]] bool all_ended(const lane_figures& l);

/// The call to the target that is under way takes longer than usual.
[[nodiscard]] bool is_late(const sink_figures& s);
/// "the target of out has not answered a call for 5 minutes; a commit usually takes 6 ms".
[[nodiscard]] std::string under_way_text(const sink_figures& s);
/// "20 ms", "7 minutes".
[[nodiscard]] std::string seconds_text(double seconds);
/// Bytes that the lane has sent to a receiver and that it has not taken.
[[nodiscard]] std::uint64_t unread_by(const lane_figures& l, const std::string& receiver);

/// Bytes that a window's shards keep for a stage: each its output, whose rows all shards of a further window read.
[[nodiscard]] std::uint64_t held_by_window(const figures& f, const std::string& window,
                                           const std::string& to);
/// The stage for which a window's shards keep most. No name: no output is held.
struct holder {
  std::string stage;
  std::uint64_t bytes = 0;
};
[[nodiscard]] holder holder_of(const figures& f, const std::string& window);

}  // namespace millrace::observe
