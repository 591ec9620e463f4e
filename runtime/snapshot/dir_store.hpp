// The state folder: identity, lock, named values, and where the chains of actors lie.
//
//   DIR/lock                            held while a process uses the folder
//   DIR/control/...                     chain: state id, topology, finished mark, values
//   DIR/identity.1, identity.2          the folder's format, for whatever version opens it
//   DIR/state-ID/store/...              chains and spilled output of actors, as a chain store has them
//
// Everything else in DIR belongs to others (dead_letters.jsonl). --fresh is one record in DIR/control: the
// old state-ID is removed after it. So is a state that becomes blank: the store of its chains is
// state-ID/again-RANDOM/store from then on.
#pragma once

#include "runtime/snapshot/control_chain.hpp"
#include "runtime/snapshot/file_system.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace millrace::snapshot {

/// Does as open_dir_store() on another file system; `files` outlives the store.
[[nodiscard]] expected<std::unique_ptr<state_store>> open_dir_store(const open_options& options,
                                                                    file_system& files);

/// The value of this name says what a state was last tried with, as long as nothing was read.
inline constexpr std::string_view tried_name = "tried";
/// Does as open_dir_store() for a state that a topology has begun and read nothing into: the state id stays,
/// and all that was stored under it is forgotten, but spools and these values.
[[nodiscard]] expected<std::unique_ptr<state_store>>
open_blank_dir_store(const open_options& options, file_system& files, named_values kept = {});

/// A store begins with this.
struct opened_folder {
  std::string folder;
  std::unique_ptr<folder_lock> lock;
  std::unique_ptr<control_chain> control;  // none: for reading only
  control_state known;                     // the state when it was opened; it has a record
};

class dir_store final : public state_store {
public:
  dir_store(file_system& files, opened_folder opened);

  [[nodiscard]] const identity& id() const override { return record_.id; }
  expected<std::string> get(std::string_view name) const override;
  expected<void> put(std::string_view name, std::string_view value) override;
  expected<void> mark_finished() override;
  [[nodiscard]] const std::string& folder() const override { return opened_.folder; }
  [[nodiscard]] std::uint64_t bytes() const override;
  [[nodiscard]] std::string chains() const override;
  [[nodiscard]] file_system& files() const override { return files_; }

private:
  [[nodiscard]] bool is_read_only() const { return !opened_.control; }
  [[nodiscard]] expected<void> check_writable() const;
  [[nodiscard]] const control_state& known() const {
    return opened_.control ? opened_.control->known() : opened_.known;
  }

  file_system& files_;
  opened_folder opened_;
  folder_record record_;
  mutable std::mutex mutex_;  // record_, values
};

}  // namespace millrace::snapshot
