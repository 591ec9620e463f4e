#include "actors/stream/spool/spool.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace millrace::spool {

expected<std::shared_ptr<log>> log::open(std::unique_ptr<segment_store> segments, spool_options options) {
  const std::shared_ptr<log> out(new log(std::move(segments), std::move(options)));
  RETURN_IF_ERROR(out->recover());
  out->count();
  return out;
}

unexpected log::damaged(std::uint64_t base) const {
  return fatal_error(
      ec::corrupt, fmt::format("{} is damaged: it holds records that were received and not yet processed; {}",
                               store_->path(base), store_->remedy()));
}

/// Each segment is whole up to the base of the next; the newest one, as far as it is whole. That may have
/// been written and not synced, so it is synced before anybody reads it.
expected<void> log::recover() {
  ASSIGN_OR_RETURN(const auto found, store_->open());
  const auto& bases = found;
  for (std::size_t i = 0; i < bases.size(); ++i) {
    const auto base = bases[i];
    if (i + 1 < bases.size()) {
      segments_[base] = bases[i + 1];  // looked at when it is read
      continue;
    }
    ASSIGN_OR_RETURN(const auto bytes, store_->read(base));
    const auto header = check_header(bytes, base);
    if (header == snapshot::reading::later)
      return user_error(
          ec::unsupported,
          fmt::format("{} was written by a later version of millrace; run that one", store_->path(base)));
    tail_base_ = end_ = base;
    if (header == snapshot::reading::damaged && bytes.size() > sizeof(segment_header))
      return damaged(base);
    if (header == snapshot::reading::damaged)
      continue;  // its making was cut short: nothing is appended before the header is durable
    const auto frames = std::string_view(bytes).substr(sizeof(segment_header));
    const auto whole = whole_frames(frames, base);
    if (whole < frames.size())
      spdlog::info(
          "{}: the last {} bytes were being written when the last process ended; they were not taken yet",
          store_->path(base), frames.size() - whole);
    if (whole > 0) {
      RETURN_IF_ERROR(store_->settle(base));
      segments_[base] = base + whole;
      tail_base_ = end_ = base + whole;
    }
  }
  return {};
}

/// Makes the segment that the next group goes to.
expected<void> log::begin_segment() {
  const auto base = end_;
  RETURN_IF_ERROR(store_->begin(base, encode_header(base)));
  std::string note;
  if (options_.note) {
    append_frame(note, base, 0, options_.note(), frame_kind::note);
    RETURN_IF_ERROR(store_->append(base, note));
  }
  const std::scoped_lock lock(mutex_);
  if (base > tail_base_)
    segments_[tail_base_] = base;
  tail_base_ = base;
  tail_note_ = note.size();
  keep(std::move(note));
  tail_is_good_ = true;
  count();
  return {};
}

/// A long note counts once: else each group behind it would begin a segment, with another.
bool log::is_tail_full() const {
  return end_ - tail_base_ >= tail_note_ + std::max<std::uint64_t>(options_.segment_bytes, tail_note_);
}

expected<void> log::keep_note() {
  if (!options_.note)
    return {};
  if (!tail_is_good_ || is_tail_full())
    return begin_segment();
  std::string note;
  append_frame(note, end_, 0, options_.note(), frame_kind::note);
  if (auto appended = store_->append(tail_base_, note); !appended) {
    tail_is_good_ = false;
    return appended;
  }
  {
    const std::scoped_lock lock(mutex_);
    keep(std::move(note));
    count();
  }
  changed_.notify_all();
  return {};
}

void log::add(std::string_view record, event_micros time, bool cut) {
  pending_.push_back({time, record.size(), cut ? frame_kind::beginning : frame_kind::record});
  pending_bytes_ += record;
}

expected<void> log::commit() {
  if (pending_.empty())
    return {};
  if (!tail_is_good_ || is_tail_full())
    RETURN_IF_ERROR(begin_segment());
  std::string group;
  std::size_t at = 0;
  for (const auto& p : pending_) {
    append_frame(group, end_ + group.size(), p.time, std::string_view(pending_bytes_).substr(at, p.length),
                 p.kind);
    at += p.length;
  }
  if (auto appended = store_->append(tail_base_, group); !appended) {
    tail_is_good_ = false;  // the length of the tail is unknown
    return appended;
  }
  {
    const std::scoped_lock lock(mutex_);
    keep(std::move(group));
    count();
  }
  pending_.clear();
  pending_bytes_.clear();
  changed_.notify_all();
  return {};
}

/// Readers that are further behind than a segment's bytes read from the store, and so do those that begin where all
/// consumers have acknowledged. A block belongs to one segment, as what a reader takes at once does.
void log::keep(std::string frames) {
  if (frames.empty())
    return;
  const auto at = end_;
  end_ += frames.size();
  if (!blocks_.empty() && at > tail_base_ && blocks_.rbegin()->second.size() < block_bytes)
    blocks_.rbegin()->second += frames;
  else
    blocks_.emplace(at, std::move(frames));
  if (end_ > options_.segment_bytes)
    drop_blocks_below(end_ - options_.segment_bytes);
}

void log::drop_blocks_below(std::uint64_t position) {
  while (!blocks_.empty() && blocks_.begin()->first + blocks_.begin()->second.size() <= position)
    blocks_.erase(blocks_.begin());
}

log::segment log::segment_of(std::uint64_t position) const {
  if (position >= tail_base_)
    return {tail_base_, end_};
  const auto& [base, end] = *std::prev(segments_.upper_bound(position));
  return {base, end};
}

std::uint64_t log::bytes_in_memory() const {
  const std::scoped_lock lock(mutex_);
  return blocks_.empty() ? 0 : end_ - blocks_.begin()->first;
}

std::uint64_t log::acknowledged() const {
  auto below = end_;
  for (const auto& [name, at] : consumers_)
    below = std::min(below, at);
  return std::max(below, first_of_all());
}

std::uint64_t log::first_of_all() const { return segments_.empty() ? tail_base_ : segments_.begin()->first; }

void log::count() {
  unacknowledged_ = end_ - acknowledged();
  bytes_ = end_ - first_of_all();
}

void log::add_consumer(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  consumers_.emplace(name, 0);
  count();
}

void log::acknowledge(const std::string& consumer, std::uint64_t below) {
  {
    const std::scoped_lock lock(mutex_);
    auto& at = consumers_[consumer];
    at = std::max(at, below);
    count();
  }
  remove_acknowledged();
}

/// The newest segment with records stays: it says where the stream was left.
void log::remove_acknowledged() {
  std::vector<std::uint64_t> gone;
  {
    const std::scoped_lock lock(mutex_);
    const auto below = acknowledged();
    drop_blocks_below(below);
    const std::size_t stay = end_ == tail_base_ ? 1 : 0;
    while (segments_.size() > stay && segments_.begin()->second <= below) {
      gone.push_back(segments_.begin()->first);
      segments_.erase(segments_.begin());
    }
    count();
  }
  for (const auto base : gone)
    if (const auto removed = store_->remove(base); !removed)
      spdlog::warn("{}; it goes with the next start", removed.error().message);
}

std::uint64_t log::first() const {
  const std::scoped_lock lock(mutex_);
  return first_of_all();
}

std::uint64_t log::end() const {
  const std::scoped_lock lock(mutex_);
  return end_;
}

bool log::wait_beyond(std::uint64_t position, std::chrono::steady_clock::time_point until,
                      const std::atomic<bool>& interrupted) const {
  std::unique_lock lock(mutex_);
  const auto more = [&] { return end_ > position; };
  changed_.wait_until(lock, until, [&] { return more() || interrupted; });
  return more() && !interrupted;
}

void log::wake() const {
  const std::scoped_lock lock(mutex_);  // a thread that is about to wait sees the flag, or this
  changed_.notify_all();
}

expected<std::string> log::load(const segment& s) const {
  auto bytes = store_->read(s.base);
  if (!bytes)
    return unexpected(bytes.error());
  if (check_header(*bytes, s.base) != snapshot::reading::whole)
    return damaged(s.base);
  bytes->erase(0, sizeof(segment_header));
  if (bytes->size() < s.end - s.base)
    return damaged(s.base);
  bytes->resize(s.end - s.base);
  if (whole_frames(*bytes, s.base) != bytes->size())
    return damaged(s.base);
  return bytes;
}

expected<void> log::newest(const std::function<void(std::string_view)>& note,
                           const std::function<void(std::string_view, event_micros)>& record) const {
  segment last;
  {
    const std::scoped_lock lock(mutex_);
    if (end_ == tail_base_ && segments_.empty())
      return {};
    last = segment_of(end_ == tail_base_ ? segments_.rbegin()->first : end_);
  }
  ASSIGN_OR_RETURN(const auto frames, load(last));
  std::size_t at = 0;
  while (const auto f = read_frame(std::string_view(frames).substr(at), last.base + at)) {
    if (f->kind == frame_kind::note)
      note(f->record);
    else
      record(f->record, f->time);
    at += f->size;
  }
  return {};
}

expected<std::uint64_t> cursor::read(std::uint64_t from, std::size_t most_bytes,
                                     const std::function<void(const record&)>& take) {
  std::string copied;
  std::string_view frames;
  std::optional<log::segment> stored;
  {
    const std::scoped_lock lock(log_->mutex_);
    const auto end = log_->end_;
    const auto first = log_->first_of_all();
    if (from > end)
      return user_error(
          ec::mismatch,
          fmt::format("the spool {} ends at {}, and {} has been read before: it is not the one that the "
                      "state belongs to; {}",
                      log_->store_->place(), end, from, log_->store_->remedy()));
    if (from < first)
      return fatal_error(ec::log_trimmed,
                         fmt::format("position {} of the spool {} is gone, it begins at {}; start "
                                     "over with --fresh",
                                     from, log_->store_->place(), first));
    if (from == end)
      return from;
    if (const auto block = log_->blocks_.upper_bound(from); block != log_->blocks_.begin()) {
      const auto& [base, all] = *std::prev(block);
      const auto left = std::string_view(all).substr(from - base);
      std::size_t size = 0;
      while (size < most_bytes && size < left.size())
        size += frame_size(left.substr(size));
      copied = left.substr(0, size);
      frames = copied;
    } else {
      stored = log_->segment_of(from);
    }
  }
  if (stored) {
    if (loaded_base_ != stored->base || from >= stored->base + loaded_.size()) {  // the newest one grows
      ASSIGN_OR_RETURN(loaded_, log_->load(*stored));
      loaded_base_ = stored->base;
    }
    frames = std::string_view(loaded_).substr(from - loaded_base_);
  } else {
    loaded_.clear();
    loaded_.shrink_to_fit();
  }
  std::uint64_t at = from;
  std::size_t taken = 0;
  while (!frames.empty() && taken < most_bytes) {
    const auto f = read_frame(frames, at);
    if (!f)
      return our_error(fmt::format("position {} of the spool {} is not the beginning of a record", at,
                                   log_->store_->place()));
    if (f->kind != frame_kind::note)
      take({at, f->time, f->record, f->kind == frame_kind::beginning});
    taken += f->size;
    at += f->size;
    frames.remove_prefix(f->size);
  }
  return at;
}

}  // namespace millrace::spool
