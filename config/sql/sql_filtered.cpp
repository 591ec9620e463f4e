// WHERE over rows that a join or the elements of a list give: a select behind the stage that gives them.
#include "config/sql/sql_combined.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::config {

/// Gives each column that WHERE reads the name that it has behind the stage, as one of the columns of SELECT or beside them.
class sql_queries::rows_filter {
public:
  rows_filter(const sql_queries& q, const sql::select& s, const combined& c,
              const std::vector<sql::name>& names, node given)
      : q_(q), s_(s), c_(c), names_(names), given_(std::move(given)), tables_(names_in_front(c.tables)),
        star_(c.in_front
                  ? std::ranges::any_of(given_.members,
                                        [](const member& m) { return m.value.what == node::kind::boolean; })
                  : std::ranges::any_of(s.outputs, &sql::output::star)) {
    for (const auto& m : given_.members)
      shown_.push_back(m.name);
  }

  void name_columns() {
    each_column(s_.where->tree, [&](const expression::syntax& column) {
      const auto key = key_of(column, c_.tables);
      if (tables_.contains(key))
        return;
      if (const auto called = given_as(key))
        tables_.emplace(key, expression::quoted_identifier(*called));
      else if (star_)  // the columns of SELECT could not be told from it
        refuse(column.offset, key);
      else
        tables_.emplace(key, expression::quoted_identifier(add(column.offset, key)));
    });
  }

  /// The columns of the stage in front.
  [[nodiscard]] node take_given() { return std::move(given_); }
  [[nodiscard]] node where() const { return q_.to_.expressions.write(*s_.where, tables_); }
  /// The columns of SELECT where the stage in front gives more than these; else an empty map.
  [[nodiscard]] node shown() const {
    auto out = q_.to_.text.empty(node::kind::map, s_.at);
    if (given_.members.size() > shown_.size())
      for (const auto& m : shown_)
        add_member(out, m, q_.to_.text.at(s_.at), q_.to_.text.made(expression::quoted_identifier(m), s_.at));
    return out;
  }

private:
  /// The name in SELECT of the column, or of one that equals it in every row.
  [[nodiscard]] std::optional<std::string> given_as(const std::string& key) const {
    if (auto called = called_by_item(key))
      return called;
    if (c_.in_front)  // the stage in front has columns of its names
      for (const auto& m : given_.members)
        if (m.value.is_text() && m.value.text == text_of_column(key, c_))
          return m.name;
    if (auto called = called_by_star(key))
      return called;
    for (const auto& other : equals_of(key))
      if (auto called = called_by_item(other); called || (called = called_by_star(other)))
        return called;
    return std::nullopt;
  }

  [[nodiscard]] std::optional<std::string> called_by_item(const std::string& key) const {
    for (std::size_t i = 0; i < s_.outputs.size(); ++i)
      if (const auto& o = s_.outputs[i]; o.value && o.value->tree.what == expression::form::column &&
                                         o.value->tree.path.size() == (key.front() == '.' ? 1U : 2U) &&
                                         key_of(o.value->tree, c_.tables) == key)
        return i < names_.size() ? names_[i].text : q_.name_of(o);
    return std::nullopt;
  }

  /// Another item of its name takes the column's place in a star.
  [[nodiscard]] std::optional<std::string> called_by_star(const std::string& key) const {
    const std::string column(column_in(key));
    const auto table = key.substr(0, key.find('.'));
    const bool listed = std::ranges::find(c_.members, column) != c_.members.end();
    const bool of_element = !c_.list.empty() && (table == c_.element || (table.empty() && listed));
    const auto covers = [&](const sql::output& o) {
      if (!o.star || o.star_of.empty())
        return o.star;
      return c_.list.empty() ? o.star_of == table : (o.star_of == c_.element) == of_element;
    };
    if (std::ranges::any_of(s_.outputs, covers) && (of_element || given_.find(column) == nullptr))
      return column;
    return std::nullopt;
  }

  /// Both columns of an equality, and its key without a table, where each row has that side.
  [[nodiscard]] std::vector<std::string> equals_of(const std::string& key) const {
    std::vector<std::string> out;
    if (c_.in_front)
      return out;
    for (const auto& k : c_.keys) {
      std::vector<std::string> same;
      if (c_.alone.contains(k.left))
        same.push_back("." + k.left);
      if (c_.left_whole)
        same.push_back(c_.called[0] + "." + k.left);
      if (c_.right_whole)
        same.push_back(c_.called[1] + "." + k.right);
      if (std::ranges::find(same, key) != same.end())
        std::ranges::copy_if(same, std::back_inserter(out), [&](const std::string& s) { return s != key; });
    }
    return out;
  }

  void refuse(std::size_t at, const std::string& key) const {
    const auto table = key.substr(0, key.find('.'));
    const auto column = expression::quoted_identifier(column_in(key));
    const auto item =
        table.empty() ? column
                      : fmt::format("{}.{} AS {}", expression::quoted_identifier(table), column,
                                    expression::quoted_identifier(table + "_" + std::string(column_in(key))));
    q_.to_.say(at,
               fmt::format("this WHERE stands behind the {}, and SELECT does not give the column; add {} to "
                           "SELECT",
                           c_.list.empty() ? "join" : "unnest", item));
  }

  /// Another column of the stage in front; returns its name.
  std::string add(std::size_t at, const std::string& key) {
    std::string called(column_in(key));
    while (given_.find(called) != nullptr)
      called += "_read";
    add_member(given_, called, q_.to_.text.at(at), q_.to_.text.made(text_of_column(key, c_), at));
    return called;
  }

  const sql_queries& q_;
  const sql::select& s_;
  const combined& c_;
  const std::vector<sql::name>& names_;
  node given_;
  table_names tables_;              // and, once they are named, columns
  bool star_;                       // SELECT has one
  std::vector<std::string> shown_;  // columns of SELECT
};

node sql_queries::filtered_behind(const sql::select& s, combined c, const std::string& name,
                                  const std::vector<sql::name>& columns, bool owns) {
  auto plain = s;
  plain.where.reset();
  rows_filter filter(*this, s, c, columns, columns_of(plain, columns, c));
  filter.name_columns();
  auto where = filter.where();
  auto shown = filter.shown();
  if (auto given = filter.take_given(); !given.members.empty())
    add_member(c.stage, "columns", given.where, std::move(given));
  if (owns)
    add_own_options(c.stage);
  const auto front = name + c.suffix;
  to_.add(front, s.at, std::move(c.stage));
  auto out = to_.stage("transform", "select", s.at);
  add_from(out, {to_.text.made(front, s.at)});
  add_member(out, "where", to_.text.at(s.where->where.begin), std::move(where));
  if (!shown.members.empty())
    add_member(out, "columns", shown.where, std::move(shown));
  return out;
}

}  // namespace millrace::config
