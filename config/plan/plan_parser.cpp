// Sources and parsers: where columns and event time begin.
#include "config/plan/bind_step.hpp"
#include "config/plan/null_columns.hpp"
#include "config/plan/parser_schema.hpp"
#include "config/plan/plan_stages.hpp"
#include "config/secrets.hpp"
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/formats/time_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::config {
namespace {

/// Adds the column that the expression computes, after all others.
void add_event_time(draft& d, parser_plan& plan, projection timed_by) {
  plan.event_time = d.built.schema->size();
  d.built.schema = with_column(*d.built.schema, {timed_by.name, timed_by.value.type});
  plan.used.push_back(false);
  d.rows.columns = *d.built.schema;
  d.rows.untyped.push_back(false);
  plan.timed_by = std::move(timed_by);
}

/// The event time as an expression over the record's columns.
void read_timed_by(draft& d, parser_plan& plan, const known_rows& rows, report& out) {
  constexpr std::string_view never_now =
      "a record has the same time whenever it is read again; use its columns";
  const auto& n = *d.member_of("event_time");
  const auto path = join(d.path, "event_time");
  const auto before = out.errors();
  auto e = expression::bind(n.text, {&rows.columns, std::string(never_now)});
  const auto is_open = std::ranges::count(rows.untyped, true) > 0;  // a finding has said so
  if (!e && !is_open)
    report_problems(e.error(), n, path, out);
  else if (e && e->type.id() != data::type_id::timestamp)
    d.fail(out, "event_time", fmt::format("the expression is {}; expected type timestamp", e->type.name()));
  else if (e && d.before_window)
    check_timestamps(d, *e, rows.columns, n, path, out);
  if (e)
    report_warnings(expression::warnings_of(*e), n, path, out);
  d.broken = d.broken || out.errors() != before;
  if (e && !d.broken)
    add_event_time(d, plan, {std::string(computed_event_time), std::move(*e), n.told_text(), n.safe_text()});
}

/// Null: it has a mistake.
const source_traits* traits_of(const draft& source) {
  return source.broken ? nullptr : std::get_if<source_plan>(&source.built.plan);
}

/// Says why the time that sources store with their records cannot stand in for one of the records' own; empty: it can.
std::string why_no_stored_time(const draft& d, const drafts& all, report& out) {
  std::vector<std::string> without;
  for (const auto r : d.reads)
    if (const auto* const traits = traits_of(all[r]); traits != nullptr && !gives(*traits, "_timestamp"))
      without.push_back(all[r].built.name);
  if (!without.empty() && without.size() == d.reads.size())
    return fmt::format(
        "records of the source {} have no _timestamp, and each would be a dead letter; expected "
        "a column of the record, or an expression over its columns",
        without.front());
  if (!d.timestamps_stored && d.before_window)
    return "the source stores no timestamps, so _timestamp would differ when the records are read again; "
           "expected a column of the record, as a window follows";
  if (!without.empty())
    out.warning(
        d.location_of("event_time"), join(d.path, "event_time"),
        fmt::format("records of the source {} have no _timestamp, and each is a dead letter; expected "
                    "a parser of its own, with a column of the record as its event time",
                    without.front()));
  return {};
}

void read_event_time(draft& d, parser_plan& plan, const known_rows& rows, const drafts& all, report& out) {
  const auto& schema = rows.columns;
  const auto& name = d.built.options.text("event_time");
  const auto at = schema.find(name);
  if (at && rows.untyped[*at])
    return;
  std::vector<std::string> fitting;
  for (std::size_t i = 0; i < schema.size(); ++i)
    if (!rows.untyped[i] && schema[i].type.id() == data::type_id::timestamp)
      fitting.push_back(schema[i].name);
  const auto expected = fmt::format("expected {}, or an expression", one_of(fitting));
  if (!at && computes_event_time(d) && plan.declared > 0)
    return read_timed_by(d, plan, rows, out);
  if (!at)
    return d.fail(out, "event_time",
                  fmt::format("there is no column {}; {}{}", describe(*d.member_of("event_time")), expected,
                              did_you_mean(name, fitting)));
  if (const auto type = schema[*at].type.id(); type != data::type_id::timestamp) {
    const auto remedy =
        type == data::type_id::text || type == data::type_id::date
            ? fmt::format(", or the expression {}::timestamptz", quoted_name(name))
        : type == data::type_id::bigint || type == data::type_id::float64 || type == data::type_id::numeric
            ? fmt::format(", or the expression to_timestamp({}), of seconds", quoted_name(name))
            : std::string();
    return d.fail(
        out, "event_time",
        fmt::format(
            "the column {} is {}; expected type timestamp (say \"{}\": \"timestamp\" in the schema){}",
            describe(*d.member_of("event_time")), schema[*at].type.name(), name, remedy));
  }
  if (*at >= plan.declared && name != "_timestamp")
    return d.fail(out, "event_time", fmt::format("{} cannot be the event time; {}", name, expected));
  if (auto why = name == "_timestamp" ? why_no_stored_time(d, all, out) : std::string(); !why.empty())
    return d.fail(out, "event_time", std::move(why));
  plan.event_time = at;
}

/// Says whether clocks there go back each year, by two moments of one year.
bool has_summer_time(const expression::zone& z) {
  constexpr event_micros january = 1'894'665'600'000'000;  // 2030-01-15
  constexpr event_micros july = 1'910'304'000'000'000;     // 2030-07-15
  return *expression::wall_time(z, july) - *expression::wall_time(z, january) != july - january;
}

/// An hour that clocks show twice is read as the second one, also while it is the first. Files that are read to their end are left
/// out: their delay goes by what they hold, and no run waits for it.
void warn_of_repeated_hour(const draft& d, const parser_plan& plan, const drafts& all, report& out) {
  constexpr std::chrono::hours repeated{1};
  if (!d.before_window || !plan.event_time || *plan.event_time >= plan.declared ||
      plan.watermark_delay >= repeated)
    return;
  const auto* const zone = plan.formats[*plan.event_time].zone;
  const auto is_live = [&](auto r) {
    const auto* const traits = traits_of(all[r]);
    return traits != nullptr && !traits->bounded;
  };
  if (zone == nullptr || !has_summer_time(*zone) || std::ranges::none_of(d.reads, is_live))
    return;
  out.warning(
      d.location_of("event_time"), join(d.path, "event_time"),
      fmt::format(
          "the hour that clocks of {} show twice in autumn is read as the second one, so in the first "
          "of the two the watermark goes an hour ahead, and records of the second are late; expected a "
          "\"watermark_delay\" an hour longer than the disorder, such as \"70 minutes\", and "
          "\"future_skew\": \"2 hours\"",
          expression::zone_name(*zone)));
}

/// Hidden columns have such names.
void leave_out_reserved(draft& d, written_schema& written, std::string_view option, report& out) {
  std::vector<std::string> names;
  for (const auto& f : written.columns)
    if (is_reserved(f.name))
      names.push_back(f.name);
  if (names.empty())
    return;
  std::erase_if(written.columns, [](const auto& f) { return is_reserved(f.name); });
  out.warning(d.location_of(option), join(d.path, option),
              fmt::format("the field{} {} {} left out: names that begin with _ are reserved; in Avro a "
                          "\"schema_file\" may give another name with the field's as its alias",
                          names.size() == 1 ? "" : "s", one_of(names), names.size() == 1 ? "is" : "are"));
}

/// Reads the file of "schema_file", or the newest schema of a registry's "subject", whose columns stand in for those that the
/// topology does not declare. `is_declared`: it has a `schema`, which was `read` where it is good.
void read_written_schema(draft& d, parser_plan& plan, std::optional<parser_schema>& read, bool is_declared,
                         report& out) {
  const auto& options = d.built.options;
  const bool asks = !options.has("schema_file") && options.has("registry") && options.has("subject");
  if (!options.has("schema_file") && (is_declared || !asks)) {
    if (!is_declared)
      d.fail(out, {},
             "nothing says which columns there are; expected a \"schema\", a \"schema_file\", or a "
             "\"subject\" of a \"registry\"");
    return;
  }
  if (!d.options_good || d.broken)
    return;
  const auto resolved = asks ? with_secrets(d.built, {*d.own}) : expected<values>(options);
  if (!resolved) {
    const auto& said = resolved.error().message;  // with the place, which the finding has, too
    return d.fail(out, options.has("registry_password") ? "registry_password" : "registry_headers",
                  said.substr(std::min(said.find("${"), said.size())));
  }
  auto written = d.own->schema_in_file(*resolved);
  if (!written)
    return d.fail(out, asks ? "subject" : "schema_file", std::move(written.error().message));
  if (!is_declared) {
    const std::string_view option = asks ? "subject" : "schema_file";
    if (written->columns.empty())
      return d.fail(out, option,
                    fmt::format("{}; expected a \"schema\" with the columns to read",
                                written->why_no_columns.empty() ? "the schema has no fields"
                                                                : written->why_no_columns));
    leave_out_reserved(d, *written, option, out);
    const auto count = written->columns.size();
    read = parser_schema{written->columns, std::vector<parser_plan::timestamp_format>(count),
                         std::vector<bool>(count, false)};
  } else if (read && d.own->misfits) {
    for (auto& m : d.own->misfits(options, *written, read->declared, read->formats)) {
      if (read->untyped[m.column])
        continue;  // a finding has said so
      const auto& name = read->declared[m.column].name;
      out.error(d.member_of("schema")->find(name)->where, join(join(d.path, "schema"), name),
                std::move(m.message));
      read->untyped[m.column] = true;
      d.broken = true;
    }
  }
  plan.schema_text = std::make_shared<const std::string>(std::move(written->bytes));
}

void refuse_nested(draft& d, const parser_schema& schema, report& out) {
  if (d.own == nullptr || d.own->nested_columns)
    return;
  for (const auto& f : schema.declared)
    if (f.type.is_nested())
      out.error(d.member_of("schema")->find(f.name)->where, join(join(d.path, "schema"), f.name),
                fmt::format("a field of {} is not nested; expected a plain type (json for JSON in a field)",
                            d.built.type));
}

/// Only files have first lines.
void check_first_lines(draft& d, const drafts& all, report& out) {
  const auto& options = d.built.options;
  const auto wants = [&](std::string_view option, std::string_view what, std::string_view remedy) {
    for (const auto r : d.reads) {
      const auto& source = all[r];
      const auto* const traits = traits_of(source);
      if (traits != nullptr && !traits->gives_header)
        return d.fail(out, option,
                      fmt::format("the source {} has no first {}; expected a file source, {}",
                                  source.built.name, what, remedy));
    }
  };
  if (options.has("header") && options.boolean("header"))
    wants("header", "line that names columns", "or columns by position");
  if (options.has("skip") && options.integer("skip") > 0)
    wants("skip", "lines", "or no \"skip\"");
}

/// Says what is wrong with a `framing` for records of this source; empty: nothing is.
std::string why_no_framing(const std::string& framing, const source_traits& traits,
                           const std::string& source) {
  const bool has_lengths = framing == "container" || framing == "delimited";
  if (!traits.splits_text)
    return is_record_framing(framing)
               ? std::string()
               : fmt::format("the source {} has records of its own, whole messages or lines; expected a file "
                             "source, or no \"framing\"",
                             source);
  if (framing == "record")
    return fmt::format(
        "the source {} splits files at line feeds, which may stand anywhere in a record of bytes; "
        "expected another \"framing\" for files that tell the ends of records, or a source that "
        "has records of its own",
        source);
  if (!has_lengths || (traits.bounded && !traits.splits_once))
    return {};
  const auto [is, without] =
      traits.is_standard_input
          ? std::pair("is standard input", "\"path\": \"-\": write the input into a file")
      : traits.splits_once ? std::pair("makes a table of one", "`key`")
                           : std::pair("follows them", "\"follow\": later runs read what comes later");
  return fmt::format("\"{}\" is for files that are read to their end, and the source {} {}; expected a file "
                     "source without {}",
                     framing, source, is, without);
}

/// A message is one record, also if it has line feeds, and so is a line of a stream.
void check_framing(draft& d, const drafts& all, report& out) {
  const auto& options = d.built.options;
  if (!options.has("framing"))
    return;
  for (const auto r : d.reads)
    if (const auto* const traits = traits_of(all[r]); traits != nullptr)
      if (auto why = why_no_framing(options.text("framing"), *traits, all[r].built.name); !why.empty())
        return d.fail(out, "framing", std::move(why));
}

/// Messages have a schema's id in front, and nothing else has.
void check_prefix(draft& d, const drafts& all, report& out) {
  const auto& options = d.built.options;
  const std::string_view option = options.has("registry")                                     ? "registry"
                                  : options.has("prefix") && options.text("prefix") != "none" ? "prefix"
                                                                                              : "";
  if (option.empty())
    return;
  if (option == "registry" && options.has("prefix") && options.text("prefix") == "none")
    return d.fail(out, "prefix",
                  "records say by the id in front of them which schema of the registry is theirs; expected "
                  "\"confluent\" or \"apicurio\", or no \"registry\"");
  for (const auto r : d.reads)
    if (const auto* const traits = traits_of(all[r]); traits != nullptr && traits->splits_text)
      return d.fail(
          out, option,
          fmt::format("the source {} reads files, whose records have no schema's id in front; expected a "
                      "source of messages, or no \"{}\"",
                      all[r].built.name, option));
}

/// A file is decoded from its beginning wherever reading goes on; other sources cannot do that.
void check_encoding(draft& d, const drafts& all, report& out) {
  const auto& options = d.built.options;
  if (!options.has("encoding") || options.text("encoding") == "utf-8")
    return;
  for (const auto r : d.reads) {
    const auto& source = all[r];
    const auto* const traits = traits_of(source);
    if (traits != nullptr && !(traits->splits_text && traits->bounded && !traits->splits_once))
      return d.fail(out, "encoding",
                    fmt::format("records of the source {} are not decoded; expected a file source that is "
                                "not followed, or text "
                                "that is converted before (iconv -f {} -t utf-8) and no \"encoding\"",
                                source.built.name, options.text("encoding")));
  }
}

/// Describes how a parser has its source split lines into records, as text to compare.
std::string splitting(const values& options) {
  if (options.has("framing") && !is_record_framing(options.text("framing")))
    return options.text("framing");
  if (!options.has("delimiter"))
    return {};
  return fmt::format("{} {} {} {}", options.text("delimiter"), options.text("quote"), options.integer("skip"),
                     options.boolean("header"));
}

/// The first parser in the file decides how a source that splits its records once does it.
void check_split(draft& d, const drafts& all, report& out) {
  for (const auto r : d.reads) {
    const auto& source = all[r];
    if (const auto* const traits = traits_of(source); traits == nullptr || !traits->splits_once)
      continue;
    for (const auto& other : all) {
      if (&other == &d)
        break;
      if (other.built.kind != stage_kind::parser || other.broken || !std::ranges::count(other.reads, r))
        continue;
      if (splitting(d.built.options) == splitting(other.built.options))
        continue;
      return d.fail(
          out, {},
          fmt::format(
              "the source {} splits its input into records once, and {} reads it, too; expected both "
              "to be csv with the same `delimiter`, `quote`, `skip` and `header`, or json with the same "
              "`framing`, or neither (the column _raw has the whole record)",
              source.built.name, other.built.name));
    }
  }
}

/// Keys are decoded from their bytes, and not every source has those.
void check_key_format(draft& d, const drafts& all, report& out) {
  for (const auto r : d.reads) {
    const auto& source = all[r].built;
    const auto* const traits = traits_of(all[r]);
    if (traits == nullptr || traits->gives_keys_as_bytes)
      continue;
    if (!traits->key_type)
      return d.fail(out, "key_format",
                    fmt::format("records of the source {} have no keys; expected a source whose records have "
                                "some, such as kafka, or no \"key_format\"",
                                source.name));
    return d.fail(
        out, "key_format",
        fmt::format("keys are decoded from their bytes, and the source {} has \"key\": \"{}\"; expected "
                    "no \"key\" there, or no \"key_format\"",
                    source.name, source.options.text("key")));
  }
}

/// The type of _key, which has one.
data::type_id key_type(draft& d, const drafts& all, report& out) {
  if (d.built.options.has("key_format")) {
    check_key_format(d, all, out);
    return data::type_id::json;
  }
  const draft* first = nullptr;
  auto type = data::type_id::text;
  for (const auto r : d.reads) {
    const auto& source = all[r];
    const auto* const traits = traits_of(source);
    if (traits == nullptr || !traits->key_type)
      continue;
    const auto its = *traits->key_type;
    if (first == nullptr) {
      first = &source;
      type = its;
    } else if (its != type) {
      d.fail(
          out, "from",
          fmt::format("the keys of {} are {} and those of {} {}, and the column _key has one type; expected "
                      "sources with the same \"key\"",
                      first->built.name, data::type(type).name(), source.built.name, data::type(its).name()));
      break;
    }
  }
  return type;
}

}  // namespace

void plan_source(draft& d) {
  if (d.own == nullptr || d.broken)
    return;
  auto traits = d.own->source(d.built.options);
  d.timestamps_stored = traits.stores_timestamps;
  d.built.plan = std::move(traits);
}

void plan_parser(draft& d, const drafts& all, report& out) {
  parser_plan plan;
  for (const auto r : d.reads) {
    const auto& source = all[r];
    // A broken source tells nothing; assuming the best of it makes no noise.
    d.timestamps_stored = d.timestamps_stored && source.timestamps_stored;
    // Partitions of several sources are not held back for each other.
    if (d.reads.size() == 1 && source.built.options.has("max_drift"))
      plan.max_drift = source.built.options.duration("max_drift");
  }
  const auto& options = d.built.options;
  if (options.has("max_event_time")) {
    if (const auto t = expression::parse_timestamp(options.text("max_event_time")))
      plan.max_event_time = *t;
    else
      d.fail(out, "max_event_time",
             fmt::format("found {}; expected a timestamp such as \"2030-01-01T00:00:00Z\"",
                         describe(*d.member_of("max_event_time"))));
  }
  if (options.has("watermark_delay"))
    plan.watermark_delay = options.duration("watermark_delay");
  if (options.has("idle_timeout"))
    plan.idle_timeout = options.duration("idle_timeout");
  // "off" leaves nothing in the options: then no timestamp is too far ahead.
  plan.future_skew = options.has("future_skew") ? options.duration("future_skew") : micros::max();
  // A row of a table that is entered in advance does not come again, and leaves the watermark behind the present.
  if (d.member_of("future_skew") == nullptr &&
      std::ranges::any_of(d.reads, [&](auto r) { return reads_table(all[r]); }))
    plan.future_skew = std::max(plan.future_skew, plan.watermark_delay);
  plan.fail_on_error = options.has("on_error") && options.text("on_error") == "fail";
  plan.gives_up_crashes = options.has("on_crash") && options.text("on_crash") == "dead_letter";
  if (options.has("on_null"))
    plan.on_null = options.text("on_null") == "skip"  ? data::valueless::skip
                   : options.text("on_null") == "row" ? data::valueless::row
                                                      : data::valueless::dead_letter;
  plan.validate_whole = !options.has("validate") || options.text("validate") == "whole";

  const auto before = out.errors();
  const auto* const n = d.member_of("schema");
  auto read = n == nullptr ? std::nullopt : read_parser_schema(*n, join(d.path, "schema"), out);
  if (d.own != nullptr && !d.own->fixed_columns.empty())
    read = parser_schema{d.own->fixed_columns,
                         std::vector<parser_plan::timestamp_format>(d.own->fixed_columns.size()),
                         std::vector<bool>(d.own->fixed_columns.size(), false)};
  if (d.own != nullptr && d.own->schema_in_file)
    read_written_schema(d, plan, read, n != nullptr, out);
  if (!read) {
    d.broken = true;
    return;
  }
  d.broken = d.broken || out.errors() != before;
  refuse_nested(d, *read, out);
  check_first_lines(d, all, out);
  check_framing(d, all, out);
  check_prefix(d, all, out);
  check_encoding(d, all, out);
  check_split(d, all, out);
  plan.declared = read->declared.size();
  plan.formats = std::move(read->formats);
  auto fields = std::move(read->declared);
  std::ranges::move(hidden_columns(key_type(d, all, out)), std::back_inserter(fields));
  d.built.schema = std::make_shared<const data::schema>(std::move(fields));
  plan.used.assign(d.built.schema->size(), false);
  d.rows = known_rows{*d.built.schema, std::move(read->untyped), plan.declared > 0};
  d.rows.untyped.resize(d.built.schema->size(), false);
  if (options.has("event_time"))
    read_event_time(d, plan, d.rows, all, out);
  else if (const auto* const given = d.member_of("watermark_delay");
           given != nullptr && d.member_of("event_time") == nullptr && d.timed_selects.empty())
    out.warning(given->where, join(d.path, "watermark_delay"),
                "without \"event_time\" there is no watermark; expected \"event_time\" beside it");
  warn_of_repeated_hour(d, plan, all, out);
  if (!d.timed_selects.empty())
    plan.timed_select = all[d.timed_selects.front()].built.name;
  d.event_time = plan.event_time.has_value();
  d.records = true;
  d.built.plan = std::move(plan);
}

}  // namespace millrace::config
