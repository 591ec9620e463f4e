// The state folder: identity, lock, incarnation numbers, named values, and what opens an actor's files.
//
//   DIR/lock                            held while a process uses the folder
//   DIR/identity.1, identity.2          state id, topology, finished mark, incarnation numbers
//   DIR/state-ID/snapshots/ACTOR/...    chains
//   DIR/state-ID/segments/ACTOR/...     spilled output
//   DIR/state-ID/journals/ACTOR.1, .2
//   DIR/state-ID/values/NAME.1, .2
//
// Everything else in DIR belongs to others (dead_letters.jsonl). --fresh is one step, the new identity: the
// old state-ID is removed behind it.
#pragma once

#include "runtime/snapshot/file_system.hpp"
#include "runtime/snapshot/merged_snapshots.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace millrace::snapshot {

/// open_dir_store() on another file system; `files` outlives the store.
[[nodiscard]] expected<std::unique_ptr<state_store>> open_dir_store(const open_options& options,
                                                                    file_system& files, base_rule rule = {});

/// Value that names what a state was last tried with, as long as nothing was read.
inline constexpr std::string_view tried_name = "tried";
/// open_dir_store() for a state that a topology has begun and read nothing into: the state id stays, and all
/// that was stored under it is forgotten, but spools.
[[nodiscard]] expected<std::unique_ptr<state_store>> open_blank_dir_store(const open_options& options,
                                                                          file_system& files);

/// What the identity file holds.
struct folder_record {
  identity id;
  std::uint64_t generation = 0;  // of the file
  incarnation given_below = 1;   // numbers below this may have been handed out
  bool is_older = false;         // of an earlier format, which opening it for writing raises
};

[[nodiscard]] std::string encode_folder_record(const folder_record& r);

class dir_store final : public state_store {
public:
  dir_store(file_system& files, std::string folder, std::unique_ptr<folder_lock> lock, folder_record record,
            bool read_only, base_rule rule);

  [[nodiscard]] const identity& id() const override { return record_.id; }
  expected<incarnation> next_incarnation() override;
  expected<std::unique_ptr<snapshots>> open_snapshots(std::string_view actor, incarnation life) override;
  expected<std::unique_ptr<segments>> open_segments(std::string_view actor, incarnation life,
                                                    const std::vector<segment_id>& needed) override;
  expected<std::unique_ptr<journal>> open_journal(std::string_view actor, incarnation life) override;
  expected<std::string> get(std::string_view name) const override;
  expected<void> put(std::string_view name, std::string_view value) override;
  expected<void> mark_finished() override;
  [[nodiscard]] const std::string& folder() const override { return folder_; }
  [[nodiscard]] std::uint64_t bytes() const override;

private:
  [[nodiscard]] expected<void> check_writable() const;
  [[nodiscard]] expected<void> write_identity(const folder_record& changed);
  [[nodiscard]] std::shared_ptr<life_fence> fence_of(std::string key);
  [[nodiscard]] std::string state_folder() const { return folder_ + "/state-" + record_.id.state_id; }

  file_system& files_;
  std::string folder_;
  std::unique_ptr<folder_lock> lock_;
  folder_record record_;
  bool read_only_;
  base_rule rule_;
  mutable std::mutex mutex_;  // identity, values, fences_; never held while an actor's files are written
  incarnation next_;          // to hand out; durable up to record_.given_below
  std::map<std::string, std::shared_ptr<life_fence>, std::less<>> fences_;
};

}  // namespace millrace::snapshot
