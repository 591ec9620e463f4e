// Sinks, and the checks that connectors bring along.
#include "config/plan/bind_step.hpp"
#include "config/plan/missing_column.hpp"
#include "config/plan/plan_stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

namespace millrace::config {
namespace {

/// The rows of one window alone have an order, once it is whole.
void plan_order(draft& d, sink_plan& plan, report& out) {
  const bool ordered = d.built.options.has("order_by");
  if (ordered && (d.windows.size() != 1 || !d.late_of.empty())) {
    d.checked.insert("order_by");
    d.fail(out, "order_by",
           d.windows.size() > 1
               ? "ordering over several windows is not offered by this version; expected rows of one window "
                 "stage"
               : "only the rows of a window can be ordered, once the window is whole; expected a window "
                 "upstream of this sink");
  }
  plan.order = read_order(d, known_rows::all_of(*plan.rows), out);
  if (d.built.options.has("limit"))
    plan.order.limit = static_cast<std::uint64_t>(d.built.options.integer("limit"));
}

/// Hidden columns that the sink itself names stay, all others go. deletion_column is the last.
data::schema_ptr rows_of(const std::vector<std::string>& names, const data::schema& columns) {
  const std::set<std::string> named(names.begin(), names.end());
  std::vector<data::field> fields;
  for (const auto& f : columns)
    if (!is_reserved(f.name) || named.contains(f.name))
      fields.push_back(f);
  std::stable_partition(fields.begin(), fields.end(),
                        [](const auto& f) { return f.name != deletion_column; });
  return std::make_shared<const data::schema>(std::move(fields));
}

struct feeding {
  std::vector<log_id> windows;  // outputs of their shards
  std::vector<log_id> lanes;    // lanes of the sources that are read without a window
  bool partitions = false;      // one of them may have several
};

void add_feeding(const draft& d, const drafts& all, feeding& out) {
  for (const auto& from : d.built.from) {
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const auto& x) { return x.built.name == from.stage; });
    if (at == all.end())
      continue;
    const auto* const window = std::get_if<window_plan>(&at->built.plan);
    if (at->built.kind == stage_kind::parser) {
      out.lanes.push_back(at->built.name + "/0");
      out.partitions = true;
    } else if (window != nullptr && !from.late) {
      for (std::uint32_t i = 0; i < window->definition.shards; ++i)
        out.windows.push_back(fmt::format("{}/0/{}", at->built.name, i));
    } else {
      add_feeding(*at, all, out);
    }
  }
}

/// The value at a path of options: "roll.age".
const node* find_option(const node& body, std::string_view path) {
  const node* at = &body;
  while (!path.empty()) {
    const auto dot = path.find('.');
    // A key of properties may hold dots itself.
    const auto* m = at->find(path);
    const bool whole = m != nullptr;
    if (!whole)
      m = at->find(path.substr(0, dot));
    if (m == nullptr)
      return at == &body ? nullptr : at;
    at = &m->value;
    path = whole || dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  return at;
}

}  // namespace

data::schema_ptr with_column(const data::schema& columns, data::field last) {
  auto fields = columns.fields();
  fields.push_back(std::move(last));
  return std::make_shared<const data::schema>(std::move(fields));
}

std::vector<const node*> items_of(const node& n) {
  if (n.what != node::kind::list)
    return {&n};
  std::vector<const node*> out;
  for (const auto& item : n.items)
    out.push_back(&item);
  return out;
}

void check_connector(draft& d, const data::schema* input, report& out) {
  if (d.own == nullptr || !d.own->check || d.broken)
    return;
  d.checked.insert(std::string(connector_check));
  d.own->check({d.built.options, input}, [&](std::string_view option, std::string message) {
    const auto* const n = find_option(*d.body, option);
    out.error(n == nullptr ? d.built.where : n->where, join(d.path, option), std::move(message));
    d.broken = true;
  });
}

void refuse_shared_files(const drafts& all, report& out) {
  std::map<std::string, std::string> writers;  // keyed by path: the first sink's name
  for (const auto& d : all) {
    if (d.built.kind != stage_kind::sink || d.own == nullptr || !d.own->sink || !d.options_good)
      continue;
    const auto file = d.own->sink(d.built.options).own_file;
    if (file.empty())
      continue;
    const auto [first, fresh] = writers.emplace(file, d.built.name);
    if (!fresh)
      out.error(d.location_of("path"), join(d.path, "path"),
                fmt::format("the sink \"{}\" writes to this file, too, and each cuts it back to its own rows "
                            "after a crash; expected a file for each sink, or one sink that reads from both: "
                            "\"from\": [...]",
                            first->second));
  }
}

void plan_sink(draft& d, const drafts& all, report& out) {
  const auto input = schema_of_inputs(d, all, out);
  const bool refused = refuse_limit_of_updates(d, all, out);
  if (input)
    plan_sink_over(d, input, out);
  check_upsert_key(d, all, out);
  plan_removed_rows(d, all, out);
  d.broken = d.broken || refused;
  if (d.own == nullptr || !d.own->progress_place)
    return;
  feeding f;
  add_feeding(d, all, f);
  auto logs = std::move(f.windows);
  logs.insert(logs.end(), f.lanes.begin(), f.lanes.end());
  if (!logs.empty())
    d.built.progress_place = d.own->progress_place(logs, f.partitions);
}

void plan_sink_over(draft& d, const data::schema_ptr& input, report& out) {
  sink_plan plan;
  if (!bind_step(d, input, {}, plan.input, out) || !bind_deletion(d, plan.input, out))
    return;
  const auto rank = read_rank(d, *plan.input.output, out);
  const auto written = rank ? with_column(*plan.input.output, *rank) : plan.input.output;
  check_connector(d, written.get(), out);
  if (d.own != nullptr && d.own->sink && !d.broken)
    plan.traits = d.own->sink(d.built.options);
  plan.rows = rows_of(plan.traits.columns_named, *plan.input.output);
  if (plan.rows->size() == 0)
    d.fail(out, {}, "there is no column to write; expected \"columns\" with at least one");
  plan_order(d, plan, out);
  if (rank) {
    plan.rows = with_column(*plan.rows, *rank);
    plan.order.ranked = true;
  }
  d.built.plan = std::move(plan);
}

}  // namespace millrace::config
