// A bounded topology that has come to its end is started again: what its files have got since is a run of its
// own, with the next number. The record of it is one value in the state folder, so a run has begun or it has
// not, whoever is killed when (docs/design/next-run.md).
#pragma once

#include "actors/deployment/pipeline.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::deployment {

struct run_record {
  std::uint64_t number = 0;                                            // 0: the first
  std::map<std::string, std::string> identities;                       // by source
  std::map<std::string, std::vector<started_partition>> starts;        // by the plan's name
  std::map<std::string, std::vector<delivery::earlier_runs>> windows;  // by stage, one a shard

  [[nodiscard]] delivery::earlier_runs left_of(const std::string& window, std::uint32_t shard) const;
};

[[nodiscard]] std::string encode_run(const run_record& r);
[[nodiscard]] expected<run_record> decode_run(std::string_view bytes);

/// The run that the state is in, with all that was stored of its beginning in its place.
[[nodiscard]] expected<run_record> present_run(snapshot::value_store& store);
/// The present run has come to its end. note_end() makes that durable, together with the state's own mark.
[[nodiscard]] expected<bool> has_ended(const snapshot::state_store& store);
[[nodiscard]] expected<void> note_end(snapshot::state_store& store);
/// For a topology whose present run has ended, and whose end everybody has: makes the next one durable where
/// there is something new. Nothing where there is not. fault::user, with the remedy: what is new cannot be
/// taken.
[[nodiscard]] expected<std::optional<run_record>> begin_next_run(const config::topology& topology,
                                                                 snapshot::state_store& store);

}  // namespace millrace::deployment
