#include "tests/property/delivery/lane_double.hpp"

#include "tests/property/delivery/tracked_windows.hpp"

#include <algorithm>

namespace millrace::delivery::trial {
namespace {

position at_record(std::size_t i) { return {0, static_cast<std::int64_t>(i)}; }
std::size_t index(position p) { return static_cast<std::size_t>(p.minor); }

const data::schema_ptr& raw_schema() {
  static const auto schema = std::make_shared<const data::schema>(
      std::vector<data::field>{{"log", data::type_id::bigint}, {"position", data::type_id::bigint}});
  return schema;
}

}  // namespace

lane_double::lane_double(scene& s, incarnation id, std::size_t log, lane_log::start how)
    : scene_(s), id_(id), log_(log), view_(s.receivers(), how), partials_(s.windows), handles_(s.receivers()),
      in_flight_(s.receivers()), acknowledged_(s.receivers()), readers_(s.receivers()) {}

void lane_double::take_message() {
  const auto m = in.take(scene_.random);
  if (!m)
    return;
  switch (m->what) {
  case message::kind::receiver_up:
    handles_[m->receiver] = m->life;
    view_.mark_present(m->receiver, true);
    return ask(m->receiver);
  case message::kind::receiver_down:
    handles_[m->receiver] = 0;
    view_.mark_present(m->receiver, false);
    in_flight_[m->receiver] = 0;
    return;
  case message::kind::answered:
    return on_answer(*m);
  case message::kind::ask_again:
    return ask(m->receiver);
  case message::kind::credit:
    if (view_.stamp(m->receiver) == m->stamp)
      in_flight_[m->receiver] -= std::min(in_flight_[m->receiver], m->bytes);
    return;
  case message::kind::acknowledged: {
    auto& have = acknowledged_[m->receiver];
    have = have ? std::max(*have, *m->at) : *m->at;
    return trim_source();
  }
  default:
    throw fault("a lane got a message that is not for lanes");
  }
}

void lane_double::ask(std::size_t r) {
  view_.detach(r);
  in_flight_[r] = 0;
  scene_.to_receiver(id_, handles_[r], {.what = message::kind::ask, .log = log_, .lane = id_, .receiver = r});
}

void lane_double::on_answer(const message& m) {
  if (!m.reply) {
    over_ = true;
    return;
  }
  auto reply = *m.reply;
  if (scene_.broken == rule::wm && index(reply.have.at) != scene_.logs[log_].end())
    reply.have.watermark = no_watermark;
  view_.answered(m.receiver, reply);
  in_flight_[m.receiver] = 0;
}

void lane_double::trim_source() {
  std::optional<position> least;
  for (const auto& a : acknowledged_) {
    if (!a)
      return;
    const auto further = [&](position x, position y) {
      return scene_.broken == rule::trim ? std::max(x, y) : std::min(x, y);
    };
    least = least ? further(*least, *a) : *a;
  }
  auto& log = scene_.logs[log_];
  log.kept = std::max(log.kept, index(*least));
}

/// The log may lack nothing that a receiver's present fence needs. The lane asks again after an older fence.
void lane_double::trimmed(const std::vector<std::size_t>& needed) {
  for (const auto r : needed) {
    if (handles_[r] == scene_.life_of(r) && view_.stamp(r) == scene_.fence_of(r, log_))
      throw fault("the source has lost what a receiver needs");
    ask(r);
  }
}

std::vector<lane_frame> lane_double::form(window::partials_builder& partials, const mark& from,
                                          std::size_t to, std::optional<std::size_t> only) {
  const auto& log = scene_.logs[log_];
  data::column_builder keys(data::type_id::bigint), values(data::type_id::bigint),
      numbers(data::type_id::bigint), positions(data::type_id::bigint);
  std::vector<event_micros> times, watermarks;
  auto watermark = from.watermark;
  std::uint64_t late = 0;
  for (auto i = index(from.at); i < to; ++i) {
    if (i == log.records.size()) {
      watermark = end_of_time;
      break;
    }
    const auto& r = log.records[i];
    numbers.append_int(static_cast<std::int64_t>(log_));
    positions.append_int(static_cast<std::int64_t>(i));
    auto seen = watermark;
    if (scene_.broken == rule::eligible)
      seen = window::assign(scene_.windows, r.time, watermark) ? no_watermark : watermark;
    keys.append_int(r.key);
    values.append_int(r.value);
    times.push_back(r.time);
    watermarks.push_back(seen);
    watermark = std::max(watermark, r.time - watermark_delay);
  }
  const auto records = times.size();
  std::vector<lane_frame> frames(scene_.receivers());
  for (auto& f : frames) {
    f.log = log.name;
    f.from = from.at;
    f.to = at_record(to);
    f.watermark = watermark;
  }
  if (records != 0) {
    const std::vector<data::column_ptr> key_columns{keys.finish()};
    const std::vector<data::column_ptr> arguments{nullptr, values.finish()};
    const std::vector<data::column_ptr> filters(2);
    std::vector<std::uint32_t> late_rows;
    partials.add({key_columns, arguments, filters, times, watermarks}, late_rows);
    late = late_rows.size();
    auto parts = partials.finish();
    for (std::size_t s = 0; s < parts.size(); ++s) {
      if (!parts[s])
        continue;
      frames[s].bytes = window::byte_size(*parts[s]);
      frames[s].content = std::move(parts[s]);
    }
    if (scene_.raw_sink) {
      row_batches rows{{raw_schema(), {numbers.finish(), positions.finish()}, records}};
      frames.back().bytes = byte_size(rows);
      frames.back().content = std::make_shared<const row_batches>(std::move(rows));
      frames.back().counts.push_back({raw_stage, {.in = records, .out = records}});
    }
    // Counts of the window stage travel to its first shard.
    frames[0].counts.push_back({window_stage, {.in = records, .out = records - late, .late = late}});
  }
  for (std::size_t r = 0; r < frames.size(); ++r) {
    if (!only || *only == r)
      continue;
    frames[r].content = {};
    frames[r].bytes = 0;
  }
  return frames;
}

void lane_double::send(std::uint64_t sender, std::size_t r, lane_frame f) {
  f.stamp = view_.stamp(r);
  in_flight_[r] += f.bytes;
  scene_.to_receiver(sender, handles_[r],
                     {.what = message::kind::frame,
                      .log = log_,
                      .lane = id_,
                      .receiver = r,
                      .frame = std::make_shared<const lane_frame>(std::move(f))});
}

void lane_double::send_idle(const std::vector<std::size_t>& attached) {
  for (const auto r : attached) {
    lane_frame f;
    f.log = scene_.logs[log_].name;
    f.from = f.to = view_.at().at;
    f.watermark = view_.at().watermark;
    f.idle = true;
    send(id_, r, std::move(f));
  }
}

void lane_double::read() {
  if (!view_.known() || view_.at().watermark == end_of_time)
    return;
  const auto& log = scene_.logs[log_];
  const auto at = view_.at();
  const auto attached = view_.attached();
  const auto cut = view_.next_cut();
  if ((attached.empty() && !cut) ||
      std::any_of(attached.begin(), attached.end(), [&](auto r) { return in_flight_[r] >= scene_.credit; }))
    return;
  if (index(at.at) < log.kept) {
    if (!attached.empty())
      return trimmed(attached);
    for (std::size_t r = 0; r < handles_.size(); ++r)
      ask(r);  // all that is left are receivers further on
    return;
  }
  auto to = std::min(log.there, index(at.at) + static_cast<std::size_t>(between(scene_.random, 1, 5)));
  if (to == log.records.size() && log.there == to && !scene_.one_in(3))
    ++to;  // the end, in the same frame
  if (cut)
    to = std::min(to, index(*cut));
  if (to == index(at.at)) {
    if (log.there == log.records.size())
      to = log.end();
    else if (scene_.idle)
      return send_idle(attached);
    else
      return;
  }
  auto frames = form(partials_, at, to, std::nullopt);
  for (const auto r : attached)
    send(id_, r, frames[r]);
  view_.advance({at_record(to), frames[0].watermark});
}

void lane_double::catch_up() {
  if (!view_.known())
    return;
  const auto behind = view_.behind();
  if (behind.empty())
    return;
  const auto r = behind[scene_.random() % behind.size()];
  const auto from = view_.reader_at(r);
  if (scene_.one_in(4)) {
    (void)view_.name_cut(r);
    return;
  }
  auto& reader = readers_[r];
  if (reader.sender == 0 || reader.stamp != view_.stamp(r)) {
    reader.sender = scene_.next_number();
    reader.stamp = view_.stamp(r);
    std::vector<bool> only(r < scene_.shards.size() ? scene_.windows.shards : 0);
    if (r < only.size())
      only[r] = true;
    reader.partials.emplace(scene_.windows, std::move(only));
  }
  // Once the cut is named, live frames may be held with all of the credit; what they wait for needs none.
  const auto live = view_.attached();
  const bool named = std::find(live.begin(), live.end(), r) != live.end();
  if (!named && in_flight_[r] >= scene_.credit)
    return;
  if (index(from.at) < scene_.logs[log_].kept)
    return trimmed({r});
  const auto to = std::min(index(view_.reader_limit(r)),
                           index(from.at) + static_cast<std::size_t>(between(scene_.random, 1, 5)));
  auto frames = form(*reader.partials, from, to, r);
  const mark reached{at_record(to), frames[r].watermark};
  send(reader.sender, r, std::move(frames[r]));
  view_.reader_advance(r, reached);
}

void lane_double::lose_reader() {
  const auto r = scene_.random() % readers_.size();
  if (readers_[r].sender != 0)
    scene_.lose(readers_[r].sender);
  readers_[r] = {};
  ask(r);
}

void lane_double::die() {
  scene_.lose(id_);
  for (const auto& r : readers_)
    if (r.sender != 0)
      scene_.lose(r.sender);
}

}  // namespace millrace::delivery::trial
