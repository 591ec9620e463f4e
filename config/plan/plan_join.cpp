// Joins: their two sides, keys, windows, and the rows that they give. docs/design/joins.md has the rules.
#include "config/plan/bind_step.hpp"
#include "config/plan/plan_stages.hpp"
#include "config/plan/window_options.hpp"
#include "config/text/quoted.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <set>

namespace millrace::config {
namespace {

/// The word for the side's row in expressions.
std::string_view row_of(side s) { return s == side::left ? "l" : "r"; }

/// The windows whose rows, not late ones, come to one side of a join.
std::vector<std::size_t> windows_above(const draft& d, const drafts& all, side of) {
  std::set<std::size_t> out;
  for (std::size_t i = 0; i < d.reads.size(); ++i) {
    const auto& from = all[d.reads[i]];
    if (d.built.from[i].to != of)
      continue;
    if (has_shards(from.built.kind))
      out.insert(d.reads[i]);
    else
      out.insert(from.windows.begin(), from.windows.end());
  }
  return {out.begin(), out.end()};
}

class join_planner {
public:
  join_planner(draft& d, report& out) : d_(d), out_(out) { plan_.sides.resize(std::size(both_sides)); }

  /// Reads the options that can be judged without knowing the sides.
  void read_numbers() {
    const auto& o = d_.built.options;
    read_bounds_of_shards(d_, plan_);
    auto& join = plan_.definition.join.emplace();
    if (d_.built.type == "interval")
      read_reach(join);
    else if (d_.built.type == "as_of")
      read_versions(join);
    else
      read_times_of_windows(d_, plan_, out_);
    if (o.has("how"))
      join.how = static_cast<window::join_kind>(std::ranges::find(window::join_kinds, o.text("how")) -
                                                std::begin(window::join_kinds));
    if (o.has("max_pairs"))
      join.max_pairs = static_cast<std::uint64_t>(o.integer("max_pairs"));
  }

  /// Takes the rows of a side; false where nothing further can be said of them.
  bool take(side of, const drafts& all) {
    const auto input = schema_of_inputs(d_, all, out_, of);
    if (!input)
      return false;
    auto& step = plan_.sides[index_of(of)].input;
    step.stage = d_.built.name;
    step.input = step.output = input;
    check_place_in_graph(of, all);
    if (of == side::right && plan_.definition.join->newest && !d_.broken) {
      check_idleness(all);
      warn_of_tables(all);
    }
    return true;
  }

  /// Warns of tables whose versions have times of their own.
  void warn_of_tables(const drafts& all) {
    for (const auto p : parsers_of_versions(all)) {
      const auto& parser = all[p];
      const auto* const plan = std::get_if<parser_plan>(&parser.built.plan);
      const auto* const time = parser.member_of("event_time");
      const auto table = std::ranges::find_if(parser.reads, [&](auto r) { return reads_table(all[r]); });
      if (d_.broken || plan == nullptr || time == nullptr || time->text == "_timestamp" ||
          table == parser.reads.end())
        continue;
      warn_of_order(all[*table], parser, *plan);
      warn_of_deleted_rows(all[*table], parser, *plan);
    }
  }

  /// A table is read in the order of its keys, and a time of its own goes forth and back in that.
  void warn_of_order(const draft& table, const draft& parser, const parser_plan& plan) {
    constexpr std::chrono::hours least_of_history{24};
    if (plan.watermark_delay < least_of_history)
      return out_.warning(
          d_.location_of("right"), join(d_.path, "right"),
          fmt::format("\"{0}\" gives rows by their keys, in no order of the event time of \"{1}\", and a "
                      "version that comes after a later one does not count for older left rows; expected "
                      "a \"watermark_delay\" of \"{1}\" that is longer than the table's history, such as "
                      "\"3650 days\", and here \"late_versions\" as long, or the event_time _timestamp of "
                      "\"{1}\" with \"first_time\" of \"{0}\"",
                      table.built.name, parser.built.name));
    const auto delay = parser.member_of("watermark_delay")->safe_text();
    if (plan_.definition.join->before < plan.watermark_delay)
      out_.warning(
          d_.location_of("right"), join(d_.path, "right"),
          fmt::format(
              "a version that \"{}\" gets more than {} after its event time may be dropped, and no "
              "left row ever gets it; expected \"late_versions\": {}, as the watermark_delay of \"{}\"",
              table.built.name, format_duration(plan_.definition.join->before), quoted(delay),
              parser.built.name));
    if (!plan.idle_timeout)
      out_.warning(
          d_.location_of("right"), join(d_.path, "right"),
          fmt::format("the watermark of \"{}\" stays {} behind, and without \"idle_timeout\" there each "
                      "left row waits that long; expected one such as \"10 s\"",
                      parser.built.name, delay));
  }

  /// The record of a row that is gone has its key alone.
  void warn_of_deleted_rows(const draft& table, const draft& parser, const parser_plan& plan) {
    const auto* const deleted = d_.member_of("deleted");
    if (deleted == nullptr || plan.timed_by || !plan.event_time)
      return;
    const auto& time = (*parser.built.schema)[*plan.event_time].name;
    const auto& key = table.built.options.text_list("key");
    if (std::ranges::find(key, time) == key.end())
      out_.warning(
          deleted->where, join(d_.path, "deleted"),
          fmt::format("the record of a row that is deleted from \"{0}\" has no \"{1}\", only its key, so "
                      "it is a dead letter of \"{2}\", and the deleted version stays valid; expected "
                      "\"event_time\": {3} there",
                      table.built.name, time, parser.built.name,
                      quoted(fmt::format("coalesce({}, _timestamp)", plain_name(time)))));
  }

  /// A table that nobody changes gives no record, and its silence would hold every row back: that has to be wanted.
  void check_idleness(const drafts& all) {
    for (const auto p : parsers_of_versions(all)) {
      const auto& from = all[p];
      if (from.broken || from.member_of("idle_timeout") != nullptr)
        continue;
      for (const auto r : from.reads)
        if (const auto* const source = std::get_if<source_plan>(&all[r].built.plan);
            source != nullptr && !all[r].broken && !source->bounded)
          return d_.fail(
              out_, "right",
              fmt::format("\"{}\" has no end, and \"{}\" no \"idle_timeout\": while nobody changes a "
                          "version, this join gives no row; expected \"idle_timeout\" there, such as \"10 "
                          "s\", or \"off\", which waits",
                          all[r].built.name, from.built.name));
    }
  }

  void bind() {
    const auto before = out_.errors();
    d_.checked.insert("key");
    read_keys();
    read_deleted();
    if (out_.errors() != before || d_.broken) {
      d_.broken = true;
      return;
    }
    const given_columns given{default_columns(), {columns_of(side::left), columns_of(side::right)}};
    if (!tell_names_apart(given))
      return;
    std::vector<bool> read[2];
    for (const auto s : both_sides)
      read[index_of(s)].assign(columns(s).size(), true);
    // The rows that the join keeps have the columns that the expressions read, and these are known once they are bound.
    finish_output(read);
    if (!bind_output(given) || !has_partners())
      return;
    keep_what_is_read(read);
    finish_output(read);
    if (!bind_output(given))
      return;
    d_.built.schema = plan_.output.output;
    plan_.state_texts = {deleted_text_};
    d_.built.plan = std::move(plan_);
  }

private:
  /// Columns that stand behind "*", "l.*" and "r.*".
  struct given_columns {
    std::vector<given_column> others;
    std::array<std::vector<given_column>, 2> of_sides;
  };

  [[nodiscard]] const data::schema& columns(side s) const { return *plan_.of(s).input.output; }
  /// The parsers above the right side.
  [[nodiscard]] std::vector<std::size_t> parsers_of_versions(const drafts& all) const {
    std::vector<std::size_t> out;
    std::set<std::size_t> seen;
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < d_.reads.size(); ++i)
      if (d_.built.from[i].to == side::right)
        open.push_back(d_.reads[i]);
    while (!open.empty()) {
      const auto at = open.back();
      open.pop_back();
      if (!seen.insert(at).second)
        continue;
      open.insert(open.end(), all[at].reads.begin(), all[at].reads.end());
      if (all[at].built.kind == stage_kind::parser)
        out.push_back(at);
    }
    return out;
  }
  [[nodiscard]] bool is_anti() const { return plan_.definition.join->how == window::join_kind::anti; }

  void go_by_time() {
    plan_.definition.kind = window::shape::interval;
    plan_.definition.size = plan_.definition.slide = micros(1);
  }

  void read_versions(window::joining& join) {
    go_by_time();
    join.newest = true;
    join.max_pairs = 1;
    if (d_.built.options.has("late_versions"))
      join.before = d_.built.options.duration("late_versions");
  }

  /// A left row fires `after` later than its time, so that all right rows in its reach have come.
  void read_reach(window::joining& join) {
    const auto& o = d_.built.options;
    go_by_time();
    if (!o.has("before") || !o.has("after"))
      return;
    join.before = o.duration("before");
    join.after = o.duration("after");
    if (join.before + join.after < micros(0))
      return d_.fail(out_, "after",
                     fmt::format("no right row lies in [{}, {}]; expected before + after of at least 0 s: it "
                                 "lies in [left - before, left + after]",
                                 beside_left(-join.before), beside_left(join.after)));
    plan_.definition.allowed_lateness += join.waits();
  }

  void check_place_in_graph(side of, const drafts& all) {
    const auto rows = fmt::format("the rows of the {} side", to_string(of));
    const timed_reader reader{to_string(of),
                              ": this join would pair a row and the one that replaces it, and such rows have "
                              "no event time; expected emit \"final\" there",
                              "a join", "a window with bounds, or a join upstream of that one", rows};
    const auto windows = windows_above(d_, all, of);
    if (!refuse_updates(d_, all, windows, reader, out_))
      static_cast<void>(refuse_untimed(d_, all, windows, reader, out_));
  }

  void read_keys() {
    const auto& key = *d_.member_of("key");
    std::vector<std::pair<node, node>> pairs;
    if (key.is_map())
      for (const auto& m : key.members) {
        auto left = m.value;
        left.text = left.shown = m.name;
        left.where = m.where;
        pairs.emplace_back(std::move(left), m.value);
      }
    else
      for (const auto* const item : items_of(key))
        pairs.emplace_back(*item, *item);
    if (pairs.empty())
      return d_.fail(out_, "key",
                     "it is empty; expected at least one column: rows without a key pair each with each");
    if (!check_column_count(pairs.size(), key.where, join(d_.path, "key"), out_))
      return;
    const auto left_rows = known_rows::all_of(columns(side::left));
    const auto right_rows = known_rows::all_of(columns(side::right));
    for (const auto& [left, right] : pairs)
      read_key(left, right, left_rows, right_rows);
  }

  void read_deleted() {
    const auto* const text = d_.member_of("deleted");
    if (!plan_.definition.join->newest || !is_expression(text))
      return;
    d_.checked.insert("deleted");
    auto deleted = expression::bind_condition(text->text, scope_of(columns(side::right), true));
    if (!deleted)
      return report_problems(deleted.error(), *text, join(d_.path, "deleted"), out_);
    report_warnings(expression::warnings_of(*deleted), *text, join(d_.path, "deleted"), out_);
    auto& right = plan_.sides[index_of(side::right)];
    right.arguments.resize(std::size(both_sides));
    right.filters.resize(std::size(both_sides));
    right.orders.resize(std::size(both_sides));
    deleted_text_ = text->safe_text();
    plan_.deleted_text = text->told_text();
    right.arguments[index_of(side::right)] = std::move(*deleted);
    plan_.definition.join->deletes = true;
  }

  /// Numerics of any precision and scale are one key where they are equal.
  static std::optional<data::type> common_key_type(const data::type& l, const data::type& r) {
    if (l == r)
      return l;
    if (l.id() != data::type_id::numeric || r.id() != data::type_id::numeric)
      return std::nullopt;
    return l.precision() != 0 && r.precision() != 0 && l.scale() == r.scale()
               ? data::type::numeric_of(std::max(l.precision(), r.precision()), l.scale())
               : data::type(data::type_id::numeric);
  }

  void read_key(const node& left, const node& right, const known_rows& left_rows,
                const known_rows& right_rows) {
    const auto l = find_key(d_, left, left_rows, out_, "the left side: ");
    const auto r = l ? find_key(d_, right, right_rows, out_, "the right side: ") : std::nullopt;
    if (!l || !r)
      return;
    const auto& field = columns(side::left)[*l];
    const auto& other = columns(side::right)[*r];
    const auto type = common_key_type(field.type, other.type);
    if (!type) {
      // a bigint becomes numeric without a loss, and not the other way round
      const bool casts_left =
          field.type.id() == data::type_id::bigint && other.type.id() == data::type_id::numeric;
      const auto& cast = casts_left ? field : other;
      const auto& to = casts_left ? other.type : field.type;
      return out_.error(
          right.where, join(d_.path, "key"),
          fmt::format(
              "\"{}\" is {} on the left side, and \"{}\" is {} on the right one; expected one type (a cast "
              "in a select upstream: \"columns\": {{ {}: {}, \"*\": true }})",
              field.name, field.type.name(), other.name, other.type.name(), quoted(cast.name),
              quoted(fmt::format("{}::{}", plain_name(cast.name),
                                 to.id() == data::type_id::float64   ? "double precision"
                                 : to.id() == data::type_id::numeric ? "numeric"
                                                                     : to.name()))));
    }
    auto& keys = plan_.definition.keys;
    if (std::ranges::find(keys, field.name, &data::field::name) != keys.end())
      return out_.error(
          left.where, join(d_.path, "key"),
          fmt::format("\"{}\" of the left side is here a second time; expected each column once",
                      field.name));
    if (field.name == "l" || field.name == "r")
      return out_.error(
          left.where, join(d_.path, "key"),
          fmt::format("\"{0}\" is the word for the {1} row in \"columns\"; expected a key of another "
                      "name (give it one in a select: \"columns\": {{ \"name\": \"{0}\", \"*\": "
                      "true }})",
                      field.name, field.name == "l" ? "left" : "right"));
    keys.push_back({field.name, *type});
    plan_.sides[0].key_columns.push_back(*l);
    plan_.sides[1].key_columns.push_back(*r);
  }

  /// The name in an expression, in quotes where it needs them.
  static std::string plain_name(const std::string& name) {
    const bool is_plain = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
      return (c >= 'a' && c <= 'z') || c == '_' || (c >= '0' && c <= '9');
    });
    return is_plain ? name : quoted_name(name);
  }

  /// The key, the other columns of the left side, those of the right one, the bounds.
  [[nodiscard]] std::vector<given_column> default_columns() const {
    std::vector<given_column> out;
    for (const auto& f : plan_.definition.keys)
      out.push_back({f.name, quoted_name(f.name), f.name});
    for (const auto s : both_sides) {
      if (s == side::right && is_anti())
        continue;
      const auto& keys = plan_.of(s).key_columns;
      for (std::size_t i = 0; i < columns(s).size(); ++i)
        if (const auto& name = columns(s)[i].name;
            !is_reserved(name) && std::ranges::find(keys, i) == keys.end())
          out.push_back({name, fmt::format("{}.{}", row_of(s), quoted_name(name)),
                         fmt::format("{}.{}", row_of(s), plain_name(name))});
    }
    for (const auto* const bound : {"window_start", "window_end"})
      out.push_back({bound, bound, bound});
    return out;
  }

  /// "l.*", "r.*": all columns of the side, those of the key too.
  [[nodiscard]] std::vector<given_column> columns_of(side s) const {
    std::vector<given_column> out;
    for (const auto& f : columns(s))
      if (!is_reserved(f.name))
        out.push_back({f.name, fmt::format("{}.{}", row_of(s), quoted_name(f.name)),
                       fmt::format("{}.{}", row_of(s), plain_name(f.name))});
    return out;
  }

  /// Two columns of one name are told where the stage gives both.
  bool tell_names_apart(const given_columns& given) {
    const auto* const map = d_.member_of("columns");
    if (map != nullptr && !map->is_map())
      return true;
    std::vector<given_column> all;
    const auto take = [&](std::string_view name, const std::vector<given_column>& columns) {
      if (map == nullptr ? name == "*" : map->find(name) != nullptr)
        all.insert(all.end(), columns.begin(), columns.end());
    };
    take("*", given.others);
    for (const auto s : both_sides)
      take(fmt::format("{}.*", row_of(s)), given.of_sides[index_of(s)]);
    std::map<std::string_view, std::string_view> texts;
    for (const auto& c : all) {
      if (map != nullptr && map->find(c.name) != nullptr)
        continue;
      const auto [first, fresh] = texts.emplace(c.name, c.text);
      if (fresh)
        continue;
      d_.fail(out_, map == nullptr ? std::string_view() : "columns",
              fmt::format(
                  "a join gives the columns of both sides, and two of them are called \"{0}\"; expected "
                  "\"columns\" with a name for each that is wanted, such as {{ \"*\": true, {1}: {2}, {3}: "
                  "{4} }}",
                  c.name, quoted(c.name), quoted(first->second), quoted("right_" + c.name), quoted(c.text)));
      return false;
    }
    return true;
  }

  /// The columns that expressions may name: the key, l.NAME, r.NAME, the bounds.
  void finish_output(const std::vector<bool> (&read)[2]) {
    auto& def = plan_.definition;
    auto fields = def.keys;
    def.aggregate_fields.clear();
    def.aggregates.clear();
    for (const auto s : both_sides) {
      auto& intake = plan_.sides[index_of(s)];
      intake.row_columns.clear();
      std::vector<data::field> row;
      for (std::size_t i = 0; i < columns(s).size(); ++i) {
        const auto& f = columns(s)[i];
        if (is_reserved(f.name) || !read[index_of(s)][i])
          continue;
        intake.row_columns.push_back(i);
        row.push_back(f);
        def.aggregate_fields.push_back({fmt::format("{}.{}", row_of(s), f.name), f.type});
      }
      window::aggregate collected;
      collected.row = std::move(row);
      def.aggregates.push_back(std::move(collected));
    }
    fields.insert(fields.end(), def.aggregate_fields.begin(), def.aggregate_fields.end());
    fields.push_back({"window_start", data::type_id::timestamp});
    fields.push_back({"window_end", data::type_id::timestamp});
    def.output = std::make_shared<const data::schema>(std::move(fields));
  }

  bool bind_output(const given_columns& given) {
    plan_.output = {};
    return bind_step(d_, plan_.definition.output,
                     {.where = false,
                      .before_window = d_.before_window,
                      .sides = true,
                      .others = given.others,
                      .of_sides = {given.of_sides[0], given.of_sides[1]}},
                     plan_.output, out_);
  }

  /// Rows of `anti` have no right row that an expression could read.
  bool has_partners() {
    if (!is_anti())
      return true;
    const auto first = plan_.definition.keys.size() + plan_.of(side::left).row_columns.size();
    const auto last = first + plan_.of(side::right).row_columns.size();
    bool out = true;
    for (const auto& c : plan_.output.columns)
      for (const auto i : c.value.columns)
        if (out && i >= first && i < last) {
          const auto* const text = d_.member_of("columns")->find(c.name);
          out_.error(
              text == nullptr ? d_.location_of("columns") : text->where,
              join(join(d_.path, "columns"), c.name),
              fmt::format("it reads the right row, and \"how\": \"anti\" gives rows without one; expected "
                          "columns of the left side (l.NAME)"));
          d_.broken = true;
          out = false;
        }
    return out;
  }

  void keep_what_is_read(std::vector<bool> (&read)[2]) {
    const auto used = columns_read(plan_.output);
    auto at = plan_.definition.keys.size();
    for (const auto s : both_sides) {
      read[index_of(s)].assign(columns(s).size(), false);
      for (const auto i : plan_.of(s).row_columns)
        read[index_of(s)][i] = used[at++];
    }
  }

  draft& d_;
  report& out_;
  window_plan plan_;
  std::string deleted_text_;
};

}  // namespace

void plan_join(draft& d, const drafts& all, report& out) {
  join_planner j(d, out);
  j.read_numbers();
  const bool left = j.take(side::left, all);
  const bool right = j.take(side::right, all);
  if (!left || !right || d.broken)
    return;
  j.bind();
  warn_of_windows_across(d, all, out);
}

}  // namespace millrace::config
