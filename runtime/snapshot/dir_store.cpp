#include "runtime/snapshot/dir_store.hpp"

#include "runtime/snapshot/dir_journal.hpp"
#include "runtime/snapshot/dir_segments.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/value_file.hpp"

#include <fmt/format.h>

namespace millrace::snapshot {
namespace {

/// Numbers are made durable by the block, so that starting some dozen actors costs one write.
constexpr incarnation numbers_at_once = 64;

std::uint64_t bytes_below(file_system& files, const std::string& folder) {
  std::uint64_t sum = 0;
  if (const auto entries = files.list(folder))
    for (const auto& e : *entries)
      sum += e.is_folder ? bytes_below(files, folder + "/" + e.name) : e.size;
  return sum;
}

}  // namespace

dir_store::dir_store(file_system& files, std::string folder, std::unique_ptr<folder_lock> lock,
                     folder_record record, bool read_only, base_rule rule)
    : files_(files), folder_(std::move(folder)), lock_(std::move(lock)), record_(std::move(record)),
      read_only_(read_only), rule_(rule), next_(record_.given_below) {}

expected<void> dir_store::check_writable() const {
  if (read_only_)
    return user_error(ec::unsupported,
                      fmt::format("the state folder {} was opened for reading only", folder_));
  return {};
}

expected<void> dir_store::write_identity(const folder_record& changed) {
  auto next = changed;
  // Also a failed attempt may have left its number in one copy.
  next.generation = ++record_.generation;
  if (auto done = write_value(files_, folder_, "identity", encode_folder_record(next), next.generation);
      !done)
    return done;
  record_.given_below = next.given_below;
  record_.id.finished = next.id.finished;  // the only member that changes while others may read it
  return {};
}

expected<incarnation> dir_store::next_incarnation() {
  if (auto writable = check_writable(); !writable)
    return unexpected(writable.error());
  const std::lock_guard lock(mutex_);
  if (next_ == record_.given_below) {
    auto changed = record_;
    changed.given_below += numbers_at_once;
    if (auto done = write_identity(changed); !done)
      return unexpected(done.error());
  }
  return next_++;
}

std::shared_ptr<life_fence> dir_store::fence_of(std::string key) {
  const std::lock_guard lock(mutex_);
  auto& fence = fences_[std::move(key)];
  if (!fence)
    fence = std::make_shared<life_fence>();
  return fence;
}

expected<std::unique_ptr<snapshots>> dir_store::open_snapshots(std::string_view actor, incarnation life) {
  const auto parent = state_folder() + "/snapshots";
  auto folder = parent + "/" + file_name_of(actor);
  if (read_only_)
    return std::make_unique<merged_snapshots>(
        dir_chain::open_read_only(files_, std::move(folder), std::string(actor)), rule_);
  // Synced also when it was there: its maker may have died before doing so.
  auto done = files_.make_folder(folder).and_then([&](bool) { return files_.sync_folder(parent); });
  if (!done)
    return unexpected(done.error());
  return open_dir_snapshots(files_, std::move(folder), std::string(actor), life,
                            fence_of(fmt::format("snapshots {}", actor)), rule_);
}

expected<std::unique_ptr<segments>> dir_store::open_segments(std::string_view actor, incarnation life,
                                                             const std::vector<segment_id>& needed) {
  if (auto writable = check_writable(); !writable)
    return unexpected(writable.error());
  return dir_segments::open(files_, state_folder() + "/segments", std::string(actor), life,
                            fence_of(fmt::format("snapshots {}", actor)), needed);
}

expected<std::unique_ptr<journal>> dir_store::open_journal(std::string_view actor, incarnation life) {
  const auto folder = state_folder() + "/journals";
  return dir_journal::open(files_, folder, folder + "/" + file_name_of(actor), std::string(actor), life,
                           read_only_ ? nullptr : fence_of(fmt::format("journal {}", actor)));
}

expected<std::string> dir_store::get(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return read_value(files_, state_folder() + "/values", name).map([](stored_value&& v) {
    return std::move(v.payload);
  });
}

expected<void> dir_store::put(std::string_view name, std::string_view value) {
  if (auto writable = check_writable(); !writable)
    return writable;
  const std::lock_guard lock(mutex_);
  const auto folder = state_folder() + "/values";
  const auto present = read_value(files_, folder, name);
  if (!present && present.error().code != ec::not_found && present.error().code != ec::corrupt)
    return unexpected(present.error());
  return write_value(files_, folder, name, value, present ? present->generation + 1 : 1);
}

expected<void> dir_store::mark_finished() {
  if (auto writable = check_writable(); !writable)
    return writable;
  const std::lock_guard lock(mutex_);
  if (record_.id.finished)
    return {};
  auto changed = record_;
  changed.id.finished = true;
  return write_identity(changed);
}

std::uint64_t dir_store::bytes() const { return bytes_below(files_, state_folder()); }

}  // namespace millrace::snapshot
