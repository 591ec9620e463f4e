#include "runtime/expression/bind/binder.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/bind/overload.hpp"
#include "runtime/expression/evaluate/evaluator.hpp"
#include "runtime/expression/formats/number_text.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace millrace::expression {
node_ptr binder::problem_at(std::size_t offset, std::string message) {
  found_.push_back({offset, std::move(message)});
  return nullptr;
}

node_ptr binder::make(op what, kind type, std::size_t offset) const {
  auto n = std::make_unique<node>();
  n->what = what;
  n->type = type;
  n->offset = offset;
  return n;
}

node_ptr binder::bind(const syntax& s) {
  switch (s.what) {
  case form::column:
    return column(s);
  case form::null:
  case form::integer:
  case form::decimal:
  case form::string:
  case form::boolean:
    return literal(s);
  case form::call:
    return call(s);
  case form::cast:
    return cast(s);
  case form::all_of:
  case form::any_of:
  case form::negation:
    return logic(s);
  case form::case_of:
    return case_of(s);
  case form::coalesce:
    return coalesce(s);
  case form::greatest:
  case form::least:
    return extremum(s);
  case form::nullif:
    return nullif(s);
  case form::is_null: {
    auto n = make(op::is_null, kind::boolean, s.offset);
    n->flag = s.flag;
    auto argument = bind(s.args[0]);
    if (!argument)
      return nullptr;
    n->args.push_back(std::move(argument));
    return fold_constant(std::move(n));
  }
  case form::boolean_test:
    return boolean_test(s);
  case form::in_list:
    return compared(s, op::in_list, "=");
  case form::between:
    return compared(s, op::between, ">=");
  case form::distinct_from:
    return compared(s, op::distinct_from, "=");
  case form::current_instant:
    return instant(s);
  case form::element:
    return element(s);
  case form::slice:
    return slice(s);
  case form::row:
    return row_alone(s);
  case form::member:
    return member(s);
  case form::list:
    return list(s);
  case form::quantified:
    return quantified(s);
  }
  return nullptr;
}

node_ptr binder::bind_boolean(const syntax& s, std::string_view role) {
  auto n = bind(s);
  if (!n)
    return nullptr;
  if (n->type != kind::boolean && n->type != kind::unknown)
    return problem_at(s.offset,
                      fmt::format("{} must be a condition (boolean), and this is {}; compare it with "
                                  "something",
                                  role, name_of(n->type)));
  return coerce(std::move(n), kind::boolean);
}

node_ptr binder::finish(node_ptr n) {
  if (n->type == kind::interval)
    return problem_at(n->offset, "an interval cannot be a column; use extract(epoch from x) for seconds, or "
                                 "(x)::text");
  if (n->type == kind::time)
    return problem_at(n->offset,
                      "a time of day cannot be a column; use extract(epoch from x) for seconds, or "
                      "(x)::text");
  if (n->type == kind::unknown)
    return coerce(std::move(n), kind::text);
  return n;
}

node_ptr binder::fold_constant(node_ptr n) const {
  const auto is_null = [](const node_ptr& a) { return a->what == op::constant && a->value.null; };
  // a constant that fails, such as 1/0, is there in spite of a null beside it
  const auto always_fails = [](const node_ptr& a) {
    const auto t = traits_of(*a);
    return a->what != op::constant && t.can_fail && t.columns.empty() && !t.uses_now;
  };
  if (n->what == op::call && n->fn->strict && std::any_of(n->args.begin(), n->args.end(), is_null) &&
      std::none_of(n->args.begin(), n->args.end(), always_fails)) {
    auto out = make(op::constant, n->type, n->offset);  // null in any case
    out->column_type = n->column_type;
    return out;
  }
  for (const auto& a : n->args)
    if (a->what != op::constant)
      return n;
  arena memory;
  failed_rows failed;
  evaluator run(memory, nullptr, 0, 1, 0, failed);
  const auto v = run.run(*n, nullptr);
  if (!failed.empty())
    return n;  // fails for the rows that come here, maybe none
  auto out = make(op::constant, n->type, n->offset);
  auto typed = v;
  typed.type = n->type;
  out->column_type = n->column_type;
  out->value = constant_value::of(typed);
  return out;
}

node_ptr binder::column(const syntax& s) {
  if (!names_.columns)
    return problem_at(s.offset, "no columns can be named here");
  const auto& first = s.path[0];
  auto at = s.flag ? std::optional<std::size_t>{} : names_.columns->find(first.name);
  if (!at && !first.quoted && !s.flag)
    at = names_.columns->find(fold(first.name));
  std::size_t parts = 1;  // of the path, which name the column
  if (!at && !s.flag && (at = column_of_side(s)))
    parts = 2;
  if (!at)
    return unknown_column(s);
  auto n = make(op::column, kind::object, s.offset);
  n->column = *at;
  auto type = (*names_.columns)[*at].type;
  for (std::size_t i = parts; i < s.path.size(); ++i) {
    const auto found = find_member(type, s.path[i]);
    if (!found)
      return problem_at(s.offset, no_member(type, s.path[i], "\"" + s.path[i - 1].name + "\""));
    n->path.push_back(*found);
    type = data::type(type.fields()[*found].type);
  }
  n->type = kind_of(type);
  n->column_type = type;
  return n;
}

std::optional<std::size_t> binder::column_of_side(const syntax& s) const {
  if (!names_.sides || s.path.size() < 2)
    return std::nullopt;
  const auto side = s.path[0].quoted ? s.path[0].name : fold(s.path[0].name);
  if (side != "l" && side != "r")
    return std::nullopt;
  const auto& name = s.path[1];
  const auto exact = names_.columns->find(fmt::format("{}.{}", side, name.name));
  return exact || name.quoted ? exact : names_.columns->find(fmt::format("{}.{}", side, fold(name.name)));
}

namespace {

/// The columns of a pair that are meant by a name alone, as l.NAME or r.NAME; of a wrong l.NAME the near ones.
std::string meant_of_sides(const syntax& s, const data::schema& columns) {
  std::vector<std::string_view> found;
  for (const auto& f : columns)
    if (f.name == "l." + s.path[0].name || f.name == "r." + s.path[0].name)
      found.push_back(f.name);
  if (!found.empty())
    return fmt::format("; did you mean {}?", fmt::join(found, " or "));
  const auto first = fold(s.path[0].name);
  if (first != "l" && first != "r")
    return {};
  for (const auto& f : columns)
    if (f.name.starts_with(first + "."))
      found.push_back(f.name);
  if (s.path.size() > 1)
    if (const auto near = closest(fmt::format("{}.{}", first, s.path[1].name), found); !near.empty())
      return fmt::format("; did you mean {}?", near);
  return found.size() <= 12
             ? fmt::format("; the {} side has: {}", first == "l" ? "left" : "right", fmt::join(found, ", "))
             : std::string();
}

/// User-Agent has the words User and Agent.
bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = 0; at < text.size(); ++at)
    if (const auto found = word_at(text, at); !found.empty()) {
      if (fold(found) == fold(word))
        return true;
      at += found.size();
    }
  return false;
}

}  // namespace

node_ptr binder::unknown_column(const syntax& s) {
  const auto& name = s.path[0].name;
  auto message = fmt::format("there is no column \"{}\"", name);
  if (names_.sides)
    if (const auto meant = meant_of_sides(s, *names_.columns); !meant.empty())
      return problem_at(s.offset, fmt::format("there is no column {}{}",
                                              s.path.size() > 1 && s.path[0].name.size() == 1
                                                  ? s.path[0].name + "." + s.path[1].name
                                                  : "\"" + name + "\"",
                                              meant));
  if (s.flag && names_.columns->find(fold(name)))
    return problem_at(s.offset, fmt::format("{} is a word of SQL; the column of that name stands in double "
                                            "quotes: \"{}\"",
                                            name, fold(name)));
  std::string dotted;
  for (const auto& part : s.path)
    dotted.append(dotted.empty() ? "" : ".").append(part.name);
  std::vector<std::string_view> names;
  for (const auto& f : *names_.columns)
    names.push_back(f.name);
  const auto quoted = std::find_if(names.begin(), names.end(), [&](std::string_view c) {
    // User-Agent without quotes is User minus Agent
    return c == dotted ||
           (c.size() > name.size() && fold(c).starts_with(fold(name)) && word_at(c, 0).size() == name.size());
  });
  const auto in_quotes = [](std::string_view column) {
    return fmt::format("; the column \"{}\" stands in double quotes", column);
  };
  for (const auto column : names)  // the rest of User-Agent, of which User has said it
    if (has_word(column, name) && std::any_of(found_.begin(), found_.end(), [&](const problem& p) {
          return p.message.ends_with(in_quotes(column));
        }))
      return nullptr;
  if (quoted != names.end() && (s.path.size() > 1 || quoted->size() > name.size()))
    message += in_quotes(*quoted);
  else if (aggregate_ && s.path.size() == 1 && !s.path[0].quoted && is_aggregate(fold(name)))
    message += fmt::format("; did you mean {}({})?", fold(name), fold(name) == "count" ? "*" : "...");
  else if (const auto near = closest(name, names); !near.empty())
    message += fmt::format("; did you mean \"{}\"?", near);
  else if (!names.empty() && names.size() <= 12)
    message += fmt::format("; there are: {}", fmt::join(names, ", "));
  if (s.path[0].quoted && message.find("did you mean") == std::string::npos)
    message += "; text stands in single quotes";
  return problem_at(s.offset, std::move(message));
}

node_ptr binder::literal(const syntax& s) {
  auto n = make(op::constant, kind::unknown, s.offset);
  auto& v = n->value;
  v.null = s.what == form::null;
  switch (s.what) {
  case form::integer:
    n->type = kind::bigint;
    std::from_chars(s.text.data(), s.text.data() + s.text.size(), v.i);
    break;
  case form::decimal: {
    n->type = kind::numeric;
    if (read_decimal(s.text, v.n) == decimal_reading::ok)
      break;
    n->type = kind::float64;  // beyond numeric, but perhaps beside a double
    if (read_double(s.text, v.d) != reading::ok)
      return problem_at(s.offset,
                        fmt::format("the number {} is out of range for double", data::excerpt(s.text)));
    break;
  }
  case form::boolean:
    n->type = kind::boolean;
    v.b = s.flag ? 1 : 0;
    break;
  case form::string:
    v.s = s.text;
    v.text = v.s;
    break;
  default:
    break;
  }
  return n;
}

std::optional<std::vector<node_ptr>> binder::bind_all(const std::vector<syntax>& args) {
  std::vector<node_ptr> out;
  out.reserve(args.size());
  for (const auto& a : args)
    out.push_back(bind(a));
  if (std::any_of(out.begin(), out.end(), [](const node_ptr& n) { return !n; }))
    return std::nullopt;
  return out;
}

node_ptr binder::coerce(node_ptr n, kind to) {
  const auto offset = n->offset;
  return n->type == to ? std::move(n) : cast_to(std::move(n), to, 64, offset);
}

node_ptr binder::cast(const syntax& s) {
  const auto to = kind_of_cast(s.text);
  if (to && s.flag)
    return cast_list(s, to->to);
  auto n = bind(s.args[0]);
  if (auto why = why_no_type(s.text); !to && !why.empty())
    return problem_at(s.offset, std::move(why));
  if (!to) {
    static constexpr std::string_view expected =
        "text, bigint, integer, smallint, double precision, "
        "numeric, boolean, timestamptz, timestamp, date, time, interval, json, jsonb";
    return problem_at(
        s.offset, fmt::format("there is no type {} here; {}{}", s.text,
                              s.text == "bytea" ? "sha256_hex(x) and base64_encode(x) take the text; " : "",
                              fmt::format("expected {}", expected)));
  }
  if (n && s.args.size() > 1)
    return cast_with_size(s, to->to, std::move(n));
  return n ? cast_to(std::move(n), to->to, to->bits, s.offset) : nullptr;
}

node_ptr binder::cast_to_scale(const syntax& s, node_ptr n) {
  std::array<std::int64_t, 2> size{0, 0};
  bool good = s.args.size() <= 3;
  for (std::size_t i = 1; good && i < s.args.size(); ++i) {
    const auto& text = s.args[i].text;
    good = s.args[i].what == form::integer &&
           std::from_chars(text.data(), text.data() + text.size(), size[i - 1]).ec == std::errc{};
  }
  const auto [precision, scale] = size;
  if (!good || !data::is_numeric(precision, scale))
    return problem_at(s.offset,
                      fmt::format("a numeric has 1 to {} digits, and from 0 to all of them behind the "
                                  "point, as in numeric(38, 2)",
                                  most_decimal_digits));
  auto of_any_scale = cast_to(std::move(n), kind::numeric, 64, s.offset);
  if (!of_any_scale)
    return nullptr;
  auto out = make(op::call, kind::numeric, s.offset);
  out->fn = numeric_cast_to_scale();
  out->column_type = data::type::numeric_of(static_cast<int>(precision), static_cast<int>(scale));
  out->args.push_back(std::move(of_any_scale));
  for (const auto part : size) {
    auto constant = make(op::constant, kind::bigint, s.offset);
    constant->value.null = false;
    constant->value.i = part;
    out->args.push_back(std::move(constant));
  }
  return fold_constant(std::move(out));
}

node_ptr binder::read_literal(node_ptr cast) {
  arena memory;
  failed_rows failed;
  evaluator run(memory, nullptr, 0, 1, 0, failed);
  (void)run.run(*cast, nullptr);
  if (!failed.empty())
    return problem_at(cast->offset, failed.sorted().front().message);
  return fold_constant(std::move(cast));
}

node_ptr binder::cast_to(node_ptr n, kind to, int bits, std::size_t offset) {
  if (n->type == to && bits == 64)
    return n;
  if (n->type == kind::unknown) {  // a literal is read as what it is wanted to be
    n->type = to;
    if (to == kind::list)
      n->column_type = data::type::list_of(data::type_id::text);
    if (n->value.null || to == kind::text)
      return n;
    n->type = kind::text;
    const auto at = n->offset;
    const auto* f = cast_function(kind::text, to, bits);
    if (!f)
      return problem_at(at, fmt::format("a text cannot become {}", name_of(to)));
    auto read = make(op::call, to, at);
    read->fn = f;
    if (to == kind::list)
      read->column_type = data::type::list_of(data::type_id::text);
    read->args.push_back(std::move(n));
    return read_literal(std::move(read));
  }
  const auto* f = cast_function(n->type, to, bits);
  if (!f)
    return problem_at(offset, fmt::format("{} cannot be cast to {}; {}", name_of(n->type), name_of(to),
                                          n->type == kind::bigint && to == kind::date
                                              ? "write date '1970-01-01' + n of days since 1970"
                                          : n->type == kind::date && to == kind::bigint
                                              ? "write x - date '1970-01-01' for the days since 1970"
                                              : "cast to text first, or use a function that converts it"));
  auto out = make(op::call, to, offset);
  out->fn = f;
  if (to == kind::list)
    out->column_type = data::type::list_of(data::type_id::text);
  if (to == kind::numeric && n->type == kind::bigint)
    out->column_type = data::type::numeric_of(most_decimal_digits, 0);
  out->args.push_back(std::move(n));
  return fold_constant(std::move(out));
}

node_ptr binder::instant(const syntax& s) {
  if (!names_.now_refused.empty())
    return problem_at(s.offset, fmt::format("{} cannot be used here: {}", s.text, names_.now_refused));
  return make(op::instant, kind::timestamptz, s.offset);
}

}  // namespace millrace::expression
