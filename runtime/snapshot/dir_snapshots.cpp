#include "runtime/snapshot/dir_snapshots.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::snapshot {

expected<void> life_fence::check(incarnation life, std::string_view actor) const {
  return newest == life ? expected<void>() : superseded(life, actor, newest);
}

unexpected superseded(incarnation life, std::string_view actor, incarnation by) {
  return fatal_error(ec::fenced,
                     fmt::format("incarnation {} of {} has been superseded by {}", life, actor, by));
}

dir_snapshots::dir_snapshots(file_system& files, std::string folder, std::string actor, incarnation life,
                             std::shared_ptr<life_fence> fence, base_rule rule)
    : files_(files), folder_(std::move(folder)), actor_(std::move(actor)), life_(life),
      fence_(std::move(fence)), rule_(rule) {}

expected<std::unique_ptr<snapshots>> dir_snapshots::open(file_system& files, std::string folder,
                                                         std::string actor, incarnation life,
                                                         std::shared_ptr<life_fence> fence, base_rule rule) {
  std::unique_ptr<dir_snapshots> opened(
      new dir_snapshots(files, std::move(folder), std::move(actor), life, std::move(fence), rule));
  const std::lock_guard lock(opened->fence_->mutex);
  // From here on the older ones are fenced, also when the rest fails.
  opened->fence_->newest = std::max(opened->fence_->newest, life);
  if (auto fenced = opened->check_fence(); !fenced)
    return unexpected(fenced.error());
  record_name newest;
  std::uint64_t newest_bytes = 0;
  auto chain = opened->recover(newest, newest_bytes);
  if (!chain)
    return unexpected(chain.error());
  const auto number = opened->append_record(record_kind::opening, {}, true);
  if (!number)
    return unexpected(number.error());
  if (auto done = opened->check_unchanged(newest, newest_bytes); !done)
    return unexpected(done.error());
  chain->sequence = *number;
  opened->just_opened_ = std::move(*chain);
  return opened;
}

std::unique_ptr<snapshots> dir_snapshots::open_read_only(file_system& files, std::string folder,
                                                         std::string actor) {
  return std::unique_ptr<snapshots>(
      new dir_snapshots(files, std::move(folder), std::move(actor), 0, nullptr, {}));
}

std::string dir_snapshots::path(const record_name& name) const { return folder_ + "/" + to_file_name(name); }

expected<void> dir_snapshots::check_fence() const {
  if (!fence_)
    return user_error(ec::unsupported, fmt::format("{} was opened for reading only", folder_));
  return fence_->check(life_, actor_);
}

/// Scans, then makes the files what the scan has found. Idempotent: a crash in between is scanned again.
expected<snapshots::chain> dir_snapshots::recover(record_name& newest, std::uint64_t& newest_bytes) {
  auto found = scan_chain(files_, folder_, actor_);
  if (!found)
    return unexpected(found.error());
  if (found->life > life_)
    return superseded(life_, actor_, found->life);
  for (const auto* names : {&found->damaged, &found->superseded})
    for (const auto& name : *names)
      if (auto done = files_.remove(folder_ + "/" + name); !done)
        return unexpected(done.error());
  for (const auto& missing : found->to_repair)
    if (auto done = repair(missing); !done)
      return unexpected(done.error());
  // What the chain is built upon must be durable before anything names it; its writer may have died too soon.
  if (auto done = files_.sync_folder(folder_); !done)
    return unexpected(done.error());
  tail_ = found->tail;
  tail_has_copy_ = true;
  file_ = {};
  newest = found->newest;
  newest_bytes = found->newest_bytes;
  next_sequence_ = std::max(found->highest, tail_.sequence) + 1;
  base_sequence_ = found->base_sequence;
  base_bytes_ = found->base_bytes;
  increments_bytes_ = found->increments_bytes;
  increments_ = found->increments;
  increment_files_ = found->files;
  base_due_ = found->base_due;
  leftovers_.clear();
  count_bytes();
  return std::move(found->chain);
}

expected<void> dir_snapshots::repair(const file_repair& missing) {
  // The record that a second copy lags by; like every such one it is not synced.
  return missing.append ? files_.append(path(missing.name), {missing.bytes}, false)
                        : write_new(missing.name, {missing.bytes}, true);
}

/// An older incarnation in another process, which a lock that does not hold has let in, may have appended
/// after this one had read: it finds this one's file and fails, or this one finds that its file has grown.
expected<void> dir_snapshots::check_unchanged(const record_name& file, std::uint64_t size) {
  if (file.sequence == 0)
    return {};
  const auto now = files_.read_part(path(file), size, 1);
  if (now && now->empty())
    return {};
  for (const bool copy : {true, false})
    (void)files_.remove(path({false, copy, tail_.sequence}));
  if (!now)
    return unexpected(now.error());
  return outside_error(ec::io,
                       fmt::format("another process writes to {}; stop it and start again", path(file)));
}

expected<snapshots::chain> dir_snapshots::load() {
  if (just_opened_)
    return *std::exchange(just_opened_, std::nullopt);
  if (!fence_)
    return scan_chain(files_, folder_, actor_).map([](scanned_chain&& found) {
      return std::move(found.chain);
    });
  const std::lock_guard lock(fence_->mutex);
  if (auto fenced = check_fence(); !fenced)
    return unexpected(fenced.error());
  record_name newest;
  std::uint64_t newest_bytes = 0;
  return recover(newest, newest_bytes);
}

expected<std::uint64_t> dir_snapshots::append(std::string_view increment, bool twice) {
  if (!fence_)
    return unexpected(check_fence().error());
  const std::lock_guard lock(fence_->mutex);
  if (auto fenced = check_fence(); !fenced)
    return unexpected(fenced.error());
  just_opened_.reset();
  return append_record(record_kind::increment, increment, twice);
}

/// Under a temporary name first, so that a file with its own name is whole.
expected<void> dir_snapshots::write_new(const record_name& name, file_system::parts contents, bool synced) {
  const auto temporary = fmt::format("{}/tmp-{}-{}", folder_, life_, to_file_name(name));
  auto done = files_.write(temporary, contents, synced);
  if (done)
    done = files_.publish(temporary, path(name));
  if (!done)
    (void)files_.remove(temporary);
  return done;
}

expected<void> dir_snapshots::remove_leftovers() {
  while (!leftovers_.empty()) {
    if (auto done = files_.remove(path(leftovers_.back())); !done)
      return done;
    leftovers_.pop_back();
  }
  return {};
}

/// The newest record, as it has just been read back.
expected<std::string> dir_snapshots::read_tail() {
  const record_name original{false, false, file_.first};
  auto bytes = files_.read_part(path(original), file_.tail_at, file_.end - file_.tail_at);
  record r;
  if (!bytes && bytes.error().code != ec::corrupt && bytes.error().code != ec::not_found)
    return unexpected(bytes.error());
  if (!bytes || decode_record(*bytes, actor_, r) != reading::whole || r.checksum != tail_.checksum)
    return fatal_error(ec::corrupt,
                       fmt::format("{} has been damaged since it was written; the actor has to load "
                                   "its snapshots again",
                                   path(original)));
  return std::move(*bytes);
}

/// The tail that is about to be buried under a record that would be lost with it, to be copied once that is
/// durable: a copy that the power cuts short then never lies beside a newest record that has one copy only.
/// Empty: it has a copy.
expected<std::string> dir_snapshots::tail_to_copy() {
  if (tail_has_copy_)
    return std::string();
  auto bytes = read_tail();
  if (!bytes || (file_.is_open && !file_.copy_is_torn))
    return bytes;
  if (auto done = file_.copy_is_torn ? copy_all_up_to_tail() : copy_record(*bytes, file_.tail_at); !done)
    return unexpected(done.error());
  tail_has_copy_ = true;
  return std::string();
}

/// Not synced: it guards against damage, and the original against a crash.
expected<void> dir_snapshots::copy_record(const std::string& bytes, std::uint64_t at) {
  const record_name copy{false, true, file_.first};
  auto done = at == 0 ? write_new(copy, {bytes}, false) : files_.append(path(copy), {bytes}, false);
  tail_has_copy_ = done.has_value();
  file_.copy_is_torn = !done;
  if (done)
    bytes_ += bytes.size();
  return done;
}

/// After an append to the second copy that has failed half way.
expected<void> dir_snapshots::copy_all_up_to_tail() {
  const auto all = files_.read_part(path({false, false, file_.first}), 0, file_.end);
  if (!all)
    return unexpected(all.error());
  const record_name copy{false, true, file_.first};
  const auto temporary = fmt::format("{}/tmp-{}-{}", folder_, life_, to_file_name(copy));
  auto done = files_.write(temporary, {*all}, true);
  if (done)
    done = files_.replace(temporary, path(copy));
  if (!done)
    (void)files_.remove(temporary);
  else
    file_.copy_is_torn = file_.copy_is_named = false;
  return done;
}

expected<std::uint64_t> dir_snapshots::append_record(record_kind kind, std::string_view payload, bool twice) {
  const auto buried = remove_leftovers().and_then([this] { return tail_to_copy(); });
  if (!buried)
    return unexpected(buried.error());
  const record r{kind,
                 static_cast<std::uint8_t>(twice ? 2 : 1),
                 next_sequence_,
                 life_,
                 tail_.sequence,
                 tail_.checksum,
                 0,
                 {}};
  const auto header = seal(r, actor_, payload);
  const file_system::parts contents{bytes_of(header), actor_, payload};
  if (auto done = file_.is_open ? extend_file(contents, twice, *buried) : begin_file(contents, twice);
      !done) {
    // How much of it is there is not known. What follows goes to another file, whose number says that it does
    // not count.
    file_.has_rest = std::exchange(file_.is_open, false) || file_.has_rest;
    return unexpected(done.error());
  }
  const auto size = sizeof header + actor_.size() + payload.size();
  file_.tail_at = file_.end;
  file_.end += size;
  tail_ = {next_sequence_, header.checksum};
  tail_has_copy_ = twice;
  ++increments_;
  increments_bytes_ += size;
  bytes_ += twice ? 2 * size : size;
  return next_sequence_++;
}

expected<void> dir_snapshots::begin_file(file_system::parts contents, bool twice) {
  const record_name original{false, false, next_sequence_}, copy{false, true, next_sequence_};
  auto done = write_new(original, contents, true);
  if (!done && done.error().code == ec::already_exists)
    return fatal_error(ec::fenced,
                       fmt::format("incarnation {} of {} has been superseded: {} is there already", life_,
                                   actor_, path(original)));
  if (done && twice)
    done = write_new(copy, contents, true);
  if (done)
    done = files_.sync_folder(folder_);
  if (!done) {
    // The chain stays as it was; what cannot be removed now must be before the next append.
    leftovers_ = {original, copy};
    (void)remove_leftovers();
    return done;
  }
  file_ = {.first = next_sequence_, .is_open = true, .copy_is_named = twice};
  ++increment_files_;
  return {};
}

/// `buried`: the record before, if its copy is due.
expected<void> dir_snapshots::extend_file(file_system::parts contents, bool twice,
                                          const std::string& buried) {
  const record_name original{false, false, file_.first}, copy{false, true, file_.first};
  auto done = files_.append(path(original), contents, true);
  if (done && !buried.empty())
    done = copy_record(buried, file_.tail_at);
  if (done && twice)
    done = files_.append(path(copy), contents, true);
  if (done && twice && !file_.copy_is_named) {
    done = files_.sync_folder(folder_);
    file_.copy_is_named = done.has_value();
  }
  return done ? check_newest_file() : done;
}

/// Another process that holds a newer incarnation has begun a file of its own, and does not count what came
/// to this one afterwards.
expected<void> dir_snapshots::check_newest_file() const {
  const auto entries = files_.list(folder_);
  if (!entries)
    return unexpected(entries.error());
  record_name name;
  for (const auto& e : *entries)
    if (parse_file_name(e.name, name) && !name.is_base && name.sequence > file_.first)
      return fatal_error(ec::fenced,
                         fmt::format("incarnation {} of {} has been superseded: {} is there already", life_,
                                     actor_, path(name)));
  return {};
}

bool dir_snapshots::is_base_due() const {
  return base_due_ || increment_files_ > rule_.most_files ||
         (increments_ > rule_.most_increments && 2 * increments_bytes_ > base_bytes_) ||
         increments_bytes_ > std::max(2 * base_bytes_, rule_.smallest_base);
}

expected<bool> dir_snapshots::compact(const std::function<expected<std::string>(const chain&)>& merge) {
  if (!is_base_due() || tail_.sequence == base_sequence_)
    return false;
  if (!fence_)
    return unexpected(check_fence().error());
  if (!leftovers_.empty() || file_.has_rest)
    return false;  // a failed append is in the way; the next one removes it, or begins a file behind it
  // The fence is not held while reading and merging: a newer incarnation need not wait for that.
  auto found = scan_chain(files_, folder_, actor_);
  if (!found)
    return unexpected(found.error());
  if (found->tail != tail_) {
    const std::lock_guard lock(fence_->mutex);
    if (auto fenced = check_fence(); !fenced)
      return unexpected(fenced.error());
    return fatal_error(ec::corrupt,
                       fmt::format("snapshots in {} have been damaged since they were written; the "
                                   "actor has to load them again",
                                   folder_));
  }
  auto base = merge(found->chain);
  if (!base)
    return unexpected(base.error());
  std::uint64_t size = 0;
  if (auto done = publish_base(*base, size); !done)
    return unexpected(done.error());
  base_sequence_ = tail_.sequence;
  base_bytes_ = size;
  increments_ = increments_bytes_ = increment_files_ = 0;
  base_due_ = false;
  tail_has_copy_ = true;
  drop_superseded();
  return true;
}

expected<void> dir_snapshots::publish_base(std::string_view base, std::uint64_t& size) {
  const record r{record_kind::base, 1, tail_.sequence, life_, tail_.sequence, tail_.checksum, 0, {}};
  const auto header = seal(r, actor_, base);
  const auto temporary = fmt::format("{}/tmp-{}-base", folder_, life_);
  auto done = files_.write(temporary, {bytes_of(header), actor_, base}, true);
  if (done)
    done = files_.read(temporary).and_then([&](const std::string& bytes) -> expected<void> {
      record back;
      if (decode_record(bytes, actor_, back) != reading::whole || back.checksum != header.checksum)
        return outside_error(ec::io, fmt::format("{} does not read back as it was written", temporary));
      return {};
    });
  const record_name name{true, false, tail_.sequence};
  const std::lock_guard lock(fence_->mutex);
  if (done)
    done = check_fence();
  if (done)
    done = files_.remove(path(name));  // of an attempt that failed and could not be cleaned up
  // No file holds records from both sides of a base, nor of one that cannot be taken back below.
  file_.is_open = file_.is_open && !done;
  if (done)
    done = files_.publish(temporary, path(name));
  if (!done) {
    (void)files_.remove(temporary);
    return done;
  }
  done = files_.sync_folder(folder_);
  if (!done)
    (void)files_.remove(path(name));
  size = sizeof header + actor_.size() + base.size();
  return done;
}

void dir_snapshots::drop_superseded() {
  const std::lock_guard lock(fence_->mutex);
  if (fence_->newest != life_)
    return;  // the new incarnation does it
  const auto entries = files_.list(folder_);
  if (!entries)
    return;  // at the next base, or when the actor opens again
  std::uint64_t previous = 0;
  record_name name;
  for (const auto& e : *entries)
    if (parse_file_name(e.name, name) && name.is_base && name.sequence < base_sequence_)
      previous = std::max(previous, name.sequence);
  for (const auto& e : *entries) {
    if (!parse_file_name(e.name, name))
      continue;
    const bool superseded = name.is_base   ? name.sequence < previous
                            : name.is_copy ? name.sequence <= base_sequence_
                                           : name.sequence <= previous;
    if (superseded)
      (void)files_.remove(folder_ + "/" + e.name);
  }
  count_bytes();
}

void dir_snapshots::count_bytes() {
  std::uint64_t sum = 0;
  if (const auto entries = files_.list(folder_))
    for (const auto& e : *entries)
      sum += e.size;
  bytes_ = sum;
}

}  // namespace millrace::snapshot
