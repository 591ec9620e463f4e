// Statements of a topology in SQL as lines of text, for golden files: each part with its slice of the text in brackets.
#pragma once

#include "runtime/expression/statements/read_statements.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace millrace::test {

/// Prints what read_statements gives of a text: the statements, then the problems as line:column: message.
class printed_statements {
public:
  explicit printed_statements(std::string_view text) : text_(text) {
    const auto read = sql::read_statements(text);
    for (const auto& s : read.all)
      std::visit([&](const auto& what) { print(what); }, s.what);
    for (const auto& p : read.problems)
      line(0, "{}: {}", place(p.offset), p.message);
  }
  [[nodiscard]] const std::string& lines() const { return out_; }

private:
  template<class... Args>
  void line(std::size_t depth, fmt::format_string<Args...> format, Args&&... args) {
    out_.append(2 * depth, ' ');
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += '\n';
  }
  [[nodiscard]] std::string place(std::size_t at) const {
    std::size_t row = 1;
    std::size_t column = 1;
    for (std::size_t i = 0; i < at && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++row;
        column = 1;
      } else if ((static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80) {
        ++column;
      }
    }
    return fmt::format("{}:{}", row, column);
  }
  [[nodiscard]] std::string cut(sql::slice s) const {
    return s.begin == s.end ? fmt::format("@{}", place(s.begin))
                            : fmt::format("[{}]", text_.substr(s.begin, s.end - s.begin));
  }
  static std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& n : names)
      out += (out.empty() ? "" : ", ") + n;
    return out;
  }
  static std::string joined(const std::vector<sql::name>& names) {
    std::string out;
    for (const auto& n : names)
      out += (out.empty() ? "" : ".") + n.text;
    return out;
  }
  static std::string spelt(const sql::column_type& t) {
    auto out = t.name;
    for (const auto m : t.modifiers)
      out += fmt::format(" {}", m);
    for (std::size_t i = 0; i < t.dimensions; ++i)
      out += "[]";
    return out;
  }

  void print(const std::vector<sql::option>& options, std::size_t depth) {
    static constexpr std::string_view kinds[] = {"alone", "text", "number", "word"};
    for (const auto& o : options)
      line(depth, "option {}{}{} at {} = {} {} {}", o.space, o.space.empty() ? "" : ".", o.key.text,
           place(o.key.at), kinds[static_cast<std::size_t>(o.what)], o.value, cut(o.value_at));
  }
  void print(const std::vector<sql::column>& columns) {
    for (const auto& c : columns) {
      line(1, "column {} at {}: {} at {}", c.called.text, place(c.called.at), spelt(c.type),
           place(c.type.at));
      print(c.options, 2);
    }
  }
  void print(const sql::set_value& s) {
    line(0, "set {}", joined(s.path));
    print({s.value}, 1);
  }
  void print(const sql::create_type& t) {
    line(0, "type {} at {}", t.called.text, place(t.called.at));
    print(t.columns);
  }
  void print(const sql::create_table& t) {
    line(0, "table {} at {}", t.called.text, place(t.called.at));
    print(t.columns);
    if (!t.primary_key.empty())
      line(1, "key {}", joined(t.primary_key));
    print(t.options, 1);
    if (t.as)
      print(*t.as, 1);
  }
  void print(const sql::create_view& v) {
    line(0, "view {} at {}", v.called.text, place(v.called.at));
    if (!v.columns.empty())
      line(1, "columns {}", joined(v.columns));
    print(v.options, 1);
    print(v.as, 1);
  }
  void print(const sql::create_function& f) {
    line(0, "function {} at {}", f.called.text, place(f.called.at));
    for (const auto& p : f.parameters)
      line(1, "parameter {}: {}", p.name, spelt(p.type));
    if (f.returns)
      line(1, "returns {}", spelt(*f.returns));
    line(1, "body {}", cut(f.body.where));
  }
  void print(const sql::insert_into& i) {
    line(0, "insert {} at {}", i.called.text, place(i.called.at));
    if (!i.columns.empty())
      line(1, "columns {}", joined(i.columns));
    print(i.from, 1);
  }
  void print(const sql::query& q, std::size_t depth) {
    for (const auto& c : q.with) {
      line(depth, "with {} ({})", c.called.text, joined(c.columns));
      print(*c.body, depth + 1);
    }
    for (const auto& branch : q.all) {
      line(depth, "branch");
      print(branch, depth + 1);
    }
    if (q.one)
      print(*q.one, depth);
    if (!q.order_by.empty())
      print(q.order_by, depth);
    if (q.limit)
      line(depth, "limit {} at {}", *q.limit, place(q.limit_at));
  }
  void print(const std::vector<sql::sorted>& order, std::size_t depth) {
    for (const auto& o : order)
      line(depth, "order {}{}{}", cut(o.value.where), o.descending ? " desc" : "",
           o.nulls_first ? " nulls first" : "");
  }
  void print(const sql::select& s, std::size_t depth) {
    line(depth, "select at {}{}", place(s.at), s.distinct ? " distinct" : "");
    for (const auto& d : s.distinct_on)
      line(depth + 1, "on {}", cut(d.where));
    for (const auto& o : s.outputs)
      print(o, depth + 1);
    for (const auto& r : s.from)
      print(r, depth + 1);
    if (s.where)
      line(depth + 1, "where {}", cut(s.where->where));
    if (s.not_exists) {
      line(depth + 1, "where not exists");
      print(*s.not_exists, depth + 2);
    }
    for (const auto& g : s.group_by)
      line(depth + 1, "group {}", cut(g.where));
    if (s.having)
      line(depth + 1, "having {}", cut(s.having->where));
  }
  void print(const sql::output& o, std::size_t depth) {
    const auto name = o.alias.empty() ? std::string() : " as " + o.alias;
    if (o.star)
      line(depth, "output {}*{}", o.star_of.empty() ? "" : o.star_of + ".", name);
    else if (o.value)
      line(depth, "output {}{}", cut(o.value->where), name);
    if (!o.rank)
      return;
    line(depth, "output rank at {}{}", place(o.at), name);
    for (const auto& p : o.rank->partition)
      line(depth + 1, "partition {}", cut(p.where));
    print(o.rank->order, depth + 1);
  }
  void print(const sql::relation& r, std::size_t depth) {
    static constexpr std::string_view kinds[] = {"from", "from window", "from subquery", "from unnest",
                                                 "from join"};
    static constexpr std::string_view joins[] = {"inner", "left", "right", "full", "cross"};
    std::string head(kinds[static_cast<std::size_t>(r.what)]);
    if (!r.function.empty())
      head += " " + r.function;
    if (!r.path.empty())
      head += " " + joined(r.path);
    if (!r.alias.empty())
      head += " as " + r.alias;
    if (!r.alias_columns.empty())
      head += " (" + joined(r.alias_columns) + ")";
    if (r.what == sql::relation::kind::joined)
      head += fmt::format(" {}", joins[static_cast<std::size_t>(r.how)]);
    if (!r.same.empty())
      head += " using " + joined(r.same);
    line(depth, "{} at {}{}", head, place(r.at), r.lateral ? " lateral" : "");
    for (const auto& a : r.arguments)
      line(depth + 1, "argument {}{}{} {}", a.name, a.name.empty() ? "" : " = ", a.value, cut(a.where));
    if (r.value)
      line(depth + 1, "value {}", cut(r.value->where));
    if (r.on)
      line(depth + 1, "on {}", cut(r.on->where));
    if (r.sub)
      print(*r.sub, depth + 1);
    if (r.left)
      print(*r.left, depth + 1);
    if (r.right)
      print(*r.right, depth + 1);
  }

  std::string_view text_;
  std::string out_;
};

}  // namespace millrace::test
