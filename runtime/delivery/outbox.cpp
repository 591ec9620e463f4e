#include "runtime/delivery/outbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::delivery {

void outbox::set_receivers(const std::vector<std::string>& names) {
  std::map<std::string, position> now;
  for (const auto& name : names) {
    const auto known = acked_.find(name);
    if (known == acked_.end())
      joined_.insert(name);
    now[name] = known == acked_.end() ? sent_ : known->second;
  }
  acked_ = std::move(now);
  std::erase_if(cursors_, [&](const auto& c) { return !acked_.contains(c.first); });
  trim();
}

void outbox::push(output_frame f) {
  f.log = log_;
  f.since = sent_;
  sent_ = f.reached;
  put(std::make_shared<const output_frame>(std::move(f)));
}

void outbox::put(output_ptr f) {
  const auto bytes = f->byte_size();
  const auto reached = f->reached;
  if (const auto there = entries_.find(reached); there != entries_.end())
    forget(there);
  const auto since = f->since;
  entries_[reached] = {std::move(f), since, reached, bytes, appended_bytes_, {}, false};
  appended_bytes_ += bytes;
  memory_bytes_ += bytes;
}

void outbox::put_stub(const segment_id& id, position since, position first, position reached,
                      std::uint64_t bytes, bool captured) {
  auto at = entries_.upper_bound(since);
  const auto before = at == entries_.end() ? appended_bytes_ : at->second.before;
  std::uint64_t known = 0;
  while (at != entries_.end() && at->first <= reached) {
    known += at->second.bytes;
    forget(at++);
  }
  appended_bytes_ += bytes - std::min(bytes, known);  // a restored outbox has frames that no capture held
  entries_[reached] = {nullptr, since, first, bytes, before, id, captured};
  spilled_bytes_ += bytes;
  auto& f = files_[id];
  f.reached = reached;
  f.captured = f.captured || captured;
}

void outbox::forget(entries::iterator at) {
  if (at->second.frame)
    memory_bytes_ -= at->second.bytes;
  else
    spilled_bytes_ -= at->second.bytes;
  entries_.erase(at);
}

void outbox::append_window(event_micros end, const std::vector<data::batch_ptr>& parts,
                           std::vector<dead_letter> failed) {
  const auto rows_of = [](const data::batch_ptr& part) {
    return part ? static_cast<std::uint32_t>(part->rows) : 0U;
  };
  std::uint32_t n = 0;
  for (const auto& part : parts)
    n += rows_of(part);
  for (auto& letter : failed)
    letter.at.major = end;
  std::uint32_t base = 0;
  for (const auto& part : parts) {
    for (std::uint32_t begin = 0; begin < rows_of(part); begin += limits_.frame_rows) {
      const auto stop = std::min(rows_of(part), begin + limits_.frame_rows);
      output_frame f;
      f.rows = part;
      f.begin = begin;
      f.end = stop;
      f.base = base;
      f.reached = {end, base + stop == n && failed.empty() ? whole : base + stop - 1};
      push(std::move(f));
    }
    base += rows_of(part);
  }
  if (!failed.empty() || n == 0) {
    output_frame f;
    for (std::size_t i = 0; i < failed.size(); ++i)
      failed[i].at.minor = n + static_cast<std::int64_t>(i);
    f.failed = std::move(failed);
    f.reached = {end, whole};
    push(std::move(f));
  }
  trim();  // a later life may form again what every receiver has: it takes no room
}

void outbox::append_windows(const std::vector<window_rows>& all) {
  if (all.size() == 1)
    return append_window(all.front().end, {all.front().rows}, {});
  output_frame f;
  std::vector<data::batch_ptr> parts;
  for (const auto& w : all) {
    f.windows.push_back({w.end, f.end});
    f.end += static_cast<std::uint32_t>(w.rows->rows);
    parts.push_back(w.rows);
  }
  f.rows = std::make_shared<const data::batch>(data::concatenate(parts));
  f.reached = {all.back().end, whole};
  push(std::move(f));
  trim();
}

void outbox::append_mark(event_micros fired) {
  if (sent_ < position{fired, whole}) {
    output_frame f;
    f.reached = {fired, whole};
    push(std::move(f));
  }
  trim();
}

void outbox::acknowledge(const std::string& receiver, position at) {
  const auto entry = acked_.find(receiver);
  if (entry == acked_.end() || entry->second >= at)
    return;
  entry->second = at;
  if (const auto cursor = cursors_.find(receiver); cursor != cursors_.end())
    cursor->second.taken(at);
  trim();
}

void outbox::taken(const std::string& receiver, life of, position at) {
  if (const auto cursor = cursors_.find(receiver); cursor != cursors_.end() && cursor->second.life() == of)
    cursor->second.taken(at);
}

void outbox::trim() {
  auto all_have = sent_;
  for (const auto& [name, at] : acked_)
    all_have = std::min(all_have, at);
  while (!entries_.empty() && entries_.begin()->first <= all_have) {
    low_ = entries_.begin()->first;
    forget(entries_.begin());
  }
  drop_unread();
}

expected<position> outbox::resume(const std::string& receiver, std::optional<position> at, life of,
                                  bool durable) {
  const auto entry = acked_.find(receiver);
  if (entry == acked_.end())
    return our_error(fmt::format("{} is not a receiver of {}", receiver, log_));
  const auto from = at.value_or(joined_.contains(receiver) ? entry->second : lowest_position);
  if (from < low_ && !(joined_.contains(receiver) && from >= entry->second))
    return fatal_error(
        ec::log_trimmed,
        fmt::format("sink '{}' stands before what it once acknowledged of {}: its target was emptied, "
                    "restored or replaced; put it back, or start over with --fresh",
                    receiver, log_));
  cursors_[receiver].resume(from, of);
  if (durable)
    acknowledge(receiver, from);
  drop_unread();
  return from;
}

output_ptr outbox::frame_at(const entry& e, position cursor) const {
  if (e.frame)
    return e.frame;
  const auto read = read_.find(e.segment);
  if (read == read_.end() || !read->second)
    return nullptr;
  const auto& frames = *read->second;
  const auto at = std::upper_bound(frames.begin(), frames.end(), cursor,
                                   [](position c, const output_ptr& f) { return c < f->reached; });
  return at == frames.end() ? nullptr : *at;
}

output_ptr outbox::next(const std::string& receiver, std::optional<position> limit) {
  const auto cursor = cursors_.find(receiver);
  if (cursor == cursors_.end() || !cursor->second.connected())
    return nullptr;
  auto& c = cursor->second;
  const auto at = entries_.upper_bound(c.at());
  if (at == entries_.end())
    return nullptr;
  auto f = frame_at(at->second, c.at());
  if (!f || (limit && f->reached > *limit) ||
      (f->has_content() && !c.may_send(f->reached.major, limits_.credit)))
    return nullptr;
  const bool spilled = !at->second.frame;
  c.sent(*f, spilled ? f->byte_size() : at->second.bytes);
  if (spilled && c.at() >= at->first)
    drop_unread();
  return f;
}

std::optional<outbox::spill> outbox::begin_spill() {
  if (spilling_ || memory_bytes_ <= limits_.memory)
    return std::nullopt;
  spill out;
  std::uint64_t bytes = 0;
  for (const auto& [reached, e] : entries_) {
    if (!e.frame)
      continue;  // stubs come first: the oldest are spilled first
    if (out.frames.empty())
      spilling_ = {{term_, ++segments_begun_}, e.since, reached, reached};
    spilling_->reached = reached;
    out.frames.push_back(e.frame);
    bytes += e.bytes;
    if (bytes >= limits_.segment)
      break;
  }
  if (!spilling_)
    return std::nullopt;
  out.id = spilling_->id;
  return out;
}

void outbox::spilled() {
  if (!spilling_)
    return;
  const auto s = *std::exchange(spilling_, std::nullopt);
  std::uint64_t bytes = 0;
  for (auto at = entries_.upper_bound(s.since); at != entries_.end() && at->first <= s.reached; ++at)
    bytes += at->second.bytes;
  if (bytes == 0)
    files_[s.id].reached = s.reached;  // acknowledged in the meantime
  else
    put_stub(s.id, s.since, s.first, s.reached, bytes, false);
}

bool outbox::is_read(const segment_id& id) const {
  return std::any_of(cursors_.begin(), cursors_.end(), [&](const auto& c) {
    const auto at = entries_.upper_bound(c.second.at());
    return c.second.connected() && at != entries_.end() && !at->second.frame && at->second.segment == id;
  });
}

/// Frames that were read back go when no receiver stands among them: at most one segment a receiver is kept.
void outbox::drop_unread() {
  std::erase_if(read_, [&](const auto& r) { return r.second && !is_read(r.first); });
}

std::vector<segment_id> outbox::wanted(std::optional<position> limit) {
  std::vector<segment_id> out;
  // Reads for a receiver that has restarted meanwhile count as well.
  auto reading = std::count_if(read_.begin(), read_.end(), [](const auto& r) { return !r.second; });
  for (const auto& [name, c] : cursors_) {
    if (reading >= static_cast<std::ptrdiff_t>(cursors_.size()))
      break;
    const auto at = entries_.upper_bound(c.at());
    if (!c.connected() || at == entries_.end() || at->second.frame || read_.contains(at->second.segment))
      continue;
    const auto& e = at->second;
    if ((limit && e.first > *limit) || !c.may_send(e.first.major, limits_.credit))
      continue;
    read_[e.segment];
    ++reading;
    out.push_back(e.segment);
  }
  return out;
}

void outbox::loaded(const segment_id& id, std::vector<output_ptr> frames) {
  read_[id] = std::move(frames);
  drop_unread();
}

std::vector<segment_id> outbox::unneeded(position safe) {
  std::vector<segment_id> out;
  std::erase_if(files_, [&](const auto& f) {
    const bool is = f.second.reached <= (f.second.captured ? std::min(safe, low_) : low_);
    if (is)
      out.push_back(f.first);
    return is;
  });
  return out;
}

bool outbox::has_outlived_files() const {
  return std::any_of(files_.begin(), files_.end(), [&](const auto& f) { return f.second.reached <= low_; });
}

std::vector<segment_id> outbox::segments() const {
  std::vector<segment_id> out;
  for (const auto& [id, f] : files_)
    out.push_back(id);
  return out;
}

std::uint64_t outbox::held_by(const std::string& receiver) const {
  const auto have = acked_.find(receiver);
  if (have == acked_.end())
    return 0;
  const auto at = entries_.upper_bound(have->second);
  return at == entries_.end() ? 0 : appended_bytes_ - at->second.before;
}

}  // namespace millrace::delivery
