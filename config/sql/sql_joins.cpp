// Joins: JOIN ... ON and USING, as_of, NOT EXISTS.
#include "config/sql/sql_combined.hpp"
#include "config/text/reader.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace millrace::config {
namespace {

/// `left`, `right`: their event times. `called`: the right side, whose rows come from `table`.
std::string no_bound(const std::string& left, const std::string& right, const std::string& called,
                     const std::string& table) {
  return fmt::format(
      "a join without a bound in time would keep all rows for ever; expected both sides in the "
      "same tumble(...) or hop(...), AND {1} BETWEEN {0} - interval '5 s' AND {0} + interval '1 hour', or "
      "JOIN as_of({3}, {0}) AS {2}",
      left, right, called, table);
}

/// True where both say the same, by how long it is where they are durations.
bool same_option(const node& a, const node& b) {
  if (a.text == b.text)
    return true;
  const auto x = parse_duration(a.text);
  const auto y = parse_duration(b.text);
  return x && y && *x == *y;
}

}  // namespace

bool sql_queries::is_combined(const sql::select& s) {
  return s.from.size() > 1 || s.not_exists != nullptr ||
         (!s.from.empty() && (s.from.front().what == sql::relation::kind::joined ||
                              s.from.front().what == sql::relation::kind::unnested));
}

/// Reads the two sides and the condition of a join, then makes its stage.
class sql_queries::join_maker {
public:
  join_maker(sql_queries& q, const sql::select& s, const common_tables& scope)
      : q_(q), to_(q.to_), s_(s), scope_(scope) {}

  /// WHERE NOT EXISTS.
  combined run() {
    out_.good = take_not_exists() && make();
    return std::move(out_);
  }

  /// JOIN. `front`: its left side where that is a join; null: a table. `timed`: columns that a later join takes for the event
  /// time of these rows.
  combined run(const sql::relation& j, const joined_in_front* front, const std::vector<read_column>& timed) {
    front_ = front;
    timed_ = &timed;
    out_.good = take_join(j) && make();
    return std::move(out_);
  }

private:
  using kind = sql::relation::kind;
  using join = sql::relation::join;

  bool say(std::size_t at, std::string message) const {
    to_.say(at, std::move(message));
    return false;
  }

  bool take_join(const sql::relation& j) {
    left_ = front_ != nullptr ? &front_->rows : j.left.get();
    right_ = j.right.get();
    how_ = j.how;
    same_ = &j.same;
    on_ = j.on ? &j.on->tree : nullptr;
    at_ = right_->at;
    if (right_->function == "as_of" && how_ == join::right)
      return say(
          at_,
          "as_of(...) has no RIGHT JOIN: a version of the right side comes out beside a row of the left one "
          "alone; expected JOIN or LEFT JOIN as_of(...)");
    if (right_->function == "as_of" && how_ == join::cross)
      return say(at_,
                 "as_of(...) takes the newest row of a key, by equalities in ON; expected JOIN or LEFT JOIN "
                 "as_of(...) AS name ON ...");
    if (how_ == join::cross)
      return refuse_unbound();
    if (how_ == join::right && !is_window(*left_) && !is_window(*right_)) {
      std::swap(left_, right_);
      how_ = join::left;
    }
    return true;
  }

  [[nodiscard]] bool is_front(const sql::relation* side) const {
    return front_ != nullptr && side == &front_->rows;
  }

  bool take_not_exists() {
    const auto& q = *s_.not_exists;
    if (s_.from.size() > 1 || s_.from.front().what == kind::joined)
      return say(s_.from.front().at, "NOT EXISTS stands behind one table here; make a view of the join");
    const auto* const inner = q.one ? &*q.one : nullptr;
    if (inner == nullptr || !q.with.empty() || !q.order_by.empty() || q.limit || inner->from.size() != 1 ||
        inner->not_exists || inner->distinct || has_groups(*inner))
      return say(q.at,
                 "expected NOT EXISTS (SELECT FROM table t WHERE ...) with equalities of columns of both and "
                 "one BETWEEN of their event times");
    left_ = &s_.from.front();
    right_ = &inner->from.front();
    at_ = right_->at;
    on_ = inner->where ? &inner->where->tree : nullptr;
    out_.anti = true;
    if (is_window(*left_) || is_window(*right_))
      return say(
          at_,
          "NOT EXISTS goes by a BETWEEN of event times; of windows it is a LEFT JOIN in a view, and WHERE "
          "a column of the right side IS NULL in one behind it");
    return true;
  }

  /// Told by the names of the query, and by the event times that are known.
  bool refuse_unbound() {
    const auto called = [](const sql::relation& r) {
      return !r.alias.empty() ? r.alias : r.path.empty() ? std::string("t") : r.path.back().text;
    };
    const auto time_of = [&](const sql::relation& r) {
      if (r.what == kind::named && r.path.size() == 1)
        for (const auto& v : to_.times.of(std::vector{to_.text.made(r.path.front().text, r.at)}, to_.all))
          if (const auto column = column_of(v.value, {}); column && v.later == micros(0))
            return expression::quoted_identifier(*column);
      return std::string("time");
    };
    const auto shown = [](const std::string& name) { return expression::quoted_identifier(name); };
    const auto timed = [&](const sql::relation& r) {
      if (is_front(&r))
        return front_->time.empty() ? front_->tables.front() + ".time" : front_->time;
      return shown(called(r)) + "." + time_of(r);
    };
    const auto& joined = is_front(right_) ? *left_ : *right_;
    return say(at_, no_bound(timed(is_front(right_) ? *right_ : *left_), timed(joined), shown(called(joined)),
                             shown(joined.path.empty() ? "table" : joined.path.back().text)));
  }

  [[nodiscard]] static bool is_window(const sql::relation& r) {
    return r.what == kind::windowed && r.function != "as_of";
  }

  std::string name_of_side(const table_names& tables) const {
    return tables.empty() ? std::string() : tables.begin()->first;
  }

  bool make() {
    const auto before = to_.out.errors();
    if (left_->function == "as_of")
      return say(left_->at,
                 "as_of(...) gives the right side of a join: JOIN as_of(table, left.time) t ON ...");
    auto left = q_.rows_of(*left_, scope_);
    auto right = q_.rows_of(*right_, scope_);
    if (to_.out.errors() != before)
      return false;
    const auto called = [&](const sql::relation* side, const rows_in_from& rows) {
      return is_front(side) ? front_->tables.front() : name_of_side(rows.tables);
    };
    out_.called = {called(left_, left), called(right_, right)};
    out_.names = out_.called;
    if (front_ != nullptr && !take_front())
      return false;
    if (out_.called[0] == out_.called[1])
      return say(at_,
                 fmt::format("both sides are called \"{}\"; expected a name for each behind it, as in {} l "
                             "JOIN {} r",
                             out_.called[0], out_.called[0], out_.called[0]));
    out_.tables.insert({{out_.called[0], "l"}, {out_.called[1], "r"}});
    std::array<joined_side, 2> sides{side_of(left, 0), side_of(right, 1)};
    if (exchanges(sides)) {
      std::swap(left_, right_);
      std::swap(left, right);
      std::swap(sides[0], sides[1]);
      std::swap(out_.called[0], out_.called[1]);
      for (auto& [table, row] : out_.tables)
        row.front() = row.front() == 'l' ? 'r' : 'l';
    }
    if (is_front(left_)) {
      out_.time = front_->time;
    } else {
      for (const auto& v : sides[0].times)
        if (const auto column = column_of(v.value, {}); out_.time.empty() && column && v.later == micros(0))
          out_.time =
              expression::quoted_identifier(out_.called[0]) + "." + expression::quoted_identifier(*column);
    }
    std::set<std::size_t> told;  // the value of a BETWEEN is compared twice
    condition_reader reader(sides, [&](std::size_t at, std::string message) {
      if (told.insert(at).second)
        say(at, std::move(message));
    });
    pair_condition found;
    if (on_ != nullptr)
      found = reader.read(*on_);
    else if (same_ != nullptr)
      found = from_using(sides);
    if (to_.out.errors() != before)
      return false;
    out_.keys = std::move(found.keys);
    const bool windows = is_window(*left_) || is_window(*right_);
    const bool fits = windows                       ? make_windows(found)
                      : right_->function == "as_of" ? make_versions(reader, found)
                                                    : make_interval(found);
    if (!fits)
      return false;
    out_.from = {left.from, right.from};
    add_sides(std::move(left.from), std::move(right.from));
    return add_keys(sides[0]);
  }

  /// Columns of a join in front are known by the names of its tables.
  bool take_front() {
    const std::string row = is_front(left_) ? "l" : "r";
    const auto& other = out_.called[row == "l" ? 1 : 0];
    if (std::ranges::find(front_->tables, other) != front_->tables.end())
      return say(at_, fmt::format("two tables are called \"{}\" here; expected another name behind this one",
                                  other));
    out_.in_front = true;
    out_.names = front_->tables;
    out_.names.push_back(other);
    for (const auto& t : front_->tables) {
      out_.tables.emplace(t, row);
      out_.whole.emplace(t, front_->whole.contains(t));
    }
    for (const auto& c : front_->carried) {
      out_.tables.emplace(c.table + "." + c.column,
                          fmt::format("{}.{}", row, expression::quoted_label(c.name)));
      if (c.table.empty())
        out_.alone.insert(c.column);
    }
    return true;
  }

  /// Rows of an interval join have the event time of its left side, and pairs are the same whichever side that is.
  [[nodiscard]] bool exchanges(const std::array<joined_side, 2>& sides) const {
    if (timed_ == nullptr || how_ != join::inner || sides[0].windowed || sides[1].windowed ||
        sides[1].versions)
      return false;
    const auto is_time_of = [&](const read_column& c, const joined_side& s) {
      const bool of_side = c.table == s.called || std::ranges::find(s.tables, c.table) != s.tables.end();
      auto name = c.column;
      for (const auto& k : s.carried)
        if (k.table == c.table && k.column == c.column)
          name = k.name;
      return of_side && std::ranges::any_of(
                            s.times, [&](const timed_value& v) { return column_of(v.value, {}) == name; });
    };
    const auto reads = [&](const joined_side& s) {
      return std::ranges::any_of(*timed_, [&](const read_column& c) { return is_time_of(c, s); });
    };
    return reads(sides[1]) && !reads(sides[0]);
  }

  joined_side side_of(const rows_in_from& rows, std::size_t side) const {
    joined_side out;
    out.called = out_.called[side];
    out.shown = fmt::format("\"{}\"", out.called);
    if (is_front(side == 0 ? left_ : right_)) {
      out.tables = front_->tables;
      out.carried = front_->carried;
      out.time = front_->time;
      out.shown = fmt::format("the join of {}", fmt::join(out.tables, ", "));
    }
    out.windowed = is_window(side == 0 ? *left_ : *right_);
    out.versions = side == 1 && right_->function == "as_of";
    if (!out.windowed)
      out.times = to_.times.of(rows.from, to_.all);
    if (rows.from.size() == 1)
      out.lost = to_.times.lost_by(rows.from.front().text);
    return out;
  }

  pair_condition from_using(const std::array<joined_side, 2>& sides) {
    pair_condition out;
    const bool windowed = sides[0].windowed && sides[1].windowed;
    const auto is_end = [](const joined_side& s, const std::string& column) {
      return std::ranges::any_of(s.times, [&](const timed_value& v) {
        return v.later == micros(1) && column_of(v.value, {}) == column;
      });
    };
    for (const auto& name : *same_) {
      out_.alone.insert(name);
      if (windowed && is_bound(name)) {
        out.same_window = true;
        continue;
      }
      const auto l = column_in_using(left_, name);
      const auto r = column_in_using(right_, name);
      if (l.empty() || r.empty())
        continue;
      const bool is_time = name == "window_end" && is_end(sides[0], l) && is_end(sides[1], r);
      if (is_time)
        out.low = out.high = micros(0);
      else
        out.keys.push_back({l, r, at_});
      // A key without the name of a table is what either side has; a bound would be that of the join's own rows.
      if (front_ != nullptr)
        out_.tables.insert_or_assign("." + name, is_time || is_bound(name)
                                                     ? "l." + expression::quoted_label(l)
                                                     : expression::quoted_identifier(l));
    }
    return out;
  }

  /// The column of a side that USING names; empty: that cannot be said, which was told.
  std::string column_in_using(const sql::relation* side, const std::string& name) const {
    if (!is_front(side))
      return name;
    const auto known = front_->same.find(name);
    return known == front_->same.end() ? std::string() : known->second;
  }

  bool make_windows(const pair_condition& found) {
    if (front_ != nullptr && !is_window(*left_))
      return say(right_->at, fmt::format("the rows of {} stand in no window; make a view of their join, and "
                                         "{}(view, ...) of that beside this one",
                                         fmt::join(front_->tables, ", "), right_->function));
    if (!is_window(*left_) || !is_window(*right_) || left_->function != right_->function)
      return say(
          at_, "both sides of a join by windows stand in the same one; expected tumble(...) or hop(...) with "
               "the same times around both");
    if (left_->function != "tumble" && left_->function != "hop")
      return say(left_->at,
                 fmt::format("a join by windows has tumble(...) or hop(...); sessions differ by key, "
                             "and {}(...) cannot be told of both sides",
                             left_->function));
    if (front_ != nullptr && left_->function == "hop")
      return say(
          right_->at,
          "a pair of rows lies in one window of each hop(...), and a third table would find it in "
          "several; make a view of each table, FROM hop(...) GROUP BY window_start, window_end and the "
          "key, and join these USING (window_start, window_end, key)");
    auto a = to_.text.empty(node::kind::map, at_);
    auto b = a;
    const auto before = to_.out.errors();
    q_.add_times(a, *left_);
    q_.add_times(b, *right_);
    if (to_.out.errors() != before)
      return false;
    const bool same =
        a.members.size() == b.members.size() && std::ranges::all_of(a.members, [&](const member& m) {
          const auto* const other = b.find(m.name);
          return other != nullptr && same_option(m.value, other->value);
        });
    if (!same)
      return say(right_->at, "the windows of both sides differ; expected the same times on both sides");
    if (found.low || found.high)
      return say(at_,
                 "both sides stand in windows, and a BETWEEN goes without them; expected one of the two");
    if (!found.same_window)
      return say(at_,
                 fmt::format("rows of two windows pair where the windows are the same; expected USING "
                             "(window_start, window_end, key), or {0}.window_start = {1}.window_start AND "
                             "{0}.window_end = {1}.window_end in ON",
                             out_.called[0], out_.called[1]));
    constexpr std::array<std::string_view, 5> words{"inner", "left", "right", "full", "inner"};
    out_.stage = to_.stage("join", "window", at_);
    add_how(words[static_cast<std::size_t>(how_)]);
    std::ranges::move(a.members, std::back_inserter(out_.stage.members));
    out_.window = front_ != nullptr ? right_ : left_;
    out_.left_whole = how_ == join::inner || how_ == join::left;
    out_.right_whole = how_ == join::inner || how_ == join::right;
    const bool by_left = out_.left_whole && front_ == nullptr;
    if (!out_.left_whole)
      out_.time.clear();
    if (by_left || out_.right_whole)
      out_.time =
          expression::quoted_identifier(out_.called[by_left ? 0 : 1]) + ".window_end - interval '1 us'";
    return true;
  }

  void add_how(std::string_view word) {
    if (word != "inner")
      add_member(out_.stage, "how", to_.text.at(at_), to_.text.made(std::string(word), at_));
  }

  void add_how_by_time() {
    out_.right_whole = how_ == join::inner && !out_.anti;
    add_how(out_.anti ? "anti" : how_ == join::left ? "left" : "inner");
  }

  bool refuse_full() const {
    return how_ != join::full ||
           say(at_,
               "FULL JOIN goes by windows alone: a right row without a partner has no left one whose time it "
               "could have; expected both sides in tumble(...) or hop(...), or LEFT JOIN");
  }

  bool make_interval(const pair_condition& found) {
    if (!refuse_full())
      return false;
    if (!found.low && !found.high)
      return refuse_unbound();
    if (!found.low || !found.high)
      return say(at_, fmt::format("the time of {} has no {} bound; expected BETWEEN with one on both sides",
                                  out_.called[1], found.low ? "upper" : "lower"));
    out_.stage = to_.stage("join", "interval", at_);
    add_how_by_time();
    add_duration("before", -*found.low);
    add_duration("after", *found.high);
    return true;
  }

  void add_duration(std::string name, micros value) {
    add_member(out_.stage, std::move(name), to_.text.at(at_), to_.text.made(format_duration(value), at_));
  }

  bool make_versions(const condition_reader& reader, const pair_condition& found) {
    if (!refuse_full())
      return false;
    if (out_.anti)
      return say(right_->at,
                 "expected a LEFT JOIN as_of(...) in a view, and WHERE a column of the right side IS NULL "
                 "in one behind it");
    if (!right_->value || !right_->arguments.empty())
      return say(right_->at,
                 "expected the event time of the left side as the second argument of as_of(table, time)");
    const auto time = reader.time_of(right_->value->tree);
    if (!time)
      return false;
    if (time->first != 0 || time->second != micros(0))
      return say(
          right_->value->tree.offset,
          is_front(left_) && !front_->time.empty()
              ? fmt::format("expected {}, by which the rows of the joins in front come in order",
                            front_->time)
              : fmt::format("expected the event time of \"{}\" itself, by which its rows come in order",
                            out_.called[0]));
    if (found.low || found.high)
      return say(at_,
                 "as_of(...) takes the newest row at the left one's time; leave its event time out of ON");
    out_.stage = to_.stage("join", "as_of", at_);
    add_how_by_time();
    return true;
  }

  void add_sides(std::vector<node> left, std::vector<node> right) {
    std::vector<member> sides;
    sides.push_back({"left", left.front().where, one_or_list(std::move(left))});
    sides.push_back({"right", right.front().where, one_or_list(std::move(right))});
    out_.stage.members.insert(out_.stage.members.begin() + 1, std::make_move_iterator(sides.begin()),
                              std::make_move_iterator(sides.end()));
  }

  bool add_keys(const joined_side& left) {
    if (out_.keys.empty())
      return say(at_, fmt::format("a join has a key; expected an equality of a column of each side, as in "
                                  "{1}.id = {0}.id",
                                  out_.called[0], out_.called[1]));
    const bool same = std::ranges::all_of(out_.keys, [](const auto& k) { return k.left == k.right; });
    node key;
    if (same) {
      std::vector<node> names;
      for (const auto& k : out_.keys)
        names.push_back(to_.text.made(k.left, k.at));
      key = one_or_list(std::move(names));
    } else {
      key = to_.text.empty(node::kind::map, out_.keys.front().at);
      for (const auto& k : out_.keys) {
        if (key.find(k.left) != nullptr)
          return say(k.at, fmt::format(
                               "\"{}\" is in two equalities; expected each column of the left side once",
                               left.carried.empty() ? k.left : condition_reader::shown_column(left, k.left)));
        add_member(key, k.left, to_.text.at(k.at), to_.text.made(k.right, k.at));
      }
    }
    // The key stands behind the sides, as people write it.
    member made{"key", key.where, std::move(key)};
    out_.stage.members.insert(out_.stage.members.begin() + 3, std::move(made));
    if (out_.left_whole && on_ != nullptr && front_ == nullptr)
      for (const auto& k : out_.keys)
        out_.alone.insert(k.left);
    return true;
  }

  sql_queries& q_;
  sql_stages& to_;
  const sql::select& s_;
  const common_tables& scope_;
  const sql::relation* left_ = nullptr;
  const sql::relation* right_ = nullptr;
  join how_ = join::inner;
  const std::vector<std::string>* same_ = nullptr;
  const expression::syntax* on_ = nullptr;
  std::size_t at_ = 0;
  const joined_in_front* front_ = nullptr;
  const std::vector<read_column>* timed_ = nullptr;
  combined out_;
};

sql_queries::combined sql_queries::join_of(const sql::select& s, const common_tables& scope, bool owns) {
  if (s.not_exists)
    return join_maker(*this, s, scope).run();
  return joins_of(s, scope, owns);
}

sql_queries::combined sql_queries::pair_of(const sql::select& s, const common_tables& scope,
                                           const sql::relation& j, const joined_in_front* front,
                                           const std::vector<read_column>& timed) {
  return join_maker(*this, s, scope).run(j, front, timed);
}

}  // namespace millrace::config
