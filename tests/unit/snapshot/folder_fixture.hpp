// A state folder for tests, in memory or on the machine, and what lies in it.
#pragma once

#include "runtime/snapshot/dir_store.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/made_folders.hpp"
#include "runtime/snapshot/run_files.hpp"
#include "runtime/snapshot/snapshot_format.hpp"
#include "tests/support/scratch.hpp"
#include "tests/unit/snapshot/dir_snapshots.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"
#include "tests/unit/snapshot/joined.hpp"

#include <catch2/catch.hpp>

namespace millrace::snapshot::test {

using millrace::test::scratch;

/// A state folder that is open, and the chains of its actors. A test gives the lives, as the store of a cluster
/// does for a run.
class opened_state {
public:
  opened_state(std::unique_ptr<state_store> store, base_rule rule) : store_(std::move(store)), rule_(rule) {}

  state_store* operator->() const { return store_.get(); }
  state_store& operator*() const { return *store_; }
  void close() { store_.reset(); }

  [[nodiscard]] std::string folder_of(const std::string& actor) const {
    return store_->chains() + "/chains/" + file_name_of(actor);
  }
  [[nodiscard]] expected<std::unique_ptr<snapshots>> open_snapshots(const std::string& actor,
                                                                    incarnation life) const {
    auto folder = folder_of(actor);
    return make_folders(store_->files(), folder, store_->chains()).and_then([&] {
      return open_dir_snapshots(store_->files(), std::move(folder), actor, life, rule_);
    });
  }

private:
  std::unique_ptr<state_store> store_;
  base_rule rule_;
};

inline opened_state open_or_fail(const open_options& options, file_system& files = posix_file_system(),
                                 base_rule rule = {}) {
  auto opened = open_dir_store(options, files);
  if (!opened)
    FAIL(opened.error().message);
  return {std::move(*opened), rule};
}

inline bool mentions(const error& e, std::string_view part) {
  return e.message.find(part) != std::string::npos;
}

inline const open_options clicks{"/state", "clicks", false, false};
inline const open_options clicks_fresh{"/state", "clicks", true, false};
inline const open_options clicks_reading{"/state", "clicks", false, true};

inline bool is_base(faulty_file_system& files, const std::string& path) {
  record r;
  return decode_record(files.contents(path), "a", r) == reading::whole && r.kind == record_kind::base;
}

/// One bit of a file's record, the first one being 0.
inline void damage_record(faulty_file_system& files, const std::string& path, std::uint64_t number) {
  auto bytes = files.contents(path);
  std::size_t at = 0;
  for (; number > 0; --number)
    at = bytes.find("MRSNAP", at + 1);
  bytes[at + 20] ^= 4;
  files.put(path, bytes);
}

}  // namespace millrace::snapshot::test
