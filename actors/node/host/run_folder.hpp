// The folder of `millrace run`: a `dir:` store with one topology in it, which a process has for itself while it runs, and
// what that process keeps there as plain files. `millrace node --store dir:DIR` goes on with it (run_handover.hpp).
//
//   DIR/lock                              held while a run uses the folder; the nodes of a store share it
//   DIR/control, DIR/chains, DIR/segments  the store (dir_chain_store)
//   DIR/state-ID/...                      spools of sources that receive, and the flight recorder
//   DIR/dead_letters.jsonl, DIR/models, DIR/token ...
#pragma once

#include "actors/node/stores/dir_chain_store.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::host {

/// Any thread may call.
class run_folder {
public:
  /// Makes the folder where it is missing, closes it to others, and takes its lock for as long as the object lives; `files`
  /// outlives it. User errors: ec::locked where another process has it (names its pid), ec::mismatch where it is not a
  /// state folder and not empty. `fresh`: one in the format of an earlier build is opened, too.
  [[nodiscard]] static expected<std::shared_ptr<run_folder>>
  open(std::string folder, bool fresh = false, snapshot::file_system& files = snapshot::posix_file_system());
  /// Changes nothing, and takes no lock: a run may have it. ec::not_found, ec::mismatch.
  [[nodiscard]] static expected<std::shared_ptr<run_folder>>
  look(std::string folder, snapshot::file_system& files = snapshot::posix_file_system());

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] const std::shared_ptr<node::dir_chain_store>& store() const { return store_; }
  [[nodiscard]] snapshot::file_system& files() const { return files_; }
  /// Counts what the store and the state's own files have.
  [[nodiscard]] std::uint64_t bytes() const;

private:
  run_folder(std::string folder, snapshot::file_system& files)
      : folder_(std::move(folder)), files_(files),
        store_(std::make_shared<node::dir_chain_store>(files, folder_)) {}
  [[nodiscard]] expected<void> check_entries(bool fresh) const;

  std::string folder_;
  snapshot::file_system& files_;
  std::shared_ptr<node::dir_chain_store> store_;
  std::unique_ptr<snapshot::folder_lock> lock_;  // null: only looked at
};

/// Returns the names in a folder; none where it is not there.
[[nodiscard]] expected<std::vector<std::string>> names_in(snapshot::file_system& files,
                                                          const std::string& path);

}  // namespace millrace::host
