// Columns of tables, and the types that CREATE TYPE makes.
#include "config/core_options.hpp"
#include "config/sql/sql_stages.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <utility>

namespace millrace::config {
namespace {

/// Types made of types may name more columns than anyone means.
constexpr std::size_t most_columns = 10'000;
/// The same of all tables and types together: a type is copied to where it is named.
constexpr std::size_t most_columns_in_all = 100'000;
/// Likewise levels of nested columns.
constexpr std::size_t deepest_columns = 32;

/// PostgreSQL's names of the types that columns have here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> known_types{
    {{"text", "text"},
     {"varchar", "text"},
     {"int8", "bigint"},
     {"bigint", "bigint"},
     {"float8", "double"},
     {"double", "double"},
     {"numeric", "numeric"},
     {"bool", "boolean"},
     {"timestamp", "timestamp"},
     {"timestamptz", "timestamp"},
     {"date", "date"},
     {"json", "json"},
     {"jsonb", "json"}}};

std::string_view instead_of(std::string_view type) {
  constexpr std::string_view whole = "; whole numbers are bigint here";
  constexpr std::string_view bytes = "; bytes are text in base64 here";
  static constexpr std::pair<std::string_view, std::string_view> all[] = {
      {"int4", whole},
      {"int2", whole},
      {"tinyint", whole},
      {"long", whole},
      {"serial", whole},
      {"bigserial", whole},
      {"float4", "; write double precision"},
      {"float", "; write double precision"},
      {"bytea", bytes},
      {"bytes", bytes},
      {"binary", bytes},
      {"varbinary", bytes},
      {"string", "; write text"},
      {"bpchar", "; write text"},
      {"uuid", "; write text"},
      {"datetime", "; write timestamp"},
      {"timestamp_ltz", "; write timestamp"}};
  const auto* const at = std::ranges::find(all, type, [](const auto& a) { return a.first; });
  return at == std::end(all) ? std::string_view() : at->second;
}

/// The name as it stands in the file without quotes and with capitals, which SQL reads in lower case; empty: it does not.
std::string_view folded_spelling(const sql::name& n, std::string_view file) {
  const auto spelt = file.substr(std::min(n.at, file.size()), n.text.size());
  return spelt != n.text && expression::fold(spelt) == n.text ? spelt : std::string_view();
}

class column_maker {
public:
  explicit column_maker(sql_stages& to) : to_(to) {}

  [[nodiscard]] sql_stages::made_type make(const std::vector<sql::column>& columns) {
    auto members = columns_of(columns);
    const auto at = columns.front().called.at;
    if (count_ > most_columns)
      to_.say(at, fmt::format("these are {} columns with those of their types; expected at most {}", count_,
                              most_columns));
    to_.columns_in_all += count_;
    if (to_.columns_in_all > most_columns_in_all && to_.columns_in_all - count_ <= most_columns_in_all)
      to_.say(at, fmt::format("the tables and types of the file have more than {} columns in all",
                              most_columns_in_all));
    if (depth_ > deepest_columns)
      to_.say(at, fmt::format("types are made of types in {} levels; expected at most {}", depth_,
                              deepest_columns));
    return {std::move(members), count_, depth_};
  }

private:
  node columns_of(const std::vector<sql::column>& columns) {
    auto out = to_.text.empty(node::kind::map, columns.front().called.at);
    for (const auto& c : columns) {
      ++count_;
      if (out.find(c.called.text) != nullptr) {
        const auto folded = folded_spelling(c.called, to_.text.whole());
        to_.say(
            c.called.at,
            fmt::format("there is a column \"{}\" already{}", c.called.text,
                        folded.empty() ? "" : fmt::format("; \"{}\" in double quotes is another", folded)));
        continue;
      }
      auto type = type_of(c.type);
      if (!c.options.empty()) {
        if (type.is_map() || type.what == node::kind::list)
          to_.say(c.options.front().key.at,
                  "OPTIONS stands behind the type of a member here: it is said in CREATE TYPE");
        auto whole = to_.text.empty(node::kind::map, c.type.at);
        add_member(whole, "type", to_.text.at(c.type.at), std::move(type));
        to_.add_options(whole, c.options, column_options());
        type = std::move(whole);
      }
      add_member(out, c.called.text, to_.text.at(c.called.at), std::move(type));
    }
    return out;
  }

  node type_of(const sql::column_type& t) {
    constexpr std::size_t most_dimensions = 8;
    auto out = element_of(t);
    if (t.dimensions > most_dimensions) {
      to_.say(t.at, fmt::format("a list within lists of {} levels; expected at most {}", t.dimensions,
                                most_dimensions));
      return out;
    }
    for (std::size_t i = 0; i < t.dimensions; ++i) {
      auto list = to_.text.empty(node::kind::list, t.at);
      list.items.push_back(std::move(out));
      out = std::move(list);
    }
    return out;
  }

  /// The type by its name in the file: PostgreSQL's parser calls INT int4.
  [[nodiscard]] std::string spelt(const sql::column_type& t) const {
    const auto text = to_.text.whole().substr(t.at);
    const auto word_at = [&](std::size_t from) {
      auto end = from;
      while (end < text.size() &&
             (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_' ||
              text[end] == '.' || static_cast<unsigned char>(text[end]) >= 0x80))
        ++end;
      return text.substr(from, end - from);
    };
    const auto first = word_at(0);
    const auto second = first.size() < text.size() && text[first.size()] == ' ' ? word_at(first.size() + 1)
                                                                                : std::string_view();
    const auto more = expression::fold(second);
    if (first.empty())
      return t.name;
    return data::excerpt(
        more == "varying" || more == "precision" ? text.substr(0, first.size() + 1 + second.size()) : first);
  }

  node element_of(const sql::column_type& t) {
    if (const auto own = to_.types.find(t.name); own != to_.types.end()) {
      if (!t.modifiers.empty())
        to_.say(t.at, fmt::format("\"{}\" has no length or precision; leave the parentheses out", t.name));
      count_ += own->second.columns;
      depth_ = std::max(depth_, own->second.depth + 1);
      if (count_ <= most_columns && to_.columns_in_all <= most_columns_in_all && depth_ <= deepest_columns)
        return own->second.members;
      return to_.text.made("json", t.at);
    }
    const auto known = std::ranges::find(known_types, t.name, [](const auto& k) { return k.first; });
    if (known == known_types.end() && to_.out.is_unreadable(t.name)) {
      to_.has_unreadable_type = true;
      return to_.text.made("json", t.at);
    }
    if (known == known_types.end()) {
      std::vector<std::string> names;
      for (const auto& [name, made] : to_.types)
        names.push_back(name);
      to_.say(t.at, fmt::format("columns have no type \"{}\"; expected bigint, text, double precision, "
                                "numeric(p,s), boolean, timestamp, "
                                "date, json, one made by CREATE TYPE, or a list of these such as text[]{}",
                                spelt(t),
                                instead_of(t.name).empty() ? did_you_mean(t.name, names)
                                                           : std::string(instead_of(t.name))));
      return to_.text.made("text", t.at);
    }
    std::string name(known->second);
    if (name == "numeric" && t.modifiers.size() > 2) {
      to_.say(t.at, "numeric has a precision and a scale; expected numeric(p,s)");
    } else if (name == "numeric" && !t.modifiers.empty()) {
      name += fmt::format("({},{})", t.modifiers[0], t.modifiers.size() > 1 ? t.modifiers[1] : 0);
    } else if (!t.modifiers.empty()) {
      to_.say(t.at, fmt::format("{} has no length or precision here; leave the parentheses out", spelt(t)));
    }
    return to_.text.made(std::move(name), t.at);
  }

  sql_stages& to_;
  std::size_t count_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

node columns_of(const std::vector<sql::column>& columns, sql_stages& to) {
  return column_maker(to).make(columns).members;
}

void warn_of_folded_names(const std::vector<sql::column>& columns, const sql_stages& to) {
  constexpr std::size_t most_named = 5;
  const sql::name* first = nullptr;
  std::string_view spelt;
  std::vector<std::string_view> others;
  for (const auto& c : columns) {
    const auto folded = folded_spelling(c.called, to.text.whole());
    if (folded.empty())
      continue;
    if (first != nullptr) {
      others.push_back(folded);
      continue;
    }
    first = &c.called;
    spelt = folded;
  }
  if (first == nullptr)
    return;
  const auto named = std::span(others).first(std::min(others.size(), most_named));
  to.warn(first->at,
          fmt::format("{0} without double quotes is the column \"{1}\", which is null where records have "
                      "\"{0}\"; expected \"{0}\" in double quotes, or {1} in small letters{2}{3}{4}",
                      spelt, first->text, named.empty() ? "" : "; likewise ", fmt::join(named, ", "),
                      others.size() > named.size() ? fmt::format(" and {} more", others.size() - named.size())
                                                   : ""));
}

void add_type(const sql::create_type& t, sql_stages& to) {
  if (std::ranges::find(known_types, t.called.text, [](const auto& k) { return k.first; }) !=
          known_types.end() ||
      !instead_of(t.called.text).empty())
    return to.say(
        t.called.at,
        fmt::format("\"{}\" is the name of a type of PostgreSQL; expected another name", t.called.text));
  if (to.types.contains(t.called.text))
    return to.say(t.called.at,
                  fmt::format("there is a type \"{}\" already; expected another name", t.called.text));
  if (t.columns.empty())
    return to.say(t.called.at, "a type has at least one member");
  warn_of_folded_names(t.columns, to);
  to.types.emplace(t.called.text, column_maker(to).make(t.columns));
}

}  // namespace millrace::config
