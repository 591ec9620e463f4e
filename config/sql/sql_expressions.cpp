#include "config/sql/sql_expressions.hpp"

#include "runtime/expression/bind/aggregate_names.hpp"
#include "runtime/expression/functions/functions.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace millrace::config {
namespace {

using expression::form;
using expression::syntax;

/// Calls `with` for every part of the tree, itself the first; `with` says whether to look deeper.
void each_part(const syntax& s, const std::function<bool(const syntax&)>& with) {
  if (!with(s))
    return;
  for (const auto& a : s.args)
    each_part(a, with);
  for (const auto& f : s.filter)
    each_part(f, with);
  for (const auto& o : s.order)
    each_part(o.value, with);
}

/// The path without the name of a table in front of it.
std::size_t first_of_path(const syntax& s, const table_names& tables) {
  return s.path.size() > 1 && tables.contains(folded(s.path.front())) ? 1 : 0;
}

bool same_path(const syntax& a, const syntax& b, const table_names& tables) {
  if (a.what == form::call)
    return true;  // its path is the text of its arguments, which are compared one by one
  if (a.what != form::column)
    return std::ranges::equal(a.path, b.path, {}, folded, folded);
  return std::ranges::equal(a.path.begin() + static_cast<std::ptrdiff_t>(first_of_path(a, tables)),
                            a.path.end(),
                            b.path.begin() + static_cast<std::ptrdiff_t>(first_of_path(b, tables)),
                            b.path.end(), {}, folded, folded);
}

bool is_name(std::string_view function) {
  return !function.empty() && std::ranges::all_of(function, [](unsigned char c) {
    return c >= 0x80 || std::isalnum(c) != 0 || c == '_';
  });
}

}  // namespace

std::string folded(const expression::name_part& n) { return n.quoted ? n.name : expression::fold(n.name); }

std::string cast_of(const sql::column_type& t) {
  auto out = t.name;
  for (std::size_t i = 0; i < t.modifiers.size(); ++i)
    out += fmt::format("{}{}", i == 0 ? "(" : ", ", t.modifiers[i]);
  if (!t.modifiers.empty())
    out += ')';
  for (std::size_t i = 0; i < t.dimensions; ++i)
    out += "[]";
  return out;
}

std::string name_of_output(const syntax& s) {
  switch (s.what) {
  case form::column:
    return s.path.empty() ? std::string() : folded(s.path.back());
  case form::member:
    return folded(s.path.back());
  case form::call:
    return is_name(s.text) ? s.text : std::string();
  case form::cast: {
    auto inner = s.args.empty() ? std::string() : name_of_output(s.args.front());
    return inner.empty() ? s.text : inner;
  }
  case form::element:
  case form::slice:
    return name_of_output(s.args.front());
  case form::coalesce:
    return "coalesce";
  case form::greatest:
    return "greatest";
  case form::least:
    return "least";
  case form::nullif:
    return "nullif";
  case form::case_of: {
    auto inner = name_of_output(s.args.back());
    return inner.empty() ? "case" : inner;
  }
  default:
    return {};
  }
}

bool has_aggregate(const syntax& s) {
  bool found = false;
  each_part(s, [&](const syntax& part) {
    found = found || (part.what == form::call && expression::is_aggregate(part.text));
    return !found;
  });
  return found;
}

bool sql_expressions::calls_unknown(const syntax& s) const {
  bool found = false;
  each_part(s, [&](const syntax& part) {
    found = found || (part.what == form::call && is_name(part.text) && part.text != "unnest" &&
                      !functions_.contains(part.text) && expression::functions_named(part.text).empty() &&
                      !expression::is_aggregate(part.text));
    return !found;
  });
  return found;
}

const syntax* find_call(const syntax& s, std::span<const std::string_view> functions) {
  const syntax* found = nullptr;
  each_part(s, [&](const syntax& part) {
    if (found == nullptr && part.what == form::call &&
        std::ranges::find(functions, part.text) != functions.end())
      found = &part;
    return found == nullptr;
  });
  return found;
}

bool same_expression(const syntax& a, const syntax& b, const table_names& tables) {
  const auto same = [&](const syntax& x, const syntax& y) { return same_expression(x, y, tables); };
  return a.what == b.what && a.text == b.text && a.flag == b.flag && a.star == b.star &&
         a.distinct == b.distinct && a.within == b.within && same_path(a, b, tables) &&
         std::ranges::equal(a.args, b.args, same) && std::ranges::equal(a.filter, b.filter, same) &&
         std::ranges::equal(a.order, b.order, [&](const auto& x, const auto& y) {
           return x.descending == y.descending && x.nulls_first == y.nulls_first && same(x.value, y.value);
         });
}

std::optional<std::string> column_of(const syntax& s, const table_names& tables) {
  if (s.what != form::column || s.path.size() - first_of_path(s, tables) != 1)
    return std::nullopt;
  return folded(s.path.back());
}

void each_column(const syntax& s, const std::function<void(const syntax&)>& with) {
  each_part(s, [&](const syntax& part) {
    if (part.what == form::column)
      with(part);
    return true;
  });
}

std::size_t sql_expressions::token_at(std::size_t offset) const {
  const auto at = std::ranges::lower_bound(words_, offset, {}, &sql::token::begin);
  return static_cast<std::size_t>(at - words_.begin());
}

void sql_expressions::rename(const syntax& s, const std::string& to, std::vector<edit>& edits) const {
  // The table's name, and the dot behind it where nothing takes its place.
  const auto at = token_at(s.offset);
  if (at + 1 < words_.size() && words_[at + 1].sign == '.')
    edits.push_back({s.offset, to.empty() ? words_[at + 1].end : words_[at].end, to});
}

bool sql_expressions::replace(const syntax& s, const table_names& tables, std::vector<edit>& edits) const {
  if (s.path.empty())
    return false;
  const auto whole = [&](std::string key, std::size_t words) {
    const auto known = tables.find(key);
    const auto at = token_at(s.offset) + words - 1;
    if (known == tables.end() || at >= words_.size())
      return false;
    auto text = known->second;
    if (text.size() < words_[at].end - s.offset)
      text.resize(words_[at].end - s.offset, ' ');
    edits.push_back({s.offset, words_[at].end, std::move(text)});
    return true;
  };
  const auto first = folded(s.path.front());
  return (s.path.size() > 1 && whole(first + "." + folded(s.path[1]), 3)) || whole("." + first, 1);
}

std::vector<sql::slice> sql_expressions::arguments_at(std::size_t token, std::size_t& end) const {
  std::vector<sql::slice> out;
  int depth = 0;
  auto from = token + 2;
  for (auto at = token + 1; at < words_.size(); ++at) {
    depth += sql::depth_of(words_[at]);
    const bool divides = depth == 1 && words_[at].sign == ',';
    if ((depth == 0 || divides) && at > from)
      out.push_back({words_[from].begin, words_[at - 1].end});
    if (depth == 0) {
      end = words_[at].end;
      return out;
    }
    if (divides)
      from = at + 1;
  }
  return {};
}

std::optional<sql_expressions::edit> sql_expressions::call_of(const syntax& s, const sql::create_function& f,
                                                              std::size_t nth, const meaning& names) const {
  const auto wrong = [&](std::string message) {
    out_.error(text_.at(s.offset), {}, std::move(message));
    return std::nullopt;
  };
  const auto token = token_at(s.offset);
  std::size_t end = 0;
  const auto places = arguments_at(token, end);
  if (s.args.size() != f.parameters.size() || places.size() != s.args.size() || s.star || s.distinct ||
      !s.filter.empty() || !s.order.empty())
    return wrong(fmt::format("the function \"{}\" takes {} argument{} and nothing else", s.text,
                             f.parameters.size(), f.parameters.size() == 1 ? "" : "s"));
  std::map<std::string, std::string, std::less<>> given;
  for (std::size_t i = 0; i < places.size(); ++i)
    given.emplace(f.parameters[i].name, fmt::format("({})::{}", text_of(places[i], s.args[i], names),
                                                    cast_of(f.parameters[i].type)));
  auto text = "(" + text_of(f.body.where, f.body.tree, {{}, given, nth}) + ")";
  if (f.returns)
    text += "::" + cast_of(*f.returns);
  if (text.size() > expression::longest_text)
    return wrong(fmt::format(
        "with its functions put in the expression has more than {} bytes; split it into several views",
        expression::longest_text));
  return edit{s.offset, end, std::move(text)};
}

void sql_expressions::collect(const syntax& s, const meaning& names, std::vector<edit>& edits) const {
  each_part(s, [&](const syntax& part) {
    if (part.what == form::column && !names.parameters.empty()) {
      const auto known = names.parameters.find(part.path.empty() ? std::string() : folded(part.path.front()));
      if (known != names.parameters.end())
        edits.push_back({part.offset, words_[token_at(part.offset)].end, known->second});
    } else if (part.what == form::column && replace(part, names.tables, edits)) {
      return true;
    } else if (part.what == form::column && first_of_path(part, names.tables) == 1) {
      rename(part, names.tables.find(folded(part.path.front()))->second, edits);
    } else if (part.what == form::call) {
      if (const auto f = functions_.find(part.text);
          f != functions_.end() && f->second.nth < names.functions_below) {
        if (auto call = call_of(part, f->second.made, f->second.nth, names))
          edits.push_back(*std::move(call));
        return false;
      } else if (f == functions_.end() && out_.is_unreadable(part.text) &&
                 expression::functions_named(part.text).empty()) {
        called_unreadable_ = true;
      }
    }
    return true;
  });
}

node sql_expressions::written(sql::slice where, const syntax& tree, const meaning& names) const {
  std::vector<edit> edits;
  collect(tree, names, edits);
  std::ranges::sort(edits, {}, &edit::begin);
  auto out = text_.part(where);
  out.text.clear();
  auto copied = where.begin;
  for (const auto& e : edits) {
    if (e.begin < copied)  // an expression that stands twice in the tree
      continue;
    out.text += text_.of({copied, e.begin});
    if (!e.text.empty())
      out.moved.push_back({out.text.size(), text_.at(e.begin), true});
    out.text += e.text;
    out.moved.push_back({out.text.size(), text_.at(e.end)});
    copied = e.end;
  }
  out.text += text_.of({copied, where.end});
  return out;
}

std::string sql_expressions::text_of(sql::slice where, const syntax& tree, const meaning& names) const {
  return written(where, tree, names).text;
}

node sql_expressions::write(const sql::scalar_expression& e, const table_names& tables) const {
  auto out = written(e.where, e.tree, {tables, {}});
  // A name that was left out in front moves the whole.
  if (!out.moved.empty() && out.moved.front().at == 0 && !out.moved.front().whole)
    out.where = out.moved.front().where;
  return out;
}

void sql_expressions::add_function(const sql::create_function& f) {
  const auto wrong = [&](std::size_t at, std::string message) {
    out_.error(text_.at(at), {}, std::move(message));
  };
  if (functions_.contains(f.called.text) || expression::is_aggregate(f.called.text) ||
      !expression::functions_named(f.called.text).empty() || !is_name(f.called.text))
    return wrong(f.called.at,
                 fmt::format("there is a function \"{}\" already; expected another name", f.called.text));
  std::map<std::string, std::string, std::less<>> itself;
  for (const auto& p : f.parameters)
    if (!itself.emplace(p.name, fmt::format("({})::{}", p.name, cast_of(p.type))).second)
      return wrong(f.called.at,
                   fmt::format("two parameters are called \"{}\"; expected another name", p.name));
  bool fits = true;
  each_part(f.body.tree, [&](const syntax& part) {
    if (part.what != form::column || (!part.path.empty() && itself.contains(folded(part.path.front()))))
      return true;
    fits = false;
    wrong(part.offset, fmt::format("a function reads its parameters alone, and \"{}\" is none of them",
                                   part.path.empty() ? "" : part.path.front().name));
    return true;
  });
  if (has_aggregate(f.body.tree))
    return wrong(f.body.where.begin,
                 "a function is not an aggregate here; its arguments may hold aggregates");
  const auto before = out_.errors();
  // Functions within it are put in once here, so that what each of them may become stays bounded.
  if (fits && text_of(f.body.where, f.body.tree, {{}, itself}).size() > expression::longest_text)
    wrong(f.called.at,
          fmt::format("with its functions put in the body has more than {} bytes", expression::longest_text));
  if (fits && out_.errors() == before)
    functions_.emplace(f.called.text, function{f, functions_.size()});
}

}  // namespace millrace::config
