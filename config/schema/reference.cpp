#include "config/schema/described_stage.hpp"
#include "config/schema/schema.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace millrace::config {
namespace {

/// Escapes the characters that would end a cell of the table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '|' ? std::string("\\|") : std::string(1, c == '\n' ? ' ' : c);
  while (!out.empty() && out.back() == '.')
    out.pop_back();
  return out;
}

}  // namespace

std::string form_of(const option& o) {
  const auto list = [&] {
    std::string out;
    for (const auto& c : o.choices)
      out += (out.empty() ? "`" : ", `") + c + "`";
    return out;
  };
  switch (o.type) {
  case option_type::text:
    return "text";
  case option_type::choice:
    return list();
  case option_type::boolean:
    return "`true`, `false`";
  case option_type::integer:
    if (o.maximum != std::numeric_limits<std::int64_t>::max())
      return o.minimum == o.maximum ? fmt::format("`{}`", o.minimum)
                                    : fmt::format("number, {} to {}", o.minimum, o.maximum);
    return fmt::format("number, from {}", o.minimum);
  case option_type::duration:
    return o.minimum < 0 ? "duration, also negative" : o.choices.empty() ? "duration" : "duration, " + list();
  case option_type::size:
    return "size";
  case option_type::rate:
    return "rate";
  case option_type::text_map:
    return "map of texts";
  case option_type::text_list:
    return "text or list";
  case option_type::key_pairs:
    return "text, list or map";
  case option_type::expression:
    return "expression";
  case option_type::expression_map:
    return "map of expressions";
  case option_type::object:
    return "map";
  case option_type::any:
    break;
  }
  return "see below";
}

namespace {

void add_rows(const std::vector<option>& options, const std::string& before, std::string& out) {
  for (const auto& o : options) {
    const auto given = o.required               ? std::string("required")
                       : o.default_text.empty() ? std::string()
                                                : fmt::format("`{}`", o.default_text);
    out += fmt::format("| `{}{}` | {} | {} | {}{} |\n", before, o.name, form_of(o), given, cell(o.doc),
                       o.secret && o.shows == nullptr ? " (never shown; takes `${secret:NAME}`)"
                       : o.secret                     ? " (takes `${secret:NAME}`)"
                                                      : "");
    add_rows(o.members, before + o.name + ".", out);
  }
}

void add_table(const std::vector<option>& options, std::string& out) {
  out += "| option | value | default | |\n|---|---|---|---|\n";
  add_rows(options, {}, out);
  out += '\n';
}

std::string_view heading(stage_kind kind) {
  switch (kind) {
  case stage_kind::source:
    return "## Sources\n\nA source gives raw records; a parser makes rows of them.\n\n";
  case stage_kind::parser:
    return "## Parsers\n\nA parser reads one source, or a list of them, and gives typed rows.\n\n";
  case stage_kind::transform:
    return "## Transforms\n\n";
  case stage_kind::window:
    return "## Windows\n\nA window gives its key columns, its aggregates, `window_start` and `window_end`. "
           "`\"from\": "
           "\"NAME.late\"` reads the rows that came too late for it. Behind `\"emit\": \"updates\"` a hidden "
           "column `_batch` numbers the sink's commits, one a tick, from 1, and `_change` says `upsert`, or "
           "`delete` for a row that holds no more (of a session that has grown, or one that `having` no "
           "longer lets "
           "through: its aggregates are null); a sink with an upsert deletes it by key, one that does not "
           "name "
           "`_change` leaves it. The bounds of a global window are null. A window that no row has reached "
           "gives no row, a global one without a key neither, where "
           "PostgreSQL's aggregates over nothing give one; filters of aggregates that leave out all rows "
           "give "
           "0 for count and null for others. Downstream of another window rows have event time `window_end - "
           "1 us`; "
           "downstream of updates no window can follow. A window of late rows goes by the same watermark, so "
           "it needs an `allowed_lateness` "
           "or "
           "a size that reaches further back.\n\n"
           "A dedup gives rows as they are: of each key the first by event time, then log and position, and "
           "the next one "
           "that is `ttl` or more behind it; its bounds are the row's time and a microsecond more.\n\n"
           "With a `zone`, windows of a day or of weeks go from midnight to midnight by the clocks there, "
           "those of weeks from Monday to Monday, and smaller ones divide its days; `offset` moves them. A "
           "day "
           "has 23 or 25 hours where the clocks change. A window of an hour or more ends when the clocks "
           "first show "
           "its end: one of an hour lasts two where they show it twice; what they skip has none. Windows "
           "below an "
           "hour last as long at all times, from a day's beginning on: an hour that comes twice has its own "
           "each time. Without `zone`, windows lie at multiples from "
           "1970-01-01 00:00 UTC, a Thursday: those of a week begin on Thursdays, with `\"offset\": "
           "\"4 days\"` on Mondays.\n\n";
  case stage_kind::join:
    return "## Joins\n\nA join reads two sides and gives rows that have a column of each: pairs of rows that "
           "have one key "
           "and lie in one window, or within a time of each other, and with `how` rows without a partner. "
           "Its "
           "rows are final, and the same for the same "
           "input, whichever side is read faster: a window, or a left row, gives its pairs once *both* sides "
           "have "
           "come past "
           "its end, so "
           "a side that is silent holds all back (`idle_timeout` of its parser is the remedy). Rows of a "
           "window come by "
           "key, then left row, then right row; rows of a side by event time, then log and position. "
           "`\"from\": \"NAME.late_left\"` and `\"NAME.late_right\"` read the rows that came too late, by "
           "the columns of "
           "their side. Rows downstream of a join have event time `window_end - 1 us`, which is the left "
           "row's own "
           "time where the join goes by intervals; windows and joins may "
           "follow. A row "
           "in several windows (`slide`) pairs in each of them.\n\n"
           "An interval join waits `after` longer than a window: its left rows come out once the watermarks "
           "of both "
           "sides have come past their time by that much. A left row is late once they have before it came, "
           "a right "
           "row once no left row that it reaches is still to come. Right rows are kept for `before` and "
           "`after`.\n\n"
           "A join as of a time gives each left row the newest right row of its key at or before its time, "
           "by event "
           "time, then log and position. It waits until the right side has come past that time, so the "
           "version is the "
           "same however fast either side is read. Of each key the last version is kept, for ever; a "
           "deletion as long "
           "as an older version may come. A right side without an end needs `idle_timeout` at its parser, be "
           "it `off`: "
           "a table that nobody changes would hold every row back. Tombstones of Kafka can be versions: "
           "`\"on_null\": "
           "\"row\"` makes rows of them.\n\n";
  case stage_kind::sink:
    break;
  }
  return "## Sinks\n\n"
         "A sink writes a timestamp as a moment in UTC: `2021-04-24T19:55:00Z` as text, a timestamptz in "
         "PostgreSQL, the "
         "time of UTC in other\n"
         "databases and in Parquet files. `ts at time zone 'Europe/Berlin'` is what the clocks there show "
         "and no moment: "
         "written as one it is\n"
         "hours off for every reader, and `check` warns of it. Write `ts` itself, or a text: `to_char(ts at "
         "time zone "
         "'Europe/Berlin', 'YYYY-MM-DD HH24:MI:SS')`.\n\n";
}

constexpr std::string_view introduction =
    R"(# Topology reference

Generated from the declarations that `millrace check` goes by; `topology.schema.json` beside it is the same for
editors (`"$schema": "topology.schema.json"` at the top of a topology).

A topology is a JSON file; comments and trailing commas are allowed. `--with FILE` lays another file over it (JSON
merge patch: maps are merged, `null` takes a member away), `--set PATH=VALUE` one value (JSON where it parses as such,
else text; a key that holds a dot stands in double quotes).

- **Environment.** `${NAME}` and `${NAME:-default}` are filled in, in texts, not in keys; the default also stands for
  an empty variable. `$${` is a literal `${`; any other `$` is itself. What comes from the environment is shown only where
  it is no secret: in options that name a place or a column (`brokers`, `topic`, `path`, `table`, ...), in numbers,
  durations and choices. A password in a connection is never shown. The command that reads the file fills them in (`run`, `check`,
  `apply`, ...); a node never does.
- **Secrets.** `${secret:NAME}` stays in the plan as it is, and is resolved where the stage runs, from the file NAME of `--secrets DIR`
  (`run`, `node`, `replay`, `sql`); NAME has letters, digits, `_`, `-` and `.`. It stands in options that are never shown:
  `"postgresql://app:${secret:db}@db.example.com/shop"`. The value is used as it is, less a line break at its end: in a URL nobody has to
  percent-encode it. The kind of a database and SQLite's path are no secrets. [Operations](operations.md#secrets) says what the files must be.
- **Durations** are text with a unit: `5 minutes`, `90 s`, `1 hour 30 minutes`, `100 ms`. **Sizes**: `128 MB` (powers
  of 1000), `64 KiB` (powers of 1024). **Rates**: `10/s`, `600/min`.
- **Expressions** are PostgreSQL's; [functions.md](functions.md) has the functions and aggregates. A column is named by its name; with capitals or other signs in it, in double quotes.
  Text sorts as under the collation C; `upper`, `lower`, `initcap` and `ilike` know the letters of all scripts.
- **Names** of stages and topologies: a letter, then letters, digits, `_` and `-`. Names of columns that begin with `_`
  are reserved.

)";

constexpr std::string_view letters_page =
    R"(### `dead_letters`

Without `sink` it says how the file of dead letters in the state folder is kept. With it, it is a sink of its own.

)";

constexpr std::string_view columns_page =
    R"(A column of `schema` is a type: `text`, `bigint`, `double`, `numeric` or `numeric(p,s)`, `boolean`, `timestamp`, `date`,
`json` (raw), a nested map of columns, a list `[type]`, or the long form:

)";

constexpr std::string_view columns_end =
    R"(A map with `type` and none but these members is the long form. Nested columns one of which is called `type` are
written in it: `{ "type": { "type": "text" } }`.

A `numeric` is an exact decimal of up to 38 digits, read from a record's digits and never by way of a double: for money and
whatever else must add up. It keeps its zeros at the end: `1.50` stays `1.50`, `1.5e-3` is `0.0015`, `1e3` is `1000`. A
`numeric(p,s)`, such as `numeric(10,2)`, has a precision `p` of 1 to 38 digits, `s` of them behind the point (0 to `p`;
`numeric(10)` is `numeric(10,0)`). Zeros at the end come and go as it needs them: `12.5` and `12.500` become `12.50`. A number
with more digits is a dead letter, never rounded: `1.005` and `123456789` in a `numeric(10,2)`, more than 38 digits in any.

A timestamp without a `format` is read as PostgreSQL reads it in the session zone UTC, by the same reader as the casts
`::timestamptz` and `::timestamp`: `2021-04-24T19:55:00.796Z`, `2021-04-24 19:55+07`, `24 Apr 2021 7:55 PM CET`. A few
forms of PostgreSQL's are refused ([functions](functions.md#differences-from-postgresql)). Blanks around a timestamp do not count, with
a `format` neither.

With a `zone`, text without a zone or offset of its own shows the clocks of that time zone, with a strptime `format` and
without one; text with its own, and without a `format`, keeps that. `2021-10-31 02:30` in Europe/Paris comes twice and is
the second, 01:30 UTC; `2021-03-28 02:30`, which the clocks skip, counts as before the change, also 01:30 UTC: the same as
`'2021-03-28 02:30'::timestamp at time zone 'Europe/Paris'`. A format that reads a zone (`%z`, `%Z`) or the moment itself
(`%s`, `epoch_s` and the like) takes no `zone`. The times depend on the machine's tzdata, whose version `check` prints.

`epoch_s`, `epoch_ms` and `epoch_us` take a number as JSON writes it, in quotes, too: `1619294100796`, `"1619294100796"`,
`-0.5`.

A `date` without a `format` is read as the cast `::date` reads it: `2021-04-24`, `24 Apr 2021`, `20210424`, and a timestamp, whose
time of day and zone do not count. `{ "type": "date", "format": "%d.%m.%Y" }` reads a pattern of the same words, without a zone,
and `epoch_d` takes a whole number of days since 1970, as Avro and Debezium write dates. The day of a timestamp in a zone is
`(x at time zone 'Europe/Paris')::date`. Sinks write `2021-04-24`; databases and Parquet files have it as their own date.

A pattern reads as strptime(3) does, but each directive a whole token: `%y` does not match the 20 of `2021`, `%s` not 12
of 13 digits, `%Z` (Z, UTC, GMT) not the GMT of `GMT+0200`. `%f` is the fraction of a second, `%z` takes `Z`, `+07`,
`+0700`, `+07:00` and `+07:00:00`. With `"trailing": "ignore"` text behind the match is ignored where it leaves the
moment as it is, cut to the parts that the pattern reads. These may follow, as often as they like:

- finer parts of the time, at once: `:30`, `.796` behind seconds, a time of day behind a date;
- a zone that is UTC: `Z`, `UTC`, `GMT`, `+00`, `+0000`, `+00:00`; with a `zone`, instead its name, and an offset or
  abbreviation that it has at that time (`Europe/Paris`, `+0200`, `CEST`); where the pattern reads a zone, the name of any;
- blanks and punctuation, names of weekdays;
- then anything else: a word, a number behind a blank.

The text does not match where it goes on with what was read (a digit behind a number, a letter at once), and where one
of these follows: AM or PM if the pattern reads a time, BC, a second offset, `.796` behind minutes, and, if the pattern
reads no zone, another than UTC or the column's `zone`: an offset such as `+0200`, a name (`CET`, `Europe/Berlin`), or a
name with a number (`UTC+2`). `%s` says the moment by itself: whatever zone follows behind a blank is ignored.

A `timestamp` or `date` lies in the years 1 to 9999, wherever it comes from. A record with any other is a dead letter: where a field or
`_timestamp` is read, where a time leaves an expression (inside it may lie as far as PostgreSQL's), and where one of its windows
would begin or end outside of these years. A `text` is UTF-8 without NUL, as PostgreSQL's is. A record with any other is a dead
letter: a NUL byte in csv, in text and in a key, `\u0000` in JSON, but for columns of type `json`, which keep it as it is written.

Behind the declared columns each row has hidden ones, there when named, up to the first window: `_raw` (the record as
it came; of avro and protobuf as base64, of json without its `prefix`), `_key` (text, or bigint by the source's `key`, or json by the parser's `key_format`), `_timestamp`, `_timestamp_type` (0 create, 1 append), `_topic`,
`_partition`, `_position`, `_headers`, and `_event_time` where `event_time` is an expression.

)";

}  // namespace

std::string reference_text(const catalog& connectors) {
  std::string out(introduction);
  out += "## Top level\n\n";
  add_table(top_level_options(), out);
  out += letters_page;
  add_table(dead_letter_options(), out);
  std::optional<stage_kind> current;
  for (const auto& s : described_stages(connectors)) {
    if (current != s.kind)
      out += heading(s.kind);
    out += fmt::format("### `\"{}\": \"{}\"`\n\n{}.\n\n", to_string(s.kind), s.type, cell(s.doc));
    add_table(s.options, out);
    if (s.kind == stage_kind::parser && current != s.kind) {
      out += columns_page;
      add_table(column_options(), out);
      out += columns_end;
    }
    if (!s.guarantee.empty())
      out += fmt::format("Guarantee: {}.\n\n", s.guarantee);
    current = s.kind;
  }
  while (out.ends_with("\n\n"))
    out.pop_back();
  return out;
}

expected<void> write_references(const std::string& folder, const catalog& connectors) {
  const std::pair<std::string, std::string> files[] = {{"topology.schema.json", schema_text(connectors)},
                                                       {"test.schema.json", test_schema_text()},
                                                       {"functions.md", functions_text()},
                                                       {"reference.md", reference_text(connectors)}};
  for (const auto& [name, text] : files) {
    const auto path = fmt::format("{}/{}", folder, name);
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out)
      return user_error(ec::io,
                        fmt::format("{} cannot be written: {}; expected a folder that can be written to",
                                    path, std::strerror(errno)));
  }
  return {};
}

}  // namespace millrace::config
