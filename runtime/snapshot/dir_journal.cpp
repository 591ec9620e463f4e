#include "runtime/snapshot/dir_journal.hpp"

#include "runtime/snapshot/journal_format.hpp"
#include "runtime/snapshot/size_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

namespace millrace::snapshot {

dir_journal::dir_journal(file_system& files, std::string folder, std::string stem, std::string actor,
                         incarnation life, std::shared_ptr<life_fence> fence)
    : files_(files), folder_(std::move(folder)), stem_(std::move(stem)), actor_(std::move(actor)),
      life_(life), fence_(std::move(fence)) {}

expected<std::unique_ptr<journal>> dir_journal::open(file_system& files, std::string folder, std::string stem,
                                                     std::string actor, incarnation life,
                                                     std::shared_ptr<life_fence> fence) {
  std::unique_ptr<dir_journal> opened(
      new dir_journal(files, std::move(folder), std::move(stem), std::move(actor), life, std::move(fence)));
  if (!opened->fence_) {
    if (auto done = opened->read_better_copy(); !done)
      return unexpected(done.error());
    return opened;
  }
  const std::lock_guard lock(opened->fence_->mutex);
  opened->fence_->newest = std::max(opened->fence_->newest, life);
  auto done = opened->check_fence();
  if (done)
    done = opened->read_better_copy();
  if (done && opened->last_life_ > life)
    return superseded(life, opened->actor_, opened->last_life_);
  if (done)
    done = opened->rewrite(std::move(opened->entries_));
  if (!done)
    return unexpected(done.error());
  return opened;
}

std::string dir_journal::path(int copy) const { return fmt::format("{}.{}", stem_, copy); }

expected<void> dir_journal::check_fence() const {
  if (!fence_)
    return user_error(ec::unsupported, fmt::format("{} was opened for reading only", stem_));
  return fence_->check(life_, actor_);
}

/// The higher generation, of equal ones the longer. A rewriting that was cut short leaves one copy of each
/// generation, both whole.
expected<void> dir_journal::read_better_copy() {
  int there = 0, whole = 0;
  for (const int copy : {1, 2}) {
    const auto bytes = read_at_most(files_, path(copy), largest_journal);
    if (!bytes && bytes.error().code == ec::not_found)
      continue;
    if (!bytes && bytes.error().code != ec::corrupt)
      return unexpected(bytes.error());
    ++there;
    journal_contents found;
    const auto result = bytes ? decode_journal(*bytes, actor_, found) : reading::damaged;
    if (result == reading::later)
      return user_error(ec::unsupported,
                        fmt::format("{} was written by a later version of millrace; run that "
                                    "version, or choose another --state",
                                    path(copy)));
    if (result == reading::damaged)
      continue;
    ++whole;
    if (whole == 1 ||
        std::tuple(found.generation, found.entries.size()) > std::tuple(generation_, entries_.size())) {
      entries_ = std::move(found.entries);
      generation_ = found.generation;
      last_life_ = found.life;
    }
  }
  if (there > 0 && whole == 0)
    return user_error(ec::corrupt,
                      fmt::format("both copies of the journal {} are damaged; restore the folder "
                                  "from a backup, or start over with --fresh",
                                  path(1)));
  return {};
}

expected<void> dir_journal::rewrite(std::vector<std::string> entries) {
  copies_are_whole_ = false;
  // A number that no failed attempt has used: its copy may still be there.
  const auto bytes = encode_journal(actor_, ++generation_, life_, entries);
  for (const int copy : {1, 2}) {
    const auto temporary = path(copy) + ".tmp";
    auto done = files_.write(temporary, {bytes}, true);
    if (done)
      done = files_.replace(temporary, path(copy));
    if (!done) {
      (void)files_.remove(temporary);
      return done;
    }
  }
  if (auto done = files_.sync_folder(folder_); !done)
    return done;
  entries_ = std::move(entries);
  copies_are_whole_ = true;
  return {};
}

expected<std::vector<std::string>> dir_journal::load() {
  if (!fence_)
    return entries_;
  const std::lock_guard lock(fence_->mutex);
  if (auto fenced = check_fence(); !fenced)
    return unexpected(fenced.error());
  return entries_;
}

expected<void> dir_journal::append(const std::vector<std::string>& entries) {
  if (!fence_)
    return check_fence();
  const std::lock_guard lock(fence_->mutex);
  if (auto fenced = check_fence(); !fenced)
    return fenced;
  if (entries.empty())
    return {};
  for (const auto& e : entries)
    if (e.size() > std::numeric_limits<std::uint32_t>::max())
      return our_error("a journal entry is longer than 4 GiB");
  if (!copies_are_whole_) {
    auto all = entries_;
    all.insert(all.end(), entries.begin(), entries.end());
    return rewrite(std::move(all));
  }
  std::string bytes;
  auto ordinal = static_cast<std::uint32_t>(entries_.size());
  for (const auto& e : entries)
    append_journal_entry(bytes, generation_, ordinal++, e);
  for (const int copy : {1, 2})
    if (auto done = files_.append(path(copy), {bytes}, true); !done) {
      copies_are_whole_ = false;
      return done;
    }
  entries_.insert(entries_.end(), entries.begin(), entries.end());
  return {};
}

expected<void> dir_journal::replace(const std::vector<std::string>& entries) {
  if (!fence_)
    return check_fence();
  const std::lock_guard lock(fence_->mutex);
  if (auto fenced = check_fence(); !fenced)
    return fenced;
  return rewrite(entries);
}

}  // namespace millrace::snapshot
