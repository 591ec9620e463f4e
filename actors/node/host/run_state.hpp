// The state folder of `millrace run`, seen as the store of a cluster that has ended: what `millrace state
// copy` moves to another store. The topology is stopped there, and has no text of its plan: `apply` brings
// that.
#pragma once

#include "actors/node/stores/dir_chain_store.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::host {

/// Tells whether the folder is one, and not the store of a cluster.
[[nodiscard]] bool is_run_state(snapshot::file_system& files, const std::string& folder);

/// Any thread may call; what is there does not change, since nobody else runs it while the object lives.
class run_state final : public node::chain_store {
public:
  /// Takes the folder's lock; `files` outlives it. User errors: somebody runs it, it is no state folder or one of another
  /// version, it has read nothing yet, or a part of it fits no cluster.
  [[nodiscard]] static expected<std::shared_ptr<run_state>> open(snapshot::file_system& files,
                                                                 const std::string& folder);

  expected<node::found_chain> look(const cluster::actor_id& whose) override;
  expected<std::vector<std::string>> list(const std::string& chains) override;
  expected<std::vector<segment_id>> list_segments(const cluster::actor_id& whose) override;
  expected<std::string> read_segment(const cluster::actor_id& whose, const segment_id& id) override;
  [[nodiscard]] std::string shown() const override { return "dir:" + folder_; }

  // It is for reading: ec::unsupported, with the remedy.
  expected<node::opened_chain> open(const cluster::actor_id& whose, const life& now) override;
  expected<node::opened_chain> open_chosen(const cluster::actor_id& whose, const life& chosen) override;
  expected<std::unique_ptr<snapshot::segments>> open_segments(const cluster::actor_id& whose,
                                                              incarnation term,
                                                              const std::vector<segment_id>& needed) override;
  expected<void> clear(const std::string& chains) override;

private:
  /// Returns the base of a chain that the folder keeps in files of its own: a spool, the progress of the letters' sink.
  using read_base = std::function<expected<std::string>()>;

  run_state(snapshot::file_system& files, std::string folder) : files_(files), folder_(std::move(folder)) {}
  [[nodiscard]] expected<void> read();
  [[nodiscard]] expected<void> read_control(const snapshot::state_store& store);
  [[nodiscard]] expected<void> find_spools(const std::string& state_folder);
  [[nodiscard]] expected<void> find_progress_of_letters(const std::string& state_id);

  snapshot::file_system& files_;
  std::string folder_;
  std::unique_ptr<snapshot::folder_lock> lock_;
  std::shared_ptr<node::dir_chain_store> inner_;
  node::found_chain control_;
  std::string chains_;                         // the topology's chains
  std::map<std::string, read_base> in_files_;  // keyed by the chain's name
};

}  // namespace millrace::host
