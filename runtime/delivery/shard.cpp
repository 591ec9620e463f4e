#include "runtime/delivery/shard.hpp"

#include "runtime/base/shard_name.hpp"
#include "runtime/wire/format_version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::delivery {
namespace {

constexpr std::uint8_t capture_version = 9;

/// A window without rows takes as long as so many rows, about.
constexpr std::size_t rows_a_window = 16;

/// The beginning of a capture, up to the vector.
struct capture_head {
  std::uint64_t run = 0;
  event_micros last_end = no_watermark;
};
/// How far the shard's input had come.
struct capture_marks {
  std::map<log_id, mark> vector;
  std::map<log_id, event_micros> floors;
  event_micros greatest = no_watermark;
  event_micros fired = no_watermark;
};

expected<capture_head> read_beginning(wire::reader& in, const log_id& log) {
  RETURN_IF_ERROR(wire::read_format_version(in, "a snapshot of " + log, capture_version));
  capture_head b;
  b.run = in.varint();
  b.last_end = in.fixed<event_micros>();
  return b;
}

capture_marks read_marks(wire::reader& in) {
  capture_marks m;
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const std::string log(in.string());
    m.vector[log] = in.read_mark();
  }
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const std::string log(in.string());
    m.floors[log] = in.fixed<event_micros>();
  }
  m.greatest = in.fixed<event_micros>();
  m.fired = in.fixed<event_micros>();
  return m;
}

/// The windows that had fired by a capture, as far as can be said without reading all of it.
event_micros fired_by(std::string_view capture, const log_id& log) {
  wire::reader in(capture);
  const auto fired = read_beginning(in, log) ? read_marks(in).fired : no_watermark;
  return in.ok() ? fired : no_watermark;
}

}  // namespace

shard_core::shard_core(setup s, std::unique_ptr<window_state> windows)
    : setup_(std::move(s)), windows_(std::move(windows)), intake_(setup_.life),
      outbox_(setup_.log, setup_.limits, setup_.life) {
  for (const auto& [log, start] : setup_.logs)
    intake_.add_log(log, start);
  for (const auto& log : setup_.upstream)
    intake_.add_log(log, {lowest_position, no_watermark});
  joining_ = setup_.found;
  const auto& earlier = setup_.earlier;
  last_end_ = earlier.last_end;
  fired_ = last_end_ == no_watermark ? no_watermark : fired_at({last_end_, whole});
  rows_ = earlier.rows;
  missed_ = earlier.missed;
  ledger_ = earlier.counts;
  set_receivers();
  first_of_run_ = setup_.run != 0;
  older_.vector = newer_.vector = intake_.vector();
}

expected<void> shard_core::restore(const std::vector<std::string>& all) {
  std::vector<std::string_view> captures;
  for (const auto& bytes : all) {
    wire::reader in(bytes);
    ASSIGN_OR_RETURN(const auto b, read_beginning(in, setup_.log));
    if (b.run == setup_.run)
      captures.emplace_back(bytes);
  }
  if (captures.empty())
    return {};
  outbox_ = outbox(setup_.log, setup_.limits, setup_.life);
  first_of_run_ = false;
  auto vector = intake_.vector();
  std::map<log_id, event_micros> floors;
  auto greatest = no_watermark;
  windows_->to_be_applied(fired_by(captures.back(), setup_.log));
  for (const auto bytes : captures) {
    wire::reader in(bytes);
    older_ = {vector, outbox_.low()};
    while (in.ok() &&
           !in.at_end())  // a failed capture is merged with the next: several may follow one another
      RETURN_IF_ERROR(restore_one(in, vector, floors, greatest));
    if (!in.ok())
      return fatal_error(ec::corrupt, "a snapshot of " + setup_.log + " is malformed");
  }
  // Lanes have been acknowledged what precedes the newest capture, no more.
  newer_ = {vector, outbox_.low()};
  static_cast<void>(unneeded_segments());  // the owner removes whatever is not in out().segments()
  intake_.restore(std::move(vector), std::move(floors), greatest);
  for (const auto& log : setup_.upstream)
    intake_.add_log(log, {lowest_position, no_watermark});
  joining_.clear();
  for (const auto& logs : {setup_.logs, setup_.found})
    for (const auto& [log, start] : logs)
      found(log, start);
  set_receivers();
  return {};
}

/// A receiver that is gone has lost its claim: where it comes back, it is given rows from then on.
void shard_core::set_receivers() {
  outbox_.set_receivers(setup_.receivers);
  given_.clear();
  for (const auto& receiver : setup_.receivers)
    given_.insert(given_to(stage_of_actor(receiver)));
  std::vector<std::string> gone;
  for (const auto& [entry, _] : ledger_.stages())
    if (entry.ends_with(given_to({})) && !given_.contains(entry))
      gone.push_back(entry);
  for (const auto& entry : gone)
    ledger_.forget(entry);
}

expected<void> shard_core::restore_one(wire::reader& in, std::map<log_id, mark>& vector,
                                       std::map<log_id, event_micros>& floors, event_micros& greatest) {
  ASSIGN_OR_RETURN(const auto b, read_beginning(in, setup_.log));
  auto marks = read_marks(in);
  vector = std::move(marks.vector);
  for (const auto& [log, floor] : marks.floors)
    floors[log] = floor;
  greatest = marks.greatest;
  fired_ = marks.fired;
  last_end_ = b.last_end;
  ticked_ = in.fixed<event_micros>();
  rows_ = in.varint();
  missed_ = in.varint();
  RETURN_IF_ERROR(ledger_.decode(in));
  RETURN_IF_ERROR(outbox_.apply(in));
  return windows_->apply(in);
}

void shard_core::end_where_nothing_comes() {
  if (setup_.run == 0 || setup_.updates || fired_ == end_of_time || !intake_.vector().empty() ||
      !joining_.empty())
    return;
  fired_ = end_of_time;
  changed_ = true;
  outbox_.append_mark(end_of_time);
}

void shard_core::found(const log_id& log, const mark& start) {
  if (!intake_.vector().contains(log))
    joining_.try_emplace(log, start);
}

/// Of ticks: what was sent was captured before. Otherwise receivers say it.
bool shard_core::knows_what_was_sent() const {
  return setup_.updates || resumed_.size() >= setup_.receivers.size();
}

bool shard_core::join() {
  if (joining_.empty() || !knows_what_was_sent())
    return false;
  // An earlier life may have sent more than this one has fired again: none of that may turn out otherwise.
  // But of ticks: what was sent was captured before.
  const auto floor = setup_.updates ? fired_ : std::max({fired_, fired_at(outbox_.sent()), receivers_have_});
  for (const auto& [log, start] : joining_) {
    intake_.join(log, start, floor);
    unsettled_[log] = begun_ + 1;
  }
  joining_.clear();
  changed_ = true;
  return true;
}

std::optional<earlier_runs> shard_core::left() const {
  if (fired_ != end_of_time || last_end_ == end_of_time)
    return std::nullopt;
  return earlier_runs{last_end_, rows_, missed_, ledger_};
}

/// No window that ends later has fired.
event_micros shard_core::highest_end_fired(event_micros fired) const {
  const auto lateness = setup_.allowed_lateness.count();
  return fired == end_of_time || fired < no_watermark + lateness ? fired : fired - lateness;
}

/// The least fired mark with which something at this position is sent.
event_micros shard_core::fired_at(position sent) const {
  const auto lateness = setup_.allowed_lateness.count();
  return sent.major == no_watermark || sent.major > end_of_time - lateness ? sent.major
                                                                           : sent.major + lateness;
}

event_micros shard_core::fired_by_earlier_runs() const {
  const auto end = setup_.earlier.last_end;
  return end != no_watermark && fired_ == fired_at({end, whole}) ? end : no_watermark;
}

expected<position> shard_core::resume(const std::string& receiver, std::optional<position> at,
                                      std::optional<position> taken, life receiver_life, bool durable) {
  // Updates leave only once two copies of a capture have them, so no other life may have sent ticks that this
  // one does not know: its ticks would not be the ones that the receiver has.
  if (setup_.updates &&
      std::max(at.value_or(lowest_position), taken.value_or(lowest_position)) > outbox_.sent())
    return user_error(
        ec::corrupt,
        fmt::format("'{}' has updates of {} that none of the snapshots in the state folder knows: the newest "
                    "of them are gone, or the folder was put back to an older copy; restore one that is as "
                    "new as what '{}' has, or start over with --fresh",
                    receiver, setup_.log, receiver));
  auto again = outbox_.resume(receiver, at, receiver_life, durable);
  if (again && taken)
    receiver_has(receiver, *taken);
  return again;
}

void shard_core::receiver_has(const std::string& receiver, position taken) {
  resumed_.insert(receiver);
  receivers_have_ = std::max(receivers_have_, fired_at(taken));
}

std::optional<position> shard_core::taken(const log_id& upstream) const {
  const auto here = intake_.vector().at(upstream).at;
  if (setup_.updates)
    return here;  // all that has left this shard is in a capture
  if (!knows_what_was_sent())
    return std::nullopt;
  // Rows that receivers have were fired by a life that had all of its inputs up to there.
  return std::max(here, position{receivers_have_, whole});
}

void shard_core::settle(bool durable_twice) {
  ++done_;
  if (durable_twice)
    std::erase_if(unsettled_, [&](const auto& entry) { return entry.second <= done_; });
}

void shard_core::absorb(const lane_frame& f) {
  changed_ = true;
  ledger_.add(f.counts);
  if (f.has_content())
    missed_ += windows_->absorb(f, std::max(fired_, intake_.floor(f.log)));
}

shard_core::output shard_core::take(const lane_frame& f) {
  output out;
  out.outcome = intake_.offer(f);
  if (out.outcome == intake::outcome::stale)
    out.taken_bytes += f.bytes;
  if (out.outcome != intake::outcome::taken)
    return out;
  absorb(f);
  out.taken_bytes += f.bytes;
  fire(out);
  while (const auto held = intake_.next()) {
    absorb(*held);
    out.taken_bytes += held->bytes;
    fire(out);
  }
  return out;
}

shard_core::output shard_core::take(const output_frame& f) {
  output out;
  const auto entry = intake_.vector().find(f.log);
  if (entry == intake_.vector().end() || f.since > entry->second.at) {
    out.outcome = intake::outcome::broken;
    return out;
  }
  const auto at = entry->second.at;
  if (f.reached <= at) {
    out.outcome = intake::outcome::stale;
    return out;
  }
  changed_ = true;
  auto fresh = f;
  fresh.cut_to_new(at);
  if (fresh.begin < fresh.end)
    missed_ += windows_->absorb_rows(fresh, fired_, ledger_);
  intake_.advance(f.log, {f.reached, watermark_at(f.reached)});
  fire(out);
  return out;
}

bool shard_core::owes_last_tick() const {
  return setup_.updates && fired_ == end_of_time && ticked_ != end_of_time;
}

bool shard_core::receivers_are_ahead() const {
  return !setup_.updates && receivers_have_ > fired_ && receivers_have_ > intake_.watermark_of_all();
}

/// No idle partition is left out of what an earlier life may have sent with it. That life had all partitions up to
/// there, since a decision is captured before it is sent: so they come as far again. But where the state was put back to
/// an older copy they come there only by later records (later_rows_of_receivers).
event_micros shard_core::fires_up_to() const {
  const bool may_decide = knows_what_was_sent() && !receivers_are_ahead();
  return may_decide ? intake_.watermark() : intake_.watermark_of_all();
}

later_rows shard_core::later_rows_of_receivers() const {
  if (!receivers_are_ahead())
    return {};
  return {receivers_have_, intake_.idle_below(receivers_have_)};
}

bool shard_core::fires_on() const {
  if (ticking() || owes_last_tick())
    return true;
  const auto watermark = fires_up_to();
  // The end is not reached while a log has yet to join: nothing of it could be taken any more.
  return watermark > fired_ && (watermark != end_of_time || joining_.empty());
}

shard_core::output shard_core::fire_on() {
  output out;
  fire(out);
  return out;
}

void shard_core::fire(output& out) {
  if (!fires_on())
    return;
  if (!ticking() && !owes_last_tick())
    fire_windows(out);
  if (!ticking() && owes_last_tick())
    ticking_ = end_of_time;
  if (ticking())
    give_changes(out);
}

void shard_core::fire_windows(output& out) {
  const auto before = fired_;
  const auto watermark = fires_up_to();
  std::size_t done = 0;
  while (fired_ < watermark && !outbox_.full(small_bytes_) && done < setup_.turn)
    if (auto w = windows_->fire_next(fired_, watermark)) {
      done += rows_a_window + (w->rows ? w->rows->rows : 0);
      last_end_ = std::max(last_end_, w->end);
      put_out(std::move(*w));
    }
  put_out_small();
  if (fired_ == before)
    return;
  changed_ = true;
  if (setup_.updates)
    return;
  outbox_.append_mark(highest_end_fired(fired_));
  out.decision = out.decision || fired_ > intake_.watermark_of_all();
}

/// Windows of few rows that follow each other share a frame: each frame costs every receiver as much as many rows do.
void shard_core::put_out(fired_window w) {
  if (!w.rows || w.rows->rows == 0 || !w.failed.empty()) {
    put_out_small();
    formed_.push_back(std::move(w));
    return put_out_formed(formed_.back().end);
  }
  const auto bytes = sizeof(output_frame) + w.rows->byte_size();
  if (!outbox_.fits_one_frame(small_rows_ + w.rows->rows, small_bytes_ + bytes))
    put_out_small();
  give(w.rows->rows);
  small_rows_ += w.rows->rows;
  small_bytes_ += bytes;
  small_.push_back({w.end, std::move(w.rows)});
  if (!outbox_.fits_one_frame(small_rows_, small_bytes_))
    put_out_small();
}

void shard_core::put_out_small() {
  if (small_.empty())
    return;
  outbox_.append_windows(small_);
  small_.clear();
  small_rows_ = small_bytes_ = 0;
}

void shard_core::put_out_formed(event_micros at) {
  std::vector<data::batch_ptr> parts;
  dead_letters failed;
  for (auto& w : formed_) {
    give(w.rows ? w.rows->rows : 0);
    parts.push_back(std::move(w.rows));
    for (auto& row : w.failed)
      failed.push_back({setup_.window, setup_.log, {}, std::move(row.error), std::move(row.record)});
  }
  formed_.clear();
  outbox_.append_window(at, parts, std::move(failed));
}

/// Counts rows that come out.
void shard_core::give(std::uint64_t rows) {
  rows_ += rows;
  for (const auto& entry : given_)
    ledger_[entry].in += rows;
}

void shard_core::give_changes(output& out) {
  if (!windows_->changes(setup_.turn, formed_))
    return;
  const auto tick = *std::exchange(ticking_, std::nullopt);
  ticked_ = tick;
  changed_ = true;
  if (!formed_.empty())
    put_out_formed(tick);
  outbox_.append_mark(tick);
  out.decision = true;
}

shard_core::output shard_core::tick(event_micros t) {
  output out;
  if (setup_.updates && !ticking() && t > ticked_) {
    ticking_ = t;
    give_changes(out);
  }
  return out;
}

std::string shard_core::capture(bool all) {
  wire::writer out;
  out.fixed(capture_version);
  out.varint(setup_.run);
  out.fixed(last_end_);
  out.varint(intake_.vector().size());
  for (const auto& [log, m] : intake_.vector()) {
    out.string(log);
    out.put(m);
  }
  out.varint(intake_.floors().size());
  for (const auto& [log, floor] : intake_.floors()) {
    out.string(log);
    out.fixed(floor);
  }
  out.fixed(intake_.greatest());
  out.fixed(fired_);
  out.fixed(ticked_);
  out.varint(rows_);
  out.varint(missed_);
  ledger_.encode(out);
  if (all) {
    outbox_.capture_all(out);
    windows_->capture_all(out);
  } else {
    outbox_.capture_changes(out);
    windows_->capture_changes(out);
  }
  changed_ = first_of_run_ = false;
  ++begun_;
  under_way_.push_back({intake_.vector(), outbox_.low()});
  return out.take();
}

bool shard_core::is_acknowledged(const log_id& log) const {
  const auto have = older_.vector.find(log);
  return have != older_.vector.end() && have->second.at == intake_.vector().at(log).at;
}

bool shard_core::changed() const {
  return changed_ || outbox_.has_outlived_files() ||
         std::ranges::any_of(setup_.upstream, [this](const log_id& log) { return !is_acknowledged(log); });
}

bool shard_core::wants_capture() const {
  return changed() || std::ranges::any_of(intake_.vector(),
                                          [this](const auto& log) { return !is_acknowledged(log.first); });
}

std::string shard_core::capture_all() { return capture(true); }
std::string shard_core::capture_changes() { return capture(first_of_run_); }

void shard_core::capture_again() {
  ++begun_;
  under_way_.push_back(newer_);  // the failed capture went further: to say less is safe
}

void shard_core::captured_durable(bool twice) {
  if (under_way_.empty())
    return;
  settle(twice);
  older_ = twice ? under_way_.front() : std::move(newer_);
  newer_ = std::move(under_way_.front());
  under_way_.pop_front();
}

void shard_core::capture_failed() {
  if (under_way_.empty())
    return;
  settle(false);
  under_way_.pop_front();
}

}  // namespace millrace::delivery
