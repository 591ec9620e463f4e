// Joins of three tables and more: each JOIN but the last one becomes a stage in front, with the columns that are read behind it.
#include "config/sql/sql_combined.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::config {
namespace {

bool gives_window(const sql::relation& r) {
  return r.what == sql::relation::kind::windowed && r.function != "as_of";
}
bool gives_versions(const sql::relation& r) {
  return r.what == sql::relation::kind::windowed && r.function == "as_of";
}

void add_columns_read(const expression::syntax& s, std::vector<read_column>& to) {
  each_column(s, [&](const expression::syntax& column) {
    if (column.path.size() > 1)
      to.push_back({folded(column.path[0]), folded(column.path[1]), column.offset});
    else if (!column.path.empty())
      to.push_back({{}, folded(column.path[0]), column.offset});
  });
}

/// Comparisons of times in ON: `order` are those that say earlier and later, else equalities.
void add_compared(const expression::syntax& s, bool order, std::vector<read_column>& to) {
  std::vector<const expression::syntax*> open{&s};
  while (!open.empty()) {
    const auto& at = *open.back();
    open.pop_back();
    if (at.what == expression::form::all_of)
      for (const auto& a : at.args)
        open.push_back(&a);
    else if ((at.what == expression::form::call && at.text == "=") != order)
      add_columns_read(at, to);
  }
}

}  // namespace

class sql_queries::join_chain {
public:
  join_chain(sql_queries& q, const sql::select& s, const common_tables& scope, bool owns)
      : q_(q), to_(q.to_), s_(s), scope_(scope), owns_(owns) {}

  combined run() {
    if (!take())
      return wrong();
    read_of_.resize(joins_.size());
    for (std::size_t i = 1; i < joins_.size(); ++i)
      read_in_join(*joins_[i], read_of_[i]);
    each_expression(s_, [&](const sql::scalar_expression& e) { add_columns_read(e.tree, read_in_select_); });
    joined_in_front front;
    for (std::size_t i = 0; i + 1 < joins_.size(); ++i) {
      auto pair = q_.pair_of(s_, scope_, *joins_[i], i == 0 ? nullptr : &front, timed_by(*joins_[i + 1]));
      if (!pair.good || !add_tables(pair, i) || !add_stage(pair, i, front))
        return wrong();
    }
    auto last = q_.pair_of(s_, scope_, *joins_.back(), joins_.size() == 1 ? nullptr : &front, {});
    if (joins_.size() > 1 && last.good) {
      last.good = add_tables(last, joins_.size() - 1) && leave_options(last.stage);
      last.columns_of_tables = std::move(columns_of_tables_);
      last.merged = std::move(merged_);
    }
    return last;
  }

private:
  static combined wrong() {
    combined out;
    out.good = false;
    return out;
  }

  bool say(std::size_t at, std::string message) const {
    to_.say(at, std::move(message));
    return false;
  }

  /// Finds the joins, the first one first.
  bool take() {
    if (s_.from.size() > 1)
      return say(s_.from[1].at,
                 "tables side by side pair each row with each; expected JOIN ... ON between them");
    for (const auto* j = &s_.from.front(); j->what == sql::relation::kind::joined; j = j->left.get()) {
      if (!j->alias.empty())
        return say(j->at, "a join has no name of its own here; leave AS behind its parentheses out");
      if (j->right->what == sql::relation::kind::joined)
        return say(j->right->at,
                   "joins go from left to right here; expected a JOIN b ON ... JOIN c ON ... without "
                   "parentheses, or a view of the join in them");
      joins_.push_back(j);
    }
    std::ranges::reverse(joins_);
    if (joins_.size() == 1)
      return true;
    for (const auto* j : joins_)
      for (const auto* side : {j->left.get(), j->right.get()})
        if (side->what == sql::relation::kind::unnested)
          return say(side->at, "unnest(...) stands beside one table here; make a view of that table with "
                               "the elements of its list, and join that");
    return true;
  }

  static void read_in_join(const sql::relation& j, std::vector<read_column>& to) {
    if (j.right->value)
      add_columns_read(j.right->value->tree, to);
    if (j.on)
      add_columns_read(j.on->tree, to);
    // Columns alone are none of ON.
    std::erase_if(to, [](const read_column& c) { return c.table.empty(); });
  }

  /// Columns that a join may take for the event time of its left side.
  static std::vector<read_column> timed_by(const sql::relation& j) {
    std::vector<read_column> out;
    if (j.right->value)
      add_columns_read(j.right->value->tree, out);
    if (j.on && out.empty())
      add_compared(j.on->tree, true, out);
    if (j.on && out.empty())
      add_compared(j.on->tree, false, out);
    return out;
  }

  /// Notes the tables of a join, and the columns that they have.
  bool add_tables(const combined& pair, std::size_t nth) {
    const auto add = [&](const sql::relation& r) {
      const auto name = name_of_rows(r);
      const auto side = pair.tables.find(name);
      const std::size_t at = side != pair.tables.end() && side->second == "l" ? 0 : 1;
      columns_of_tables_.emplace_back(name, to_.given.of(pair.from[at], to_.all));
    };
    if (nth == 0)
      add(*joins_[0]->left);
    add(*joins_[nth]->right);
    for (const auto& name : joins_[nth]->same) {
      merged_.emplace(columns_of_tables_.back().first, name);
      if (nth == 0)
        merged_.emplace(columns_of_tables_.front().first, name);
      same_.insert(name);
    }
    return true;
  }

  [[nodiscard]] std::optional<std::size_t> nth_table(const std::string& name) const {
    for (std::size_t i = 0; i < columns_of_tables_.size(); ++i)
      if (columns_of_tables_[i].first == name)
        return i;
    return std::nullopt;
  }

  /// The columns of the tables so far that are read behind the nth join, by their tables.
  bool find_read(std::size_t nth, std::vector<read_column>& out) {
    std::set<std::pair<std::string, std::string>> seen;
    const bool next_windowed = gives_window(*joins_[nth + 1]->right);
    const auto add = [&](const read_column& c) {
      const bool is_known = c.table.empty() ? same_.contains(c.column) : nth_table(c.table).has_value();
      // Bounds of windows that the next join has, too, are its own.
      if (is_known && !(next_windowed && is_bound(c.column)) && seen.emplace(c.table, c.column).second)
        out.push_back(c);
    };
    for (std::size_t i = nth + 1; i < joins_.size(); ++i)
      std::ranges::for_each(read_of_[i], add);
    for (const auto& c : read_in_select_)
      add(c);
    for (const auto& o : s_.outputs)
      if (o.star && !add_star(o, add))
        return false;
    // A name that a later USING has in common with these tables, and those between have not.
    for (std::size_t i = nth + 1; i < joins_.size(); ++i)
      for (const auto& name : joins_[i]->same) {
        if (next_windowed && is_bound(name))
          continue;
        const auto of = column_in_using(name, i, nth);
        if (!of)
          return false;
        if (of->column.empty())
          continue;
        add(*of);
        if (i == nth + 1) {
          using_.insert_or_assign(name, of->table);
          merged_.emplace(of->table, name);
        }
      }
    std::ranges::stable_sort(out, {}, [&](const read_column& c) {
      return c.table.empty() ? std::size_t(0) : 1 + nth_table(c.table).value_or(0);
    });
    return true;
  }

  template<class Add>
  bool add_star(const sql::output& o, const Add& add) {
    for (const auto& [table, columns] : columns_of_tables_) {
      if (!o.star_of.empty() && o.star_of != table)
        continue;
      if (columns == nullptr)
        return say(o.at, fmt::format("the columns of \"{0}\" are not known here; expected their names, as in "
                                     "{0}.id, or a view of \"{0}\" that names them",
                                     table));
      for (const auto& name : *columns)
        add({table, name, o.at});
    }
    return true;
  }

  /// Whose column the name in USING of a later join is: one of USING between, or of the one table that has it. An empty column:
  /// of a table that is still to come.
  std::optional<read_column> column_in_using(const std::string& name, std::size_t of, std::size_t nth) {
    const auto at = joins_[of]->right->at;
    if (same_.contains(name))
      return read_column{{}, name, at};
    for (std::size_t i = nth + 1; i < of; ++i)
      if (std::ranges::find(joins_[i]->same, name) != joins_[i]->same.end())
        return read_column{};
    std::vector<std::string> having;
    bool all_known = true;
    for (const auto& [table, columns] : columns_of_tables_) {
      all_known = all_known && columns != nullptr;
      if (columns == nullptr || std::ranges::find(*columns, name) != columns->end())
        having.push_back(table);
    }
    if (having.size() == 1)
      return read_column{having.front(), name, at};
    if (having.empty() && of > nth + 1)
      return read_column{};
    say(at, having.empty()
                ? fmt::format("USING takes \"{}\" of both sides, and no table to the left has it", name)
                : fmt::format("more than one table to the left may have a column \"{}\"; expected "
                              "ON with the name of its table in front of it",
                              name));
    return std::nullopt;
  }

  /// The stage of the nth join, and what it is as a side of the next one.
  bool add_stage(combined& pair, std::size_t nth, joined_in_front& front) {
    const auto before = to_.out.errors();
    std::vector<read_column> read;
    using_.clear();
    if (!find_read(nth, read))
      return false;
    joined_in_front next;
    for (const auto& [table, columns] : columns_of_tables_) {
      next.tables.push_back(table);
      const auto known = pair.whole.find(table);
      if ((pair.tables.find(table)->second == "l" ? pair.left_whole : pair.right_whole) &&
          (known == pair.whole.end() || known->second))
        next.whole.insert(table);
    }
    name_columns(read, next);
    auto columns = to_.text.empty(node::kind::map, s_.at);
    for (std::size_t i = 0; i < read.size(); ++i)
      add_member(columns, next.carried[i].name, to_.text.at(read[i].at),
                 to_.text.made(text_of(read[i], pair), read[i].at));
    for (const auto& [name, table] : using_)
      for (const auto& c : next.carried)
        if (c.table == table && c.column == name)
          next.same.insert_or_assign(name, c.name);
    if (to_.out.errors() != before)
      return false;
    if (!columns.members.empty())
      add_member(pair.stage, "columns", columns.where, std::move(columns));
    const auto at = joins_[nth]->right->at;
    if (!add_options(pair.stage))
      return false;
    const auto name = fmt::format("{}-{}", q_.owner_, ++q_.numbered_);
    to_.add(name, at, std::move(pair.stage));
    if (pair.window != nullptr && gives_window(*joins_[nth + 1]->right))
      next.rows = *pair.window;
    next.rows.path = {{name, at}};
    next.rows.at = at;
    next.time = std::move(pair.time);
    front = std::move(next);
    return true;
  }

  /// A column keeps its name where no other one has it.
  static void name_columns(const std::vector<read_column>& read, joined_in_front& next) {
    std::map<std::string_view, std::size_t> times;
    std::set<std::string> taken{"l", "r"};
    for (const auto& c : read)
      ++times[c.column];
    for (const auto& c : read)
      if (times[c.column] == 1 || c.table.empty())
        taken.insert(c.column);
    for (const auto& c : read) {
      auto name = c.column;
      if ((times[c.column] > 1 && !c.table.empty()) || name == "l" || name == "r") {
        name = fmt::format("{}_{}", c.table, c.column);
        while (taken.contains(name))
          name += '_';
      }
      taken.insert(name);
      next.carried.push_back({c.table, c.column, std::move(name)});
    }
  }

  std::string text_of(const read_column& c, combined& pair) {
    const auto key = c.table + "." + c.column;
    if (!c.table.empty() && !pair.tables.contains(key)) {
      expression::syntax column;
      column.what = expression::form::column;
      column.offset = c.at;
      column.path = {{c.table, true}, {c.column, true}};
      q_.resolve_one(column, pair);
    }
    return text_of_column(key, pair);
  }

  [[nodiscard]] bool goes_to_groups(const std::string& option) const {
    return is_grouped(s_) &&
           find_declared(to_.declared_for(to_.stage("window", "tumbling", s_.at)), option) != nullptr;
  }

  /// Options of the view are those of each of its joins that has them.
  bool add_options(node& stage) {
    const auto declared = to_.declared_for(stage);
    const auto of_pairs = to_.declared_for(to_.stage("join", "interval", s_.at));
    const auto versions =
        std::ranges::count_if(joins_, [](const auto* j) { return gives_versions(*j->right); });
    std::vector<sql::option> own;
    for (const auto& o : owns_ ? q_.options_ : std::vector<sql::option>()) {
      const auto& key = o.space.empty() ? o.key.text : o.space;
      if (find_declared(declared, key) == nullptr || key == "columns" || goes_to_groups(key))
        continue;
      if (versions > 1 && find_declared(of_pairs, key) == nullptr)
        return say(
            o.key.at,
            fmt::format("\"{}\" is of one as_of(...), and FROM has {}; make a view of the tables up to "
                        "the one that it is of, with this option, and join that",
                        key, versions));
      own.push_back(o);
      taken_.insert(key);
    }
    to_.add_options(stage, own, declared);
    return true;
  }

  /// Takes options off the view that stages in front have and its own has not.
  bool leave_options(const node& stage) {
    const auto declared = to_.declared_for(stage);
    std::erase_if(q_.options_, [&](const sql::option& o) {
      const auto& key = o.space.empty() ? o.key.text : o.space;
      return taken_.contains(key) && find_declared(declared, key) == nullptr;
    });
    return true;
  }

  sql_queries& q_;
  sql_stages& to_;
  const sql::select& s_;
  const common_tables& scope_;
  bool owns_;
  std::vector<const sql::relation*> joins_;
  std::vector<std::vector<read_column>> read_of_;  // in ON and as_of(...) of a join
  std::vector<read_column> read_in_select_;
  std::vector<std::pair<std::string, sql_given_columns::names>> columns_of_tables_;
  std::set<std::string> same_;                // columns of USING so far
  std::map<std::string, std::string> using_;  // columns of the next USING, and their tables
  std::set<std::pair<std::string, std::string>> merged_;
  std::set<std::string> taken_;  // options that stages in front have
};

node sql_queries::columns_of_joins(const sql::select& s, const std::vector<sql::name>& names,
                                   const combined& c) const {
  auto plain = s;
  std::erase_if(plain.outputs, &sql::output::star);
  if (plain.outputs.size() == s.outputs.size() || !names.empty())
    return columns_of(s, names, c.tables);
  const auto made =
      plain.outputs.empty() ? to_.text.empty(node::kind::map, s.at) : columns_of(plain, names, c.tables);
  auto out = to_.text.empty(node::kind::map, s.outputs.front().at);
  std::set<std::size_t> told;
  const auto add = [&](const std::string& name, const std::string& text, std::size_t at) {
    if (out.find(name) == nullptr)
      add_member(out, name, to_.text.at(at), to_.text.made(text, at));
    else if (told.insert(at).second)
      to_.say(at,
              fmt::format("two columns are called \"{}\" here; expected the columns by their names in the "
                          "place of *, with AS and another name behind one of these",
                          name));
  };
  const auto add_bounds = [&](std::size_t at) {
    for (const auto* const bound : {"window_start", "window_end"})
      if (c.window != nullptr && out.find(bound) == nullptr)
        add(bound, bound, at);
  };
  auto next = made.members.begin();
  for (const auto& o : s.outputs) {
    if (!o.star) {
      if (next != made.members.end()) {
        if (out.find(next->name) != nullptr)
          add(next->name, {}, o.at);
        else
          add_member(out, next->name, next->where, next->value);
        ++next;
      }
      continue;
    }
    bool found = false;
    std::set<std::string_view> one;  // columns of USING
    for (const auto& [table, columns] : c.columns_of_tables) {
      if (!o.star_of.empty() && o.star_of != table)
        continue;
      found = true;
      const auto row = c.tables.find(table)->second;
      if (columns == nullptr) {
        add_member(out, row + ".*", to_.text.at(o.at), to_.text.flag(true, o.at));
        continue;
      }
      for (const auto& name : *columns) {
        const bool is_merged = o.star_of.empty() && c.merged.contains({table, name});
        if (!is_merged)
          add(name, text_of_column(table + "." + name, c), o.at);
        else if (one.insert(name).second)
          add(name, text_of_column("." + name, c), o.at);
      }
      const auto whole = c.whole.find(table);
      if ((row == "l" ? c.left_whole : c.right_whole) && (whole == c.whole.end() || whole->second))
        add_bounds(o.at);
    }
    if (!found)
      to_.say(o.at, fmt::format("there is no table \"{}\" in FROM", o.star_of));
  }
  return out;
}

sql_queries::combined sql_queries::joins_of(const sql::select& s, const common_tables& scope, bool owns) {
  return join_chain(*this, s, scope, owns).run();
}

}  // namespace millrace::config
