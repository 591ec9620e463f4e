#include "actors/observe/trace.hpp"

#include "actors/catalog.hpp"
#include "actors/deployment/start_positions.hpp"
#include "actors/observe/graph.hpp"
#include "actors/observe/key_state.hpp"
#include "actors/observe/topology_walk.hpp"
#include "actors/stream/lane/lane_plan.hpp"
#include "actors/stream/lane/timed_select.hpp"
#include "actors/stream/stage/chain.hpp"
#include "actors/stream/stage/taps.hpp"
#include "actors/stream/stage/unnest.hpp"
#include "actors/stream/stage/window_intake.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/data/key_encoding.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/window/slices.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace millrace::observe {
namespace {

namespace json = boost::json;

/// No step tells of more rows, and no row of more partitions.
constexpr std::size_t most_told = 20;

unexpected refused(std::string why) { return user_error(ec::invalid_argument, std::move(why)); }

std::string row_text(const data::batch& b, std::size_t row) {
  std::string out;
  data::append_json_row(out, stage::read_columns(b), row);
  return out;
}

class tracer {
public:
  tracer(const figures& f, const lane::lane_plan& plan, const std::string& partition, event_micros now,
         std::vector<trace_step>& out)
      : f_(f), plan_(plan), now_(now), out_(out) {
    for (const auto& l : f.lanes)
      if (l.source == plan.source->name && l.parser == plan.parser->name)
        for (const auto& p : l.partitions)
          if (partition.empty() || p.name == partition)
            partitions_.push_back(&p);
  }

  /// The record's event time.
  event_time parse(const source::chunk& c, const parser::parsed& p) {
    chunk_ = &c;
    records_ = p.records;
    auto& step = add(*plan_.parser, plan_.source->name);
    if (!p.dead.empty()) {
      fail(step, p.dead.front().error);
      return {};
    }
    if (p.rows.rows == 0) {
      step.code = "blank";
      step.text = c.lengths.front() == source::no_value ? "it has no value, and `on_null` passes over it"
                  : p.filtered.empty()                  ? "it names the columns"
                                                        : "an empty line is not a record";
      return {};
    }
    const auto& time = plan_.parsing().event_time;
    if (time)
      times_.assign(p.rows.columns[*time]->ints().begin(), p.rows.columns[*time]->ints().end());
    const auto rows = stage::all_rows(p.rows);
    go_on(step, "parsed", rows);
    step.text = time ? fmt::format("its event time is {}", format_timestamp(times_.front())) : "it is a row";
    run(plan_.roots, rows, plan_.parser->name);
    return time ? event_time{times_.front()} : event_time{};
  }

private:
  trace_step& add(const config::stage& s, const std::string& from) {
    out_.push_back({s.name, std::string(config::to_string(s.kind)), from, {}, {}, {}, {}, 0, {}, {}});
    return out_.back();
  }
  const config::stage& stage_at(std::uint32_t index) const { return plan_.topology->stages[index]; }

  static void fail(trace_step& step, const std::string& error) {
    step.code = "dead_letter";
    step.error = error;
    step.text = fmt::format("it is a dead letter: {}", error);
  }
  static void filter(trace_step& step, const config::step& by) {
    step.code = "filtered";
    step.expression = by.where_text;
    step.text =
        step.kind == config::to_string(config::stage_kind::join)
            ? "its key has a null, which equals nothing, and `how` gives no row of this side without a "
              "partner"
        : by.where_text.empty() ? "the list that it unnests is empty"
                                : fmt::format("`where` takes it out: {}", by.where_text);
  }
  static void go_on(trace_step& step, std::string code, const stage::rows& rows) {
    step.code = std::move(code);
    step.rows = rows.batch.rows;
    step.row = api::json_object{row_text(rows.batch, 0)};
  }
  /// Returns whether no row is left.
  static bool ends(trace_step& step, const std::vector<stage::failed_origin>& failed, const stage::rows& rows,
                   const config::step& by) {
    if (!failed.empty())
      fail(step, failed.front().error);
    else if (rows.batch.rows == 0)
      filter(step, by);
    return rows.batch.rows == 0;
  }

  void run(const std::vector<lane::node>& nodes, const stage::rows& rows, const std::string& from) {
    for (const auto& n : nodes)
      std::visit([&](const auto& x) { run(x, rows, from); }, n.what);
  }

  void run(const lane::select_node& n, const stage::rows& rows, const std::string& from) {
    const auto& by = n.plan->select;
    const auto result = lane::run_select(n, plan_.parsing(), rows, *chunk_, records_, now_);
    auto& step = add(stage_at(n.stage), from);
    if (ends(step, result.failed, result.rows, by))
      return;
    go_on(step, "passed", result.rows);
    step.text = result.rows.batch.rows == rows.batch.rows
                    ? "it goes on"
                    : fmt::format("{} of it go on", plural(result.rows.batch.rows, "row"));
    if (!n.plan->event_time)
      return run(n.next, result.rows, stage_at(n.stage).name);
    const auto times = lane::times_given(n, result.rows);
    step.text += fmt::format(", the event time of the first is {}", format_timestamp(times.front()));
    times_.assign(times.begin(), times.end());
    run(n.next, result.rows, stage_at(n.stage).name);
    times_.clear();  // the rows of other stages have no time
  }

  void run(const lane::sink_node& n, const stage::rows& rows, const std::string& from) {
    const auto result = stage::run_step(n.plan->input, rows, now_);
    auto& step = add(stage_at(n.stage), from);
    if (ends(step, result.failed, result.rows, n.plan->input))
      return;
    go_on(step, "given", result.rows);
    step.text = fmt::format("{} of it {} written", plural(result.rows.batch.rows, "row"),
                            result.rows.batch.rows == 1 ? "is" : "are");
  }

  void run(const lane::window_node& n, const stage::rows& rows, const std::string& from) {
    const auto in = stage::take_in(*n.plan, n.side, rows, times_, now_);
    const auto& s = stage_at(n.stage);
    auto& step = add(s, from);
    if (ends(step, in.failed, in.rows, n.plan->of(n.side).input))
      return;
    go_on(step, "counted", in.rows);
    std::vector<std::uint32_t> late;
    for (std::uint32_t i = 0; i < in.rows.batch.rows; ++i) {
      auto row = place(s, n.plan->definition, in, i);
      if (!row.late_on.empty())
        late.push_back(i);
      if (step.windows.size() < most_told)
        step.windows.push_back(std::move(row));
    }
    const auto side = n.plan->is_join() ? std::optional(n.side) : std::nullopt;
    judge(step, n.plan->definition, plan_.parsing().idle_timeout.has_value(), side);
    if (!late.empty())
      run(n.late, stage::take(in.rows, late), config::name_of({s.name, true, side}));
  }

  traced_row place(const config::stage& s, const window::definition& d, const stage::window_intake& in,
                   std::uint32_t row) const {
    traced_row out;
    data::batch key{
        std::make_shared<data::schema>(d.keys), {in.keys.begin(), in.keys.end()}, in.rows.batch.rows};
    std::string encoded;
    for (const auto& column : in.keys)
      data::append_key(encoded, *column, row);
    out.key = {row_text(key, row)};
    out.shard = shard_of_key(s.name, d, encoded);
    out.windows = 1;
    const auto time = times_.empty() ? 0 : times_[in.rows.time_at(row)];
    const auto fired = fired_at(out.shard);
    const auto side = in.side.value_or(0);
    if (d.kind == window::shape::aligned)
      place_aligned(out, d, time, fired);
    else if (d.kind == window::shape::session)
      out.first_start = {time};
    else if (d.kind == window::shape::interval)
      place_interval(out, d, time, fired, side);
    std::size_t late_partitions = 0;
    for (const auto* const p : partitions_)
      if (const auto late = lateness(d, time, p->watermark.at, side)) {
        ++late_partitions;
        if (out.late_on.size() < most_told)
          out.late_on.push_back({p->name, p->watermark, static_cast<double>(late->count()) / 1e6});
      }
    out.is_late_everywhere = !partitions_.empty() && late_partitions == partitions_.size();
    return out;
  }

  static void place_aligned(traced_row& out, const window::definition& d, event_micros time,
                            event_micros fired) {
    const auto slice = window::slice_of(d, time);
    const auto first = window::next_bound(d, slice);
    const auto last = window::last_end(d, slice);
    const auto open = window::first_end(d, slice, window::horizon(d, fired));
    out.windows = window::bounds_between(d, first, last);
    out.first_start = {window::window_start(d, first)};
    out.first_end = {first};
    out.last_end = {last};
    out.fired = open > last ? out.windows : window::bounds_between(d, first, open) - 1;
    if (open <= last && !d.updates)
      out.fires_at = {window::plus(open, d.allowed_lateness)};
  }

  /// A left row waits for those that it reaches; a right one counts for the left rows of a time. `first_start` and
  /// `first_end` tell that reach.
  static void place_interval(traced_row& out, const window::definition& d, event_micros time,
                             event_micros fired, std::size_t side) {
    const auto last = window::last_end(d, window::reach_of(d, time, side).last);
    const auto [down, up] = d.join->newest || d.join->first ? std::pair(micros{0}, micros{0})
                            : side == 0                     ? std::pair(d.join->before, d.join->after)
                                                            : std::pair(d.join->after, d.join->before);
    out.first_start = {window::plus(time, -down)};
    out.first_end = {window::plus(time, up)};
    out.last_end = {last};
    out.fired = last <= window::horizon(d, fired) ? 1 : 0;
    if (out.fired == 0 && side == 0)
      out.fires_at = {window::plus(last, d.allowed_lateness)};
  }

  /// Returns how late a record of this time would be on a partition that stands there; nullopt: it would not be late.
  static std::optional<micros> lateness(const window::definition& d, event_micros time,
                                        event_micros watermark, std::size_t side) {
    if (window::assign(d, time, watermark, side))
      return std::nullopt;
    const auto last =
        window::last_end(d, d.kind == window::shape::session    ? time
                            : d.kind == window::shape::interval ? window::reach_of(d, time, side).last
                                                                : window::slice_of(d, time));
    return watermark == end_of_time ? micros::max()
                                    : micros(watermark - window::plus(last, d.allowed_lateness));
  }

  event_micros fired_at(const std::string& shard) const {
    const auto at = std::ranges::find(f_.shards, shard, &shard_figures::name);
    return at == f_.shards.end() ? no_watermark : at->fired.at;
  }

  /// `side`: that of a join.
  static void judge(trace_step& step, const window::definition& d, bool without_idle,
                    std::optional<config::side> side) {
    const auto& first = step.windows.front();
    const bool is_interval = d.kind == window::shape::interval;
    const auto more =
        step.rows == 1 ? std::string() : fmt::format("; {} more of it", plural(step.rows - 1, "row"));
    if (first.is_late_everywhere) {
      step.code = "late";
      step.text = fmt::format("it would be late if it came now, by {} on partition {}, which has reached {}; "
                              "it was counted if it came before that partition had reached {}{}",
                              late_text(first.late_on.front()), first.late_on.front().name,
                              time_text(first.late_on.front().watermark), time_text(until(first, d)), more);
      return;
    }
    const auto somewhere =
        first.late_on.empty()
            ? std::string()
            : fmt::format("; on {} of its partitions it would be late now (partition {}, by {})",
                          first.late_on.size(), first.late_on.front().name, late_text(first.late_on.front()));
    if ((d.kind == window::shape::aligned || is_interval) && first.fired == first.windows) {
      step.code = "late_at_shard";
      step.text = fmt::format("{} fired at {}; if it came now, it would be counted as late there{}{}",
                              d.join && d.join->first ? "the rows of its time have"
                              : is_interval           ? "the left rows that it is or reaches have"
                              : first.windows == 1    ? windows_text(first) + " has"
                                                      : windows_text(first) + " have",
                              first.shard, somewhere, more);
      return;
    }
    const auto on_side = side ? fmt::format(" on the {} side", to_string(*side)) : std::string();
    step.text = fmt::format("it counts{} {} of the key {} at {}{}{}{}", on_side,
                            d.join && d.join->first ? "as a row"
                            : is_interval           ? reach_text(first, d, *side)
                                                    : "in " + windows_text(first),
                            first.key.text, first.shard, fires_text(first, without_idle), somewhere, more);
  }

  static std::string reach_text(const traced_row& r, const window::definition& d, config::side of) {
    if (d.join->newest)
      return of == config::side::left ? fmt::format("with the version at {}", time_text(r.first_start))
                                      : fmt::format("as the version from {} on", time_text(r.first_start));
    return fmt::format("with the {} rows from {} to {}", of == config::side::left ? "right" : "left",
                       time_text(r.first_start), time_text(r.first_end));
  }

  static std::string late_text(const late_partition& p) {
    return p.watermark.at == end_of_time
               ? std::string("its end")
               : format_duration(micros(static_cast<std::int64_t>(p.late_seconds * 1e6)));
  }
  static std::string time_text(event_time t) {
    return t.at == no_watermark ? "nothing" : t.at == end_of_time ? "its end" : format_timestamp(t.at);
  }
  /// The watermark up to which a record of this time is taken.
  static event_time until(const traced_row& r, const window::definition& d) {
    return {
        window::plus(d.kind == window::shape::session ? window::last_end(d, r.first_start.at) : r.last_end.at,
                     d.allowed_lateness)};
  }
  static std::string windows_text(const traced_row& r) {
    if (r.first_start.at == no_watermark)
      return "the one window";
    if (r.first_end.at == no_watermark)
      return "a session";
    if (r.windows == 1)
      return fmt::format("the window from {} to {}", time_text(r.first_start), time_text(r.first_end));
    return fmt::format("{} windows, the first from {} to {}, the last up to {}", r.windows,
                       time_text(r.first_start), time_text(r.first_end), time_text(r.last_end));
  }
  static std::string fires_text(const traced_row& r, bool without_idle) {
    const auto fired = r.fired == 0 ? std::string() : fmt::format(", {} of which have fired", r.fired);
    return r.fires_at.at == no_watermark
               ? fired
               : fmt::format("{}; {} fires when every partition{} has reached {}", fired,
                             r.windows == 1 ? "it" : "the next one", without_idle ? " that is not idle" : "",
                             time_text(r.fires_at));
  }

  const figures& f_;
  const lane::lane_plan& plan_;
  event_micros now_;
  std::vector<trace_step>& out_;
  std::vector<const partition_figures*> partitions_;
  const source::chunk* chunk_ = nullptr;
  std::vector<std::uint32_t> records_;  // records of the parsed rows
  std::vector<event_micros> times_;     // read by rows::time_at(); empty: the rows on this way have none
};

/// The lanes that take records of this source, or by this parser.
expected<std::vector<std::shared_ptr<const lane::lane_plan>>> plans_of(const config::topology& t,
                                                                       const std::string& stage) {
  ASSIGN_OR_RETURN(const auto found, find_stage(t, stage));
  const auto kind = found->kind;
  if (kind != config::stage_kind::source && kind != config::stage_kind::parser)
    return refused(fmt::format("{} is a {}; expected a source or parser, whose records are looked at",
                               visible(stage), config::to_string(kind)));
  if (kind == config::stage_kind::parser && found->from.size() > 1) {
    std::vector<std::string> sources;
    for (const auto& from : found->from)
      sources.push_back(from.stage);
    return refused(
        fmt::format("{} reads {}; expected one of these sources", visible(stage), fmt::join(sources, ", ")));
  }
  auto out = lane::lane_plans(std::make_shared<const config::topology>(t));
  std::erase_if(out, [&](const auto& p) { return p->source->name != stage && p->parser->name != stage; });
  return out;
}

expected<source::chunk> chunk_of(const lane::lane_plan& plan, const traced_record& r) {
  const bool has_header = deployment::wants_of(*plan.parser).header;
  if (has_header && !r.header)
    return refused(
        fmt::format("{} takes the names of its columns from the first line of a file; give that line as "
                    "`header`",
                    visible(plan.parser->name)));
  // The header line stands in front of the record.
  auto out =
      source::make_chunk(std::span(&r.record, 1), r.partition.empty() ? source::only_partition : r.partition,
                         deployment::shape_of(*plan.source), {0, has_header ? 1 : 0});
  if (has_header)
    out.header = {*r.header, {}};
  return out;
}

std::string summary_of(const std::vector<trace_step>& steps) {
  std::vector<std::string> ends;
  for (const auto& s : steps)
    if (s.code != "parsed" && s.code != "passed")
      ends.push_back(fmt::format("{}: {}", s.stage, s.text));
  return ends.empty() ? "no stage takes its rows" : fmt::format("{}", fmt::join(ends, "; "));
}

bool read_text(const json::value& v, std::string& out) {
  if (data::is_text(v))
    out = v.get_string();
  return data::is_text(v);
}

}  // namespace

expected<traced_record> read_traced_record(std::string_view text) {
  constexpr std::string_view expected_members =
      R"(expected {"record": TEXT} or {"base64": TEXT}, and where they matter "partition", "key", "timestamp", "headers", "header")";
  const auto root = data::read_json_value(text);
  const auto* const o = root ? root->if_object() : nullptr;
  if (o == nullptr)
    return refused(fmt::format("the body is not a JSON object; {}", expected_members));
  if (o->contains("record") == o->contains("base64"))
    return refused(fmt::format("there {} \"record\" {} \"base64\"; {}",
                               o->contains("record") ? "are both" : "is neither",
                               o->contains("record") ? "and" : "nor", expected_members));
  traced_record out;
  for (const auto& [name, v] : *o) {
    bool good = true;
    std::string value;
    if (name == "record" && !v.is_null())
      out.record.value = read_text(v, value) ? value : data::json_text(v);
    else if (name == "record")
      out.record.value.reset();
    else if (name == "base64" && (good = read_text(v, value))) {
      out.record.value = data::from_base64(value);
      good = out.record.value.has_value();
    } else if (name == "partition")
      good = read_text(v, out.partition);
    else if (name == "key" && (good = read_text(v, value)))
      out.record.key = value;
    else if (name == "header" && (good = read_text(v, value)))
      out.header = value;
    else if (name == "headers" && (good = v.is_object()))
      out.record.headers = data::json_text(v);
    else if (name == "timestamp" && (good = read_text(v, value))) {
      const auto at = expression::parse_timestamp(value);
      good = at.has_value();
      out.record.timestamp = at.value_or(0);
    } else if (good)
      return refused(fmt::format("\"{}\" is unknown; {}", visible(name), expected_members));
    if (!good)
      return refused(fmt::format("\"{}\" is not of its form; {}", visible(name), expected_members));
  }
  return out;
}

expected<trace> trace_of(const config::topology& t, const figures& f, const std::string& stage,
                         const traced_record& r, event_micros now) {
  ASSIGN_OR_RETURN(const auto plans, plans_of(t, stage));
  trace out{stage, {}, {}, {}, f.missing};
  for (const auto& plan : plans) {
    ASSIGN_OR_RETURN(const auto parser, make_parser(*plan->parser));
    ASSIGN_OR_RETURN(const auto chunk, chunk_of(*plan, r));
    const auto time = tracer(f, *plan, r.partition, now, out.steps).parse(chunk, parser->parse(chunk));
    if (out.time.at == no_watermark)
      out.time = time;
  }
  out.summary = summary_of(out.steps);
  return out;
}

}  // namespace millrace::observe
