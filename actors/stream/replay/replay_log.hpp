// The batches of replayed records of one lane's source, in a folder of the state: written by `millrace
// replay`, also while a run reads them, and never changed. Each is there as a whole or not at all, in two
// copies.
#pragma once

#include "actors/stream/replay/batches.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <string>
#include <vector>

namespace millrace::replay {

/// The state's value that holds when it began, in microseconds since 1970: older dead letters are of another.
inline constexpr std::string_view state_began_name = "began";

/// Names the folder of the state with this id; in it is a folder for each lane's source.
[[nodiscard]] std::string folder_of_state(const std::string& state_folder, const std::string& state_id);
/// Names the folder of the lanes called `plan`.
[[nodiscard]] std::string folder_of_plan(const std::string& folder_of_state, const std::string& plan);
/// Returns the number of batches over all lanes.
[[nodiscard]] expected<std::uint64_t> batches_in(snapshot::file_system& files,
                                                 const std::string& folder_of_state);

class replay_log final : public batches {
public:
  replay_log(snapshot::file_system& files, std::string folder) : files_(&files), folder_(std::move(folder)) {}

  /// Returns the numbers in ascending order; none where the folder does not exist.
  [[nodiscard]] expected<std::vector<std::uint64_t>> numbers() const override;
  [[nodiscard]] expected<replayed_batch> read(std::uint64_t number) const override;
  [[nodiscard]] expected<void> settle() const override { return files_->sync_folder(folder_); }
  /// Makes the batch durable, under a number above all others; makes the folders. Only one process at a time
  /// may add.
  [[nodiscard]] expected<std::uint64_t> add(const replayed_batch& b) const;

private:
  snapshot::file_system* files_;
  std::string folder_;
};

}  // namespace millrace::replay
