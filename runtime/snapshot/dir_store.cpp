#include "runtime/snapshot/dir_store.hpp"

#include "runtime/snapshot/chain_journal.hpp"
#include "runtime/snapshot/dir_segments.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/older_folder.hpp"
#include "runtime/snapshot/older_journal.hpp"
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

dir_store::dir_store(file_system& files, opened_folder opened, base_rule rule)
    : files_(files), opened_(std::move(opened)), record_(*known().folder), rule_(rule),
      next_(record_.given_below) {}

std::string dir_store::contents_folder() const {
  return contents_folder_of(folder(), record_.id.state_id, record_.contents);
}

expected<void> dir_store::check_writable() const {
  if (is_read_only())
    return user_error(ec::unsupported,
                      fmt::format("the state folder {} was opened for reading only", folder()));
  return {};
}

expected<void> dir_store::write_record(const folder_record& changed) {
  if (auto done = opened_.control->change({false, changed, {}}); !done)
    return done;
  record_.given_below = changed.given_below;
  record_.id.finished = changed.id.finished;  // the only member that changes while others may read it
  return {};
}

expected<incarnation> dir_store::next_incarnation() {
  if (auto writable = check_writable(); !writable)
    return unexpected(writable.error());
  const std::lock_guard lock(mutex_);
  if (next_ == record_.given_below) {
    auto changed = record_;
    changed.given_below += numbers_at_once;
    if (auto done = write_record(changed); !done)
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
  const auto parent = contents_folder() + "/snapshots";
  auto folder = parent + "/" + file_name_of(actor);
  if (is_read_only())
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
  return dir_segments::open(files_, contents_folder() + "/segments", std::string(actor), life,
                            fence_of(fmt::format("snapshots {}", actor)), needed);
}

expected<std::unique_ptr<journal>> dir_store::open_journal(std::string_view actor, incarnation life) {
  const auto parent = contents_folder() + "/journals";
  const auto folder = parent + "/" + file_name_of(actor);
  // Those of earlier formats lie beside the folder of the chain; a state that became blank since has none.
  const auto older = [files = &files_, folder, actor = std::string(actor),
                      may_be_there = record_.contents.empty()]() -> expected<std::vector<std::string>> {
    return may_be_there ? read_older_journal(*files, folder, actor) : std::vector<std::string>();
  };
  if (is_read_only())
    return chain_journal::open_read_only(dir_chain::open_read_only(files_, folder, std::string(actor)),
                                         older);
  auto done = files_.make_folder(folder).and_then([&](bool) { return files_.sync_folder(parent); });
  if (!done)
    return unexpected(done.error());
  auto records =
      dir_chain::open(files_, folder, std::string(actor), life, fence_of(fmt::format("journal {}", actor)));
  if (!records)
    return unexpected(records.error());
  auto opened = chain_journal::open(std::move(*records), older);
  if (opened && record_.contents.empty())
    done = remove_older_journal(files_, folder);
  if (!done)
    return unexpected(done.error());
  return opened;
}

expected<std::string> dir_store::get(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  if (opened_.is_older)
    return read_value(files_, values_folder(folder(), record_), name).map([](stored_value&& v) {
      return std::move(v.payload);
    });
  const auto found = known().values.find(name);
  if (found == known().values.end())
    return user_error(ec::not_found, fmt::format("there is no value {} in {}", name, folder()));
  return found->second;
}

expected<void> dir_store::put(std::string_view name, std::string_view value) {
  if (auto writable = check_writable(); !writable)
    return writable;
  const std::lock_guard lock(mutex_);
  return opened_.control->change({false, {}, {{std::string(name), std::string(value)}}});
}

expected<void> dir_store::mark_finished() {
  if (auto writable = check_writable(); !writable)
    return writable;
  const std::lock_guard lock(mutex_);
  if (record_.id.finished)
    return {};
  auto changed = record_;
  changed.id.finished = true;
  return write_record(changed);
}

std::uint64_t dir_store::bytes() const {
  return bytes_below(files_, state_folder_of(folder(), record_.id.state_id)) +
         bytes_below(files_, control_folder(folder()));
}

}  // namespace millrace::snapshot
