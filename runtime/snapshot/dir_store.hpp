// The state folder: identity, lock, incarnation numbers, named values, and what opens an actor's files.
//
//   DIR/lock                            held while a process uses the folder
//   DIR/control/...                     chain: state id, topology, finished mark, incarnation numbers, values
//   DIR/identity.1, identity.2          the folder's format, for versions that look for the identity there
//   DIR/state-ID/snapshots/ACTOR/...    chains
//   DIR/state-ID/segments/ACTOR/...     spilled output
//   DIR/state-ID/journals/ACTOR/...     chains
//
// Everything else in DIR belongs to others (dead_letters.jsonl). --fresh is one record in DIR/control: the
// old state-ID is removed behind it. So is a state that becomes blank: actors have their files below
// state-ID/again-RANDOM from then on.
#pragma once

#include "runtime/snapshot/control_chain.hpp"
#include "runtime/snapshot/file_system.hpp"
#include "runtime/snapshot/life_fence.hpp"
#include "runtime/snapshot/merged_snapshots.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace millrace::snapshot {

/// Does as open_dir_store() on another file system; `files` outlives the store.
[[nodiscard]] expected<std::unique_ptr<state_store>> open_dir_store(const open_options& options,
                                                                    file_system& files, base_rule rule = {});

/// The value of this name says what a state was last tried with, as long as nothing was read.
inline constexpr std::string_view tried_name = "tried";
/// Does as open_dir_store() for a state that a topology has begun and read nothing into: the state id stays,
/// and all that was stored under it is forgotten, but spools.
[[nodiscard]] expected<std::unique_ptr<state_store>> open_blank_dir_store(const open_options& options,
                                                                          file_system& files);

/// A store begins with this.
struct opened_folder {
  std::string folder;
  std::unique_ptr<folder_lock> lock;
  std::unique_ptr<control_chain> control;  // none: for reading only
  control_state known;                     // as it was when it was opened; it has a record
  bool is_older = false;                   // a reader's, of format 3 or earlier: values lie in files
};

class dir_store final : public state_store {
public:
  dir_store(file_system& files, opened_folder opened, base_rule rule);

  [[nodiscard]] const identity& id() const override { return record_.id; }
  expected<incarnation> next_incarnation() override;
  expected<std::unique_ptr<snapshots>> open_snapshots(std::string_view actor, incarnation life) override;
  expected<std::unique_ptr<segments>> open_segments(std::string_view actor, incarnation life,
                                                    const std::vector<segment_id>& needed) override;
  expected<std::unique_ptr<journal>> open_journal(std::string_view actor, incarnation life) override;
  expected<std::string> get(std::string_view name) const override;
  expected<void> put(std::string_view name, std::string_view value) override;
  expected<void> mark_finished() override;
  [[nodiscard]] const std::string& folder() const override { return opened_.folder; }
  [[nodiscard]] std::uint64_t bytes() const override;

private:
  [[nodiscard]] bool is_read_only() const { return !opened_.control; }
  [[nodiscard]] expected<void> check_writable() const;
  [[nodiscard]] expected<void> write_record(const folder_record& changed);
  [[nodiscard]] const control_state& known() const {
    return opened_.control ? opened_.control->known() : opened_.known;
  }
  [[nodiscard]] std::shared_ptr<life_fence> fence_of(std::string key);
  [[nodiscard]] std::string contents_folder() const;

  file_system& files_;
  opened_folder opened_;
  folder_record record_;
  base_rule rule_;
  mutable std::mutex mutex_;  // record, values, fences_; never held while an actor's files are written
  incarnation next_;          // to hand out; durable up to record_.given_below
  std::map<std::string, std::shared_ptr<life_fence>, std::less<>> fences_;
};

}  // namespace millrace::snapshot
