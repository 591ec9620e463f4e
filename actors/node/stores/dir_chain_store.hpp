// A cluster's chains as files in a folder that its nodes share: DIR/control, DIR/chains/TOPOLOGY/ACTOR, and
// spilled output in DIR/segments/TOPOLOGY%2FACTOR. `millrace run` has its state in such a folder, with files of its
// own beside (actors/node/host/run_folder.hpp).
// docs/design/chains.md says what the mount has to keep.
#pragma once

#include "actors/node/stores/chain_store.hpp"
#include "runtime/snapshot/file_system.hpp"

namespace millrace::node {

class dir_chain_store final : public chain_store {
public:
  /// `files` outlives it. The folder is made when the first chain is opened; one that holds something else
  /// is refused.
  dir_chain_store(snapshot::file_system& files, std::string folder)
      : files_(files), folder_(std::move(folder)), was_open_(files_.is_writable_by_others(folder_)) {}

  expected<opened_chain> open(const cluster::actor_id& whose, const life& now) override;
  expected<opened_chain> open_chosen(const cluster::actor_id& whose, const life& chosen) override;
  expected<found_chain> look(const cluster::actor_id& whose) override;
  expected<void> settle(const cluster::actor_id& whose) override;
  /// A term that is over is noticed before each change, but not between that look and the change: what it
  /// writes then no snapshot names, and the next opening removes it.
  expected<std::unique_ptr<snapshot::segments>> open_segments(const cluster::actor_id& whose,
                                                              incarnation term,
                                                              const std::vector<segment_id>& needed) override;
  expected<std::vector<std::string>> list(const std::string& chains) override;
  expected<std::vector<segment_id>> list_segments(const cluster::actor_id& whose) override;
  expected<std::string> read_segment(const cluster::actor_id& whose, const segment_id& id) override;
  expected<void> clear(const std::string& chains) override;
  expected<std::vector<std::string>> openings() override;
  /// Opens `control` where it is damaged: what is there counts no more. For a process that has the folder alone.
  [[nodiscard]] expected<opened_chain> open_control_over(const life& chosen);
  [[nodiscard]] std::string shown() const override { return "dir:" + folder_; }

private:
  [[nodiscard]] std::string folder_of(const cluster::actor_id& whose) const;
  [[nodiscard]] expected<void> check_owner() const;

  snapshot::file_system& files_;
  std::string folder_;
  bool was_open_;  // open before a node closed it
};

/// Says that the folder has the state of a run in the format of an earlier build.
[[nodiscard]] bool has_earlier_state(const std::vector<snapshot::file_system::entry>& in_folder);
/// Names an entry by which a folder is somebody else's; empty where it is a store, or has nothing yet.
[[nodiscard]] std::string name_of_others(const std::vector<snapshot::file_system::entry>& in_folder);

}  // namespace millrace::node
