// A property of statements that have been read: the slice of each expression is that expression and no more.
#pragma once

#include "runtime/expression/statements/read_statements.hpp"
#include "runtime/expression/syntax/syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::test {

/// Equal but for offsets.
inline bool same_tree(const expression::syntax& a, const expression::syntax& b) {
  const auto named = [](const expression::name_part& x, const expression::name_part& y) {
    return x.name == y.name && x.quoted == y.quoted;
  };
  const auto ordered = [](const expression::ordered& x, const expression::ordered& y) {
    return x.descending == y.descending && x.nulls_first == y.nulls_first && same_tree(x.value, y.value);
  };
  return a.what == b.what && a.text == b.text && a.flag == b.flag && a.star == b.star &&
         a.distinct == b.distinct && a.within == b.within && std::ranges::equal(a.path, b.path, named) &&
         std::ranges::equal(a.args, b.args, same_tree) && std::ranges::equal(a.filter, b.filter, same_tree) &&
         std::ranges::equal(a.order, b.order, ordered);
}

/// Looks at every slice of statements that have been read from a text.
class slices_of_statements {
public:
  slices_of_statements(std::string_view text, const sql::statements& read) : text_(text) {
    std::size_t behind = 0;
    for (const auto& s : read.all) {
      if (s.where.begin < behind || s.where.end <= s.where.begin || s.where.end > text.size())
        say(s.where, "a statement lies behind the one before it, inside of the text");
      behind = s.where.end;
      within_ = s.where;
      std::visit([&](const auto& what) { look(what); }, s.what);
    }
    for (const auto& p : read.problems)
      if (p.offset > text.size() || p.message.empty())
        say({p.offset, p.offset}, "a problem has a place inside of the text, and a message");
  }
  /// Empty: all is well.
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

private:
  void say(sql::slice s, std::string_view what) {
    if (wrong_.empty())
      wrong_ = fmt::format("{}: {}..{} [{}]", what, s.begin, s.end,
                           s.end > s.begin && s.end <= text_.size() ? text_.substr(s.begin, s.end - s.begin)
                                                                    : std::string_view());
  }
  void inside(std::size_t at, std::string_view what) {
    if (at < within_.begin || at > within_.end)
      say({at, at}, what);
  }

  /// The expressions of one list lie behind each other.
  void look(const sql::scalar_expression& e, std::size_t& behind) {
    look(e);
    if (e.where.begin < behind)
      say(e.where, "the expression begins before the one before it ends");
    behind = e.where.end;
  }
  void look(const sql::scalar_expression& e) {
    const auto [begin, end] = e.where;
    if (begin >= end || begin < within_.begin || end > within_.end)
      return say(e.where, "the slice lies inside of its statement and is not empty");
    const auto alone = expression::parse(text_.substr(begin, end - begin), nullptr);
    if (!alone)
      return say(e.where, "the slice is no expression: " + alone.error().front().message);
    if (!same_tree(*alone, e.tree))
      say(e.where, "the slice gives another tree");
  }
  /// Of parts whose slices are empty.
  void look_at_tree(const sql::scalar_expression& e) {
    inside(e.tree.offset, "the expression stands inside of its statement");
    if (e.where.begin != e.where.end)
      say(e.where, "the slice is empty");
  }

  void look(const sql::query& q) {
    inside(q.at, "the query stands inside of its statement");
    for (const auto& c : q.with)
      look(*c.body);
    for (const auto& branch : q.all)
      look(branch);
    if (q.one.has_value() == !q.all.empty())
      say({q.at, q.at}, "a query is one SELECT or has branches");
    if (q.one)
      look(*q.one);
    std::size_t behind = 0;
    for (const auto& o : q.order_by)
      look(o.value, behind);
  }
  void look(const sql::select& s) {
    std::size_t behind = 0;
    for (const auto& d : s.distinct_on)
      look(d, behind);
    for (const auto& o : s.outputs) {
      inside(o.at, "the item stands inside of its statement");
      if (o.at < behind)
        say({o.at, behind}, "the item begins before the one before it ends");
      if (static_cast<int>(o.star) + static_cast<int>(o.value.has_value()) +
              static_cast<int>(o.rank.has_value()) !=
          1)
        say({o.at, o.at}, "an item is a star, an expression or a rank");
      if (o.value)
        look(*o.value, behind);
      if (!o.rank)
        continue;
      for (const auto& p : o.rank->partition)
        look_at_tree(p);
      for (const auto& by : o.rank->order)
        look_at_tree(by.value);
    }
    for (const auto& r : s.from)
      look(r);
    if (s.where)
      look(*s.where, behind);
    if (s.not_exists)
      look(*s.not_exists);
    for (const auto& g : s.group_by)
      look(g, behind);
    if (s.having)
      look(*s.having, behind);
  }
  void look(const sql::relation& r) {
    inside(r.at, "the relation stands inside of its statement");
    for (const auto& a : r.arguments)
      if (a.where.begin >= a.where.end || a.where.end > within_.end)
        say(a.where, "the argument's slice lies inside of its statement");
    if (r.value)
      look_at_tree(*r.value);
    if (r.on)
      look_at_tree(*r.on);
    for (const auto& part : {r.left, r.right})
      if (part)
        look(*part);
    if (r.sub)
      look(*r.sub);
  }

  void look(const std::vector<sql::option>& options) {
    for (const auto& o : options) {
      inside(o.key.at, "the option stands inside of its statement");
      if (o.what == sql::option::kind::none)
        continue;
      if (o.value_at.begin >= o.value_at.end || o.value_at.end > within_.end || o.value_at.begin <= o.key.at)
        say(o.value_at, "the option's value lies behind its name");
    }
  }
  void look(const std::vector<sql::column>& columns) {
    std::size_t behind = within_.begin;
    for (const auto& c : columns) {
      if (c.called.at < behind || c.type.at <= c.called.at || c.type.at > within_.end)
        say({c.called.at, c.type.at}, "columns lie behind each other, each type behind its name");
      behind = c.type.at;
      look(c.options);
    }
  }
  void look(const sql::set_value& s) { look(std::vector{s.value}); }
  void look(const sql::create_type& t) { look(t.columns); }
  void look(const sql::create_table& t) {
    look(t.columns);
    look(t.options);
    if (t.as)
      look(*t.as);
  }
  void look(const sql::create_view& v) {
    look(v.options);
    look(v.as);
  }
  void look(const sql::create_function& f) { look(f.body); }
  void look(const sql::insert_into& i) { look(i.from); }

  std::string_view text_;
  sql::slice within_{};
  std::string wrong_;
};

/// Empty, or what is wrong.
inline std::string wrong_slice(std::string_view text, const sql::statements& read) {
  return slices_of_statements(text, read).wrong();
}

}  // namespace millrace::test
