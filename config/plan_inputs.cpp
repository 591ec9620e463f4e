// What a stage reads: the schemas of its inputs, which must be one, and what flows along with them.
#include "config/plan_stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::config {
namespace {

/// Differences beyond this many only repeat the point.
constexpr std::size_t most_differences = 5;

data::schema_ptr schema_of(const draft& d, bool late) {
  if (!late)
    return d.built.schema;
  const auto* const w = std::get_if<window_plan>(&d.built.plan);
  return w == nullptr ? nullptr : w->input.output;
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

const place& place_of_reference(const draft& d, std::size_t i) {
  const auto* const from = d.member_of("from");
  if (from == nullptr)
    return d.built.where;
  return i < from->items.size() ? from->items[i].where : from->where;
}

std::string name_of(const input_ref& r) { return r.stage + (r.late ? ".late" : ""); }

void inherit(draft& d, const draft& from, std::size_t index, bool late, bool first) {
  d.timestamps_stored = d.timestamps_stored && from.timestamps_stored;
  d.event_time = (first || d.event_time) && from.event_time;
  d.late_rows = d.late_rows || late || from.late_rows;
  std::set<std::size_t> windows(d.windows.begin(), d.windows.end());
  if (from.built.kind == stage_kind::window && !late)
    windows.insert(index);
  else if (from.built.kind != stage_kind::window)
    windows.insert(from.windows.begin(), from.windows.end());
  d.windows.assign(windows.begin(), windows.end());
}

}  // namespace

data::schema_ptr join_inputs(draft& d, const drafts& all, report& out) {
  data::schema_ptr result;
  bool whole = !d.reads.empty();
  for (std::size_t i = 0; i < d.reads.size(); ++i) {
    const auto& from = all[d.reads[i]];
    inherit(d, from, d.reads[i], d.built.from[i].late, i == 0);
    const auto schema = from.broken ? nullptr : schema_of(from, d.built.from[i].late);
    if (!schema) {
      whole = false;
    } else if (!result) {
      result = schema;
    } else if (!(*schema == *result)) {
      out.error(
          place_of_reference(d, i), join(d.path, "from"),
          fmt::format("\"{}\" has other columns than \"{}\": {}; expected stages of one schema (a select in "
                      "between can make them equal)",
                      name_of(d.built.from[i]), name_of(d.built.from[0]), differences(*result, *schema)));
      whole = false;
      d.broken = true;
    }
  }
  if (!whole)
    d.broken = true;
  return whole ? result : nullptr;
}

}  // namespace millrace::config
