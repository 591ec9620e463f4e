#include "config/sql/sql_conditions.hpp"

#include "config/sql/sql_expressions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace millrace::config {
namespace {

using expression::form;
using expression::syntax;

constexpr std::string_view beyond_conditions =
    "ON takes equalities of columns, AND one BETWEEN of the event times of both sides; a condition on one "
    "side goes into a subquery in its place, JOIN (SELECT * FROM table WHERE ...) name ON ..., and what is "
    "left "
    "into WHERE";

constexpr std::string_view beyond_equalities = "as_of(...) takes the newest row at the left one's time, by "
                                               "equalities alone in ON; put this condition into "
                                               "WHERE";

constexpr std::string_view no_equality =
    "as_of(...) looks up the version of a key, so ON needs an equality of a column of each side; a range or "
    "a "
    "network is turned into keys before (docs/changes.md#ranges-and-networks-as-keys)";

constexpr std::string_view beyond_windows =
    "rows of two windows pair by equalities alone; a condition on one "
    "side goes into a view of its table, and what is left into "
    "WHERE";

bool is_constant(const syntax& s) {
  bool out = true;
  each_column(s, [&](const syntax&) { out = false; });
  return out;
}

const carried_column* carried_in(const joined_side& side, std::string_view table, std::string_view column) {
  const auto at = std::ranges::find_if(
      side.carried, [&](const carried_column& c) { return c.table == table && c.column == column; });
  return at == side.carried.end() ? nullptr : &*at;
}

}  // namespace

pair_condition condition_reader::read(const syntax& s) {
  std::vector<const syntax*> open{&s};
  std::vector<const syntax*> all;
  while (!open.empty()) {
    const auto& at = *open.back();
    open.pop_back();
    if (at.what == form::all_of)
      for (auto a = at.args.rbegin(); a != at.args.rend(); ++a)
        open.push_back(&*a);
    else
      all.push_back(&at);
  }
  const auto equals = [](const syntax* one) { return one->what == form::call && one->text == "="; };
  if (sides_[1].versions && std::ranges::none_of(all, equals))
    say_(all.front()->offset, std::string(no_equality));
  else
    for (const auto* const one : all)
      read_one(*one);
  return std::move(out_);
}

void condition_reader::read_one(const syntax& s) {
  const bool compares = s.what == form::call && s.args.size() == 2;
  if (compares && s.text == "=")
    read_equality(s);
  else if (sides_[1].versions)
    say_(s.offset, std::string(beyond_equalities));
  else if (sides_[0].windowed && sides_[1].windowed)
    say_(s.offset, std::string(beyond_windows));
  else if (is_of_one_side(s))
    say_(s.offset, std::string(beyond_conditions));
  else if (compares && (s.text == "<=" || s.text == "<"))
    read_order(s.args[0], s.args[1], micros(s.text == "<" ? 1 : 0));
  else if (compares && (s.text == ">=" || s.text == ">"))
    read_order(s.args[1], s.args[0], micros(s.text == ">" ? 1 : 0));
  else if (s.what == form::between && !s.flag && !s.star) {
    read_order(s.args[1], s.args[0], micros(0));
    read_order(s.args[0], s.args[2], micros(0));
  } else {
    say_(s.offset, std::string(beyond_conditions));
  }
}

bool condition_reader::is_of_one_side(const syntax& s) const {
  if (s.args.size() < 2)
    return false;
  const auto bounds = std::span(s.args).subspan(1);
  if (is_constant(s.args[0]) || std::ranges::all_of(bounds, is_constant))
    return true;
  // Two times of one side are told of as such.
  if (std::ranges::all_of(s.args, [&](const syntax& a) { return known_time(a).has_value(); }))
    return false;
  std::optional<std::size_t> side;
  bool same = true;
  each_column(s, [&](const syntax& c) {
    const auto of = side_of(c);
    same = same && of && (!side || side == of);
    side = of;
  });
  return same;
}

std::optional<std::size_t> condition_reader::side_of(const syntax& column) const {
  if (column.path.size() < 2)
    return std::nullopt;
  const auto first = folded(column.path.front());
  for (std::size_t i = 0; i < sides_.size(); ++i)
    if (sides_[i].called == first || std::ranges::find(sides_[i].tables, first) != sides_[i].tables.end())
      return i;
  return std::nullopt;
}

std::optional<std::pair<std::size_t, std::string>> condition_reader::column_of_side(const syntax& s) const {
  const auto side = s.what == form::column && s.path.size() == 2 ? side_of(s) : std::nullopt;
  if (!side)
    return std::nullopt;
  auto column = folded(s.path.back());
  const auto& of = sides_[*side];
  // Windows of all tables are the same, and so are their bounds.
  if (!(of.windowed && is_bound(column)))
    if (const auto* const c = carried_in(of, folded(s.path.front()), column))
      column = c->name;
  return std::pair{*side, std::move(column)};
}

void condition_reader::name_as_carried(syntax& s, const joined_side& side) {
  if (s.what == form::column && s.path.size() > 1)
    if (const auto* const c = carried_in(side, folded(s.path[0]), folded(s.path[1]))) {
      s.path.erase(s.path.begin());
      s.path.front() = {c->name, true};
    }
  for (auto& a : s.args)
    name_as_carried(a, side);
}

std::string condition_reader::shown_column(const joined_side& side, const std::string& column) {
  const auto c = std::ranges::find(side.carried, column, &carried_column::name);
  if (c == side.carried.end())
    return side.called + "." + column;
  return c->table.empty() ? c->column : c->table + "." + c->column;
}

std::optional<std::pair<std::size_t, micros>> condition_reader::known_time(const syntax& s) const {
  const auto moved = without_intervals(s);
  if (!moved)
    return std::nullopt;
  for (std::size_t i = 0; i < sides_.size(); ++i) {
    bool own = true;
    each_column(*moved->value, [&](const syntax& c) { own = own && side_of(c) == i; });
    if (!own)
      continue;
    auto value = *moved->value;
    name_as_carried(value, sides_[i]);
    for (const auto& v : sides_[i].times)
      if (same_expression(value, v.value, {{sides_[i].called, ""}}))
        return std::pair{i, moved->later + v.later};
  }
  return std::nullopt;
}

std::optional<std::pair<std::size_t, micros>> condition_reader::time_of(const syntax& s) const {
  auto out = known_time(s);
  if (!out)
    refuse_time(s);
  return out;
}

void condition_reader::refuse_time(const syntax& s) const {
  if (!without_intervals(s))
    return say_(s.offset, "a month has no constant length; expected an interval of weeks, days or less");
  std::optional<std::size_t> side;
  bool named = true;
  each_column(s, [&](const syntax& c) {
    const auto of = side_of(c);
    named = named && of.has_value();
    side = side ? side : of;
  });
  if (!side)
    return say_(s.offset,
                named
                    ? fmt::format("this is a constant for every row; expected the event time of {} or {}, "
                                  "plus or minus a constant interval",
                                  sides_[0].shown, sides_[1].shown)
                    : fmt::format("expected the name of the table in front of a column of it in ON: {0}.{2} "
                                  "or {1}.{2}",
                                  sides_[0].called, sides_[1].called, "column"));
  std::vector<std::string> known;
  for (const auto& v : sides_[*side].times)
    if (v.value.what == form::column && !v.value.path.empty())
      if (auto shown = shown_time(v, shown_column(sides_[*side], v.value.path.back().name));
          std::ranges::find(known, shown) == known.end())
        known.push_back(std::move(shown));
  if (known.empty() && !sides_[*side].time.empty())
    known.push_back(sides_[*side].time);
  if (const auto& lost = sides_[*side].lost; known.empty() && lost)
    return say_(s.offset,
                fmt::format("a join goes by event time, and that of {} is {}.{}: \"{}\" leaves this column "
                            "out; expected it in the SELECT of that view, too",
                            sides_[*side].shown, sides_[*side].called, lost->column, lost->stage));
  say_(s.offset,
       known.empty()
           ? fmt::format(
                 "a join goes by event time, and that of {0} cannot be told from the statements above; "
                 "expected a table above WITH (event_time = 'column'), or a view that gives that column on",
                 sides_[*side].shown)
           : fmt::format("a join goes by event time, and this is not that of {}; expected {}, and a constant "
                         "interval added to it or taken from it",
                         sides_[*side].shown, fmt::join(known, " or ")));
}

void condition_reader::read_equality(const syntax& s) {
  auto l = column_of_side(s.args[0]);
  auto r = column_of_side(s.args[1]);
  const bool windowed = sides_[0].windowed && sides_[1].windowed;
  if (l && r && l->first == r->first)
    return say_(s.offset, fmt::format("both columns are those of {}; expected one of each side{}",
                                      sides_[l->first].shown,
                                      sides_[l->first].tables.empty()
                                          ? ""
                                          : ", and this condition in ON of their own join, or in WHERE"));
  if (!windowed) {
    const auto a = known_time(s.args[0]);
    const auto b = known_time(s.args[1]);
    if (a && b && a->first != b->first) {
      read_order(s.args[0], s.args[1], micros(0));
      return read_order(s.args[1], s.args[0], micros(0));
    }
  }
  if (!l || !r) {
    const auto& wrong = l ? s.args[1] : s.args[0];
    if (is_of_one_side(s) && windowed)
      return say_(wrong.offset, std::string(beyond_windows));
    if (is_of_one_side(s))
      return say_(wrong.offset, std::string(sides_[1].versions ? beyond_equalities : beyond_conditions));
    if (wrong.what == form::column && wrong.path.size() == 2 && !side_of(wrong)) {
      std::vector<std::string> names;
      for (const auto& side : sides_)
        if (side.tables.empty())
          names.push_back(side.called);
        else
          names.insert(names.end(), side.tables.begin(), side.tables.end());
      return say_(
          wrong.offset,
          fmt::format("\"{}\" is not a table that stands in FROM before this ON; expected the name of one "
                      "of these in front of its column: {}",
                      folded(wrong.path.front()), fmt::join(names, ", ")));
    }
    return say_(
        wrong.offset,
        wrong.what == form::column && wrong.path.size() == 1
            ? fmt::format("expected the name of the table in front: {0}.{2} or {1}.{2}", sides_[0].called,
                          sides_[1].called, folded(wrong.path.front()))
            : "ON compares columns of both sides; an expression becomes a column by a subquery in the place "
              "of its table, JOIN (SELECT *, expression AS name FROM table) t ON ...");
  }
  if (l->first == 1)
    std::swap(l, r);
  if (windowed && l->second == r->second && is_bound(l->second))
    out_.same_window = true;
  else
    out_.keys.push_back({l->second, r->second, s.args[0].offset});
}

void condition_reader::read_order(const syntax& earlier, const syntax& later, micros gap) {
  const auto a = time_of(earlier);
  const auto b = time_of(later);
  if (!a || !b)
    return;
  if (a->first == b->first)
    return say_(earlier.offset,
                fmt::format("both are times of {}; expected that of {} on one side of the comparison",
                            sides_[a->first].shown, sides_[1 - a->first].shown));
  // time a + a->second + gap <= time b + b->second
  if (a->first == 1)
    bound({}, b->second - a->second - gap);
  else
    bound(a->second - b->second + gap, {});
}

void condition_reader::bound(std::optional<micros> low, std::optional<micros> high) {
  if (low)
    out_.low = out_.low ? std::max(*out_.low, *low) : *low;
  if (high)
    out_.high = out_.high ? std::min(*out_.high, *high) : *high;
}

}  // namespace millrace::config
