#include "runtime/expression/statements/part_converter.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/syntax/source_text.hpp"
#include "runtime/expression/syntax/tree_converter.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sql {
namespace {

using expression::syntax;

void move_by(syntax& s, std::size_t bytes) {
  s.offset += bytes;
  for (auto& a : s.args)
    move_by(a, bytes);
  for (auto& f : s.filter)
    move_by(f, bytes);
  for (auto& o : s.order)
    move_by(o.value, bytes);
}

/// PostgreSQL cuts longer names, which need not end at a whole character then.
constexpr std::size_t longest_name = 63;

/// The word of the statement in the place of one of JSON, in a problem of an expression.
std::string in_statements(std::string message) {
  static constexpr std::pair<std::string_view, std::string_view> remedies[] = {
      {"a subquery cannot be used in an expression here",
       "a JOIN in FROM adds the columns of another table, and WHERE NOT EXISTS (SELECT ...) alone keeps the "
       "rows that have no partner"},
      {"a window function (over ...) cannot be used in an expression here",
       "row_number() OVER (PARTITION BY window_start ORDER BY ...) is an item of SELECT by itself, with <= n "
       "around it"},
      {"* cannot be used in an expression here", "name the columns"}};
  for (const auto& [head, remedy] : remedies)
    if (message.starts_with(head))
      return fmt::format("{}; {}", head, remedy);
  return message;
}

}  // namespace

std::size_t part_converter::offset(std::int32_t location) const {
  return begin_ + (location < 0 ? start() : std::min(static_cast<std::size_t>(location), text_.size()));
}

void part_converter::refuse(std::size_t at, std::string message) { throw refused{{at, std::move(message)}}; }

const token* part_converter::token_at(std::size_t at) const {
  const auto found = std::ranges::lower_bound(words_, at - begin_, {}, &token::begin);
  return found == words_.end() ? nullptr : &*found;
}

std::size_t part_converter::word_from(std::size_t at, std::string_view word) const {
  for (const auto& t : words_)
    if (t.begin + begin_ >= at && t.word == word)
      return t.begin + begin_;
  return at;
}

std::string part_converter::whole_name(const char* parsed, std::optional<std::size_t> at) {
  std::string out = parsed == nullptr ? "" : parsed;
  if (out.size() + 4 <= longest_name)
    return out;
  std::string found;
  for (const auto& t : words_) {
    const bool is_long = t.end - t.begin > longest_name && (t.is_quoted || !t.word.empty());
    if (!is_long || (at && t.begin + begin_ != *at))
      continue;
    const auto parts = expression::names_at(text_.substr(0, t.end), t.begin);
    if (parts.empty())
      continue;
    auto whole = parts[0].quoted ? parts[0].name : expression::fold(parts[0].name);
    if (whole.size() <= longest_name || !whole.starts_with(out))
      continue;
    if (!found.empty() && found != whole)
      refuse(begin_ + t.begin,
             fmt::format("two names begin with the same {} bytes here; shorten one of them", longest_name));
    found = std::move(whole);
  }
  return found.empty() ? out : found;
}

std::string part_converter::name_of_node(const tree* n) {
  return n != nullptr && n->node_case == PG_QUERY__NODE__NODE_STRING ? whole_name(n->string->sval)
                                                                     : std::string();
}

const token* part_converter::behind_name(const token* t) const {
  const auto* const end = words_.data() + words_.size();
  if (t != end)
    ++t;
  return end - t > 1 && t->word == "uescape" && t[1].is_text ? t + 2 : t;
}

option part_converter::option_of(const PgQuery__DefElem& e) {
  option out;
  out.key.at = offset(e.location);
  const auto* t = token_at(out.key.at);
  const auto* const end = words_.data() + words_.size();
  if (t == nullptr)
    return out;
  out.space = whole_name(e.defnamespace, out.key.at);
  if (!out.space.empty())
    t = std::min(behind_name(t) + 1, end);
  out.key.text = whole_name(e.defname, t == end ? out.key.at : begin_ + t->begin);
  // The value's tokens: behind the name and "=", up to a comma or the end of the parentheses.
  t = behind_name(t);
  if (t < end && t->sign == '=')
    ++t;
  const auto* last = t;
  int depth = 0;
  while (last < end && !(depth == 0 && (last->sign == ',' || last->sign == ')' || last->sign == ';'))) {
    depth += depth_of(*last);
    ++last;
  }
  if (e.arg == nullptr || last == t)
    return out;
  fill_value(out, *e.arg, {t, last});
  return out;
}

void part_converter::fill_value(option& out, const tree& n, token_range words) {
  out.value_at = moved(slice_of(words));
  if (words.front().is_quoted)
    say(out.value_at.begin,
        fmt::format("{} is a name; a text stands in single quotes", excerpt_of(out.value_at)));
  switch (n.node_case) {
  case PG_QUERY__NODE__NODE_STRING:
    out.what = words.front().is_text ? option::kind::text : option::kind::word;
    out.value = n.string->sval;
    return;
  case PG_QUERY__NODE__NODE_INTEGER:
    out.what = option::kind::number;
    out.value = std::to_string(n.integer->ival);
    return;
  case PG_QUERY__NODE__NODE_FLOAT:
    out.what = option::kind::number;
    out.value = n.float_->fval;
    return;
  default:
    out.what = option::kind::word;
    out.value = words.front().word;
    if (!words.front().is_quoted && (words.size() != 1 || out.value.empty()))
      say(out.value_at.begin,
          fmt::format("expected a text in single quotes, a number or one word as the value, found {}",
                      excerpt_of(out.value_at)));
  }
}

std::string part_converter::excerpt_of(slice s) const {
  return data::excerpt(text_.substr(s.begin - begin_, s.end - s.begin));
}

std::vector<option> part_converter::options_of(tree* const* list, std::size_t count) {
  std::vector<option> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(option_of(*list[i]->def_elem));
  return out;
}

column_type part_converter::type_of(const PgQuery__TypeName& t) {
  column_type out;
  out.at = offset(t.location);
  if (t.n_names > 0)
    out.name = name_of_node(t.names[t.n_names - 1]);
  if (t.n_names > 1 && name_of_node(t.names[0]) != "pg_catalog")
    say(out.at, "a type has no schema here; expected its name alone");
  if (t.setof != 0 || t.pct_type != 0)
    say(out.at, "a type is a name here, with [] behind it for a list; SETOF and %TYPE are not offered");
  for (std::size_t i = 0; i < t.n_typmods; ++i) {
    const auto* m = t.typmods[i];
    if (m->node_case == PG_QUERY__NODE__NODE_A_CONST && m->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL)
      out.modifiers.push_back(m->a_const->ival->ival);
    else
      say(out.at, "the parentheses behind a type hold whole numbers");
  }
  out.dimensions = t.n_array_bounds;
  return out;
}

scalar_expression part_converter::expression_of(const tree* n, slice where) {
  scalar_expression out;
  out.where = moved(where);
  auto made = expression::convert_tree(n, text_, 0);
  if (made) {
    move_by(*made, begin_);
    out.tree = *std::move(made);
  } else {
    // A node without a place is where its expression begins.
    for (auto& p : made.error())
      say(std::max(p.offset + begin_, out.where.begin), in_statements(std::move(p.message)));
    out.tree.offset = out.where.begin;
  }
  return out;
}

scalar_expression part_converter::tree_alone(const tree* n) {
  auto out = expression_of(n, {});
  out.where = {out.tree.offset, out.tree.offset};
  return out;
}

}  // namespace millrace::sql
