#include "config/plan/partly_known.hpp"

#include "config/core_options.hpp"
#include "config/plan/bind_step.hpp"
#include "config/plan/parser_schema.hpp"
#include "config/plan/plan_stages.hpp"
#include "runtime/expression/bind/partly_known.hpp"

#include <algorithm>
#include <array>

namespace millrace::config {
namespace {

void add(known_rows& to, const data::field& f, bool untyped) {
  if (to.columns.find(f.name))
    return;
  auto fields = to.columns.fields();
  fields.push_back(f);
  to.columns = data::schema(std::move(fields));
  to.untyped.push_back(untyped);
}

void add(known_rows& to, const std::string& name, const std::optional<data::type>& type) {
  add(to, {name, type.value_or(data::type{})}, !type);
}

expression::partial_scope names_known(const known_rows& rows, bool before_window) {
  return {config::scope_of(rows.columns, before_window), rows.untyped, rows.complete};
}

/// Rows of one of several inputs: what both say.
known_rows common(const known_rows& a, const known_rows& b) {
  known_rows out;
  out.complete = a.complete && b.complete;
  for (std::size_t i = 0; i < a.columns.size(); ++i)
    if (const auto at = b.columns.find(a.columns[i].name)) {
      const bool same = !a.untyped[i] && !b.untyped[*at] && a.columns[i].type == b.columns[*at].type;
      add(out, a.columns[i], !same);
    }
  // One that only one of them has makes them differ, which is reported; either may be meant.
  if (out.columns.size() != a.columns.size() || out.columns.size() != b.columns.size())
    out.complete = false;
  return out;
}

std::vector<option> options_of(const draft& d) { return stage_options(d.built.kind, d.built.type, d.own); }

bool names(const std::vector<option>& declared, std::string_view name) {
  return std::ranges::find(declared, name, &option::name) != declared.end();
}

bool has_unknown_option(const draft& d) {
  const auto& first = d.body->members.front().name;
  const auto declared = options_of(d);
  return std::ranges::any_of(d.body->members,
                             [&](const member& m) { return m.name != first && !names(declared, m.name); });
}

class partial_checker {
public:
  partial_checker(drafts& all, report& out) : all_(all), out_(out), rows_(all.size()), inputs_(all.size()) {}

  void check(std::size_t i) {
    auto& d = all_[i];
    if (!d.broken) {
      if (d.built.schema)
        rows_[i] = known_rows::all_of(*d.built.schema);
      if (const auto* const w = std::get_if<window_plan>(&d.built.plan))
        for (const auto s : both_sides)
          if (w->of(s).input.output)
            inputs_[i][index_of(s)] = known_rows::all_of(*w->of(s).input.output);
      return;
    }
    if (d.what.empty())
      return;  // even its kind is not known
    if (d.built.kind == stage_kind::parser)
      rows_[i] = rows_of_parser(d);
    else if (d.built.kind == stage_kind::join)
      check_sides(d, i);
    else if (d.built.kind != stage_kind::source)
      check_rows(d, i);
    check_options_alone(d);
  }

private:
  /// Names of a join's key; what it gives is left open.
  void check_sides(draft& d, std::size_t i) {
    for (const auto s : both_sides)
      inputs_[i][index_of(s)] = input_of(d, s);
    const auto* const key = d.member_of("key");
    if (key == nullptr || key->is_map() || !d.checked.insert("key").second)
      return;
    for (const auto* const item : items_of(*key))
      if (item->is_text() && find_key(d, *item, inputs_[i][0], out_, "the left side: "))
        static_cast<void>(find_key(d, *item, inputs_[i][1], out_, "the right side: "));
  }

  void check_rows(draft& d, std::size_t i) {
    const auto in = input_of(d, side::left);
    inputs_[i][0] = in;
    const bool window = d.built.kind == stage_kind::window;
    check_condition(d, "where", in, window || d.before_window);
    if (offers(d, "delete"))
      check_condition(d, "delete", in, false);
    auto given = d.built.type == "dedup" ? first_rows_of(d, in) : window ? groups_of(d, in) : in;
    // A misspelt type does not say which columns the stage adds or keeps.
    given.complete = given.complete && (d.typed || d.built.kind == stage_kind::sink);
    if (window)
      check_having(d, given, in);
    given = columns_of(d, std::move(given));
    if (d.built.kind == stage_kind::sink)
      read_order(d, given, out_);
    if (!has_unknown_option(d))  // it may have been meant to shape the rows
      rows_[i] = std::move(given);
  }

  [[nodiscard]] known_rows input_of(const draft& d, side of) const {
    const auto* const from = d.member_of(d.input_option(of));
    const auto named = from == nullptr ? 0U : from->what == node::kind::list ? from->items.size() : 1U;
    std::size_t found = 0;
    std::optional<known_rows> out;
    for (std::size_t i = 0; i < d.reads.size(); ++i) {
      const auto& ref = d.built.from[i];
      if (ref.to != of)
        continue;
      ++found;
      const auto& late = inputs_[d.reads[i]][index_of(ref.late_side.value_or(side::left))];
      const auto& one = ref.late ? late : rows_[d.reads[i]];
      out = out ? common(*out, one) : one;
    }
    return out && found == named ? *out : known_rows();
  }

  /// A `schema` that the parser's type does not take is meant for another type.
  known_rows rows_of_parser(const draft& d) {
    if (!d.typed)
      return rows_of_schema(d);
    return d.member_of("schema") == nullptr || names(options_of(d), "schema") ? d.rows : known_rows();
  }

  /// The columns of a parser whose type is not known: `schema` has one form for all.
  known_rows rows_of_schema(const draft& d) {
    const auto* const schema = d.member_of("schema");
    if (schema == nullptr)
      return {};
    known_rows out;
    if (const auto read = read_parser_schema(*schema, join(d.path, "schema"), out_)) {
      for (std::size_t i = 0; i < read->declared.size(); ++i)
        add(out, read->declared[i], read->untyped[i]);
      out.complete = !read->declared.empty();
    }
    return out;
  }

  void check_condition(draft& d, std::string_view option, const known_rows& in, bool before_window) {
    const auto* const text = d.member_of(option);
    if (is_expression(text) && d.checked.emplace(option).second)
      report_problems(expression::check_condition(text->text, names_known(in, before_window)).found, *text,
                      join(d.path, option), out_);
  }

  void check_having(draft& d, const known_rows& groups, const known_rows& in) {
    const auto* const text = d.member_of("having");
    if (is_expression(text) && d.checked.insert("having").second)
      report_problems(
          expression::check_having(text->text, names_known(groups, true), names_known(in, true)).found, *text,
          join(d.path, "having"), out_);
  }

  /// A window's keys, aggregates and bounds.
  known_rows groups_of(draft& d, const known_rows& in) {
    known_rows out;
    out.complete = true;
    if (const auto* const key = d.member_of("key"))
      add_keys(d, *key, in, out);
    if (const auto* const aggregates = d.member_of("aggregates"))
      add_aggregates(d, *aggregates, in, out);
    add_bounds(out);
    return out;
  }

  /// The rows of dedup have all columns of its input.
  known_rows first_rows_of(draft& d, const known_rows& in) {
    auto out = in;
    if (const auto* const key = d.member_of("key"))
      add_keys(d, *key, in, out);
    add_bounds(out);
    return out;
  }

  static void add_bounds(known_rows& to) {
    add(to, {"window_start", data::type_id::timestamp}, false);
    add(to, {"window_end", data::type_id::timestamp}, false);
  }

  void add_keys(draft& d, const node& key, const known_rows& in, known_rows& out) {
    const bool fresh = d.checked.insert("key").second;
    for (const auto* const item : items_of(key)) {
      if (!item->is_text()) {
        out.complete = false;
        continue;
      }
      const auto at = fresh ? find_key(d, *item, in, out_) : in.columns.find(item->text);
      // The column that is meant by a wrong name may be named downstream.
      out.complete = out.complete && at.has_value();
      add(out, item->text,
          at && !in.untyped[*at] ? std::optional(in.columns[*at].type) : std::optional<data::type>());
    }
  }

  void add_aggregates(draft& d, const node& aggregates, const known_rows& in, known_rows& out) {
    const bool fresh = d.checked.insert("aggregates").second;
    if (!aggregates.is_map())
      out.complete = false;
    for (const auto& m : aggregates.members) {
      if (m.name.empty() || m.name == "*")
        out.complete = false;
      if (!is_expression(&m.value)) {
        add(out, m.name, std::nullopt);
        continue;
      }
      auto found = expression::check_aggregate(m.value.text, names_known(in, true));
      if (fresh)
        report_problems(found.found, m.value, join(join(d.path, "aggregates"), m.name), out_);
      add(out, m.name, found.type);
    }
  }

  /// The rows that `columns` give, if the stage has them.
  known_rows columns_of(draft& d, known_rows in) {
    const auto* const map = d.member_of("columns");
    if (const auto* const added = d.member_of("column"); d.built.type == "model") {
      auto out = std::move(in);
      out.complete = out.complete && added != nullptr && added->is_text();
      if (added != nullptr && added->is_text() && !out.columns.find(added->text))
        add(out, added->text, data::type(data::type_id::float64));
      return out;
    }
    if (map == nullptr)
      return in;
    known_rows out;
    if (!map->is_map())
      return out;
    const bool fresh = d.checked.insert("columns").second;
    const auto path = join(d.path, "columns");
    out.complete = true;
    for (const auto& m : map->members)
      if (m.name == "*")
        keep_others(*map, m, in, out);
      else if (!is_expression(&m.value))
        add(out, m.name, std::nullopt);
      else {
        auto names = names_known(in, d.before_window);
        names.unnest = d.built.kind == stage_kind::transform;
        auto found = expression::check_value(m.value.text, names);
        if (fresh)
          report_problems(found.found, m.value, join(path, m.name), out_);
        add(out, m.name, found.type);
      }
    return out;
  }

  static void keep_others(const node& map, const member& star, const known_rows& in, known_rows& out) {
    // Something else than true is a mistake; all the others may be meant.
    out.complete = out.complete && in.complete && star.value.what == node::kind::boolean && star.value.flag;
    for (std::size_t i = 0; i < in.columns.size(); ++i)
      if (map.find(in.columns[i].name) == nullptr)
        add(out, in.columns[i], in.untyped[i]);
  }

  /// The connector's check, without knowing what columns there are.
  void check_options_alone(draft& d) {
    if (!d.options_good || d.checked.contains(connector_check))
      return;
    d.broken = false;
    check_connector(d, nullptr, out_);
    d.broken = true;
  }

  drafts& all_;
  report& out_;
  std::vector<known_rows> rows_;                                       // rows of each stage
  std::vector<std::array<known_rows, std::size(both_sides)>> inputs_;  // late rows of each stage, by side
};

}  // namespace

void check_partly_known(drafts& all, const std::vector<std::size_t>& order, report& out) {
  partial_checker checker(all, out);
  std::vector<bool> seen(all.size(), false);
  for (const auto i : order) {
    checker.check(i);
    seen[i] = true;
  }
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!seen[i]) {  // the stage is of a ring, or downstream of one
      all[i].broken = true;
      checker.check(i);
    }
}

}  // namespace millrace::config
