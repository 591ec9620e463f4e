// The hidden file in which a sink without transactions keeps one small record: whom its target belongs to,
// how much of it is committed, the progress. Replacing the record is one step, against kill -9 always,
// against power loss when asked for. Console and file sinks use it.
//   4 KiB head: magic, owner number, clean mark | then regions of two slots, 4 KiB, 8 KiB, 16 KiB ... each
//   slot: magic u32, length u32, sequence u64, checksum u64, record
// A record goes to the older slot of the first region it fits in; the whole one with the highest sequence
// counts.
#pragma once

#include "runtime/base/descriptor.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/guarded_file.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::sink {

/// "cannot write PATH: No space left on device", ec::io. Worth a retry (disks get room, mounts come back)
/// unless the path itself is wrong.
[[nodiscard]] unexpected file_error(std::string_view what, const std::filesystem::path& path,
                                    int error_number);
/// Says what is wrong with a file that open_guarded() has not opened, or why the system said no.
[[nodiscard]] unexpected refused_file(std::string_view what, const std::filesystem::path& path,
                                      const guarded_file& why);
/// Makes created and renamed names in a folder survive power loss.
[[nodiscard]] expected<void> sync_folder(const std::filesystem::path& folder);

class side_file {
public:
  /// Opens it; makes it where it is missing (its folder must exist). Links and other users' files are
  /// refused.
  [[nodiscard]] static expected<side_file> open(std::filesystem::path path);

  /// The lock: while it lives, no other handle (of any process on this machine) is between lock() and its
  /// end.
  class guard {
  public:
    explicit guard(int fd) : fd_(fd) {}
    guard(guard&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    guard& operator=(guard&&) = delete;
    ~guard();

  private:
    int fd_;
  };
  [[nodiscard]] expected<guard> lock();
  /// Does `what` under the lock, if this handle is the owner.
  template<class What>
  [[nodiscard]] expected<void> as_owner(const What& what) {
    ASSIGN_OR_RETURN(const auto locked, lock());
    if (auto mine = check_owner(); !mine)
      return mine;
    return what();
  }

  /// The rest is called under the lock.

  /// The newest whole record; nothing when none was ever stored. ec::corrupt for what is neither empty nor
  /// ours: it is left as it is.
  [[nodiscard]] expected<std::optional<std::string>> load();
  /// Makes this handle the owner: all older ones are fenced. Takes the clean mark off.
  [[nodiscard]] expected<void> claim();
  /// ec::fenced when another handle has claimed since.
  [[nodiscard]] expected<void> check_owner() const;
  /// Replaces the record. `durable`: returns after it has reached the disk.
  [[nodiscard]] expected<void> store(std::string_view record, bool durable);

  /// The last owner ended in order: nothing was written after its last record. Told as it was at open().
  [[nodiscard]] bool was_clean() const { return was_clean_; }
  void mark_clean();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
  descriptor fd_;
  std::uint64_t owner_ = 0;
  std::uint64_t sequence_ = 0;
  bool was_clean_ = false;
};

}  // namespace millrace::sink
