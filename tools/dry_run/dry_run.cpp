#include "tools/dry_run/dry_run.hpp"

#include "actors/catalog.hpp"
#include "actors/deployment/start_positions.hpp"
#include "actors/stream/lane/frame_former.hpp"
#include "actors/stream/lane/timed_select.hpp"
#include "actors/stream/source/chunk_part.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::dry_run {
namespace {

/// Records between two cuts where no tick asks for one: frames stay small.
constexpr std::size_t run_records = 4096;

/// Returns the first multiple of `every` after `t`.
event_micros next_tick(event_micros t, micros every) {
  const auto step = every.count();
  const auto rest = ((t % step) + step) % step;
  return t - rest + step;
}

}  // namespace

struct dry_run::partition {
  std::string name;
  std::unique_ptr<millrace::lane::frame_former> former{};
  position next{};  // the next record's position
  std::optional<source::header_line> header{};
  event_micros latest = no_watermark;  // event time: later records do not come before it
  micros silent{};
  bool idle = false;
  std::size_t uncut = 0;
  std::uint64_t records = 0;  // that have come
};

struct dry_run::lane {
  std::shared_ptr<const millrace::lane::lane_plan> plan;
  std::unique_ptr<parser::record_parser> parser;
  source::log_shape shape;
  bool header = false;
  std::vector<partition> partitions{};

  partition& find(const std::string& name) {
    return *std::find_if(partitions.begin(), partitions.end(), [&](const auto& p) { return p.name == name; });
  }
};

/// Records of one step for one partition of one parser, and when each comes.
struct dry_run::chunk_in_work {
  dry_run::lane* lane;
  dry_run::partition* partition;
  source::chunk chunk;
  parser::parsed parsed;
  std::vector<event_micros> comes;  // ascending
  std::uint64_t before;             // records of the partition before the chunk
  std::size_t next = 0;
};

dry_run::~dry_run() = default;

expected<std::unique_ptr<dry_run>> dry_run::make(const config::topology& t, const setup& s) {
  std::unique_ptr<dry_run> out(new dry_run);
  out->clock_ = s.clock;
  out->probed_ = with_probes(t);
  const auto& topology = *out->probed_.topology;
  out->plans_ = millrace::lane::lane_plans(out->probed_.topology);
  deployment::partitions_of_plans partitions;
  for (const auto& plan : out->plans_) {
    ASSIGN_OR_RETURN(auto parser, make_parser(*plan->parser));
    auto l = std::make_unique<lane>(lane{plan, std::move(parser), deployment::shape_of(*plan->source),
                                         deployment::wants_of(*plan->parser).header});
    const auto given = s.partitions.find(plan->source->name);
    auto names = given == s.partitions.end() ? std::set<std::string>{} : given->second;
    if (names.empty())
      names.insert(source::only_partition);
    for (const auto& name : names) {
      l->partitions.push_back({name});
      l->partitions.back().former = std::make_unique<millrace::lane::frame_former>(plan, name, mark{});
      partitions[plan->name].push_back({name, {}});
    }
    out->lanes_.push_back(std::move(l));
  }
  out->receivers_ = std::make_unique<receivers>(
      out->probed_, deployment::make_layout(topology, out->plans_, partitions, 0, {}), s.keep);
  for (std::uint32_t i = 0; i < topology.stages.size(); ++i)
    if (const auto* const w = std::get_if<config::window_plan>(&topology.stages[i].plan);
        w && w->definition.updates)
      out->ticking_.emplace_back(i, w->every);
  return out;
}

std::vector<dry_run::chunk_in_work> dry_run::parse(const std::vector<arrival>& arrivals) {
  std::vector<chunk_in_work> out;
  for (const auto& l : lanes_)
    for (auto& p : l->partitions) {
      std::vector<source::written_record> records;
      for (const auto& a : arrivals)
        if (a.source == l->plan->source->name && a.partition == p.name)
          records.push_back(a.record);
      for (std::span<const source::written_record> rest(records); !rest.empty();) {
        const auto size = static_cast<std::size_t>(
            std::ranges::find_if(rest, [&](const auto& r) { return r.schema != rest.front().schema; }) -
            rest.begin());
        out.push_back(parse(*l, p, rest.first(size)));
        rest = rest.subspan(size);
      }
    }
  return out;
}

dry_run::chunk_in_work dry_run::parse(lane& of, partition& p,
                                      std::span<const source::written_record> records) {
  auto* const l = &of;
  chunk_in_work c{l, &p, source::make_chunk(records, p.name, l->shape, p.next), {}, {}, p.records};
  if (l->header) {
    if (!p.header)
      p.header = {std::string(c.chunk.record(0)), c.chunk.positions[0]};
    c.chunk.header = p.header;
  }
  c.parsed = l->parser->parse(c.chunk);
  const auto each_row = [&](auto&& f) {
    const auto times = millrace::lane::latest_times(*l->plan, c.chunk, c.parsed, now());
    for (std::size_t i = 0; i < times.size(); ++i)
      if (times[i] != no_watermark)
        f(c.parsed.records[i], times[i]);
  };
  if (l->shape.has_timestamps) {
    // A record without a given time was stored when it happened; or now, where nothing says when.
    bool all = true;
    auto stored = c.chunk.timestamps;
    each_row([&](std::uint32_t record, event_micros t) {
      if (!records[record].timestamp)
        stored[record] = t;
    });
    for (std::size_t i = 0; i < stored.size(); ++i) {
      all = all && records[i].timestamp;
      if (!records[i].timestamp && stored[i] < 0)
        stored[i] = now();
    }
    c.chunk.timestamps = std::move(stored);
    if (!all)
      c.parsed = l->parser->parse(c.chunk);
  }
  c.comes.assign(records.size(), no_watermark);
  each_row([&](std::uint32_t record, event_micros t) { c.comes[record] = t; });
  for (auto& t : c.comes)
    t = p.latest = std::max(p.latest, t);
  p.next = c.chunk.to;
  p.records += records.size();
  p.silent = {};
  p.idle = false;
  return c;
}

expected<void> dry_run::feed(const std::vector<arrival>& records) {
  auto chunks = parse(records);
  for (;;) {
    chunk_in_work* first = nullptr;
    for (auto& c : chunks)
      if (c.next < c.chunk.records() && (!first || c.comes[c.next] < first->comes[first->next]))
        first = &c;
    if (!first)
      break;
    if (auto ok = arrive(*first); !ok) {
      cut_all();
      return ok;
    }
  }
  cut_all();
  return {};
}

expected<void> dry_run::arrive(chunk_in_work& c) {
  if (c.comes[c.next] != no_watermark)
    clock_to(c.comes[c.next]);
  if (run_.of && (run_.of != &c || c.next - run_.first >= run_records))
    form_run();
  if (c.lane->plan->parsing().fail_on_error)
    for (const auto& d : c.parsed.dead)
      if (d.record == c.next) {
        auto why = user_error(ec::invalid_argument,
                              fmt::format("partition \"{}\", position {}: {} (on_error is \"fail\")",
                                          c.partition->name, c.chunk.positions[c.next].minor, d.error));
        why.value().stage = c.lane->plan->parser->name;
        return why;
      }
  if (!run_.of)
    run_ = {&c, c.next, now()};
  ++c.next;
  return {};
}

void dry_run::form_run() {
  if (!run_.of)
    return;
  auto& c = *run_.of;
  c.partition->former->add(c.chunk, c.parsed, run_.first, c.next, millrace::source::behind(c.chunk, c.next),
                           run_.now);
  note_late(c);
  c.partition->uncut += c.next - run_.first;
  run_ = {};
  if (c.partition->uncut >= run_records)
    send(*c.lane, *c.partition);
}

void dry_run::note_late(const chunk_in_work& c) {
  for (const auto& l : c.partition->former->late()) {
    const auto& stage = probed_.topology->stages[l.stage];
    const bool is_join = std::get<config::window_plan>(stage.plan).is_join();
    auto rows_in = config::name_of({stage.name, true, is_join ? std::optional(l.side) : std::nullopt});
    const auto known =
        std::ranges::find_if(late_, [&](const late_rows& have) { return have.rows_in == rows_in; });
    if (known != late_.end()) {
      known->count += l.count;
      continue;
    }
    const auto& positions = c.chunk.positions;
    const auto at = std::lower_bound(positions.begin(), positions.end(), l.first) - positions.begin();
    late_.push_back({stage.name, std::move(rows_in), l.count, c.lane->plan->source->name, c.partition->name,
                     c.before + static_cast<std::uint64_t>(at) + 1, l.time, l.watermark});
  }
}

void dry_run::cut_all() {
  form_run();
  for (const auto& l : lanes_)
    for (auto& p : l->partitions)
      if (!p.former->empty())
        send(*l, p);
}

void dry_run::send(lane& l, partition& p) {
  p.uncut = 0;
  receivers_->take(*l.plan, p.former->cut(), now());
}

void dry_run::clock_to(event_micros t) {
  if (!clock_)
    clock_ = t;
  if (t <= *clock_)
    return;
  tick_until(t);
  clock_ = t;
}

/// Takes one tick of each window: several ticks without a record between them have no more to give than the
/// first.
void dry_run::tick_until(event_micros t) {
  std::vector<std::pair<event_micros, std::uint32_t>> due;
  for (const auto& [window, every] : ticking_)
    if (const auto at = next_tick(now(), every); at <= t)
      due.emplace_back(at, window);
  if (due.empty())
    return;
  cut_all();
  std::sort(due.begin(), due.end());
  for (const auto& [at, window] : due)
    receivers_->tick(window, at, at);
}

void dry_run::advance(micros d) {
  const auto t = now() + d.count();
  cut_all();
  for (const auto& l : lanes_) {
    const auto& timeout = l->plan->parsing().idle_timeout;
    for (auto& p : l->partitions) {
      p.silent += d;
      if (!timeout || p.idle || p.silent < *timeout)
        continue;
      p.idle = true;
      delivery::lane_frame f;
      f.log = l->plan->log(p.name);
      f.from = f.to = p.former->at().at;
      f.watermark = p.former->at().watermark;
      f.idle = true;
      receivers_->take(*l->plan, std::vector<delivery::lane_frame>(l->plan->receivers, f), now());
    }
  }
  tick_until(t);
  clock_ = t;
}

expected<void> dry_run::end() {
  cut_all();
  for (const auto& l : lanes_)
    for (auto& p : l->partitions) {
      p.former->add_end();
      send(*l, p);
    }
  return receivers_->ended();
}

std::vector<stage_rows> dry_run::rows() const { return receivers_->rows(); }

std::map<std::string, std::uint64_t> dry_run::missed() const { return receivers_->missed(); }

}  // namespace millrace::dry_run
