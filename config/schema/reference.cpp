#include "config/schema/described_stage.hpp"
#include "config/schema/examples.hpp"
#include "config/schema/schema.hpp"
#include "runtime/base/lower_case.hpp"
#include "runtime/base/page_text.hpp"
#include "runtime/data/json_value.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

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
  case option_type::any:  // a schema, routes, stages
    break;
  }
  return "map";
}

namespace {

constexpr std::string_view columns_heading = "Columns of a schema";

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
  if (options.empty())
    return;
  out += "| option | value | default | |\n|---|---|---|---|\n";
  add_rows(options, {}, out);
  out += '\n';
}

/// The rows of an option and its members: two options are the same where these are.
std::string rows_of(const option& o) {
  std::string out;
  add_rows({o}, {}, out);
  return out;
}

/// GitHub's anchor of a heading.
std::string anchor_of(std::string_view heading) {
  std::string out;
  for (const char c : heading)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-')
      out += lower_case(c);
    else if (c == ' ')
      out += '-';
  return out;
}

std::string link_to(std::string_view text, std::string_view heading) {
  return fmt::format("[{}](#{})", text, anchor_of(heading));
}

std::string stage_heading(const described_stage& s) {
  return fmt::format("`\"{}\": \"{}\"`", to_string(s.kind), s.type);
}

std::string_view plural(stage_kind kind) {
  constexpr std::string_view all[] = {"Sources", "Parsers", "Transforms", "Windows", "Joins", "Sinks"};
  return all[static_cast<std::size_t>(kind)];
}

/// An option that several stages take in the same words.
struct shared_option {
  option declared;
  std::vector<const described_stage*> takers;
};

/// An option of fewer stages than this stands in each one's own table.
constexpr std::size_t fewest_takers = 3;

std::vector<shared_option> shared_options(const std::vector<described_stage>& stages) {
  std::vector<shared_option> all;
  for (const auto& s : stages)
    for (const auto& o : s.options) {
      const auto same = std::ranges::find_if(
          all, [rows = rows_of(o)](const shared_option& known) { return rows_of(known.declared) == rows; });
      if (same == all.end())
        all.push_back({o, {&s}});
      else
        same->takers.push_back(&s);
    }
  std::erase_if(all, [](const shared_option& o) { return o.takers.size() < fewest_takers; });
  return all;
}

bool takes(const shared_option& o, const described_stage& s) {
  return std::ranges::find(o.takers, &s) != o.takers.end();
}

bool are_all_of_their_kinds(const std::vector<const described_stage*>& takers,
                            const std::vector<described_stage>& stages) {
  return std::ranges::all_of(stages, [&](const described_stage& s) {
    return std::ranges::find(takers, &s) != takers.end() ||
           std::ranges::none_of(takers, [&](const auto* t) { return t->kind == s.kind; });
  });
}

/// The heading under which an option stands: it follows from the kinds of the stages that take it.
std::string shared_heading(const shared_option& o, const std::vector<described_stage>& stages) {
  std::set<stage_kind> kinds;
  for (const auto* s : o.takers)
    kinds.insert(s->kind);
  if (kinds.contains(stage_kind::join))
    return kinds.contains(stage_kind::window) ? "Time and state of windows and joins" : "Options of joins";
  if (kinds.contains(stage_kind::window))
    return "Options of transforms and windows";
  if (kinds.contains(stage_kind::parser) && !are_all_of_their_kinds(o.takers, stages))
    return "Schema registries";
  return fmt::format("Options of every {}", to_string(*kinds.begin()));
}

/// Headings in the order of the stages, with their options.
std::vector<std::pair<std::string, std::vector<shared_option>>>
by_heading(const std::vector<shared_option>& shared, const std::vector<described_stage>& stages) {
  std::vector<std::pair<std::string, std::vector<shared_option>>> out;
  for (const auto& o : shared) {
    const auto heading = shared_heading(o, stages);
    auto at = std::ranges::find_if(out, [&](const auto& section) { return section.first == heading; });
    if (at == out.end())
      at = out.insert(out.end(), {heading, {}});
    at->second.push_back(o);
  }
  return out;
}

std::string listed(const std::vector<std::string>& items, std::string_view last = ", ") {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i)
    out += (i == 0 ? "" : i + 1 == items.size() ? std::string(last) : ", ") + items[i];
  return out;
}

/// "every window, and the join `window`", with a link for each type that is named.
std::string named(const std::vector<const described_stage*>& takers,
                  const std::vector<described_stage>& stages) {
  std::vector<std::string> kinds;
  for (const auto kind : {stage_kind::source, stage_kind::parser, stage_kind::transform, stage_kind::window,
                          stage_kind::join, stage_kind::sink}) {
    std::vector<std::string> types;
    for (const auto* s : takers)
      if (s->kind == kind)
        types.push_back(link_to("`" + s->type + "`", stage_heading(*s)));
    if (types.empty())
      continue;
    const auto whole = static_cast<std::size_t>(
        std::ranges::count_if(stages, [&](const described_stage& s) { return s.kind == kind; }));
    kinds.push_back(types.size() == whole
                        ? fmt::format("every {}", to_string(kind))
                        : fmt::format("the {}{} {}", to_string(kind), types.size() == 1 ? "" : "s",
                                      listed(types, " and ")));
  }
  return listed(kinds, ", and ");
}

void add_shared(const std::vector<described_stage>& stages, const std::vector<shared_option>& shared,
                std::string& out) {
  out += "## Shared options\n\nSeveral stages take these options. The section of a stage lists the shared "
         "options that it takes, and its table has the others.\n\n";
  for (const auto& [heading, options] : by_heading(shared, stages)) {
    out += "### " + heading + "\n\n";
    std::vector<std::pair<std::string, std::vector<std::string>>> lists;  // takers, names
    for (const auto& o : options) {
      const auto who = named(o.takers, stages);
      auto at = std::ranges::find_if(lists, [&](const auto& l) { return l.first == who; });
      if (at == lists.end())
        at = lists.insert(lists.end(), {who, {}});
      at->second.push_back("`" + o.declared.name + "`");
    }
    if (lists.size() > 1 || !lists.front().first.starts_with("every ")) {
      for (const auto& [who, names] : lists)
        out += fmt::format("- {}: {}\n", who, listed(names));
      out += '\n';
    }
    std::vector<option> rows;
    for (const auto& o : options)
      rows.push_back(o.declared);
    add_table(rows, out);
  }
}

/// Says which shared options the stage takes, and gives those that are left for its own table.
std::vector<option> add_shared_names(const described_stage& s, const std::vector<described_stage>& stages,
                                     const std::vector<shared_option>& shared, std::string& out) {
  std::vector<option> own;
  for (const auto& o : s.options)
    if (std::ranges::none_of(shared, [&](const shared_option& known) {
          return known.declared.name == o.name && takes(known, s);
        }))
      own.push_back(o);
  for (const auto& [heading, options] : by_heading(shared, stages)) {
    std::vector<std::string> names;
    for (const auto& o : options)
      if (takes(o, s))
        names.push_back(fmt::format("`{}`{}", o.declared.name, o.declared.required ? " (required)" : ""));
    if (!names.empty())
      out += fmt::format("- {}: {}\n", link_to(heading, heading), listed(names));
  }
  out += '\n';
  return own;
}

namespace json = boost::json;

/// A placeholder of an editor, ${2:clicks}, becomes its own text.
std::string filled(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto colon = text.find(':');
    const bool opens =
        text.starts_with("${") && colon != std::string_view::npos && colon > 2 &&
        std::ranges::all_of(text.substr(2, colon - 2), [](unsigned char c) { return std::isdigit(c) != 0; });
    const auto end = opens ? text.find('}') : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += text.substr(colon + 1, end - colon - 1);
      text.remove_prefix(end + 1);
    }
  }
  return out;
}

std::string on_one_line(const json::value& v) {
  std::vector<std::string> items;
  if (const auto* const map = v.if_object()) {
    for (const auto& member : *map)
      items.push_back(data::json_text(json::string(member.key())) + ": " + on_one_line(member.value()));
    return items.empty() ? "{}" : "{ " + listed(items) + " }";
  }
  if (const auto* const list = v.if_array()) {
    for (const auto& item : *list)
      items.push_back(on_one_line(item));
    return "[" + listed(items) + "]";
  }
  return data::json_text(v);
}

/// Names that the examples of other stages read from.
std::string_view example_name(stage_kind kind) {
  constexpr std::string_view all[] = {"clicks", "parsed", "selected", "counted", "joined", "out"};
  return all[static_cast<std::size_t>(kind)];
}

/// The beginning that editors offer, as it stands under "stages".
void add_example(const described_stage& s, std::string& out) {
  constexpr std::size_t width = 120;
  const auto body = json::parse(filled(data::json_text(snippet_of(s).at("body")))).as_object();
  out += "```jsonc\n";
  std::string line = fmt::format("\"{}\": {{", example_name(s.kind));
  const std::string indent(line.size() + 1, ' ');
  bool is_first = true;
  for (const auto& member : body) {
    const auto item =
        fmt::format("{}: {}", data::json_text(json::string(member.key())), on_one_line(member.value()));
    if (!is_first && line.size() + item.size() + 4 > width) {
      out += line + ",\n";
      line = indent + item;
    } else {
      line += (is_first ? " " : ", ") + item;
    }
    is_first = false;
  }
  out += line + " }\n```\n\n";
}

void add_contents(const std::vector<described_stage>& stages, const std::vector<shared_option>& shared,
                  std::string& out) {
  out += "## Contents\n\n| | |\n|---|---|\n";
  out += fmt::format("| {} | {} |\n", link_to("Top level", "Top level"),
                     link_to("`dead_letters`", "dead_letters"));
  std::vector<std::string> headings;
  for (const auto& [heading, options] : by_heading(shared, stages))
    headings.push_back(link_to(heading, heading));
  out += fmt::format("| {} | {} |\n", link_to("Shared options", "Shared options"), listed(headings));
  std::optional<stage_kind> current;
  for (const auto& s : stages) {
    if (current != s.kind)
      out += fmt::format("{}| {} | ", current ? " |\n" : "", link_to(plural(s.kind), plural(s.kind)));
    else
      out += ", ";
    if (s.kind == stage_kind::parser && current != s.kind)
      out += link_to(columns_heading, columns_heading) + ", ";
    out += link_to("`" + s.type + "`", stage_heading(s));
    current = s.kind;
  }
  out += " |\n\n";
}

std::string_view heading(stage_kind kind) {
  switch (kind) {
  case stage_kind::source:
    return "## Sources\n\nA source reads raw records; a parser makes rows of them.\n\n";
  case stage_kind::parser:
    return "## Parsers\n\nA parser reads one source, or a list of sources, and makes typed rows of their "
           "records.\n\n";
  case stage_kind::transform:
    return "## Transforms\n\nA transform takes the rows of a stage and passes its own rows on at once.\n\n";
  case stage_kind::window:
    return R"(## Windows

The rows of a window have its key columns, its aggregates, `window_start` and `window_end`.

- **Late rows.** `"from": "NAME.late"` reads the rows that came too late for the window. A window of late rows has the
  same watermark, so it needs an `allowed_lateness` or a size that reaches further back.
- **Updates.** Rows of `"emit": "updates"` have two hidden columns. `_batch` numbers the sink's commits from 1, one
  for each tick. `_change` is `upsert`, or `delete` for a row that is taken back: its session has grown, or `having`
  no longer lets it through. The aggregates of a `delete` are null. A sink with an upsert deletes the row by its key;
  a sink that does not name `_change` leaves such rows out. No window can follow downstream of updates.
- **Empty windows.** A window without rows gives no row. That holds for a global window without a key, too, where
  PostgreSQL's aggregates over no rows give one row. Where the filters of aggregates leave out all rows of a window,
  count is 0 and the others are null. The bounds of a global window are null.
- **Windows of windows.** Rows of a window have the event time `window_end - 1 us` for the next window.
- **Dedup.** It passes rows on unchanged: of each key the first one (by event time, then by log and position), and then
  the next one that is `ttl` or more after it. Its bounds are the row's time and a microsecond more.

**Time zones.** The starts of windows are counted from 1970-01-01 00:00 UTC unless there is a `zone`. That day is a
Thursday, so windows of a week start on Thursdays, and with `"offset": "4 days"` on Mondays. A `zone` changes this:

- A window of a day goes from midnight to midnight by the clocks there. It has 23 or 25 hours when the clocks change.
- A window of a week goes from Monday to Monday. Smaller windows divide the day. `offset` moves all of them.
- A window of an hour or more ends when the clocks first show its end. A window of one hour lasts two where the clocks
  show its hour twice, and there is none for an hour that they skip.
- A window below an hour always has the same length, counted from the beginning of the day. An hour that comes twice
  has its own windows each time.

)";
  case stage_kind::join:
    return R"(## Joins

A join reads two sides and emits rows with the columns of both: pairs of rows that have the same key and lie in the same
window, or within a time of each other. `how` adds rows without a partner.

- **Results** are final, and the same for the same input, whichever side is read faster. A window, or a left row, emits
  its pairs once *both* sides are past its end. A silent side holds all of them back, unless its parser has an
  `idle_timeout`.
- **Order.** Rows of a window come by key, then by left row, then by right row. Rows of a side are ordered by event
  time, then by log and position. A row that lies in several windows (`slide`) has pairs in each of them.
- **Late rows.** `"from": "NAME.late_left"` and `"from": "NAME.late_right"` read the rows that came too late, with the
  columns of their side.
- **Downstream** of a join, windows and joins may follow. Its rows have the event time `window_end - 1 us`, which is
  the left row's own time unless the join goes by windows.

An interval join waits for `after`: a left row comes out once the watermarks of both sides are past its time by that
much. A left row is late if the watermarks were there before it came. A right row is late if no left row that it could
pair with can come any more. Right rows are kept for `before` and `after`.

A join as of a time gives each left row the newest right row of its key at or before its time, by event time, then by
log and position. A left row comes out once the watermarks of *both* sides are past its time, so the version does not
depend on which side is read faster. The last version of each key is kept for ever, a deletion for as long as an older
version may come. A table that nobody changes would hold back every row. So the parser of a right side that has no end
must say what happens then: with `"idle_timeout": "30 s"` rows do not wait for it, with `"idle_timeout": "off"` they
wait. Kafka's tombstones can be versions, too: `"on_null": "row"` makes rows of them.

)";
  case stage_kind::sink:
    break;
  }
  return R"(## Sinks

A sink writes a timestamp as a moment in UTC: as text `2021-04-24T19:55:00Z`, in PostgreSQL a timestamptz, in other
databases and in Parquet files the time of UTC. `ts at time zone 'Europe/Berlin'` is the time that clocks there show,
not a moment. Written as a moment it is hours off for every reader, and `check` warns of it. Write `ts` itself, or a
text: `to_char(ts at time zone 'Europe/Berlin', 'YYYY-MM-DD HH24:MI:SS')`.

)";
}

constexpr std::string_view introduction =
    R"(# Topology reference

This page is generated from the declarations that `millrace check` uses. `topology.schema.json` beside it says the
same to editors: put `"$schema": "topology.schema.json"` at the top of a topology.

A topology is a file, in JSON as on this page, where comments and trailing commas are allowed, or
[in SQL](topologies_in_sql.md), with the same stages and options. `--with FILE` lays another file over it (JSON
merge patch: maps are merged, `null` removes a member). `--set PATH=VALUE` sets one value: JSON if it parses as JSON,
else text. A key with a dot in it stands in double quotes.

- **Environment.** `${NAME}` and `${NAME:-default}` are filled in within texts, not in keys. The default also stands for
  an empty variable. `$${` is a literal `${`; any other `$` is itself. Values from the environment are shown only where
  they cannot be secret: in options that name a place or a column (`brokers`, `topic`, `path`, `table`, ...), in
  numbers, durations and choices. A password in a connection is never shown. The command that reads the file fills the
  values in (`run`, `check`, `apply`, ...); a node never does.
- **Secrets.** `${secret:NAME}` stays in the plan as it is written. Its value is read where the stage runs, from the
  file NAME in `--secrets DIR` (`run`, `node`, `replay`, `sql`); NAME has letters, digits, `_`, `-` and `.`. It is
  allowed only in options that are never shown: `"postgresql://app:${secret:db}@db.example.com/shop"`. The value is used
  unchanged, without a line break at its end; a URL needs no percent-encoding of it. The kind of a database and SQLite's
  path cannot be secrets. [Operations](operations.md#secrets) says what the files must be.
- **Durations** are text with a unit: `5 minutes`, `90 s`, `1 hour 30 minutes`, `100 ms`. **Sizes**: `128 MB` (powers
  of 1000), `64 KiB` (powers of 1024). **Rates**: `10/s`, `600/min`.
- **Expressions** are PostgreSQL's; [functions.md](functions.md) has the functions and aggregates. A column is named as
  the topology spells it, capitals too: `userId`. If no column has that spelling, the name is looked up in lower case. A
  name with other characters stands in double quotes: `"user-agent"`. Text sorts as under the collation C; `upper`,
  `lower`, `initcap` and `ilike` know the letters of all scripts.
- **Names** of stages and topologies: a letter, then letters, digits, `_` and `-`. Names of columns that begin with
  `_` are reserved.

)";

constexpr std::string_view letters_page =
    R"(### `dead_letters`

These options say how the file of dead letters in the state folder is kept. A `dead_letters` with `sink` is a sink of
its own.

)";

constexpr std::string_view columns_page =
    R"(A column of `schema` is a type: `text`, `bigint`, `double`, `numeric` or `numeric(p,s)`, `boolean`, `timestamp`, `date`,
`json` (raw), a nested map of columns, a list `[type]`, or the long form:

)";

constexpr std::string_view columns_end =
    R"(A map is the long form if it has `type` and no members other than these. In nested columns, a column called `type`
needs the long form: `{ "type": { "type": "text" } }`.

A `numeric` is an exact decimal of up to 38 digits, read from a record's digits and never through a double: use it for
money and for other sums that must be exact. It keeps its zeros at the end: `1.50` stays `1.50`, `1.5e-3` is `0.0015`,
`1e3` is `1000`. A `numeric(p,s)`, such as `numeric(10,2)`, has a precision `p` of 1 to 38 digits, `s` of them after
the point (0 to `p`; `numeric(10)` is `numeric(10,0)`). Zeros at the end are added and removed to fit: `12.5` and
`12.500` become `12.50`. A number with more digits is a dead letter, never rounded: `1.005` and `123456789` in a
`numeric(10,2)`, more than 38 digits in any. A number of JSON in quotes, such as `"10.01"`, is a text: for `bigint`,
`double` and `numeric` its record is a dead letter. Declare such a column `text`, and cast it in a select:
`price::numeric`.

A timestamp without a `format` is read as PostgreSQL reads it in the session zone UTC, by the same reader as the casts
`::timestamptz` and `::timestamp`: `2021-04-24T19:55:00.796Z`, `2021-04-24 19:55+07`, `24 Apr 2021 7:55 PM CET`. A few
of PostgreSQL's forms are refused ([functions](functions.md#differences-from-postgresql)). Blanks around a timestamp
are ignored, also with a `format`.

A `zone` is the time zone of text that has no zone or offset of its own, with a strptime `format` and without one.
Text with a zone of its own keeps it, unless there is a `format`. `2021-10-31 02:30` in Europe/Paris comes twice and
is the second, 01:30 UTC; `2021-03-28 02:30`, which the clocks skip, counts as before the change, also 01:30 UTC: the
same as `'2021-03-28 02:30'::timestamp at time zone 'Europe/Paris'`. So in the first of these two hours an event time is
an hour ahead: on a live source let `watermark_delay`, and `future_skew`, be an hour longer. A format that reads a zone (`%z`, `%Z`) or the
moment itself (`%s`, `epoch_s` and the like) takes no `zone`. The times depend on the machine's tzdata, whose version
`check` prints.

`epoch_s`, `epoch_ms` and `epoch_us` take a number as JSON writes it, also in quotes: `1619294100796`,
`"1619294100796"`, `-0.5`.

A `date` without a `format` is read as the cast `::date` reads it: `2021-04-24`, `24 Apr 2021`, `20210424`, and a
timestamp, whose time of day and zone are ignored. `{ "type": "date", "format": "%d.%m.%Y" }` reads a pattern with the
same directives, without a zone, and `epoch_d` takes a whole number of days since 1970, as Avro and Debezium write
dates. The day of a timestamp in a zone is `(x at time zone 'Europe/Paris')::date`. Sinks write `2021-04-24`;
databases and Parquet files have it as their own date.

A pattern is read as by strptime(3), but each directive takes a whole token: `%y` does not match the 20 of `2021`,
`%s` not 12 of 13 digits, `%Z` (Z, UTC, GMT) not the GMT of `GMT+0200`. `%f` is the fraction of a second, `%z` takes
`Z`, `+07`, `+0700`, `+07:00` and `+07:00:00`. With `"trailing": "ignore"` text after the match is ignored unless it
changes the moment that the pattern reads. These may follow, any number of times:

- finer parts of the time, without a blank: `:30`, `.796` after seconds, a time of day after a date;
- a zone that is UTC: `Z`, `UTC`, `GMT`, `+00`, `+0000`, `+00:00`; with a `zone`, instead its name, and an offset or
  abbreviation that it has at that time (`Europe/Paris`, `+0200`, `CEST`); where the pattern reads a zone, the name of
  any;
- blanks and punctuation, names of weekdays;
- then anything else: a word, a number after a blank.

The text does not match if the part that was read continues (a digit after a number, a letter without a blank), or if
one of these follows: AM or PM if the pattern reads a time, BC, a second offset, `.796` after minutes, and, if the
pattern reads no zone, a zone other than UTC or the column's `zone`: an offset such as `+0200`, a name (`CET`,
`Europe/Berlin`), or a name with a number (`UTC+2`). `%s` is a moment by itself: a zone that follows after a blank is
ignored.

A `timestamp` or `date` lies in the years 1 to 9999, wherever it comes from. A record with any other is a dead letter:
where a field or `_timestamp` is read, where a time leaves an expression (inside it may lie as far as PostgreSQL's),
and where one of its windows would begin or end outside of these years. A `text` is UTF-8 without NUL, as PostgreSQL's
is. A record with any other is a dead letter: a NUL byte in csv, in text and in a key, `\u0000` in JSON, but for
columns of type `json`, which keep it as it is written.

Each row also has hidden columns up to the first window, which an expression can name: `_raw` (the record as it came;
base64 for avro and protobuf, without its `prefix` for json), `_key` (text, or bigint by the source's `key`, or json
by the parser's `key_format`), `_timestamp`, `_timestamp_type` (0 create, 1 append), `_topic` (of a file its path),
`_partition`, `_position`, `_headers`, and `_event_time` where `event_time` is an expression. `_timestamp` is the time
that the source has stored or noted with a record. Lines of a file have none: it is null there, and `check` refuses it
as the `event_time`. `_key` and `_headers` are Kafka's; `check` warns of a stage that names a column which its source
never fills.

)";

}  // namespace

std::string reference_text(const catalog& connectors) {
  const auto stages = described_stages(connectors);
  const auto shared = shared_options(stages);
  std::string out(introduction);
  add_contents(stages, shared, out);
  out += "## Top level\n\n";
  add_table(top_level_options(), out);
  out += letters_page;
  add_table(dead_letter_options(), out);
  add_shared(stages, shared, out);
  std::optional<stage_kind> current;
  for (const auto& s : stages) {
    if (current != s.kind) {
      out += heading(s.kind);
      if (s.kind == stage_kind::parser) {
        out += fmt::format("### {}\n\n{}", columns_heading, columns_page);
        add_table(column_options(), out);
        out += columns_end;
      }
    }
    out += fmt::format("### {}\n\n{}.\n\n", stage_heading(s), cell(s.doc));
    add_example(s, out);
    if (!s.guarantee.empty())
      out += fmt::format("Guarantee: {}.\n\n", s.guarantee);
    add_table(add_shared_names(s, stages, shared, out), out);
    current = s.kind;
  }
  while (out.ends_with("\n\n"))
    out.pop_back();
  return wrapped_page(out);
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
