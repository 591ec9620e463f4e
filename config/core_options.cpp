#include "config/core_options.hpp"

#include "runtime/base/ids.hpp"
#include "runtime/base/time.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::config {
namespace {

using enum option_type;

option from(const std::string& what) {
  return {.name = "from", .type = text_list, .doc = what, .required = true, .plain = true};
}
option where(const std::string& what) { return {.name = "where", .type = expression, .doc = what}; }
option columns(const std::string& what) { return {.name = "columns", .type = expression_map, .doc = what}; }

option runs_on(const std::string& what) {
  return {.name = "node",
          .doc = what +
                 " runs on this node of a cluster and waits while the node is away. Default: any node; "
                 "for a stage with files on a node's disk, the node that was first asked to apply it. "
                 "`run` ignores it",
          .plain = true};
}

std::vector<option> source_options() {
  return {
      {.name = "rate",
       .type = rate,
       .doc = "Reads at most this many records a second, over all partitions together. A fast rate is "
              "spread over up to 20 reads a second"},
      {.name = "max_drift",
       .type = duration,
       .doc = "Holds back a partition whose watermark is this far ahead of the slowest partition's",
       .minimum = 1},
      runs_on("The source"),
  };
}

std::vector<option> parser_options() {
  return {
      from("The source whose records are parsed"),
      {.name = "schema",
       .type = any,
       .doc = "The columns: name to type. A type is text, bigint, double, numeric, numeric(p,s), "
              "boolean, timestamp, date, json, a nested map, [type], or { \"type\": ..., \"format\": "
              "..., \"trailing\": ..., \"zone\": ... }",
       .required = true},
      {.name = "event_time",
       .doc = "When a record happened: a column of type timestamp, _timestamp, or an expression over "
              "the record's columns. Windows need it",
       .plain = true},
      {.name = "watermark_delay",
       .type = duration,
       .doc = "How far a record's event time may lie behind the latest one of its partition before the "
              "record counts as late",
       .default_text = "0 s"},
      {.name = "idle_timeout",
       .type = duration,
       .doc = "Windows stop waiting for a partition that has had no records for this long; off: they "
              "always wait",
       .default_text = "off",
       .choices = {"off"},
       .minimum = 1},
      {.name = "future_skew",
       .type = duration,
       .doc = "A record whose event time is more than this ahead of the source's timestamp is a dead "
              "letter. For rows of a table that is read at intervals, the default is the "
              "watermark_delay, if that is longer",
       .default_text = "1 hour",
       .choices = {"off"}},
      {.name = "max_event_time",
       .doc = "A record whose event time is later than this timestamp is a dead letter",
       .plain = true},
      {.name = "on_error",
       .type = choice,
       .doc = "What happens to a record that cannot be parsed: it becomes a dead letter, or the "
              "topology fails",
       .default_text = "dead_letter",
       .choices = {"dead_letter", "fail"}},
      {.name = "on_crash",
       .type = choice,
       .doc = "What happens to a record on which the process crashes: it is tried again (on a cluster "
              "after waits that grow to five minutes), or becomes a dead letter after three tries",
       .default_text = "retry",
       .choices = {"retry", "dead_letter"}},
      {.name = "on_null",
       .type = choice,
       .doc = "What happens to a Kafka record whose value is null (a tombstone of a compacted topic): "
              "it becomes a dead letter, is skipped, or becomes a row in which only _key and the other "
              "hidden columns have values",
       .default_text = "dead_letter",
       .choices = {"dead_letter", "skip", "row"}},
      {.name = "validate",
       .type = choice,
       .doc = "Whether the whole record must be well formed, or only the columns that a later stage "
              "reads, which is faster",
       .default_text = "whole",
       .choices = {"whole", "projected"}},
  };
}

std::vector<option> transform_options() {
  return {
      from("The stage whose rows are read, or a list of stages with the same columns"),
      where("Keeps the rows for which this is true"),
      columns("The output columns: name to expression, in this order; \"*\": true keeps all the "
              "others. unnest(list) makes a row of each element of the list, and none of an empty or null "
              "list; a select downstream of a window or a join cannot have it"),
      {.name = "event_time",
       .doc = "With unnest: the output column, of type timestamp, that is each row's event time. The "
              "parser then has no event_time; its watermark_delay, idle_timeout, future_skew and "
              "max_event_time apply to this one",
       .plain = true},
  };
}

std::vector<option> model_options() {
  return {
      from("The stage whose rows are read, or a list of stages with the same columns"),
      {.name = "model",
       .doc = "The model's file, written by `millrace model train`, or XGBoost's own JSON with feature "
              "names. Its hash is part of the state's identity. `millrace apply` replaces the path by "
              "the model itself, as a data URI (application/gzip, base64)",
       .required = true},
      {.name = "column",
       .doc = "The name of the added column: the probability, a double",
       .required = true,
       .plain = true},
  };
}

/// Adds how long windows are, and where they begin.
void add_times_of_windows(std::vector<option>& out, const std::string& slide, bool needs_slide) {
  out.push_back(
      {.name = "size", .type = duration, .doc = "How long a window is", .required = true, .minimum = 1});
  if (!slide.empty())
    out.push_back({.name = "slide", .type = duration, .doc = slide, .required = needs_slide, .minimum = 1});
  out.push_back(
      {.name = "offset",
       .type = duration,
       .doc = "Moves the starts of windows later by this much: with 6 hours, windows of a day start at "
              "06:00; with 4 days, windows of a week without a zone start on Mondays. It is less than "
              "the time between two starts",
       .default_text = "0 s"});
  out.push_back({.name = "zone",
                 .doc =
                     "Windows follow the clocks of this time zone, such as Europe/Berlin: a window of a day "
                     "goes from midnight to midnight there (23 or 25 hours when the clocks change), a window "
                     "of a week begins on Monday. The time between two starts divides a day or is a whole "
                     "number of days. Default: all windows are equally long, and their starts are counted "
                     "from 1970-01-01 00:00 UTC, a Thursday",
                 .plain = true});
}

/// Adds how many shards there are, and what they hold.
void add_bounds_of_shards(std::vector<option>& out) {
  out.push_back({.name = "allowed_lateness",
                 .type = duration,
                 .doc = "How long after its end a window still takes rows; its result comes that much later",
                 .default_text = "0 s"});
  out.push_back({.name = "shards",
                 .type = integer,
                 .doc = "The number of shares that the keys are divided into; part of the state's identity",
                 .default_text = "4",
                 .minimum = 1,
                 .maximum = key_slots});
  out.push_back(
      {.name = "retain",
       .type = size,
       .doc = "How much output may wait for sinks to commit it, over all shards; above that, the stage "
              "takes no more input",
       .default_text = "10 GB",
       .minimum = 1});
  out.push_back({.name = "retain_memory",
                 .type = size,
                 .doc = "How much of the output that `retain` counts is kept in memory, over all shards; the "
                        "rest lies in the state folder",
                 .default_text = "128 MB",
                 .minimum = 1});
}

std::vector<option> window_options(std::string_view type) {
  std::vector<option> out{from("The stage whose rows are read, or a list of stages with the same columns")};
  if (type == "tumbling" || type == "sliding")
    add_times_of_windows(
        out, type == "sliding" ? "How far apart windows begin; size is a multiple of it" : "", true);
  if (type == "session")
    out.push_back(
        {.name = "gap",
         .type = duration,
         .doc = "A session ends when its key has no row for this long: window_start is the event time of "
                "its first row, window_end that of its last row plus the gap. A row is late once its "
                "time plus the gap is at or below the watermark",
         .required = true,
         .minimum = 1});
  out.push_back({.name = "key",
                 .type = text_list,
                 .doc =
                     "The names of the columns that rows are grouped by; without it there is one group. To "
                     "group by a member such as user.id, or by another expression, make a column of it in a "
                     "select upstream of the window",
                 .plain = true});
  out.push_back({.name = "aggregates",
                 .type = expression_map,
                 .doc = "The aggregates: name to an expression over aggregate functions (functions.md lists "
                        "them), keys, window_start and window_end. Each aggregate function may have a filter "
                        "(where ...)"});
  out.push_back(where("Takes only the rows for which this is true"));
  out.push_back({.name = "having",
                 .type = expression,
                 .doc = "Emits only the groups for which this is true: over keys, names of aggregates, whole "
                        "aggregates, window_start and window_end"});
  out.push_back(columns("The output columns: name to expression over keys, aggregates, window_start and "
                        "window_end. Default: all of these"));
  out.push_back({.name = "emit",
                 .type = choice,
                 .doc = "final: a window emits its rows once, at its end; updates: it emits every changed "
                        "row at each tick",
                 .default_text = "final",
                 .choices = {"final", "updates"}});
  out.push_back(
      {.name = "every", .type = duration, .doc = "The time between ticks of emit: updates", .minimum = 1});
  add_bounds_of_shards(out);
  if (type == "global")
    out.push_back({.name = "state_ttl",
                   .type = duration,
                   .doc = "Forgets a key that has had no row for this long, in event time",
                   .minimum = 1});
  return out;
}

/// Adds how far the rows of a pair may be apart.
void add_reach(std::vector<option>& out) {
  const auto reach = [&](const std::string& name, const std::string& doc) {
    out.push_back(
        {.name = name, .type = duration, .doc = doc, .required = true, .minimum = -longest_duration.count()});
  };
  reach("before", "How far the right row's time may lie before the left row's; with \"-5 s\" it lies at "
                  "least 5 seconds after it. Both bounds are inclusive");
  reach("after", "How far the right row's time may lie after the left row's; with \"-5 s\" it lies at "
                 "least 5 seconds before it. A left row comes out once the watermarks of both sides are this "
                 "far past it");
}

/// Adds what says which versions there are.
void add_versions(std::vector<option>& out) {
  out.push_back({.name = "deleted",
                 .type = expression,
                 .doc = "An expression over the columns of the right side. A right row for which it is true "
                        "deletes its key: there is no version from the row's time on. Null is false"});
  out.push_back(
      {.name = "late_versions",
       .type = duration,
       .doc = "How far a right row may lie behind its partition's watermark and still count from there "
              "on; older rows are late. A deleted key is remembered for as long. For versions of a "
              "table with a time of their own, give it the length of the parser's watermark_delay",
       .default_text = "1 day"});
}

std::vector<option> dedup_options() {
  std::vector<option> out{
      from("The stage whose rows are read, or a list of stages with the same columns"),
      {.name = "key",
       .type = text_list,
       .doc = "The names of the columns that tell rows apart: rows with the same values in them are "
              "duplicates. A null is a value, too",
       .required = true,
       .plain = true},
      {.name = "ttl",
       .type = duration,
       .doc = "After a row of a key has come out, other rows of the key are left out for this long, in event "
              "time",
       .required = true,
       .minimum = 1},
      where("Takes only the rows for which this is true"),
      columns("The output columns: name to expression over the row's columns, window_start (the row's "
              "time) and window_end (a microsecond later). \"*\": true keeps all the others. Default: "
              "the key, the other columns, window_start and window_end")};
  add_bounds_of_shards(out);
  return out;
}

std::vector<option> join_options(std::string_view type) {
  const bool is_window = type == "window";
  const bool is_interval = type == "interval";
  const auto side = [](const std::string& name, const std::string& doc) {
    return option{.name = name, .type = text_list, .doc = doc, .required = true, .plain = true};
  };
  const std::string some = "Which rows come out without a partner: none (inner), ";
  std::vector<option> out{
      side("left", "The stage whose rows are the left side, or a list of stages with the same columns"),
      side("right", is_window || is_interval
                        ? "The stage whose rows are the right side, or a list of stages with the same "
                          "columns; it may be the left side's stage, too"
                        : "The stage whose rows are the right side, or a list of stages with the same "
                          "columns. Each row is the version of its key from the row's time on"),
      {.name = "key",
       .type = key_pairs,
       .doc = "The columns that are equal in the two rows of a pair: a name or list of names that both "
              "sides have, or a map of left columns to right ones. Their types are the same. A row with "
              "a null in its key has no partner",
       .required = true,
       .plain = true},
      {.name = "how",
       .type = choice,
       .doc = some + (is_window ? "those of the left side, the right one, or both (full); the columns of the "
                                  "other side are null"
                      : is_interval
                          ? "or those of the left side (left), the columns of the right one null; anti: "
                            "these alone, and no pairs"
                          : "or those of the left side (left), the columns of the right one null"),
       .default_text = "inner",
       .choices = is_window     ? std::vector<std::string>{"inner", "left", "right", "full"}
                  : is_interval ? std::vector<std::string>{"inner", "left", "anti"}
                                : std::vector<std::string>{"inner", "left"}}};
  if (is_window)
    add_times_of_windows(out, "How far apart windows begin; size is a multiple of it. Default: the size",
                         false);
  else if (is_interval)
    add_reach(out);
  else
    add_versions(out);
  if (is_window || is_interval)
    out.push_back(
        {.name = "max_pairs",
         .type = integer,
         .doc = is_window
                    ? "A key with more pairs than this in a window gives no rows but one dead letter, with "
                      "the window's bounds and the number of pairs"
                    : "A left row with more partners than this gives no pairs, but becomes a dead letter",
         .default_text = "100000",
         .minimum = 1,
         .maximum = 10'000'000});
  auto given = columns(
      fmt::format("The output columns: name to expression over l.NAME and r.NAME (columns of the left and "
                  "the right row), the key by its left names, window_start and window_end{}; \"*\": true "
                  "keeps all the others of the default: the key, the columns of the left side, those of "
                  "the right one{}, window_start and window_end; \"l.*\": true and \"r.*\": true keep the "
                  "columns of one side",
                  is_window ? "" : " (the left row's time and a microsecond more)",
                  is_interval ? " (not with anti)" : ""));
  given.choices = {"l.*", "r.*"};
  out.push_back(std::move(given));
  add_bounds_of_shards(out);
  return out;
}

std::vector<option> sink_options() {
  return {
      from("The stage whose rows are written, or a list of stages with the same columns"),
      where("Writes only the rows for which this is true"),
      columns("The columns written: name to expression, in this order; \"*\": true keeps all the others"),
      {.name = "order_by",
       .type = text_list,
       .doc = "The columns that a window's rows are sorted by, each with an optional desc; rows that "
              "are equal in them are sorted by the window's key. The sink waits until all shards have "
              "emitted the window",
       .plain = true},
      {.name = "limit",
       .type = integer,
       .doc = "Writes only the first rows of each window (or of the sessions that end at the same time) by "
              "order_by, at most this many; the others are counted as filtered. It is refused "
              "downstream of emit: updates, where a tick has only the rows that have changed",
       .minimum = 1},
      {.name = "limit_by",
       .type = text_list,
       .doc = "With these columns, limit applies to each group of a window's rows that have the same values "
              "in them, not to the window as a whole. The sink must write them",
       .plain = true},
      {.name = "rank",
       .type = text,
       .doc = "Adds a last column of this name, a bigint: the row's place, from 1, among the rows that "
              "limit applies to",
       .plain = true},
      runs_on("The sink"),
  };
}

}  // namespace

std::string_view to_string(stage_kind k) { return kind_keys[static_cast<std::size_t>(k)]; }

std::optional<stage_kind> kind_of_key(std::string_view key) {
  const auto at = std::find(std::begin(kind_keys), std::end(kind_keys), key);
  if (at == std::end(kind_keys))
    return std::nullopt;
  return static_cast<stage_kind>(at - std::begin(kind_keys));
}

const std::vector<option>& dead_letter_options() {
  static const std::vector<option> all{
      {.name = "roll",
       .type = object,
       .doc = "When dead_letters.jsonl is renamed to a part (dead_letters-000001.jsonl and so on) and "
              "an empty file begins: at the first commit at which one of the limits is reached. The age "
              "counts even when no more dead letters come. Default: at 64 MB",
       .members = {{.name = "age", .type = duration, .doc = "Time since the first dead letter"},
                   {.name = "size",
                    .type = option_type::size,
                    .doc = "Bytes in the file",
                    .default_text = "64 MB",
                    .minimum = 1},
                   {.name = "rows", .type = integer, .doc = "Number of dead letters", .minimum = 1}}},
      {.name = "keep",
       .type = integer,
       .doc = "Keeps this many parts and removes older ones. Default: all are kept",
       .minimum = 1},
  };
  return all;
}

const std::vector<option>& top_level_options() {
  static const std::vector<option> all{
      {.name = "millrace",
       .type = integer,
       .doc = "The version of the language that the file is written in",
       .required = true,
       .minimum = 1,
       .maximum = 1},
      {.name = "topology",
       .doc = "The topology's name, which identifies its state: letters, digits, _ and -",
       .required = true,
       .plain = true},
      {.name = "title", .doc = "A title for people to read", .plain = true},
      {.name = "stages",
       .type = any,
       .doc = "The stages by name; the first key of each says its kind",
       .required = true},
      {.name = "dead_letters",
       .type = any,
       .doc = "How dead_letters.jsonl in the state folder is kept; or a sink, without `from`, that writes "
              "the dead letters"},
      {.name = "snapshot_every",
       .type = duration,
       .doc = "How often a shard's state is made durable",
       .default_text = "1 second",
       .choices = {"off"},
       .minimum = 1000},
      {.name = "commit_every",
       .type = duration,
       .doc = "How often sinks commit at most. Rows that come after a pause are committed 5 ms later. With "
              "0 s a sink commits as soon as the commit before is done. A commit that somebody waits for is "
              "made at once",
       .default_text = "100 ms"},
  };
  return all;
}

const std::vector<option>& core_options(stage_kind kind, std::string_view type) {
  static const auto source = source_options();
  static const auto parser = parser_options();
  static const auto parser_of_lines = [] {
    auto out = parser_options();
    std::erase_if(out, [](const option& o) { return o.name == "schema"; });
    return out;
  }();
  static const auto transform = transform_options();
  static const auto model = model_options();
  static const auto tumbling = window_options("tumbling");
  static const auto sliding = window_options("sliding");
  static const auto session = window_options("session");
  static const auto global = window_options("global");
  static const auto dedup = dedup_options();
  static const auto window_join = join_options("window");
  static const auto interval_join = join_options("interval");
  static const auto as_of_join = join_options("as_of");
  static const auto sink = sink_options();
  switch (kind) {
  case stage_kind::source:
    return source;
  case stage_kind::parser:
    return type == "text" ? parser_of_lines : parser;
  case stage_kind::transform:
    return type == "model" ? model : transform;
  case stage_kind::window:
    if (type == "dedup")
      return dedup;
    return type == "tumbling" ? tumbling : type == "sliding" ? sliding : type == "session" ? session : global;
  case stage_kind::join:
    return type == "interval" ? interval_join : type == "as_of" ? as_of_join : window_join;
  case stage_kind::sink:
    break;
  }
  return sink;
}

std::vector<option> stage_options(stage_kind kind, std::string_view type, const connector* own) {
  auto out = core_options(kind, type);
  if (own != nullptr)
    for (const auto& o : own->options)
      if (std::none_of(out.begin(), out.end(), [&](const option& c) { return c.name == o.name; }))
        out.push_back(o);
  if (own != nullptr && own->schema_in_file)
    for (auto& o : out)
      if (o.name == "schema") {
        o.required = false;
        o.doc += ". Default: those of \"schema_file\" or \"subject\" (docs/schemas.md)";
      }
  return out;
}

const std::vector<option>& column_options() {
  static const std::vector<option> all{
      {.name = "type",
       .type = choice,
       .doc = "The column's type",
       .required = true,
       .choices = {"text", "bigint", "double", "numeric", "boolean", "timestamp", "date", "json"}},
      {.name = "format",
       .doc = "Of a timestamp: a strptime pattern, or epoch_s, epoch_ms, epoch_us; of a date: a strptime "
              "pattern, or epoch_d. Default: as PostgreSQL reads it, ISO 8601 and other forms"},
      {.name = "trailing",
       .type = choice,
       .doc = "Whether text after the part that the format reads is an error. With ignore it is an error "
              "only where it would change the moment",
       .default_text = "error",
       .choices = {"error", "ignore"}},
      {.name = "zone",
       .doc = "Of a timestamp: the time zone, such as Europe/Paris, of text that names no zone. "
              "Default: UTC"},
  };
  return all;
}

const std::vector<core_type>& core_types() {
  static const std::vector<core_type> all{
      {stage_kind::transform, "select", "Filters rows and derives columns."},
      {stage_kind::transform, "model",
       "Adds the probability that a trained model computes for each row. A row that the model cannot take "
       "becomes a dead letter."},
      {stage_kind::window, "tumbling", "Groups rows by key over windows that follow one another."},
      {stage_kind::window, "sliding", "Groups rows by key over windows that overlap."},
      {stage_kind::window, "session", "Groups rows by key over times of activity."},
      {stage_kind::window, "global", "Groups rows by key over all time."},
      {stage_kind::window, "dedup",
       "Passes on the first row of each key by event time, unchanged and with its own event time."},
      {stage_kind::join, "window",
       "Pairs rows of two sides that have the same key and lie in the same window."},
      {stage_kind::join, "interval",
       "Pairs each row of the left side with the rows of the right side that have its key and lie within a "
       "time around it."},
      {stage_kind::join, "as_of",
       "Adds to each row of the left side the right side's version of its key at the row's time."},
  };
  return all;
}

bool is_written(const values& options, std::string_view option) {
  return std::ranges::find(options.shown(), option, &values::given::name) != options.shown().end();
}

}  // namespace millrace::config
