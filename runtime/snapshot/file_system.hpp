// The few file operations that the dir store is made of, as a seam: tests put an implementation in its place
// that crashes between any two of them and loses what was not synced. Paths are plain strings; every call may
// come from any thread.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::snapshot {

/// A shared one lets others of its kind in.
enum class lock_kind : std::uint8_t { exclusive, shared };

/// Held for as long as it lives; the operating system lets go of it when the process dies.
class folder_lock {
public:
  virtual ~folder_lock() = default;
};

/// The file that was to be read is missing or damaged; where there is a copy, that serves.
[[nodiscard]] inline bool is_lost(const error& e) { return e.code == ec::not_found || e.code == ec::corrupt; }

class file_system {
public:
  virtual ~file_system() = default;

  struct entry {
    std::string name;
    std::uint64_t size = 0;
    bool is_folder = false;
  };
  using parts = std::initializer_list<std::string_view>;

  /// Makes one level, for this user alone; false when it was there before. The folder is durable once the
  /// parent is synced.
  virtual expected<bool> make_folder(const std::string& path) = 0;
  /// Makes the folder safe before anything is written below it: it is this user's or root's, closed to others
  /// from now on, and so is all in it, without a link. No effect where there are no users.
  virtual expected<void> claim_folder(const std::string&) { return {}; }
  /// Says whether its group or everybody may write there. No where nothing is, and where there are no users.
  [[nodiscard]] virtual bool is_writable_by_others(const std::string&) const { return false; }
  /// Sorted by name. ec::not_found when there is no such folder.
  virtual expected<std::vector<entry>> list(const std::string& path) = 0;
  /// ec::not_found; ec::corrupt when the device cannot read what is there.
  virtual expected<std::string> read(const std::string& path) = 0;
  /// Reads at most `length` bytes from `offset` on; fewer where the file ends before.
  virtual expected<std::string> read_part(const std::string& path, std::uint64_t offset,
                                          std::uint64_t length) = 0;
  /// Creates or replaces; when synced, the contents are durable (the name is not before its folder is
  /// synced). The contents after a failure are undefined.
  virtual expected<void> write(const std::string& path, parts contents, bool synced) = 0;
  /// Appends to an existing file; when synced, all of the file is durable. A failure may leave a part of it.
  virtual expected<void> append(const std::string& path, parts contents, bool synced) = 0;
  /// Renames, never over another file: ec::already_exists. Atomic.
  virtual expected<void> publish(const std::string& from, const std::string& to) = 0;
  /// Renames over what is there. Atomic.
  virtual expected<void> replace(const std::string& from, const std::string& to) = 0;
  /// Removes a file or an empty folder. A missing one is no error.
  virtual expected<void> remove(const std::string& path) = 0;
  /// Makes the names in a folder durable.
  virtual expected<void> sync_folder(const std::string& path) = 0;
  /// Without waiting: ec::locked names the holder. Creates the file.
  virtual expected<std::unique_ptr<folder_lock>> lock(const std::string& path, lock_kind kind) = 0;
};

/// Takes the lock of a state folder, the file `name` in it. ec::locked, a user error: names folder and holder, and ends with `remedy`.
[[nodiscard]] expected<std::unique_ptr<folder_lock>>
lock_state_folder(file_system& files, const std::string& folder, std::string_view name,
                  std::string_view remedy, lock_kind kind = lock_kind::exclusive);

/// The machine's file system; lives for ever.
[[nodiscard]] file_system& posix_file_system();

}  // namespace millrace::snapshot
