// The binder's side of what is syntax and no function: and, or, case, coalesce, in, between and their like.
#include "runtime/expression/bind/binder.hpp"
#include "runtime/expression/bind/numeric_scales.hpp"
#include "runtime/expression/bind/overload.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::expression {
namespace {

/// Lists of numerics may differ in their scales; all else is of one type.
std::optional<data::type> common_type(const data::type& a, const data::type& b) {
  const auto is_of_numerics = [](const data::type& t) {
    return t.id() == data::type_id::list && t.element().id() == data::type_id::numeric;
  };
  if (a == b)
    return a;
  if (is_of_numerics(a) && is_of_numerics(b))
    return data::type::list_of(data::type_id::numeric);
  return std::nullopt;
}

}  // namespace

bool binder::unify(std::vector<node_ptr*> args, std::string_view what, std::size_t offset) {
  std::vector<kind> kinds;
  kinds.reserve(args.size());
  for (const auto* a : args)
    kinds.push_back((*a)->type);
  const auto common = common_kind(kinds);
  if (!common) {
    const auto other = std::find_if(kinds.begin(), kinds.end(), [&](kind k) {
      return k != kind::unknown && k != kinds[0] &&
             (category(k) != category(kinds[0]) || category(k) == category(kind::json));
    });
    problem_at(other == kinds.end() ? offset
                                    : (*args[static_cast<std::size_t>(other - kinds.begin())])->offset,
               fmt::format("the values of {} do not mix: {} and {}; cast one of them, as in (...)::text",
                           what, name_of(kinds[0]), name_of(other == kinds.end() ? kinds.back() : *other)));
    return false;
  }
  for (auto* a : args)
    if (*a = coerce(std::move(*a), *common); !*a)
      return false;
  if (*common == kind::numeric)
    for (const auto type = common_numeric_type(args); auto* a : args)
      (*a)->column_type = type;
  if (*common != kind::list && *common != kind::object)
    return true;
  // literals and nulls take the type of the others
  const auto is_null = [](const node& n) { return n.what == op::constant && n.value.null; };
  std::optional<data::type> type;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto& a = **args[i];
    if (kinds[i] == kind::unknown || is_null(a))
      continue;
    const auto both = type ? common_type(*type, a.column_type) : a.column_type;
    if (!both) {
      problem_at(a.offset, fmt::format("the values of {} do not mix: {} and {}", what, type->name(),
                                       a.column_type.name()));
      return false;
    }
    type = both;
  }
  for (std::size_t i = 0; i < args.size() && !type; ++i)
    if (kinds[i] != kind::unknown)  // a null that has been given a type
      type = (*args[i])->column_type;
  for (std::size_t i = 0; i < args.size() && type; ++i) {
    auto& a = *args[i];
    if (kinds[i] == kind::unknown && !is_null(*a) &&
        (a = list_literal(std::move(a), kind_of(type->element())), !a))
      return false;
    a->column_type = *type;
  }
  return true;
}

node_ptr binder::joined(op what, std::vector<node_ptr> conditions, std::size_t offset) {
  if (std::any_of(conditions.begin(), conditions.end(), [](const node_ptr& n) { return !n; }))
    return nullptr;
  auto n = make(what, kind::boolean, offset);
  n->args = std::move(conditions);
  return fold_constant(std::move(n));
}

node_ptr binder::logic(const syntax& s) {
  const auto role = s.what == form::all_of   ? "each side of and"
                    : s.what == form::any_of ? "each side of or"
                                             : "what follows not";
  std::vector<node_ptr> args;
  for (const auto& a : s.args)
    args.push_back(bind_boolean(a, role));
  if (s.what == form::negation) {
    if (!args[0])
      return nullptr;
    // `not x` becomes `x = false`.
    auto n = make(op::call, kind::boolean, s.offset);
    n->fn = comparison("=", kind::boolean);
    auto no = make(op::constant, kind::boolean, s.offset);
    no->value.null = false;
    n->args.push_back(std::move(args[0]));
    n->args.push_back(std::move(no));
    return fold_constant(std::move(n));
  }
  return joined(s.what == form::all_of ? op::all_of : op::any_of, std::move(args), s.offset);
}

node_ptr binder::case_of(const syntax& s) {
  auto n = make(s.flag ? op::case_equals : op::case_when, kind::unknown, s.offset);
  const std::size_t first = s.flag ? 1 : 0;
  for (std::size_t i = 0; i < s.args.size(); ++i) {
    const bool condition = !s.flag && i + 1 < s.args.size() && i % 2 == 0;
    n->args.push_back(condition ? bind_boolean(s.args[i], "what follows when") : bind(s.args[i]));
  }
  if (std::any_of(n->args.begin(), n->args.end(), [](const node_ptr& a) { return !a; }) ||
      refuse_unnest(n->args, "case"))
    return nullptr;
  std::vector<node_ptr*> results;
  std::vector<node_ptr*> subjects;
  for (std::size_t i = first; i + 1 < n->args.size(); i += 2) {
    subjects.push_back(&n->args[i]);
    results.push_back(&n->args[i + 1]);
  }
  results.push_back(&n->args.back());
  if (s.flag) {
    subjects.insert(subjects.begin(), n->args.data());
    for (std::size_t i = 1; i + 1 < s.args.size(); i += 2)
      if (s.args[i].what == form::null)
        warn_at(s.args[i].offset, "when null matches no row; write case when x is null then ... end");
    if (!unify(subjects, "case and when", s.offset))
      return nullptr;
    n->fn = comparison_of("=", *n->args[0]);
    if (!n->fn)
      return not_comparable(*n->args[0], s.offset);
  }
  if (!unify(results, "case", s.offset))
    return nullptr;
  n->type = n->args.back()->type;
  n->column_type = n->args.back()->column_type;
  return fold_constant(std::move(n));
}

std::optional<std::vector<node_ptr>> binder::bind_alike(const std::vector<syntax>& args,
                                                        std::string_view what, std::size_t offset) {
  auto bound = bind_all(args);
  if (!bound)
    return std::nullopt;
  std::vector<node_ptr*> all;
  for (auto& b : *bound)
    all.push_back(&b);
  return unify(all, what, offset) ? std::move(bound) : std::nullopt;
}

node_ptr binder::coalesce(const syntax& s) {
  auto args = bind_alike(s.args, "coalesce", s.offset);
  if (!args || refuse_unnest(*args, "coalesce"))
    return nullptr;
  auto n = make(op::coalesce, args->front()->type, s.offset);
  n->column_type = args->front()->column_type;
  n->args = *std::move(args);
  return fold_constant(std::move(n));
}

node_ptr binder::not_comparable(const node& of, std::size_t offset) {
  return problem_at(offset,
                    of.type == kind::list && is_comparable_element(element_of(of))
                        ? fmt::format("{} has no order; compare its elements, as in x[1]", in_words(of))
                        : fmt::format("{} cannot be compared", in_words(of)));
}

node_ptr binder::extremum(const syntax& s) {
  const bool greatest = s.what == form::greatest;
  auto args = bind_alike(s.args, greatest ? "greatest" : "least", s.offset);
  if (!args)
    return nullptr;
  auto n = make(op::extremum, args->front()->type, s.offset);
  n->column_type = args->front()->column_type;
  n->fn = comparison_of(greatest ? ">" : "<", *n);
  if (!n->fn)
    return not_comparable(*n, s.offset);
  n->args = *std::move(args);
  return fold_constant(std::move(n));
}

node_ptr binder::nullif(const syntax& s) {
  auto args = bind_alike(s.args, "nullif", s.offset);
  if (!args)
    return nullptr;
  auto n = make(op::nullif, args->front()->type, s.offset);
  n->column_type = args->front()->column_type;
  n->fn = comparison_of("=", *n);
  if (!n->fn)
    return not_comparable(*n, s.offset);
  n->args = *std::move(args);
  return fold_constant(std::move(n));
}

node_ptr binder::compared(const syntax& s, op what, std::string_view with) {
  if (what != op::between && std::ranges::any_of(s.args, is_row))
    return compared_rows(s);
  if (what == op::in_list)
    warn_of_nulls_in(s);
  const auto name = what == op::in_list ? "in (...)" : what == op::between ? "between" : "is distinct from";
  auto args = bind_alike(s.args, name, s.offset);
  if (!args)
    return nullptr;
  auto n = make(what, kind::boolean, s.offset);
  n->flag = s.flag;
  n->symmetric = s.star;
  n->fn = comparison_of(with, *args->front());
  if (!n->fn)
    return not_comparable(*args->front(), s.offset);
  n->args = *std::move(args);
  return fold_constant(std::move(n));
}

node_ptr binder::boolean_test(const syntax& s) {
  auto argument = bind_boolean(s.args[0], fmt::format("what stands before {}", s.text));
  if (!argument)
    return nullptr;
  auto n = make(op::is_boolean, kind::boolean, s.offset);
  n->flag = s.text.find("not") != std::string::npos;
  n->wanted_boolean = s.text.ends_with("true") ? 1 : s.text.ends_with("false") ? 0 : 2;
  n->args.push_back(std::move(argument));
  return fold_constant(std::move(n));
}

}  // namespace millrace::expression
