// A bounded topology that has come to its end is started again: records that its files have got since are a
// run of its own, with the next number. The record of it is one value in the state folder, or a part of the
// plan in `control`, so a run has begun or it has not, even if it is killed (docs/design/next-run.md).
#pragma once

#include "actors/deployment/pipeline.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::deployment {

struct run_record {
  std::uint64_t number = 0;                                            // 0: the first
  std::map<std::string, std::string> identities;                       // keyed by source
  std::map<std::string, std::vector<started_partition>> starts;        // keyed by the plan's name
  std::map<std::string, std::vector<delivery::earlier_runs>> windows;  // keyed by stage, one a shard

  [[nodiscard]] delivery::earlier_runs left_of(const std::string& window, std::uint32_t shard) const;
};

/// The name that the record has among the values of a state.
inline constexpr std::string_view run_record_name = "run";

[[nodiscard]] std::string encode_run(const run_record& r);
[[nodiscard]] expected<run_record> decode_run(std::string_view bytes);

/// Tells what a shard of the window has left at the end of the present run; nothing where its snapshots do not say.
using left_by_shard = std::function<expected<std::optional<delivery::earlier_runs>>(
    const config::stage& window, std::uint32_t shard)>;
/// Reads that from the shard's snapshots. `run`: the present one.
[[nodiscard]] expected<std::optional<delivery::earlier_runs>> left_in(const config::stage& window,
                                                                      std::uint32_t shard, std::uint64_t run,
                                                                      snapshot::snapshots::chain snapshots);

/// Reads the snapshots of a shard by its lasting name.
using snapshots_of_shard = std::function<expected<snapshot::snapshots::chain>(const std::string& shard)>;
/// Reads left_in() of each shard by that.
[[nodiscard]] left_by_shard left_by(const snapshots_of_shard& of, std::uint64_t run);

/// Works out the next run of a topology whose run `present` has ended, if there is something new, and keeps nothing.
/// nullopt: there is no more. `values` has identities and starts as they were at that end; `anew` says how everything is
/// read anew. fault::user, with the remedy: what is new cannot be taken.
[[nodiscard]] expected<std::optional<run_record>> next_run(const config::topology& topology,
                                                           const snapshot::value_reader& values,
                                                           std::uint64_t present, const left_by_shard& left,
                                                           std::string_view anew);
/// Puts the identities and starts of a run that has begun in their places.
[[nodiscard]] expected<void> put_beginning(const run_record& r, snapshot::value_store& store);

/// The run that the state is in, with all that was stored of its beginning in its place.
[[nodiscard]] expected<run_record> present_run(snapshot::value_store& store);
/// The present run has come to its end. note_end() makes that durable, together with the state's own mark.
[[nodiscard]] expected<bool> has_ended(const snapshot::state_store& store);
[[nodiscard]] expected<void> note_end(snapshot::state_store& store);
/// Makes the next run of an ended topology durable, where there is new input. The present run has ended, and
/// everybody has its end. Returns no value where there is no new input. fault::user, with the remedy: the new
/// input cannot be taken.
[[nodiscard]] expected<std::optional<run_record>>
begin_next_run(const config::topology& topology, snapshot::state_store& store, const snapshots_of_shard& of);

}  // namespace millrace::deployment
