#include "tests/property/delivery/sink_double.hpp"

#include "tests/property/delivery/shard_double.hpp"

#include <algorithm>
#include <set>

namespace millrace::delivery::trial {

sink_double::sink_double(scene& s, std::size_t index, std::size_t level, bool slow)
    : scene_(s), index_(index), level_(level), slow_(slow), name_("sink " + std::to_string(index)),
      handle_(s.next_number()) {
  if (s.raw_sink == index)
    for (const auto& log : s.logs) {
      if (log.found)
        core_.add_lane_log(log.name, {});
    }
  else
    for (auto [i, end] = s.shards_at(level); i < end; ++i)
      core_.add_shard_log(s.broken == rule::whole ? static_cast<std::uint32_t>(i) : window_stage_index,
                          s.output_of(i));
  open();
}

fence sink_double::fence_of(std::size_t log) const {
  const auto at = fences_.find(log);
  return at == fences_.end() ? fence{} : at->second;
}

void sink_double::open() {
  open_ = true;
  life_ = scene_.next_number();
  counts_ = table_.counts;
  rows_.clear();
  raw_.clear();
  fences_.clear();
  core_.restore(table_.positions, life_);
  for (auto& [log, lane] : lanes_) {
    lane.told.reset();
    scene_.to_lane(
        handle_,
        {.what = message::kind::ask_again, .log = log, .lane = lane.lane, .receiver = lane.receiver});
  }
  for (const auto& [shard, life] : shards_)
    resume(shard);
  if (!core_.committed().empty())
    after_commit();
}

void sink_double::resume(std::size_t shard) {
  const auto log = scene_.output_of(shard);
  const auto known = core_.committed().find(log);
  told_[shard] = lowest_position;
  message m{.what = message::kind::resume, .sink = index_, .shard = shard, .life = handle_, .session = life_};
  if (known != core_.committed().end())
    m.at = known->second.at;
  m.taken = core_.taken(log);
  scene_.to_shard(handle_, shards_[shard], std::move(m));
}

void sink_double::crash() {
  scene_.lose(handle_);
  in.clear();
  handle_ = scene_.next_number();
  lanes_.clear();
  shards_.clear();
  for (const auto& log : scene_.logs)
    if (scene_.raw_sink == index_ && log.found)
      core_.add_lane_log(log.name, {});
  open();
  if (scene_.raw_sink == index_)
    return scene_.announce(scene_.windows.shards);
  for (auto [i, end] = scene_.shards_at(level_); i < end; ++i)
    in.put(0,
           {.what = message::kind::sender_up, .sink = index_, .shard = i, .life = scene_.shards[i]->life()});
}

void sink_double::close() {
  open_ = false;
  rows_.clear();
  raw_.clear();
}

void sink_double::tick() {
  if (!open_)
    return open();
  if (core_.has_uncommitted_progress() && !(slow_ && !scene_.one_in(12)))
    commit();
}

void sink_double::take_message() {
  const auto m = in.take(scene_.random);
  if (!m)
    return;
  switch (m->what) {
  case message::kind::log_found:
    return on_found(m->log);
  case message::kind::ask:
    return on_ask(*m);
  case message::kind::frame:
    return on_lane_frame(*m);
  case message::kind::sender_up:
    shards_[m->shard] = m->life;
    if (open_)
      resume(m->shard);
    return;
  case message::kind::resumed:
    if (m->life == shards_[m->shard])
      core_.begin_at(scene_.output_of(m->shard), *m->at);
    return;
  case message::kind::output:
    return on_output(*m);
  default:
    throw fault("a sink got a message that is not for sinks");
  }
}

void sink_double::on_found(std::size_t log) {
  core_.add_lane_log(scene_.logs[log].name, {});
  if (const auto lane = lanes_.find(log); open_ && lane != lanes_.end())
    scene_.to_lane(handle_, {.what = message::kind::ask_again,
                             .log = log,
                             .lane = lane->second.lane,
                             .receiver = lane->second.receiver});
}

void sink_double::on_ask(const message& m) {
  if (!open_ || !core_.knows(scene_.logs[m.log].name)) {
    if (m.lane >= lanes_[m.log].lane)
      lanes_[m.log] = {m.lane, m.receiver, std::nullopt};  // it is asked to ask again
    return;
  }
  const auto reply = core_.ask(scene_.logs[m.log].name, m.lane);
  if (reply) {
    lanes_[m.log] = {m.lane, m.receiver, std::nullopt};
    fences_[m.log] = reply->stamp;
  }
  scene_.to_lane(handle_, {.what = message::kind::answered,
                           .log = m.log,
                           .lane = m.lane,
                           .receiver = m.receiver,
                           .reply = reply});
  after_commit();
}

void sink_double::on_lane_frame(const message& m) {
  if (!open_)
    return;
  auto f = *m.frame;
  if (scene_.broken == rule::fence)
    f.stamp = fence_of(m.log);
  const auto give_back = [&](std::size_t bytes) {
    if (bytes != 0)
      scene_.to_lane(handle_, {.what = message::kind::credit,
                               .log = m.log,
                               .lane = m.lane,
                               .receiver = m.receiver,
                               .stamp = m.frame->stamp,
                               .bytes = bytes});
  };
  auto taken = core_.take(f);
  if (taken.outcome == intake::outcome::broken)
    throw fault("a gap or an overlap on an edge from a lane to a sink");
  give_back(taken.stale_bytes);
  for (const auto& x : taken.frames) {
    counts_.add(x.counts);
    if (x.has_content())
      for (const auto& b : *std::get<rows_ptr>(x.content))
        for (std::size_t i = 0; i < b.rows; ++i)
          raw_.emplace_back(b.columns[0]->ints()[i], b.columns[1]->ints()[i]);
    give_back(x.bytes);
  }
}

void sink_double::gather(const output_frame& f, std::vector<row>& out) const {
  for (auto i = f.begin; f.rows && i < f.end; ++i) {
    const auto value = [&](std::size_t column) { return f.rows->columns[column]->ints()[i]; };
    out.push_back({numbered() ? f.reached.major : value(4), value(4), value(0), value(1), value(2)});
  }
}

void sink_double::on_output(const message& m) {
  // The shard's new life knows how far this sink has taken what the old one sent: none of that is taken
  // after.
  if (!open_ || m.life != shards_[m.shard])
    return;
  if (scene_.broken == rule::dedupe) {
    auto& seen = seen_[m.shard];
    if (m.output->reached <= seen)
      gather(*m.output, rows_);
    seen = std::max(seen, m.output->reached);
  }
  if (!core_.take(*m.output))
    throw fault("a gap on an edge from a shard to a sink");
  std::set<log_id> out;
  const auto life = life_;
  while (const auto w = core_.next_window()) {
    for (const auto& f : w->frames) {
      gather(f, rows_);
      out.insert(f.log);
    }
    if (numbered() && !rows_.empty()) {  // a tick is one batch: it has a commit of its own
      commit();
      if (!open_ || life_ != life)
        return;
    }
  }
  for (const auto& [shard, of] : shards_)
    if (out.contains(scene_.output_of(shard)))
      tell_taken(shard);
  if (m.output->has_content() && core_.come_out(m.output->log) >= m.output->reached &&
      told_[m.shard] < m.output->reached)
    tell_taken(m.shard);
}

void sink_double::tell_taken(std::size_t shard) {
  told_[shard] = core_.come_out(scene_.output_of(shard));
  scene_.to_shard(handle_, shards_[shard],
                  {.what = message::kind::output_taken,
                   .sink = index_,
                   .shard = shard,
                   .session = life_,
                   .at = told_[shard]});
}

void sink_double::write_rows() {
  if (rows_.empty())
    return;
  auto last = table_.last_end;
  if (numbered())
    table_.batches.emplace_back(rows_.front().at, batch_rows{});
  for (const auto& r : rows_) {
    if (r.at <= table_.last_end && scene_.broken != rule::dedupe)
      throw fault("a window or tick came in two commits, or behind a later one");
    if (numbered() && r.at != rows_.front().at)
      throw fault("two ticks in one batch");
    last = std::max(last, r.at);
    auto& row = table_.rows[{r.end, r.key}];
    if (numbered()) {
      if (r.count <= row.count && scene_.broken != rule::dedupe)
        throw fault("a row was given without a change, or went back");
      row = {1, r.count, r.sum};
      table_.batches.back().second.push_back({r.end, r.key, r.count, r.sum});
    } else {
      ++row.times;
      row.count += r.count;
      row.sum += r.sum;
    }
  }
  if (numbered())
    std::sort(table_.batches.back().second.begin(), table_.batches.back().second.end());
  table_.last_end = last;
}

void sink_double::commit() {
  const bool any_rows = !rows_.empty();
  write_rows();
  for (const auto& at : raw_)
    ++table_.raw[at];
  if (scene_.broken == rule::atomic && scene_.one_in(20))
    return crash();
  scene_.has_committed = any_rows;
  table_.counts = counts_;
  table_.positions = core_.progress();
  rows_.clear();
  raw_.clear();
  if (scene_.one_in(40))
    return scene_.one_in(2) ? crash() : close();  // committed, but nobody learns of it
  core_.committed(table_.positions);
  after_commit();
}

void sink_double::after_commit() {
  for (std::size_t log = 0; log < scene_.logs.size(); ++log) {
    const auto lane = lanes_.find(log);
    const auto have = core_.committed().find(scene_.logs[log].name);
    if (lane == lanes_.end() || have == core_.committed().end() || lane->second.told == have->second.at)
      continue;
    lane->second.told = have->second.at;
    scene_.to_lane(handle_, {.what = message::kind::acknowledged,
                             .log = log,
                             .lane = lane->second.lane,
                             .receiver = lane->second.receiver,
                             .at = have->second.at});
  }
  for (const auto& [shard, life] : shards_) {
    const auto have = core_.committed().find(scene_.output_of(shard));
    if (have != core_.committed().end())
      scene_.to_shard(
          handle_, life,
          {.what = message::kind::output_acked, .sink = index_, .shard = shard, .at = have->second.at});
  }
}

}  // namespace millrace::delivery::trial
