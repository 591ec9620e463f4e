// Transforms and sinks, and the checks that connectors bring along.
#include "config/bind_step.hpp"
#include "config/offered.hpp"
#include "config/plan_stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::config {
namespace {

struct order_text {
  std::string column;
  bool descending = false;
};

/// "name", "name asc" or "name desc".
order_text split_order(const std::string& text) {
  for (const std::string_view suffix : {" asc", " desc", " ASC", " DESC"}) {
    if (!text.ends_with(suffix))
      continue;
    auto name = text.substr(0, text.size() - suffix.size());
    name.erase(name.find_last_not_of(' ') + 1);
    return {std::move(name), suffix == " desc" || suffix == " DESC"};
  }
  return {text};
}

/// A column spelt exactly as the whole text goes first.
std::optional<order_item> parse_order(const std::string& text, const data::schema& columns) {
  if (const auto at = columns.find(text))
    return order_item{*at, false};
  const auto order = split_order(text);
  if (const auto at = columns.find(order.column))
    return order_item{*at, order.descending};
  return std::nullopt;
}

/// The items of a text or list, with their nodes.
std::vector<const node*> items_of(const node& n) {
  if (n.what != node::kind::list)
    return {&n};
  std::vector<const node*> out;
  for (const auto& item : n.items)
    out.push_back(&item);
  return out;
}

void read_order(draft& d, sink_plan& plan, report& out) {
  if (!d.built.options.has("order_by"))
    return;
  const auto path = join(d.path, "order_by");
  if (d.windows.size() != 1 || !d.late_of.empty())
    return d.fail(
        out, "order_by",
        d.windows.size() > 1
            ? fmt::format("ordering over several windows {}; expected rows of one window stage", not_offered)
            : std::string("only the rows of a window can be ordered, once the window is whole; expected a "
                          "window in front of this sink"));
  for (const auto* const item : items_of(*d.member_of("order_by"))) {
    if (const auto o = parse_order(item->text, *plan.rows)) {
      if (!(*plan.rows)[o->column].type.is_nested()) {
        plan.order_by.push_back(*o);
        continue;
      }
      out.error(item->where, path,
                fmt::format("{} is nested and has no order; expected a plain column", describe(*item)));
    } else {
      const auto names = visible_names(*plan.rows);
      const auto word = item->text.substr(0, item->text.find(' '));
      auto column = *item;
      column.text = split_order(item->text).column;
      column.shown = split_order(item->shown).column;
      out.error(item->where, path,
                fmt::format("there is no column {}; expected {}, each with an optional desc{}",
                            describe(column), one_of(names), did_you_mean(word, names)));
    }
    d.broken = true;
  }
}

/// Hidden columns that the sink itself names stay, all others go.
data::schema_ptr rows_of(const draft& d, const data::schema& columns) {
  std::set<std::string> named;
  if (d.own != nullptr && d.own->columns_named && !d.broken)
    for (auto& name : d.own->columns_named(d.built.options))
      named.insert(std::move(name));
  std::vector<data::field> fields;
  for (const auto& f : columns)
    if (!is_reserved(f.name) || named.contains(f.name))
      fields.push_back(f);
  return std::make_shared<const data::schema>(std::move(fields));
}

struct feeding {
  std::vector<log_id> windows;  // outputs of their shards
  std::vector<log_id> lanes;    // of the sources that are read without a window
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

void check_connector(draft& d, const data::schema* input, report& out) {
  if (d.own == nullptr || !d.own->check || d.broken)
    return;
  d.own->check({d.built.options, input}, [&](std::string_view option, std::string message) {
    const auto* const n = find_option(*d.body, option);
    out.error(n == nullptr ? d.built.where : n->where, join(d.path, option), std::move(message));
    d.broken = true;
  });
}

void plan_transform(draft& d, const drafts& all, report& out) {
  const auto input = join_inputs(d, all, out);
  if (!input)
    return;
  transform_plan plan;
  if (!bind_step(d, input, {.before_window = d.before_window}, plan.select, out))
    return;
  if (d.member_of("where") == nullptr && d.member_of("columns") == nullptr)
    out.warning(d.built.where, d.path, "this select changes nothing; expected \"where\" or \"columns\"");
  d.built.schema = plan.select.output;
  d.built.plan = std::move(plan);
}

void plan_sink(draft& d, const drafts& all, report& out) {
  if (const auto input = join_inputs(d, all, out))
    plan_sink_over(d, input, out);
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
  if (!bind_step(d, input, {}, plan.input, out))
    return;
  check_connector(d, plan.input.output.get(), out);
  plan.rows = rows_of(d, *plan.input.output);
  if (plan.rows->size() == 0)
    d.fail(out, {}, "there is no column to write; expected \"columns\" with at least one");
  read_order(d, plan, out);
  d.built.plan = std::move(plan);
}

}  // namespace millrace::config
