#include "runtime/delivery/outbox.hpp"

#include "runtime/wire/batch_format.hpp"

#include <fmt/format.h>

#include <algorithm>

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
  trim();
}

void outbox::push(output_frame f, std::vector<output_frame>& sent) {
  f.log = log_;
  f.since = sent_;
  sent_ = f.reached;
  bytes_ += f.byte_size();
  frames_.push_back(f);
  sent.push_back(std::move(f));
}

std::vector<output_frame> outbox::append_window(event_micros end, data::batch_ptr rows,
                                                std::vector<dead_letter> failed) {
  std::vector<output_frame> sent;
  const auto n = rows ? static_cast<std::uint32_t>(rows->rows) : 0U;
  for (auto& letter : failed)
    letter.at.major = end;
  for (std::uint32_t begin = 0; begin < n; begin += frame_rows_) {
    const auto stop = std::min(n, begin + frame_rows_);
    output_frame f;
    f.rows = rows;
    f.begin = begin;
    f.end = stop;
    f.reached = {end, stop == n && failed.empty() ? whole : stop - 1};
    push(std::move(f), sent);
  }
  if (!failed.empty() || n == 0) {
    output_frame f;
    for (std::size_t i = 0; i < failed.size(); ++i)
      failed[i].at.minor = n + static_cast<std::int64_t>(i);
    f.failed = std::move(failed);
    f.reached = {end, whole};
    push(std::move(f), sent);
  }
  return sent;
}

std::vector<output_frame> outbox::append_mark(event_micros fired) {
  std::vector<output_frame> sent;
  if (sent_ < position{fired, whole}) {
    output_frame f;
    f.reached = {fired, whole};
    push(std::move(f), sent);
  }
  trim();
  return sent;
}

void outbox::acknowledge(const std::string& receiver, position at) {
  const auto entry = acked_.find(receiver);
  if (entry == acked_.end() || entry->second >= at)
    return;
  entry->second = at;
  trim();
}

void outbox::trim() {
  auto all_have = sent_;
  for (const auto& [name, at] : acked_)
    all_have = std::min(all_have, at);
  while (!frames_.empty() && frames_.front().reached <= all_have) {
    low_ = frames_.front().reached;
    bytes_ -= std::min(bytes_, frames_.front().byte_size());
    frames_.pop_front();
  }
}

expected<outbox::resumed> outbox::resume(const std::string& receiver, std::optional<position> at) {
  const auto entry = acked_.find(receiver);
  if (entry == acked_.end())
    return our_error(fmt::format("{} is no receiver of {}", receiver, log_));
  resumed again;
  again.from = at.value_or(joined_.contains(receiver) ? entry->second : lowest_position);
  if (again.from < low_ && !(joined_.contains(receiver) && again.from >= entry->second))
    return fatal_error(
        ec::log_trimmed,
        fmt::format("sink '{}' stands before what it once acknowledged of {}: its target was emptied, "
                    "restored or replaced; put it back, or start over with --fresh",
                    receiver, log_));
  acknowledge(receiver, again.from);
  for (const auto& f : frames_)
    if (f.reached > again.from)
      again.frames.push_back(f);
  return again;
}

void outbox::encode(wire::writer& out, std::size_t first) {
  out.put(sent_);
  out.put(low_);
  out.varint(acked_.size());
  for (const auto& [name, at] : acked_) {
    out.string(name);
    out.put(at);
  }
  out.varint(frames_.size() - first);
  data::batch_ptr previous;
  for (std::size_t i = first; i < frames_.size(); ++i) {
    const auto& f = frames_[i];
    out.put(f.since);
    out.put(f.reached);
    out.varint(f.begin);
    out.varint(f.end);
    // The frames of one window share its batch: it is written once.
    out.fixed<std::uint8_t>(!f.rows ? 0 : f.rows == previous ? 1 : 2);
    if (f.rows && f.rows != previous)
      wire::encode_batch(out, *f.rows);
    previous = f.rows;
    out.varint(f.failed.size());
    for (const auto& l : f.failed) {
      out.string(l.stage);
      out.string(l.partition);
      out.put(l.at);
      out.string(l.error);
      out.string(l.record);
    }
  }
  captured_ = sent_;
}

void outbox::capture_all(wire::writer& out) { encode(out, 0); }

void outbox::capture_changes(wire::writer& out) {
  // Frames of one window share a batch, so a window that was cut by a capture is simply written again.
  const auto is_new = [&](const output_frame& f) { return f.reached > captured_; };
  const auto first = std::find_if(frames_.begin(), frames_.end(), is_new);
  encode(out, static_cast<std::size_t>(first - frames_.begin()));
}

expected<void> outbox::apply(wire::reader& in) {
  sent_ = in.read_position();
  low_ = in.read_position();
  acked_.clear();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const std::string name(in.string());
    acked_[name] = in.read_position();
  }
  data::batch_ptr previous;
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    output_frame f;
    f.log = log_;
    f.since = in.read_position();
    f.reached = in.read_position();
    f.begin = static_cast<std::uint32_t>(in.varint());
    f.end = static_cast<std::uint32_t>(in.varint());
    const auto kind = in.fixed<std::uint8_t>();
    if (kind == 2) {
      auto batch = wire::decode_batch(in);
      if (!batch)
        return unexpected(batch.error());
      previous = std::make_shared<const data::batch>(std::move(*batch));
    }
    f.rows = kind == 0 ? nullptr : previous;
    for (auto k = in.varint(); k > 0 && in.ok(); --k) {
      dead_letter l;
      l.stage = in.string();
      l.partition = in.string();
      l.at = in.read_position();
      l.error = in.string();
      l.record = in.string();
      f.failed.push_back(std::move(l));
    }
    if (kind > 2 || (kind == 1 && !previous) || f.begin > f.end ||
        (f.rows ? f.end > f.rows->rows : f.end != 0))
      in.fail();
    if (in.ok())
      frames_.push_back(std::move(f));
  }
  if (!in.ok())
    return fatal_error(ec::corrupt, "a snapshot's retained output is malformed");
  while (!frames_.empty() && frames_.front().reached <= low_)
    frames_.pop_front();
  bytes_ = 0;
  for (const auto& f : frames_)
    bytes_ += f.byte_size();
  captured_ = sent_;
  return {};
}

}  // namespace millrace::delivery
