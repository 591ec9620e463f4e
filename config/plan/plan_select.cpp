// Selects: columns, and the event time that the rows of one with unnest may have.
#include "config/plan/bind_step.hpp"
#include "config/plan/graph.hpp"
#include "config/plan/plan_stages.hpp"
#include "config/sql/read_sql.hpp"
#include "config/text/quoted.hpp"
#include "runtime/expression/bind/unnest.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::config {
namespace {

bool unnests(const step& s) {
  return std::ranges::any_of(s.columns,
                             [](const projection& c) { return expression::unnested_by(c.value) != nullptr; });
}

/// Formats the place of another option, which contradicts one of this draft.
std::string location_beside(const draft& d, const location& other) {
  const auto file = other.file == d.location_of("event_time").file ? std::string() : other.file + ":";
  return fmt::format("{}{}:{}", file, other.line, other.column);
}

/// Says whether rows come from records, each record's once and in their order.
bool check_way(draft& d, const drafts& all, const std::vector<std::size_t>& parsers, report& out) {
  const auto late = !d.late_of.empty();
  if (late || !d.windows.empty()) {
    d.fail(out, "event_time",
           fmt::format("this select reads {} of the window \"{}\", which {}; expected the event time in a "
                       "select with unnest upstream of the window",
                       late ? "late rows" : "rows", all[(late ? d.late_of : d.windows).front()].built.name,
                       late ? "goes by their time already" : "gives them their time"));
    return false;
  }
  for (const auto p : parsers)
    if (std::ranges::count(parsers, p) > 1) {
      d.fail(out, "event_time",
             fmt::format("the rows of \"{}\" reach this select by several ways, and so not in the order of "
                         "the records, which the watermark needs; expected one way",
                         all[p].built.name));
      return false;
    }
  return true;
}

/// Says whether no other event time goes by the same watermark.
bool check_alone(draft& d, const drafts& all, const std::vector<std::size_t>& parsers, report& out) {
  for (const auto p : parsers) {
    const auto& parser = all[p];
    if (const auto* const other = parser.member_of("event_time")) {
      d.fail(out, "event_time",
             fmt::format("the parser \"{}\" has an event time already (at {}), and its partitions have one "
                         "watermark; expected one of the two",
                         parser.built.name, location_beside(d, other->where)));
      return false;
    }
    const auto& first = all[parser.timed_selects.front()];
    if (&first != &d) {
      d.fail(out, "event_time",
             fmt::format(
                 "the select \"{}\" (at {}) gives rows of the parser \"{}\" an event time already, "
                 "and its partitions have one watermark; expected one of the two, or a parser for each",
                 first.built.name, location_beside(d, first.location_of("event_time")), parser.built.name));
      return false;
    }
  }
  return true;
}

/// The column that `event_time` names, if all is well with it.
std::optional<std::size_t> read_column(draft& d, const step& s, report& out) {
  const auto& name = d.built.options.text("event_time");
  std::vector<std::string> fitting;
  for (const auto& column : s.columns)
    if (column.value.type.id() == data::type_id::timestamp)
      fitting.push_back(column.name);
  const auto given = describe(*d.member_of("event_time"));
  const auto expected =
      fitting.empty() ? std::string("a column of type timestamp in \"columns\"") : one_of(fitting);
  const auto at = std::ranges::find(s.columns, name, &projection::name);
  if (at == s.columns.end())
    d.fail(out, "event_time",
           fmt::format("\"columns\" has no column {}; expected {}{}", given, expected,
                       did_you_mean(name, fitting)));
  else if (const auto& type = at->value.type; type.id() != data::type_id::timestamp)
    d.fail(out, "event_time",
           fmt::format("the column {} is {}; expected type timestamp{}", given, type.name(),
                       type.id() == data::type_id::text || type.id() == data::type_id::date
                           ? ", as (...)::timestamptz gives it"
                           : ""));
  else
    return static_cast<std::size_t>(at - s.columns.begin());
  return std::nullopt;
}

void read_event_time(draft& d, const drafts& all, transform_plan& plan, report& out) {
  const auto parsers = parsers_above(all, d);
  if (!check_way(d, all, parsers, out))
    return;
  if (!unnests(plan.select)) {
    const auto name =
        parsers.empty() ? std::string() : fmt::format(" \"{}\"", all[parsers.front()].built.name);
    return d.fail(out, "event_time",
                  fmt::format("a select has an event time only with unnest(...) in its \"columns\"; "
                              "expected the expression as \"event_time\" of the parser{}",
                              name));
  }
  if (check_alone(d, all, parsers, out))
    plan.event_time = read_column(d, plan.select, out);
}

/// The nearest select above with unnest(...) and no window in between; null: there is none.
const draft* unnesting_above(const draft& d, const drafts& all) {
  for (const auto i : d.reads) {
    const auto& from = all[i];
    const auto* const plan = std::get_if<transform_plan>(&from.built.plan);
    if (from.broken || plan == nullptr)
      continue;
    if (unnests(plan->select))
      return &from;
    if (const auto* const further = unnesting_above(from, all))
      return further;
  }
  return nullptr;
}

}  // namespace

const projection& time_of_elements(const topology& t, const parser_plan& p) {
  const auto& select = std::get<transform_plan>(t.find(p.timed_select)->plan);
  return select.select.columns[*select.event_time];
}

bool refuse_updates(draft& d, const drafts& all, const std::vector<std::size_t>& windows,
                    const timed_reader& r, report& out) {
  for (const auto i : windows)
    if (std::get<window_plan>(all[i].built.plan).definition.updates) {
      d.fail(out, r.option,
             fmt::format("\"{}\" emits updates, which give a window's row again whenever it has changed{}",
                         all[i].built.name, r.of_updates));
      return true;
    }
  return false;
}

bool refuse_untimed(draft& d, const drafts& all, const std::vector<std::size_t>& windows,
                    const timed_reader& r, report& out) {
  for (const auto i : windows)
    if (!std::get<window_plan>(all[i].built.plan).definition.bounded) {
      d.fail(out, r.option,
             fmt::format(
                 "the rows of \"{}\" have no window_end and so no event time, and {} goes by it; expected {}",
                 all[i].built.name, r.who, r.other_window));
      return true;
    }
  if (d.event_time)
    return false;
  d.fail(out, r.option,
         fmt::format("{} have no event time, and {} goes by it; expected {}", r.rows, r.who,
                     remedy_without_event_time(d, all)));
  return true;
}

std::string remedy_without_event_time(const draft& d, const drafts& all) {
  for (const auto p : parsers_above(all, d))
    if (!all[p].timed_selects.empty())
      return fmt::format("rows of \"{}\", or of a stage downstream of it, which have one",
                         all[all[p].timed_selects.front()].built.name);
  if (const auto* const select = unnesting_above(d, all)) {
    const auto& columns = std::get<transform_plan>(select->built.plan).select.columns;
    const auto time = std::ranges::find(columns, data::type_id::timestamp,
                                        [](const projection& c) { return c.value.type.id(); });
    const auto name = time == columns.end() ? std::string("ts") : time->name;
    return is_sql_file(select->built.where.file)
               ? fmt::format(
                     "event_time of that view: CREATE VIEW {} WITH (event_time = '{}') AS ..., or event_time "
                     "of the table",
                     expression::quoted_identifier(select->built.name), name)
               : fmt::format("\"event_time\": {} in the select \"{}\", or \"event_time\" in the parser",
                             quoted(name), select->built.name);
  }
  return "\"event_time\" in the parser";
}

void plan_transform(draft& d, const drafts& all, report& out) {
  const auto input = schema_of_inputs(d, all, out);
  if (!input)
    return;
  transform_plan plan;
  const bool of_records = d.windows.empty();
  if (!bind_step(d, input, {.before_window = d.before_window, .unnest = of_records}, plan.select, out))
    return;
  if (d.options_good && d.reads.size() < 2 && d.member_of("where") == nullptr &&
      d.member_of("columns") == nullptr)
    out.warning(d.built.where, d.path, "this select changes nothing; expected \"where\" or \"columns\"");
  if (d.built.options.has("event_time")) {
    read_event_time(d, all, plan, out);
    d.event_time = plan.event_time.has_value();
  }
  d.built.schema = plan.select.output;
  d.built.plan = std::move(plan);
}

}  // namespace millrace::config
