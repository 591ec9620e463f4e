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

/// The run that the state is in, with all that was stored of its beginning in its place.
[[nodiscard]] expected<run_record> present_run(snapshot::value_store& store);
/// The present run has come to its end. note_end() makes that durable, together with the state's own mark.
[[nodiscard]] expected<bool> has_ended(const snapshot::state_store& store);
[[nodiscard]] expected<void> note_end(snapshot::state_store& store);

/// Reads the snapshots of a shard by its lasting name.
using snapshots_of_shard = std::function<expected<snapshot::snapshots::chain>(const std::string& shard)>;

/// Where the next run begins: the present one has ended, and everybody has its end.
struct end_of_run {
  const snapshot::value_reader& values;  // has identities and starts as they were at that end
  snapshots_of_shard snapshots_of;
  std::string anew;           // how everything is read anew, for people
  bool is_one_value = false;  // the store is kept as a whole: the beginning goes to its places at once
};
/// Puts the next run of an ended topology into the store, where there is new input; else returns no value.
/// fault::user, with the remedy: the new input cannot be taken.
[[nodiscard]] expected<std::optional<run_record>>
begin_next_run(const config::topology& topology, snapshot::value_store& store, const end_of_run& end);

}  // namespace millrace::deployment
