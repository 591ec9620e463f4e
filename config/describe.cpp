// The typed plan as text: what `millrace check` prints when nothing is wrong.
#include "config/core_options.hpp"
#include "config/plan.hpp"
#include "config/plan/plan_model.hpp"
#include "config/plan/window_options.hpp"
#include "runtime/data/carried_file.hpp"
#include "runtime/expression/bind/unnest.hpp"
#include "runtime/expression/formats/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

namespace millrace::config {
namespace {

struct row {
  std::string name;
  std::string type;
  std::string note;
};

class plan_text {
public:
  explicit plan_text(const topology& t) : t_(t) {}

  std::string write() {
    line(0, t_.title.empty() ? fmt::format("topology {}", t_.name)
                             : fmt::format("topology {}: {}", t_.name, t_.title));
    line(1,
         fmt::format("snapshots {}, commits every {}",
                     t_.snapshot_every ? "every " + format_duration(*t_.snapshot_every) : std::string("off"),
                     format_duration(t_.commit_every)));
    for (const auto& s : t_.stages)
      write_stage(s);
    if (t_.dead_letters && !t_.dead_letters->type.empty())
      write_stage(*t_.dead_letters);
    else
      out_ += "\ndead letters: dead_letters.jsonl in the state folder\n";
    return std::move(out_);
  }

private:
  void line(int depth, const std::string& text) {
    out_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') + text + '\n';
  }

  void write_stage(const stage& s) {
    std::string from;
    for (const auto& r : s.from) {
      const bool first_of_right = r.to == side::right && from.find(" and ") == std::string::npos;
      from += (from.empty() ? "" : first_of_right ? " and " : ", ") + name_of(r);
    }
    out_ += '\n';
    line(0, fmt::format("{}: {} {}{}", s.name, to_string(s.kind), s.type, from.empty() ? "" : " <- " + from));
    if (const auto* const p = std::get_if<source_plan>(&s.plan))
      write(s, *p);
    else if (const auto* const p = std::get_if<parser_plan>(&s.plan))
      write(s, *p);
    else if (const auto* const p = std::get_if<transform_plan>(&s.plan))
      write(s, *p);
    else if (const auto* const p = std::get_if<window_plan>(&s.plan))
      p->is_join() ? write_join(s, *p) : write(s, *p);
    else if (const auto* const p = std::get_if<sink_plan>(&s.plan))
      write(s, *p);
  }

  /// The connector's options; the core's own show in what follows.
  void write_options(const stage& s) {
    const auto& core = core_options(s.kind, s.type);
    for (const auto& given : s.options.shown())
      if (std::none_of(core.begin(), core.end(), [&](const option& o) { return o.name == given.name; }) ||
          given.name == "rate" || given.name == "max_drift")
        line(1, fmt::format("{}: {}", given.name, given.text));
  }

  void write(const stage& s, const source_plan& p) {
    write_options(s);
    line(1, p.bounded ? "comes to an end" : "has no end");
    if (!s.guarantee.empty())
      line(1, "guarantee: " + s.guarantee);
  }

  void write(const stage& s, const transform_plan& p) {
    if (const auto* const m = model_of(s))
      line(1,
           fmt::format("model {}: {}, {} features, hash {}", data::shown_file(s.options.text("model")),
                       model::to_string(m->content->kind_of), m->content->features.size(), m->content->hash));
    if (p.event_time) {
      const auto& time = p.select.columns[*p.event_time];
      line(1, fmt::format("event time {}, by the watermark of {}", time.name, names_of_parsers(s)));
      line(1, time.value.can_fail ? "a record with a row for which it fails or is null: dead letter"
                                  : "a record with a row for which it is null: dead letter");
    }
    write_step(p.select);
  }

  void write(const stage& s, const parser_plan& p) {
    write_options(s);
    if (p.event_time || !p.timed_select.empty()) {
      line(1, fmt::format("event time {}, watermark {} behind the latest of each partition", time_of(s, p),
                          format_duration(p.watermark_delay)));
      if (p.timed_by)
        line(1, p.timed_by->value.can_fail ? "a record for which it fails or is null: dead letter"
                                           : "a record for which it is null: dead letter");
      if (p.idle_timeout)
        line(1, fmt::format("a partition without records for {} does not hold windows back",
                            format_duration(*p.idle_timeout)));
      else if (!is_written(s.options, "idle_timeout") && waits_for_partitions(s))
        line(1, "windows wait for each partition, also for one without records (no idle_timeout)");
      if (p.max_event_time)
        line(1, fmt::format("event times above {} are dead letters", format_timestamp(*p.max_event_time)));
    }
    line(1, p.fail_on_error ? "records that cannot be parsed: the topology fails"
                            : "records that cannot be parsed: dead letters");
    if (p.on_null != data::valueless::dead_letter)
      line(1, p.on_null == data::valueless::skip ? "records without a value: skipped"
                                                 : "records without a value: rows whose columns are null");
    if (p.gives_up_crashes)
      line(1, "records that crash the process three times: dead letters");
    std::vector<row> rows;
    std::string hidden;
    for (std::size_t i = 0; i < s.schema->size(); ++i) {
      const auto& f = (*s.schema)[i];
      if (i < p.declared)
        rows.push_back({f.name, f.type.name(), note_of(s, p, i)});
      else if (p.used[i])
        hidden += (hidden.empty() ? "" : ", ") + f.name + " " + f.type.name();
    }
    table("columns", rows);
    if (!hidden.empty())
      line(1, "hidden columns in use: " + hidden);
  }

  std::string time_of(const stage& s, const parser_plan& p) const {
    if (!p.timed_select.empty())
      return fmt::format("{} of the rows of {}", time_of_elements(t_, p).name, p.timed_select);
    return p.timed_by ? p.timed_by->text : (*s.schema)[*p.event_time].name;
  }

  /// A window or join is downstream of the parser, whose source has several partitions and no end.
  [[nodiscard]] bool waits_for_partitions(const stage& parser) const {
    const auto is_many = [&](const input_ref& r) {
      const auto* const source = t_.find(r.stage);
      return source != nullptr && !traits_of(*source).bounded && traits_of(*source).identity_by_lane;
    };
    if (std::ranges::none_of(parser.from, is_many))
      return false;
    std::set<std::string_view> fed{parser.name};
    for (const auto& s : t_.stages)  // each after those that it reads from
      if (std::ranges::any_of(s.from, [&](const auto& r) { return fed.contains(r.stage); })) {
        if (has_shards(s.kind))
          return true;
        fed.insert(s.name);
      }
    return false;
  }

  std::string names_of_parsers(const stage& timed) const {
    std::string out;
    for (const auto& s : t_.stages)
      if (const auto* const p = std::get_if<parser_plan>(&s.plan);
          p != nullptr && p->timed_select == timed.name)
        out += (out.empty() ? "" : ", ") + s.name;
    return out;
  }

  static std::string by_the_clocks(const expression::zone& z) {
    return fmt::format("by the clocks of {} (tzdata {})", expression::zone_name(z),
                       expression::zone_version());
  }

  /// A nested timestamp's format is added with the way to it: `.at format epoch_ms`.
  static void add_formats(const data::type& type, const parser_plan::timestamp_format& f,
                          const std::string& way, const std::function<void(const std::string&)>& add) {
    const auto prefix = way.empty() ? way : way + " ";
    if (!f.format.empty())
      add(prefix + "format " + f.format + (f.trailing_ignored ? ", text after it ignored" : ""));
    if (f.zone != nullptr)
      add(prefix + by_the_clocks(*f.zone));
    for (std::size_t i = 0; i < f.members.size(); ++i)
      if (type.id() == data::type_id::list)
        add_formats(type.element(), f.members[i], way + "[]", add);
      else
        add_formats(type.fields()[i].type, f.members[i], way + "." + type.fields()[i].name, add);
  }

  static std::string note_of(const stage& s, const parser_plan& p, std::size_t i) {
    std::string note;
    const auto add = [&](const std::string& text) { note += (note.empty() ? "" : ", ") + text; };
    if (p.event_time == i)
      add("event time");
    const auto& column = (*s.schema)[i];
    add_formats(column.type, p.formats[i], {}, add);
    if (!p.used[i])
      add("no stage reads it: not built");
    return note;
  }

  /// `last`: a column that the sink adds.
  void write_step(const step& s, const data::field* last = nullptr) {
    if (s.where)
      line(1, "where " + s.where_text);
    if (std::any_of(s.columns.begin(), s.columns.end(),
                    [](const auto& c) { return expression::unnested_by(c.value) != nullptr; }))
      line(1, "a row for each element of the list, none where it is empty or null");
    std::vector<row> rows;
    for (std::size_t i = 0; i < s.output->size(); ++i) {
      const auto& f = (*s.output)[i];
      if (f.name.starts_with('_'))
        continue;
      const auto text = i < s.columns.size() ? s.columns[i].text : std::string();
      rows.push_back({f.name, f.type.name(), text.empty() || text == f.name ? "" : "= " + text});
    }
    if (last != nullptr)
      rows.push_back({last->name, last->type.name(), "the row's place, from 1"});
    table("columns", rows);
  }

  static std::string times_of(const window::definition& d) {
    switch (d.kind) {
    case window::shape::session:
      return d.bounded
                 ? fmt::format("sessions, closed after {} without a row", format_duration(d.gap))
                 : fmt::format("all time, a key forgotten after {} without a row", format_duration(d.gap));
    case window::shape::global:
      return "all time";
    case window::shape::interval:
      if (d.join->first)
        return fmt::format("the first row of a key, and the first one {} or more after that",
                           format_duration(d.join->before + micros(1)));
      if (d.join->newest)
        return "the newest right row at or before a left row's time";
      return fmt::format("right rows in [{}, {}]", beside_left(-d.join->before), beside_left(d.join->after));
    case window::shape::aligned:
      break;
    }
    return d.slide == d.size ? fmt::format("windows of {}", format_duration(d.size))
                             : fmt::format("windows of {}, one every {}", format_duration(d.size),
                                           format_duration(d.slide));
  }

  static std::string alignment_of(const window_plan& w) {
    std::string out;
    if (w.definition.zone != nullptr)
      out += ", " + by_the_clocks(*w.definition.zone);
    if (w.offset.count() != 0)
      out += fmt::format(", offset {}", format_duration(w.offset));
    return out;
  }

  void write(const stage& s, const window_plan& w) {
    const auto& d = w.definition;
    line(1, times_of(d) + alignment_of(w));
    const auto front = upstream_windows(s);
    if (!front.empty() && d.kind != window::shape::global)
      line(1, fmt::format("event time of the rows of {}: window_end - 1 us", front));
    if (const auto& input = w.sides.front().input; input.where)
      line(1, "where " + input.where_text);
    std::string key;
    for (const auto& f : d.keys)
      key += (key.empty() ? "" : ", ") + f.name + " " + f.type.name();
    line(1, key.empty() ? "one group" : "key " + key);
    if (w.is_dedup()) {
      line(1, fmt::format("a row comes out {} after its time", format_duration(d.allowed_lateness)));
      line(1, "state: " + bound_of_dedup(s, w));
      return write_step(w.output);
    }
    std::vector<row> rows;
    for (std::size_t i = 0; i < d.aggregate_fields.size(); ++i)
      rows.push_back(
          {d.aggregate_fields[i].name, d.aggregate_fields[i].type.name(), "= " + w.aggregate_texts[i]});
    if (!rows.empty())
      table("aggregates", rows);
    if (!w.having_text.empty())
      line(1, "having " + w.having_text);
    if (w.definition.kind == window::shape::global && w.emit == "final")
      line(1, "rows come only when all sources have ended (emit \"updates\" gives them as they change)");
    if (d.updates)
      line(1, fmt::format("emits updates, every {}: the rows that have changed", format_duration(w.every)));
    else
      line(1, when_it_emits(w));
    line(1, "state: " + bound_of(s, w));
    write_step(w.output);
  }

  static std::string when_it_emits(const window_plan& w) {
    const auto lateness = w.definition.allowed_lateness;
    return lateness.count() > 0
               ? fmt::format("emits {}, {} after a window's end", w.emit, format_duration(lateness))
               : fmt::format("emits {}", w.emit);
  }

  void write_join(const stage& s, const window_plan& w) {
    const auto& d = w.definition;
    const bool is_interval = d.kind == window::shape::interval;
    line(1, times_of(d) + alignment_of(w));
    std::string key;
    for (std::size_t i = 0; i < d.keys.size(); ++i) {
      const auto& right = w.of(side::right);
      const auto& other = (*right.input.output)[right.key_columns[i]].name;
      key += fmt::format("{}{}{} {}", i > 0 ? ", " : "", d.keys[i].name,
                         other == d.keys[i].name ? std::string() : " = " + other, d.keys[i].type.name());
    }
    line(1, "key " + key);
    using enum window::join_kind;
    const auto how = d.join->how;
    line(1, how == inner   ? "gives only pairs"
            : how == anti  ? "gives only rows of the left side without a partner"
            : how == left  ? "gives pairs, and rows of the left side without a partner"
            : how == right ? "gives pairs, and rows of the right side without a partner"
                           : "gives pairs, and rows of both sides without a partner");
    if (d.join->deletes)
      line(1, "a key is gone where " + w.deleted_text);
    if (d.join->newest)
      line(1, fmt::format("a version counts up to {} behind its partition's watermark",
                          format_duration(d.join->before + d.allowed_lateness)));
    if (how != anti && !d.join->newest)
      line(1, is_interval
                  ? fmt::format("more than {} partners of a left row: a dead letter instead of its rows",
                                d.join->max_pairs)
                  : fmt::format("more than {} pairs of a key in a window: a dead letter instead of its rows",
                                d.join->max_pairs));
    line(1, is_interval
                ? fmt::format("a left row comes out {} after its time", format_duration(d.allowed_lateness))
                : when_it_emits(w));
    line(1, is_interval ? "state: " + bound_of_interval(s, w)
                        : fmt::format("state: the rows of both sides in {}", bound_of(s, w)));
    write_step(w.output);
  }

  /// How far rows may be ahead of the watermark that they wait for, by what the parsers above say; of each without
  /// max_drift a partition may be further ahead.
  std::pair<micros, bool> wait_of(const stage& s) const {
    micros delay{0};
    bool drifts = false;
    for (const auto* const p : parsers_above(s)) {
      delay = std::max(delay, p->watermark_delay + p->max_drift.value_or(micros{0}));
      drifts = drifts || !p->max_drift;
    }
    return {delay, drifts};
  }

  std::string bound_of_dedup(const stage& s, const window_plan& w) const {
    const auto& d = w.definition;
    const auto delay = wait_of(s).first;
    return fmt::format("{} shard{}, the rows of {} of event time and the keys of {}", d.shards,
                       d.shards == 1 ? "" : "s", format_duration(d.allowed_lateness + delay),
                       format_duration(d.join->before + micros(1) + d.allowed_lateness + delay));
  }

  /// Rows wait for the watermark, which lags; a right one until no left row can reach it any more.
  std::string bound_of_interval(const stage& s, const window_plan& w) const {
    const auto& d = w.definition;
    const auto [delay, drifts] = wait_of(s);
    const auto right =
        d.join->newest
            ? fmt::format("one version of each key{}, and those of {}",
                          d.join->deletes
                              ? fmt::format(", a deleted key's for {}",
                                            format_duration(d.join->before + d.allowed_lateness + delay))
                              : std::string(),
                          format_duration(d.allowed_lateness + delay))
            : "the right ones of " +
                  format_duration(std::max(micros{0}, d.join->before + d.allowed_lateness + delay));
    return fmt::format("{} shard{}, the left rows of {} of event time and {}{}", d.shards,
                       d.shards == 1 ? "" : "s", format_duration(d.allowed_lateness + delay), right,
                       drifts ? "; and those by which a partition is ahead of another (max_drift bounds this)"
                              : "");
  }

  /// Windows are open from their first record until the watermark passes their end; how far records are ahead
  /// of the watermark decides how many.
  std::string bound_of(const stage& s, const window_plan& w) const {
    const auto& d = w.definition;
    const auto shards = fmt::format("{} shard{}", d.shards, d.shards == 1 ? "" : "s");
    if (d.kind == window::shape::global)
      return fmt::format("{}, {} for ever (state_ttl bounds this)", shards,
                         d.keys.empty() ? "one group" : "every key");
    if (d.kind == window::shape::session)
      return fmt::format("{}, the keys with a row in the last {} of event time, and what lies behind the "
                         "slowest partition",
                         shards, format_duration(d.gap + d.allowed_lateness));
    const auto keys = d.keys.empty() ? std::string("one group") : std::string("the keys in each");
    if (!upstream_windows(s).empty())
      return fmt::format("{}, {} window{} open at once, times {}; one more for every {} that the windows "
                         "upstream are ahead of their slowest shard",
                         shards, d.size / d.slide, d.size == d.slide ? "" : "s", keys,
                         format_duration(d.slide));
    micros delay{0};
    micros drift{0};
    bool unbounded = false;
    for (const auto* const p : parsers_above(s)) {
      delay = std::max(delay, p->watermark_delay);
      if (!p->max_drift)
        unbounded = true;
      else
        drift = std::max(drift, *p->max_drift);
    }
    const auto span = (d.size + delay + d.allowed_lateness + drift).count();
    auto open = (span + d.slide.count() - 1) / d.slide.count();
    if (d.zone != nullptr && span > d.size.count())
      ++open;  // a change of clocks makes one of them shorter
    auto text = fmt::format("{}, at most {} window{} open at once, times {}", shards, open,
                            open == 1 ? "" : "s", keys);
    if (unbounded)
      text +=
          fmt::format("; one more for every {} that a partition is ahead of another (max_drift bounds this)",
                      format_duration(d.slide));
    return text;
  }

  /// Names of the windows whose rows, not late ones, a stage gets.
  std::string upstream_windows(const stage& s) const {
    std::set<std::string> names;
    std::vector<const stage*> open{&s};
    while (!open.empty()) {
      const auto* const at = open.back();
      open.pop_back();
      for (const auto& r : at->from) {
        const auto* const from = t_.find(r.stage);
        if (from != nullptr && has_shards(from->kind) && !r.late)
          names.insert(r.stage);
        else if (from != nullptr && from->kind == stage_kind::transform)
          open.push_back(from);
      }
    }
    std::string out;
    for (const auto& name : names)
      out += (out.empty() ? "" : ", ") + name;
    return out;
  }

  std::vector<const parser_plan*> parsers_above(const stage& s) const {
    std::vector<const parser_plan*> out;
    std::set<const stage*> seen;
    std::vector<const stage*> open{&s};
    while (!open.empty()) {
      const auto* const at = open.back();
      open.pop_back();
      if (!seen.insert(at).second)
        continue;
      if (const auto* const p = std::get_if<parser_plan>(&at->plan)) {
        out.push_back(p);
        continue;
      }
      for (const auto& r : at->from)
        if (const auto* const from = t_.find(r.stage))
          open.push_back(from);
    }
    return out;
  }

  static std::string first_rows(const sink_plan& p) {
    auto out =
        fmt::format("the first {} row{} of each window", *p.order.limit, *p.order.limit == 1 ? "" : "s");
    for (std::size_t i = 0; i < p.order.limit_by.size(); ++i)
      out += (i == 0 ? " and " : ", ") + (*p.rows)[p.order.limit_by[i]].name;
    return out;
  }

  void write(const stage& s, const sink_plan& p) {
    write_options(s);
    if (!p.order.by.empty()) {
      std::string order;
      for (const auto& o : p.order.by)
        order += (order.empty() ? "" : ", ") + (*p.rows)[o.column].name + (o.descending ? " desc" : "");
      line(1, fmt::format("order by {}, once a window is whole over all shards", order));
      if (p.order.limit)
        line(1, first_rows(p));
    }
    if (!s.guarantee.empty())
      line(1, "guarantee: " + s.guarantee);
    if (!s.progress_place.empty())
      line(1, "progress: " + s.progress_place);
    write_step(p.input, p.order.ranked ? &p.rows->fields().back() : nullptr);
    if (p.removed == removal::by_key)
      line(1, "rows that a window takes back: deleted by their key");
    std::string hidden;
    for (const auto& f : *p.rows)
      if (f.name.starts_with('_'))
        hidden += (hidden.empty() ? "" : ", ") + f.name + " " + f.type.name();
    if (!hidden.empty())
      line(1, "and for its own options: " + hidden);
  }

  void table(const std::string& head, const std::vector<row>& rows) {
    std::size_t name = 0;
    std::size_t type = 0;
    for (const auto& r : rows) {
      name = std::max(name, r.name.size());
      type = std::max(type, r.type.size());
    }
    line(1, head);
    for (const auto& r : rows) {
      auto text = fmt::format("{:<{}}  {:<{}}  {}", r.name, name, r.type, type, r.note);
      text.erase(text.find_last_not_of(' ') + 1);
      line(2, text);
    }
  }

  const topology& t_;
  std::string out_;
};

}  // namespace

std::string describe_plan(const topology& t) { return plan_text(t).write(); }

}  // namespace millrace::config
