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
  auto chain = opened->recover();
  if (!chain)
    return unexpected(chain.error());
  const auto number = opened->append_record(record_kind::opening, {}, true);
  if (!number)
    return unexpected(number.error());
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
expected<snapshots::chain> dir_snapshots::recover() {
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
  tail_has_copy_ = found->tail_has_copy;
  next_sequence_ = std::max(found->highest, tail_.sequence) + 1;
  base_sequence_ = found->base_sequence;
  base_bytes_ = found->base_bytes;
  increments_bytes_ = found->increments_bytes;
  increments_ = found->increments;
  base_due_ = found->base_due;
  leftovers_.clear();
  count_bytes();
  return std::move(found->chain);
}

expected<void> dir_snapshots::repair(const record_name& missing) {
  const auto bytes = files_.read(path({false, !missing.is_copy, missing.sequence}));
  if (!bytes)
    return unexpected(bytes.error());
  return write_new(missing, {*bytes}, true);
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
  return recover();
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

/// The tail is about to be buried under a record that would be lost with it. Its copy is not synced: it
/// guards against damage, and the original against a crash.
expected<void> dir_snapshots::give_tail_a_copy() {
  if (tail_has_copy_)
    return {};
  const auto bytes = files_.read(path({false, false, tail_.sequence}));
  record r;
  if (!bytes && bytes.error().code != ec::corrupt && bytes.error().code != ec::not_found)
    return unexpected(bytes.error());
  if (!bytes || decode_record(*bytes, actor_, r) != reading::whole || r.checksum != tail_.checksum)
    return fatal_error(ec::corrupt,
                       fmt::format("{} has been damaged since it was written; the actor has to load "
                                   "its snapshots again",
                                   path({false, false, tail_.sequence})));
  if (auto done = write_new({false, true, tail_.sequence}, {*bytes}, false); !done)
    return done;
  bytes_ += bytes->size();
  tail_has_copy_ = true;
  return {};
}

expected<std::uint64_t> dir_snapshots::append_record(record_kind kind, std::string_view payload, bool twice) {
  if (auto done = remove_leftovers().and_then([this] { return give_tail_a_copy(); }); !done)
    return unexpected(done.error());
  const record_name original{false, false, next_sequence_}, copy{false, true, next_sequence_};
  const record r{kind,
                 static_cast<std::uint8_t>(twice ? 2 : 1),
                 next_sequence_,
                 life_,
                 tail_.sequence,
                 tail_.checksum,
                 0,
                 {}};
  const auto header = seal(r, actor_, payload);
  auto done = write_new(original, {bytes_of(header), actor_, payload}, true);
  if (!done && done.error().code == ec::already_exists)
    return fatal_error(ec::fenced,
                       fmt::format("incarnation {} of {} has been superseded: {} is there already", life_,
                                   actor_, path(original)));
  if (done && twice)
    done = write_new(copy, {bytes_of(header), actor_, payload}, true);
  if (done)
    done = files_.sync_folder(folder_);
  if (!done) {
    // The chain stays as it was; what cannot be removed now must be before the next append.
    leftovers_ = {original, copy};
    (void)remove_leftovers();
    return unexpected(done.error());
  }
  const auto size = sizeof header + actor_.size() + payload.size();
  tail_ = {next_sequence_, header.checksum};
  tail_has_copy_ = twice;
  ++increments_;
  increments_bytes_ += size;
  bytes_ += twice ? 2 * size : size;
  return next_sequence_++;
}

expected<bool> dir_snapshots::compact(const std::function<expected<std::string>(const chain&)>& merge) {
  const bool due = base_due_ || increments_ > rule_.most_increments ||
                   increments_bytes_ > std::max(2 * base_bytes_, rule_.smallest_base);
  if (!due || tail_.sequence == base_sequence_)
    return false;
  if (!fence_)
    return unexpected(check_fence().error());
  if (!leftovers_.empty())
    return false;  // a failed append is in the way; the next one removes it
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
  increments_ = increments_bytes_ = 0;
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
