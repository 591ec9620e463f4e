#include "actors/stream/lane/frame_former.hpp"

#include "actors/stream/lane/timed_select.hpp"
#include "actors/stream/replay/replay_format.hpp"
#include "actors/stream/stage/unnest.hpp"
#include "actors/stream/stage/window_intake.hpp"
#include "runtime/data/constant_column.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace millrace::lane {

struct frame_former::edge_state {
  bool is_wanted = true;  // frames are formed for one of its receivers
  std::optional<window::partials_builder> partials;
  std::vector<data::batch> batches;
  std::vector<delivery::dead_letter> letters;
  delivery::ledger counts;
};

struct frame_former::working {
  const source::chunk& chunk;
  const parser::parsed& parsed;
  std::uint32_t row_offset = 0;  // the offset of origin 0 in the parsed rows
  event_micros now = 0;
  std::vector<event_micros> times{};       // read by rows::time_at(); empty: the rows on this way have none
  std::vector<event_micros> watermarks{};  // likewise: of the partition just before the row
  bool unnested = false;                   // a record may have given several rows on this way
};

namespace {

/// Returns the batch under a schema that has some of its columns, by name; one that it lacks is null: a sink that
/// takes rows of a window, too, may have the column that says which rows delete.
data::batch conform(const data::batch& b, const data::schema_ptr& schema) {
  if (b.schema == schema || *b.schema == *schema)
    return b;
  data::batch out{schema, {}, b.rows};
  for (const auto& f : *schema) {
    const auto at = b.schema->find(f.name);
    out.columns.push_back(at ? b.columns[*at] : data::column_of_nulls(f.type, b.rows));
  }
  return out;
}

/// Says which of the edge's receivers are among `only`; empty where that is empty: all are.
std::vector<bool> receivers_among(const std::vector<std::size_t>& only, const edge& e) {
  std::vector<bool> out(only.empty() ? 0 : e.receivers);
  for (const auto r : only)
    if (r >= e.first_receiver && r < e.first_receiver + e.receivers)
      out[r - e.first_receiver] = true;
  return out;
}

}  // namespace

frame_former::frame_former(std::shared_ptr<const lane_plan> plan, std::string partition, const mark& start,
                           const std::vector<std::size_t>& only)
    : plan_(std::move(plan)), partition_(std::move(partition)), place_(plan_->among_sources(partition_)),
      log_(plan_->log(partition_)), start_(start), at_(start) {
  if (const auto replayed = replay::parse_partition_name(partition_))
    replayed_nodes_ = nodes_towards(*plan_, replayed->stage);
  for (const auto& e : plan_->edges) {
    auto state = std::make_unique<edge_state>();
    const auto mine = receivers_among(only, e);
    state->is_wanted = only.empty() || std::ranges::find(mine, true) != mine.end();
    if (e.what == edge::kind::window) {
      const auto& window = std::get<config::window_plan>(plan_->topology->stages[e.stage].plan);
      state->partials.emplace(window.definition, mine);
    }
    edges_.push_back(std::move(state));
  }
}

frame_former::~frame_former() = default;

bool frame_former::wanted(std::size_t edge) const { return edges_[edge]->is_wanted; }

const std::string& frame_former::name_of(std::uint32_t stage) const {
  return plan_->topology->stages[stage].name;
}

void frame_former::count(std::size_t edge, const std::string& stage, const delivery::stage_counts& counts) {
  edges_[edge]->counts[stage] += counts;
}

void frame_former::add_letters(std::uint32_t stage, const std::vector<stage::failed_origin>& failed,
                               const working& w) {
  for (const auto& f : failed) {
    const auto record = w.parsed.records[f.origin + w.row_offset];
    edges_[0]->letters.push_back(letter(name_of(stage), w.chunk, record, f.error));
  }
}

delivery::dead_letter frame_former::letter(std::string stage, const source::chunk& c, std::size_t record,
                                           std::string error) const {
  const bool has_value = c.lengths[record] != source::no_value;
  return {std::move(stage), c.part.empty() ? place_ : plan_->among_sources(c.part), c.positions[record],
          std::move(error), has_value ? std::string(c.record(record)) : std::string()};
}

void frame_former::add(const source::chunk& c, const parser::parsed& p, std::size_t first, std::size_t last,
                       position to, event_micros now) {
  const auto below = [](const std::vector<std::uint32_t>& records, std::size_t record) {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(records, record) - records.begin());
  };
  const auto begin = below(p.records, first);
  const auto end = below(p.records, last);
  working w{c, p, begin, now};
  if (taps_ && taps_->is_any_on())
    show_records(w, first, last);
  delivery::stage_counts parsing;
  for (const auto& d : p.dead) {
    if (d.record < first || d.record >= last)
      continue;
    ++parsing.dead;
    edges_[0]->letters.push_back(letter(plan_->parser->name, c, d.record, d.error));
  }
  parsing.out = end - begin;
  parsing.filtered = below(p.filtered, last) - below(p.filtered, first);
  parsing.in = parsing.out + parsing.dead + parsing.filtered;
  records_ += parsing.in;
  late_.clear();
  count(0, plan_->parser->name, parsing);
  count(0, plan_->source->name, {.in = parsing.in, .out = parsing.in});

  if (begin < end) {
    if (const auto time = plan_->parsing().event_time)
      take_times(p.rows.columns[*time]->ints().subspan(begin, end - begin), w);
    const bool all = begin == 0 && end == p.rows.rows;
    run(replayed_nodes_ ? *replayed_nodes_ : plan_->roots,
        stage::all_rows(all ? p.rows : data::slice(p.rows, begin, end)), w, plan_->parser->name);
  }
  at_.at = to;
}

void frame_former::take_times(std::span<const event_micros> times, working& w) {
  const auto delay = plan_->parsing().watermark_delay.count();
  w.times.assign(times.begin(), times.end());
  const auto first = w.watermarks.size();
  w.watermarks.resize(first + times.size());
  auto* const before = w.watermarks.data() + first;
  auto watermark = at_.watermark;
  for (std::size_t i = 0; i < times.size(); ++i) {
    before[i] = watermark;
    watermark = std::max(watermark, times[i] - delay);
  }
  at_.watermark = watermark;
}

void frame_former::add_end() {
  at_.at.minor += 1;
  at_.watermark = end_of_time;
}

void frame_former::run(const std::vector<node>& nodes, const stage::rows& rows, working& w,
                       const std::string& from) {
  if (taps_ && taps_->is_any_on())
    show(nodes, rows, from);
  for (const auto& n : nodes)
    std::visit([&](const auto& x) { run(x, rows, w); }, n.what);
}

void frame_former::show(const std::vector<node>& nodes, const stage::rows& rows, const std::string& from) {
  for (const auto& n : nodes)
    std::visit([&](const auto& x) { taps_->offer(stage::edge_name(from, name_of(x.stage)), rows.batch); },
               n.what);
}

/// Records as they came, before they are parsed.
void frame_former::show_records(const working& w, std::size_t first, std::size_t last) {
  const auto& c = w.chunk;
  taps_->offer(stage::edge_name(plan_->source->name, plan_->parser->name), last - first, [&](std::size_t i) {
    const auto record = first + i;
    std::string out = R"({"partition":)";
    data::append_json_string(out, c.part.empty() ? partition_ : c.part);
    out += R"(,"record":)";
    if (c.lengths[record] == source::no_value)
      out += "null";
    else if (data::is_utf8(c.record(record)))
      data::append_json_string(out, c.record(record));
    else
      data::append_json_string(out, data::base64(c.record(record)));
    return out + '}';
  });
}

void frame_former::run(const select_node& n, const stage::rows& rows, working& w) {
  const auto records = std::span(w.parsed.records).subspan(w.row_offset);
  auto result = run_select(n, plan_->parsing(), rows, w.chunk, records, w.now);
  count(0, name_of(n.stage), result.counts);
  const bool unnests = stage::unnested_by(n.plan->select) != nullptr;
  const auto rows_given = result.rows.batch.rows;
  if (unnests)
    count(0, delivery::unnested_rows_of(name_of(n.stage)), {.in = rows_given, .out = rows_given});
  add_letters(n.stage, result.failed, w);
  if (rows_given == 0)
    return;
  const bool before = std::exchange(w.unnested, w.unnested || unnests);
  if (n.plan->event_time)
    take_times(times_given(n, result.rows), w);
  run(n.next, result.rows, w, name_of(n.stage));
  w.unnested = before;
  if (n.plan->event_time) {  // the rows of other stages have no time
    w.times.clear();
    w.watermarks.clear();
  }
}

void frame_former::run(const window_node& n, const stage::rows& rows, working& w) {
  if (!wanted(n.edge) && !wanted(0) && n.late.empty())
    return;
  auto in = stage::take_in(*n.plan, n.side, rows, w.times, w.now);
  const auto& origin = in.rows.origin;
  const auto taken = in.rows.batch.rows;
  std::vector<event_micros> times(taken, 0);
  std::vector<event_micros> watermarks(taken, no_watermark);
  if (!w.times.empty())
    for (std::size_t i = 0; i < taken; ++i) {
      times[i] = w.times[in.rows.time_at(i)];
      watermarks[i] = w.watermarks[in.rows.time_at(i)];
    }
  std::vector<position> positions;
  if (window::reads_places(n.plan->definition)) {
    for (std::size_t i = 0; i < taken; ++i)
      positions.push_back(w.chunk.positions[w.parsed.records[origin[i] + w.row_offset]]);
    const auto ordinals = w.unnested ? stage::ordinals_of(in.rows) : std::vector<std::uint32_t>();
    for (std::size_t i = 0; i < ordinals.size(); ++i)
      positions[i] = stage::place_of(positions[i], ordinals[i]);
  }
  std::vector<std::uint32_t> late;
  edges_[n.edge]->partials->add(
      {in.keys, in.arguments, in.filters, times, watermarks, positions, log_, {}, in.orders, in.side}, late);
  in.counts.late = late.size();
  in.counts.out -= late.size();
  count(0, name_of(n.stage), in.counts);
  const auto side = n.plan->is_join() ? std::optional(n.side) : std::nullopt;
  if (side && !late.empty())
    count(0, delivery::late_rows_of(name_of(n.stage), to_string(n.side)),
          {.in = late.size(), .late = late.size()});
  add_letters(n.stage, in.failed, w);
  if (!late.empty()) {
    const auto first = late.front();
    late_.push_back({n.stage, late.size(), w.chunk.positions[w.parsed.records[origin[first] + w.row_offset]],
                     times[first], watermarks[first], !n.late.empty(), n.side});
  }
  if (!late.empty() && !n.late.empty())
    run(n.late, stage::take(in.rows, late), w, config::name_of({name_of(n.stage), true, side}));
}

void frame_former::run(const sink_node& n, const stage::rows& rows, working& w) {
  auto result = stage::run_step(n.plan->input, rows, w.now);
  count(n.edge, name_of(n.stage), result.counts);
  count(0, delivery::given_to(name_of(n.stage)), {.in = rows.batch.rows});
  count(n.edge, delivery::taken_by(name_of(n.stage)), {.in = rows.batch.rows});
  add_letters(n.stage, result.failed, w);
  if (result.rows.batch.rows != 0 && wanted(n.edge))
    edges_[n.edge]->batches.push_back(conform(result.rows.batch, n.plan->rows));
}

std::size_t frame_former::byte_size() const {
  std::size_t bytes = 0;
  for (const auto& e : edges_) {
    bytes += e->partials ? e->partials->byte_size() : 0;
    for (const auto& b : e->batches)
      bytes += b.byte_size();
  }
  return bytes;
}

std::vector<delivery::lane_frame> frame_former::cut() {
  std::vector<delivery::lane_frame> frames(plan_->receivers);
  const auto log = plan_->log(partition_);
  for (auto& f : frames) {
    f.log = log;
    f.from = start_.at;
    f.to = at_.at;
    f.watermark = at_.watermark;
  }
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    auto& state = *edges_[i];
    const auto& e = plan_->edges[i];
    auto& first = frames[e.first_receiver];
    if (e.what == edge::kind::window) {
      if (tell_largest_)
        tell_largest_(name_of(e.stage), state.partials->largest());
      auto parts = state.partials->finish();
      for (std::size_t shard = 0; shard < parts.size(); ++shard) {
        if (!parts[shard])
          continue;
        auto& f = frames[e.first_receiver + shard];
        f.bytes = window::byte_size(*parts[shard]);
        f.content = std::move(parts[shard]);
      }
    } else if (!state.batches.empty()) {
      first.bytes = delivery::byte_size(state.batches);
      first.content = std::make_shared<const delivery::row_batches>(std::move(state.batches));
    } else if (!state.letters.empty()) {
      first.bytes = delivery::byte_size(state.letters);
      first.content = std::make_shared<const delivery::dead_letters>(std::move(state.letters));
    }
    for (const auto& [stage, counts] : state.counts.stages())
      first.counts.push_back({stage, counts});
    state.batches.clear();
    state.letters.clear();
    state.counts = {};
  }
  start_ = at_;
  records_ = 0;
  return frames;
}

}  // namespace millrace::lane
