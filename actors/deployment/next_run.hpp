// A bounded topology that has ended is started again: records that its files have got since are a
// run of its own, with the next number. The record of it is a part of the plan in `control`, so a run has begun or it
// has not, even if it is killed (docs/design/next-run.md).
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
  std::map<std::string, std::vector<delivery::earlier_runs>> windows;  // keyed by stage, one a shard

  [[nodiscard]] delivery::earlier_runs left_of(const std::string& window, std::uint32_t shard) const;
};

/// The name that the record has among the values of a state.
inline constexpr std::string_view run_record_name = "run";

[[nodiscard]] std::string encode_run(const run_record& r);
[[nodiscard]] expected<run_record> decode_run(std::string_view bytes);

/// The run that the state is in; the first one has no record.
[[nodiscard]] expected<run_record> present_run(const snapshot::value_reader& store);

/// Reads the snapshots of a shard by its lasting name.
using snapshots_of_shard = std::function<expected<snapshot::snapshots::chain>(const std::string& shard)>;

/// Where the next run begins: the present one has ended, and everybody has its end.
struct end_of_run {
  const snapshot::value_reader& values;  // has identities and starts as they were at that end
  snapshots_of_shard snapshots_of;
};
/// Puts the next run of an ended topology into the store, with the identities and starts that it begins with, where there
/// is new input; else returns false. fault::user, with the remedy: the new input cannot be taken.
[[nodiscard]] expected<bool> begin_next_run(const config::topology& topology, snapshot::value_store& store,
                                            const end_of_run& end);

}  // namespace millrace::deployment
