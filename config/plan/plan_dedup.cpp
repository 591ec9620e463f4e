// Dedup: the first row of a key within a time. It is a join of rows with those that have come out (docs/design/joins.md).
#include "config/plan/bind_step.hpp"
#include "config/plan/plan_stages.hpp"
#include "config/plan/window_options.hpp"
#include "config/sql/read_sql.hpp"
#include "config/sql/sql_expressions.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace millrace::config {
namespace {

constexpr std::array<std::string_view, 2> bounds{"window_start", "window_end"};

class dedup_planner {
public:
  dedup_planner(draft& d, report& out) : d_(d), out_(out) {}

  void read_numbers() {
    read_bounds_of_shards(d_, plan_);
    auto& def = plan_.definition;
    def.kind = window::shape::interval;
    def.size = def.slide = micros(1);
    auto& join = def.join.emplace();
    join.how = window::join_kind::anti;
    join.first = true;
    if (d_.built.options.has("ttl"))
      join.before = d_.built.options.duration("ttl") - micros(1);
  }

  void check_place_in_graph(const drafts& all) {
    const timed_reader reader{"from", ", without an event time; expected emit \"final\" there", "dedup",
                              "a window with bounds, or dedup upstream of that one"};
    if (refuse_updates(d_, all, d_.windows, reader, out_) ||
        refuse_untimed(d_, all, d_.windows, reader, out_))
      return;
    if (!d_.late_of.empty())
      d_.fail(out_, "from",
              fmt::format("the rows of \"{}.late\" would all be late here, too; expected other rows",
                          all[d_.late_of.front()].built.name));
  }

  void bind(const data::schema_ptr& input) {
    const auto before = out_.errors();
    static_cast<void>(bind_step(d_, input, {.columns = false, .before_window = true}, intake().input, out_));
    d_.checked.insert("key");
    read_keys();
    if (out_.errors() != before || d_.broken) {
      d_.broken = true;
      return;
    }
    // The rows that are kept have the columns that the expressions read, and these are known once they are bound.
    if (!tell_bounds_apart())
      return;
    finish_output(without_bounds());
    if (!bind_output())
      return;
    finish_output(columns_kept());
    if (!bind_output())
      return;
    d_.built.schema = plan_.output.output;
    d_.built.plan = std::move(plan_);
  }

private:
  [[nodiscard]] intake_plan& intake() { return plan_.sides.front(); }
  [[nodiscard]] const data::schema& columns() { return *intake().input.output; }

  void read_keys() {
    const auto items = items_of(*d_.member_of("key"));
    if (items.empty())
      return d_.fail(out_, "key",
                     "it is empty; expected at least one column: rows without a key would all be one");
    const auto rows = known_rows::all_of(columns());
    for (const auto* const item : items)
      if (const auto at = find_key(d_, *item, rows, out_)) {
        if (std::ranges::find(intake().key_columns, *at) != intake().key_columns.end())
          return out_.error(
              item->where, join(d_.path, "key"),
              fmt::format("\"{}\" is here a second time; expected each column once", item->text));
        intake().key_columns.push_back(*at);
        plan_.definition.keys.push_back(columns()[*at]);
      }
  }

  /// Rows of windows have columns of these names, which are left out where `columns` names others alone.
  bool tell_bounds_apart() {
    for (const auto bound : bounds)
      if (const auto at = columns().find(bound); at && (is_key(*at) || gives(bound))) {
        d_.fail(
            out_, "from",
            fmt::format("dedup gives a column \"{0}\", the time of the row, and the rows have one of that "
                        "name; expected {1}",
                        bound, other_name_for(bound)));
        return false;
      }
    return true;
  }

  [[nodiscard]] bool is_key(std::size_t column) {
    return std::ranges::find(intake().key_columns, column) != intake().key_columns.end();
  }

  /// Whether `columns` names this column, or stands for all.
  [[nodiscard]] bool gives(std::string_view column) const {
    const auto* const map = d_.member_of("columns");
    return map == nullptr || !map->is_map() || std::ranges::any_of(map->members, [&](const member& m) {
             return m.value.what == node::kind::boolean || (m.value.is_text() && reads(m.value.text, column));
           });
  }

  static bool reads(std::string_view expression, std::string_view column) {
    bool found = false;
    if (const auto read = expression::parse(expression, nullptr))
      each_column(*read, [&](const expression::syntax& c) {
        found = found || (!c.path.empty() && folded(c.path.back()) == column);
      });
    return found;
  }

  [[nodiscard]] std::string other_name_for(std::string_view bound) {
    if (!is_sql_file(d_.built.where.file))
      return fmt::format("\"columns\" without it, or another name for it in a select upstream: \"columns\": "
                         "{{ \"of_{0}\": \"{0}\", ... }}",
                         bound);
    std::vector<std::string> others;
    for (const auto& f : columns())
      if (!is_reserved(f.name) && std::ranges::find(bounds, f.name) == bounds.end())
        others.push_back(expression::quoted_identifier(f.name));
    return fmt::format("the columns by their names, without it: SELECT DISTINCT ON (...) {}; or another "
                       "name for it in a view upstream: SELECT ..., {} AS of_{}",
                       fmt::join(others, ", "), bound, bound);
  }

  [[nodiscard]] std::vector<bool> without_bounds() {
    std::vector<bool> out;
    for (const auto& f : columns())
      out.push_back(std::ranges::find(bounds, f.name) == bounds.end());
    return out;
  }

  /// The key, the other columns, the bounds. The rows that have come out are those of the other side, without columns.
  void finish_output(const std::vector<bool>& read) {
    auto& def = plan_.definition;
    auto fields = def.keys;
    auto& kept = intake().row_columns;
    kept.clear();
    std::vector<data::field> row;
    for (std::size_t i = 0; i < columns().size(); ++i)
      if (const auto& f = columns()[i];
          read[i] && !is_reserved(f.name) &&
          std::ranges::find(intake().key_columns, i) == intake().key_columns.end()) {
        kept.push_back(i);
        row.push_back(f);
      }
    def.aggregate_fields = row;
    fields.insert(fields.end(), row.begin(), row.end());
    fields.push_back({"window_start", data::type_id::timestamp});
    fields.push_back({"window_end", data::type_id::timestamp});
    def.output = std::make_shared<const data::schema>(std::move(fields));
    def.aggregates.assign(std::size(both_sides), {});
    def.aggregates[index_of(side::left)].row = std::move(row);
    def.aggregates[index_of(side::right)].row.emplace();
  }

  bool bind_output() {
    plan_.output = {};
    return bind_step(d_, plan_.definition.output, {.where = false, .before_window = d_.before_window},
                     plan_.output, out_);
  }

  /// The columns of the rows that have to be kept.
  [[nodiscard]] std::vector<bool> columns_kept() {
    const auto used = columns_read(plan_.output);
    std::vector<bool> out(columns().size(), false);
    auto at = plan_.definition.keys.size();
    for (const auto i : intake().row_columns)
      out[i] = used[at++];
    return out;
  }

  draft& d_;
  report& out_;
  window_plan plan_;
};

}  // namespace

void plan_dedup(draft& d, const drafts& all, report& out) {
  dedup_planner p(d, out);
  p.read_numbers();
  const auto input = schema_of_inputs(d, all, out);
  if (!input)
    return;
  p.check_place_in_graph(all);
  if (!d.broken)
    p.bind(input);
}

}  // namespace millrace::config
