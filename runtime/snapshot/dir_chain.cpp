#include "runtime/snapshot/dir_chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::snapshot {
namespace {

/// A file that is missing in this many listings is gone, and did not just come or go.
constexpr int most_listings = 8;

}  // namespace

dir_chain::dir_chain(file_system& files, std::string folder, std::string actor, chain::life life,
                     std::shared_ptr<life_fence> fence)
    : files_(files), folder_(std::move(folder)), actor_(std::move(actor)), life_(life),
      fence_(std::move(fence)) {}

expected<void> dir_chain::check_fence() const {
  if (!fence_)
    return user_error(ec::unsupported, fmt::format("{} was opened for reading only", folder_));
  return fence_->check(life_.term, actor_);
}

unexpected dir_chain::fenced_by(chain::life by) const { return superseded(life_.term, actor_, by.term); }

expected<run_listing> dir_chain::list() const {
  auto listed = list_runs(files_, folder_);
  for (int i = 1; i < most_listings && listed && listed->has_hole(); ++i)
    listed = list_runs(files_, folder_);
  return listed;
}

expected<scanned_chain> dir_chain::look(file_system& files, std::string folder, std::string actor) {
  return dir_chain(files, std::move(folder), std::move(actor), {}, nullptr).scan();
}

bool dir_chain::stops(chain::life found) const {
  return is_choosing_ ? chain::is_taken(life_, found) : chain::must_give_up(life_, found);
}

/// A run that goes while it is read is missing in one listing only.
expected<scanned_chain> dir_chain::scan() const {
  expected<scanned_chain> found;
  for (int i = 0; i < most_listings; ++i) {
    ASSIGN_OR_RETURN(const auto listed, list());
    found = scan_chain(files_, folder_, listed, actor_);
    if (found || found.error().code != ec::corrupt)
      break;
  }
  return found;
}

expected<chain::contents> dir_chain::read() {
  if (just_opened_)
    return *std::exchange(just_opened_, std::nullopt);
  if (fence_) {
    const std::lock_guard lock(fence_->mutex);
    RETURN_IF_ERROR(check_fence());
  }
  ASSIGN_OR_RETURN(auto found, scan());
  if (fence_ && stops(found.life))
    return fenced_by(found.life);
  return std::move(found.contents);
}

expected<std::uint64_t> dir_chain::append(std::string_view increment, bool twice) {
  if (!fence_)
    return unexpected(check_fence().error());
  const std::lock_guard lock(fence_->mutex);
  RETURN_IF_ERROR(check_fence());
  just_opened_.reset();
  return append_record(record_kind::increment, increment, twice);
}

std::string dir_chain::temporary(const std::string& name) const {
  return fmt::format("{}/tmp-{}-{}", folder_, chain::number_of(life_), name);
}

/// Writes under a temporary name first, so that a file with its own name is whole. Never replaces another
/// file.
expected<void> dir_chain::write_new(const std::string& name, file_system::parts contents, bool synced) {
  auto done = files_.write(temporary(name), contents, synced);
  if (done)
    done = files_.publish(temporary(name), path(name));
  if (!done)
    (void)files_.remove(temporary(name));
  return done;
}

expected<void> dir_chain::write_anew(const std::string& name, file_system::parts contents, bool synced) {
  auto done = files_.write(temporary(name), contents, synced);
  if (done)
    done = files_.replace(temporary(name), path(name));
  if (!done)
    (void)files_.remove(temporary(name));
  return done;
}

/// The newest record, as it has just been read back.
expected<std::string> dir_chain::read_tail() {
  const auto original = path(run_file(run_.place));
  auto bytes = files_.read_part(original, run_.tail_at, run_.end - run_.tail_at);
  record r;
  if (!bytes && !is_lost(bytes.error()))
    return unexpected(bytes.error());
  if (!bytes || decode_record(*bytes, actor_, r) != reading::whole || r.checksum != tail_.checksum)
    return fatal_error(ec::corrupt,
                       fmt::format("{} has been damaged since it was written; the actor has to load "
                                   "its snapshots again",
                                   original));
  return std::move(*bytes);
}

/// The tail that is about to be buried under a record that would be lost with it, to be copied once that is
/// durable: a copy that the power cuts short then never lies beside a newest record that has one copy only.
/// Empty: it has a copy.
expected<std::string> dir_chain::tail_to_copy() {
  if (tail_has_copy_)
    return std::string();
  auto bytes = read_tail();
  if (!bytes || (run_.is_open && !run_.copy_is_torn))
    return bytes;
  // The copy is first written under another name: the tail stays the last record of its run, and a copy that
  // ends with a part of it would say that it had been kept twice.
  RETURN_IF_ERROR(copy_all_up_to_tail());
  tail_has_copy_ = true;
  return std::string();
}

/// The copy is not synced: it guards against damage, and the original against a crash.
expected<void> dir_chain::copy_record(const std::string& bytes, std::uint64_t at) {
  const auto copy = run_file(run_.place, run_part::copy);
  auto done = at == 0 ? write_anew(copy, {bytes}, false) : files_.append(path(copy), {bytes}, false);
  tail_has_copy_ = done.has_value();
  run_.copy_is_torn = !done;
  if (done)
    bytes_ += bytes.size();
  return done;
}

expected<void> dir_chain::copy_all_up_to_tail() {
  ASSIGN_OR_RETURN(const auto all, files_.read_part(path(run_file(run_.place)), 0, run_.end));
  auto done = write_anew(run_file(run_.place, run_part::copy), {all}, true);
  if (done)
    run_.copy_is_torn = run_.copy_is_named = false;
  return done;
}

record_header dir_chain::header_of(record_kind kind, std::string_view payload, bool twice) const {
  const bool is_base = kind == record_kind::base;
  const record r{kind,
                 static_cast<std::uint8_t>(twice ? 2 : 1),
                 is_base ? tail_.sequence : next_sequence_,
                 chain::number_of(life_),
                 tail_.sequence,
                 tail_.checksum,
                 0,
                 {}};
  return seal(r, actor_, payload);
}

void dir_chain::record_counts(const record_header& header, std::uint64_t size, bool twice) {
  tail_ = {next_sequence_++, header.checksum};
  tail_has_copy_ = twice;
  ++weight_.increments;
  weight_.increments_bytes += size;
  bytes_ += twice ? 2 * size : size;
}

expected<std::uint64_t> dir_chain::append_record(record_kind kind, std::string_view payload, bool twice) {
  const auto buried = tail_to_copy();
  if (!buried)
    return not_known(buried.error());
  if (!run_.is_open) {
    RETURN_IF_ERROR(begin_next_run(kind, payload, twice));
    return tail_.sequence;
  }
  const auto header = header_of(kind, payload, twice);
  if (auto done = extend_run({bytes_of(header), actor_, payload}, twice, *buried); !done)
    return not_known(done.error());
  const auto size = sizeof header + actor_.size() + payload.size();
  run_.tail_at = run_.end;
  run_.end += size;
  record_counts(header, size, twice);
  return tail_.sequence;
}

/// Returns ec::fenced where a higher life is there, else the error; no more is written under this life (R4).
unexpected dir_chain::not_known(error why) {
  is_unsure_ = true;
  run_.is_open = false;
  if (const auto seen = see_who_is_there(); !seen && seen.error().code == ec::fenced)
    return unexpected(seen.error());
  return unexpected(std::move(why));
}

expected<run_listing> dir_chain::see_who_is_there() const {
  auto listed = list();
  if (!listed)
    return listed;
  for (const auto& r : listed->runs) {
    if (r.place <= last_place_)
      continue;
    const auto higher = life_of_run(files_, folder_, r, actor_, [this](chain::life l) { return stops(l); });
    if (!higher)
      return unexpected(higher.error());
    if (*higher)
      return fenced_by(**higher);
  }
  return listed;
}

error dir_chain::lost_race() const {
  return {ec::locked,
          fault::outside,
          true,
          fmt::format("another process writes to {}; trying again", folder_),
          {}};
}

expected<bool> dir_chain::is_there(const std::string& name) const {
  const auto found = files_.read_part(path(name), 0, 0);
  if (!found && !is_lost(found.error()))
    return unexpected(found.error());
  return found || found.error().code == ec::corrupt;
}

/// Looks whether an append to the run at `place` counts (R3). A file that goes while the names are read is
/// missing in the listing, so the order of these looks matters. A seal goes only once a base follows the run,
/// which the listing has or which is trimmed meanwhile; and trimming removes the older runs first, and marks
/// last.
expected<bool> dir_chain::counts(std::uint64_t place) const {
  const auto is_sealed = is_there(run_file(place, run_part::sealed));
  if (!is_sealed || *is_sealed)
    return is_sealed.map([](bool) { return false; });
  ASSIGN_OR_RETURN(const auto listed, list_runs(files_, folder_));
  if (!chain::counts(listed.sight_of(place), place))
    return false;
  return is_there(run_file(place));
}

/// The place for the next run of this life. A new count begins there after a failure, and remains of the old
/// one, present or to come, are passed over: the run names the last record that is known to count.
expected<std::uint64_t> dir_chain::place_after_own() {
  if (!is_unsure_)
    return last_place_ + 1;
  if (life_.count == chain::most_counts)
    return outside_error(ec::io, fmt::format("too many writes to {} have failed", folder_));
  ++life_.count;
  return see_who_is_there().map([this](const run_listing& listed) {
    return std::max(chain::next_place(listed.sight_of(run_.place)), last_place_ + 1);
  });
}

expected<void> dir_chain::begin_next_run(record_kind kind, std::string_view payload, bool twice) {
  const auto place = place_after_own();
  if (!place)
    return not_known(place.error());
  const auto began = begin_run(*place, kind, payload, twice);
  if (!began)
    return not_known(began.error());
  if (*began == begun::lost)
    return not_known(lost_race());
  return {};
}

/// `lost`: the place was taken before, or is not the newest any more, or lies below the mark.
expected<dir_chain::begun> dir_chain::begin_run(std::uint64_t place, record_kind kind,
                                                std::string_view payload, bool twice) {
  const auto header = header_of(kind, payload, twice);
  const file_system::parts contents{bytes_of(header), actor_, payload};
  auto done = write_new(run_file(place), contents, true);
  if (!done && done.error().code == ec::already_exists)
    return begun::lost;
  if (done && twice)
    done = write_anew(run_file(place, run_part::copy), contents, true);
  if (done)
    done = files_.sync_folder(folder_);
  if (!done)
    return unexpected(done.error());
  ASSIGN_OR_RETURN(const auto it_counts, counts(place));
  if (!it_counts)
    return begun::lost;
  const auto size = sizeof header + actor_.size() + payload.size();
  run_ = {.place = place, .is_open = true, .copy_is_named = twice, .tail_at = 0, .end = size};
  last_place_ = place;
  is_unsure_ = false;
  ++weight_.runs;
  record_counts(header, size, twice);
  return begun::counts;
}

/// `buried`: the record before, if its copy is due.
expected<void> dir_chain::extend_run(file_system::parts contents, bool twice, const std::string& buried) {
  const auto original = path(run_file(run_.place)), copy = path(run_file(run_.place, run_part::copy));
  auto done = files_.append(original, contents, true);
  if (done && !buried.empty())
    done = copy_record(buried, run_.tail_at);
  if (done && twice)
    done = files_.append(copy, contents, true);
  if (done && twice && !run_.copy_is_named) {
    done = files_.sync_folder(folder_);
    run_.copy_is_named = done.has_value();
  }
  // A life that goes on from this run moves its copy first: so a missing file is not the answer yet.
  if (!done && done.error().code != ec::not_found)
    return done;
  ASSIGN_OR_RETURN(const auto it_counts, counts(run_.place));
  if (!it_counts)
    return outside_error(ec::locked, fmt::format("another process reads {} to go on from it", original));
  return done;
}

chain::weight dir_chain::size() const { return weight_; }

void dir_chain::count_bytes() {
  std::uint64_t sum = 0;
  if (const auto entries = files_.list(folder_))
    for (const auto& e : *entries)
      sum += e.size;
  bytes_ = sum;
}

}  // namespace millrace::snapshot
