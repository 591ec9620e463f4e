// Plans a stage's inputs: their schemas, which must be one, and what flows along with them.
#include "config/plan/plan_stages.hpp"
#include "config/sql/read_sql.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::config {
namespace {

/// Differences beyond this many only repeat the point.
constexpr std::size_t most_differences = 5;

data::schema_ptr schema_of(const draft& d, const input_ref& r) {
  if (!r.late)
    return d.built.schema;
  const auto* const w = std::get_if<window_plan>(&d.built.plan);
  return w == nullptr ? nullptr : w->late_rows(r);
}

std::string differences(const data::schema& a, const data::schema& b) {
  std::vector<std::string> out;
  for (const auto& f : a) {
    const auto at = b.find(f.name);
    if (!at)
      out.push_back(fmt::format("\"{}\" is missing", f.name));
    else if (!(b[*at].type == f.type))
      out.push_back(fmt::format("\"{}\" is {} and not {}", f.name, b[*at].type.name(), f.type.name()));
  }
  for (const auto& f : b)
    if (!a.find(f.name))
      out.push_back(fmt::format("\"{}\" is extra", f.name));
  if (out.empty())
    return "the columns are in another order";
  std::string text;
  for (std::size_t i = 0; i < out.size() && i < most_differences; ++i)
    text += (i > 0 ? ", " : "") + out[i];
  return out.size() > most_differences ? fmt::format("{}, and {} more", text, out.size() - most_differences)
                                       : text;
}

/// A select with columns gives these in their order, and no _event_time where another stage has none.
std::string remedy_of_differences(const draft& d, const data::schema& a, const data::schema& b) {
  if (const auto x = a.find("_key"), y = b.find("_key"); x && y && !(a[*x].type == b[*y].type))
    return "the same \"key\" of both sources and \"key_format\" of both parsers";
  return is_sql_file(d.built.where.file)
             ? "the same columns of each: SELECT a, b FROM ... with their names in place of the *"
             : "stages of one schema (a select in between with the same \"columns\" makes them equal)";
}

/// Gives the place of the n-th stage that the option names.
const location& location_of_reference(const draft& d, std::string_view option, std::size_t n) {
  const auto* const from = d.member_of(option);
  if (from == nullptr)
    return d.built.where;
  return n < from->items.size() ? from->items[n].where : from->where;
}

void merge_into(std::vector<std::size_t>& stages, const std::vector<std::size_t>& more) {
  std::set<std::size_t> all(stages.begin(), stages.end());
  all.insert(more.begin(), more.end());
  stages.assign(all.begin(), all.end());
}

/// A window's rows have the time of its end, where that is fixed once the row has come.
bool rows_have_time(const draft& from, bool window_rows) {
  const auto* const w = std::get_if<window_plan>(&from.built.plan);
  return window_rows && w != nullptr ? w->definition.bounded && !w->definition.updates : from.event_time;
}

void inherit(draft& d, const draft& from, std::size_t index, bool late, bool first) {
  const bool is_window = has_shards(from.built.kind);
  d.timestamps_stored = d.timestamps_stored && from.timestamps_stored;
  d.event_time = (first || d.event_time) && rows_have_time(from, is_window && !late);
  d.records = d.records || (from.records && (late || !is_window));
  if (!is_window) {
    merge_into(d.windows, from.windows);
    merge_into(d.late_of, from.late_of);
  } else {
    merge_into(late ? d.late_of : d.windows, {index});
  }
}

/// Removes what only a sink knows.
data::schema_ptr without_batch(const data::schema_ptr& schema) {
  if (!schema->find(batch_column))
    return schema;
  auto fields = schema->fields();
  std::erase_if(fields, [](const auto& f) { return f.name == batch_column || f.name == change_column; });
  return std::make_shared<const data::schema>(std::move(fields));
}

}  // namespace

std::string name_of(const input_ref& r) {
  if (!r.late)
    return r.stage;
  return r.late_side ? fmt::format("{}.late_{}", r.stage, to_string(*r.late_side)) : r.stage + ".late";
}

data::schema_ptr schema_of_inputs(draft& d, const drafts& all, report& out, side of) {
  const auto option = d.input_option(of);
  data::schema_ptr result;
  std::optional<std::size_t> first;
  bool whole = true;
  std::size_t named = 0;  // inputs of this side so far
  for (std::size_t i = 0; i < d.reads.size(); ++i) {
    const auto& ref = d.built.from[i];
    if (ref.to != of)
      continue;
    const auto& where = location_of_reference(d, option, named++);
    const auto& from = all[d.reads[i]];
    inherit(d, from, d.reads[i], ref.late, !first);
    if (!first)
      first = i;
    if (ref.late && !from.broken && !from.records) {
      out.error(
          where, join(d.path, option),
          fmt::format(
              "\"{}\" has no late rows: a window's rows are never late for the window downstream of it; "
              "expected the late rows of a window that reads from a parser",
              ref.stage));
      whole = false;
      d.broken = true;
      continue;
    }
    const auto schema = from.broken ? nullptr : schema_of(from, ref);
    if (!schema) {
      whole = false;
    } else if (!result) {
      result = schema;
    } else if (!(*schema == *result)) {
      out.error(where, join(d.path, option),
                fmt::format("\"{}\" has other columns than \"{}\": {}; expected {}", name_of(ref),
                            name_of(d.built.from[*first]), differences(*result, *schema),
                            remedy_of_differences(d, *result, *schema)));
      whole = false;
      d.broken = true;
    }
  }
  if (!whole || !first) {
    d.broken = true;
    return nullptr;
  }
  return has_shards(d.built.kind) || d.before_window ? without_batch(result) : result;
}

/// Its source has `first_time` among its options, and one that may be no table is one by its `key`.
bool reads_table(const draft& source) {
  return source.own != nullptr && !source.broken && source.member_of("key") != nullptr &&
         std::ranges::find(source.own->options, "first_time", &option::name) != source.own->options.end();
}

}  // namespace millrace::config
