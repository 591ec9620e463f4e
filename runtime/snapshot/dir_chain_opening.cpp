// A new life of a chain in a folder: what it goes on from, and what it mends and removes first.
#include "runtime/snapshot/dir_chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace millrace::snapshot {
namespace {

/// Each lost race is somebody's progress; more than there can be others means that the store misbehaves.
constexpr int most_races = 100;

/// Makes the files durable that the chain is built upon, before anything names them: the newest run, whose writer
/// may have died too soon, and copies, which are not synced when they are written.
expected<void> sync_found(file_system& files, const std::string& folder, const scanned_chain& found) {
  auto names = found.copies;
  if (!found.newest.empty())
    names.push_back(found.newest);
  for (const auto& name : names)
    if (auto synced = files.append(folder + "/" + name, {}, true);
        !synced && synced.error().code != ec::not_found)
      return synced;
  return files.sync_folder(folder);
}

}  // namespace

expected<void> dir_chain::settle(file_system& files, const std::string& folder, std::string actor) {
  ASSIGN_OR_RETURN(const auto found, look(files, folder, std::move(actor)));
  return sync_found(files, folder, found);
}

expected<std::unique_ptr<dir_chain>> dir_chain::open(file_system& files, std::string folder,
                                                     std::string actor, chain::life life,
                                                     std::shared_ptr<life_fence> fence) {
  std::unique_ptr<dir_chain> opened(
      new dir_chain(files, std::move(folder), std::move(actor), life, std::move(fence)));
  const std::lock_guard lock(opened->fence_->mutex);
  // The older lives of this process are fenced from here on, also when the rest fails.
  opened->fence_->newest = std::max(opened->fence_->newest, life.term);
  auto done = opened->check_fence().and_then([&] { return opened->begin_life(); });
  if (!done)
    return unexpected(done.error());
  return opened;
}

expected<std::unique_ptr<dir_chain>> dir_chain::open_chosen(file_system& files, std::string folder,
                                                            std::string actor, chain::life life,
                                                            std::uint64_t forget_up_to) {
  std::unique_ptr<dir_chain> opened(
      new dir_chain(files, std::move(folder), std::move(actor), life, std::make_shared<life_fence>()));
  opened->fence_->newest = life.term;
  opened->is_choosing_ = true;
  opened->forgotten_ = forget_up_to;
  const std::lock_guard lock(opened->fence_->mutex);
  auto done = forget_up_to == 0 ? expected<void>() : opened->make_mark(forget_up_to).and_then([&] {
    return files.sync_folder(opened->folder_);
  });
  if (done)
    done = opened->begin_life();
  if (!done)
    return unexpected(done.error());
  opened->is_choosing_ = false;
  return opened;
}

/// The caller holds the fence's mutex.
expected<void> dir_chain::begin_life() {
  for (int race = 0; race < most_races; ++race) {
    ASSIGN_OR_RETURN(auto found, take_over());
    const auto place = chain::next_place({found.mark, found.last_place});
    const auto began = begin_run(place, record_kind::opening, {}, true);
    if (!began)
      return not_known(began.error());
    if (*began == begun::lost)
      continue;
    if (auto done = mend(found.to_repair).and_then([&] { return remove_leftovers(); }); !done)
      return done;
    found.contents.sequence = tail_.sequence;
    just_opened_ = std::move(found.contents);
    count_bytes();
    return {};
  }
  return outside_error(ec::io,
                       fmt::format("no place could be taken in {}; stop what else writes there", folder_));
}

std::unique_ptr<dir_chain> dir_chain::open_read_only(file_system& files, std::string folder,
                                                     std::string actor) {
  return std::unique_ptr<dir_chain>(new dir_chain(files, std::move(folder), std::move(actor), {}, nullptr));
}

/// Seals, then reads (R2): what is not read is not counted by its writer either. Again where the run that
/// turned out to be the newest was not yet sealed when it was listed to be read.
expected<scanned_chain> dir_chain::seal_and_scan() {
  expected<scanned_chain> found;
  for (int race = 0; race < most_races; ++race) {
    ASSIGN_OR_RETURN(auto listed, list());
    if (listed.runs.empty() && listed.mark != 0 && listed.mark == forgotten_) {
      found = scanned_chain();
      found->mark = forgotten_;
      return found;
    }
    RETURN_IF_ERROR(seal_newest(listed));
    found = scan();
    if (!found || found->last_place == 0 || found->is_sealed)
      return found;
  }
  return found;
}

/// Reads what this life goes on from. Idempotent.
expected<scanned_chain> dir_chain::take_over() {
  auto found = seal_and_scan();
  if (!found)
    return found;
  if (stops(found->life))
    return fenced_by(found->life);
  RETURN_IF_ERROR(sync_found(files_, folder_, *found));
  tail_ = found->tail;
  tail_has_copy_ = true;
  next_sequence_ = found->highest + 1;
  base_place_ = found->base_place;
  weight_ = {found->base_bytes, found->increments_bytes, found->increments, found->runs, found->base_due};
  return found;
}

expected<void> dir_chain::seal_newest(const run_listing& listed) {
  if (listed.runs.empty())
    return {};
  const auto& newest = listed.runs.back();
  const auto higher =
      life_of_run(files_, folder_, newest, actor_, [this](chain::life l) { return stops(l); });
  if (!higher)
    return unexpected(higher.error());
  if (*higher)
    return fenced_by(**higher);  // it is not to be disturbed
  if (newest.is_sealed)
    return {};
  const auto sealed = run_file(newest.place, run_part::sealed);
  auto done =
      newest.copy.empty() ? write_new(sealed, {}, false) : files_.publish(path(newest.copy), path(sealed));
  if (!done && (done.error().code == ec::already_exists || done.error().code == ec::not_found))
    return {};  // somebody else has sealed it
  return done;
}

/// Mends after the opening, so that only the newest life mends, and only files that are not written any more.
expected<void> dir_chain::mend(const std::vector<file_repair>& repairs) {
  for (const auto& r : repairs) {
    // A record that a second copy lags by is not synced, like every such one.
    auto done =
        r.append ? files_.append(path(r.name), {r.bytes}, false) : write_anew(r.name, {r.bytes}, true);
    if (!done && done.error().code != ec::not_found)  // a newer life has trimmed it
      return done;
  }
  return {};
}

/// Writes of earlier lives that were cut short, and what a trimming that was cut short has left.
expected<void> dir_chain::remove_leftovers() {
  ASSIGN_OR_RETURN(const auto listed, list_runs(files_, folder_));
  auto names = listed.trimmed;
  // Several openers may have chosen the same term: this one has won, so all others of the term are over.
  const auto newer = chain::number_of(is_choosing_ ? chain::life{life_.term + 1, 0} : life_);
  for (const auto& name : listed.temporary) {
    std::uint64_t number = 0;
    const auto digits = std::string_view(name).substr(4);
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (number < newer)
      names.push_back(name);
  }
  for (const auto& name : names)
    if (auto done = files_.remove(path(name)); !done)
      return done;
  return {};
}

}  // namespace millrace::snapshot
