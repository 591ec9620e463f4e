// The binder's calls of functions and operators over lists whose elements have one type: which it is, the casts to it, and the type of
// the list that comes out. PostgreSQL calls such arguments anyarray and anycompatiblearray.
#include "runtime/expression/bind/binder.hpp"
#include "runtime/expression/bind/numeric_scales.hpp"
#include "runtime/expression/bind/overload.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::expression {
namespace {

/// The kind that all elements get, or none where the arguments do not fit.
std::optional<kind> kind_of_elements(const function& f, const std::vector<node_ptr>& args) {
  if (f.arity != args.size())
    return std::nullopt;
  std::vector<kind> kinds;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto is = args[i]->type;
    if (f.takes[i] == kind::list) {
      if (is != kind::list && is != kind::unknown)
        return std::nullopt;
      kinds.push_back(is == kind::list ? element_of(*args[i]) : kind::unknown);
    } else if (f.takes_element(i)) {
      kinds.push_back(is);
    } else if (!converts_implicitly(is, f.takes[i])) {
      return std::nullopt;
    }
  }
  std::erase(kinds, kind::unknown);
  if (f.elements == element_types::alike &&
      (kinds.empty() || std::ranges::any_of(kinds, [&](kind k) { return k != kinds.front(); })))
    return std::nullopt;
  const auto common = common_kind(kinds);
  return common == kind::timestamp ? kind::timestamptz : common;
}

bool fits(const function& f, kind element) {
  for (std::size_t i = 0; i < f.arity; ++i)
    if (f.takes_element(i) && f.takes[i] != element)
      return false;
  return is_comparable_element(element);
}

/// The type of the elements that come from the lists and elements of a call, which are of one kind.
data::type type_of_elements(const function& f, kind element, const std::vector<node_ptr>& args) {
  if (element != kind::numeric)
    return *column_type_of(element);
  std::optional<data::type> out;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (f.takes[i] != kind::list && !f.takes_element(i))
      continue;
    const auto type =
        f.takes[i] == kind::list ? data::type(args[i]->column_type.element()) : numeric_type_of(*args[i]);
    if (out && !(*out == type))
      return data::type_id::numeric;
    out = type;
  }
  return out.value_or(data::type_id::numeric);
}

}  // namespace

bool is_comparable_element(kind k) {
  return k == kind::boolean || k == kind::bigint || k == kind::numeric || k == kind::float64 ||
         k == kind::text || k == kind::timestamptz || k == kind::date;
}

const function* comparison_of(std::string_view op, const node& value) {
  if (value.type == kind::list && !is_comparable_element(element_of(value)))
    return nullptr;
  return comparison(op, value.type);
}

node_ptr binder::list_call(const syntax& s, std::vector<node_ptr> args) {
  for (const auto* f : functions_named(s.text)) {
    const auto element = f->elements == element_types::any ? std::nullopt : kind_of_elements(*f, args);
    if (!element || !fits(*f, *element))
      continue;
    for (std::size_t i = 0; i < args.size(); ++i) {
      auto& a = args[i];
      if (f->takes[i] != kind::list)
        a = coerce(std::move(a), f->takes[i]);
      else if (a->type != kind::list)
        a = list_literal(std::move(a), *element);
      else if (const auto at = a->offset; element_of(*a) != *element)
        a = cast_elements(std::move(a), *element, at);
      if (!a)
        return nullptr;
    }
    const bool gives_positions = s.text == "array_positions";
    const auto type = data::type::list_of(gives_positions ? data::type(data::type_id::bigint)
                                                          : type_of_elements(*f, *element, args));
    auto n = invoke(s, f, std::move(args));
    if (n && n->type == kind::list)
      n->column_type = type;
    return n;
  }
  for (const auto& a : args)
    if (a->type == kind::list && !is_comparable_element(element_of(*a)))
      return problem_at(a->offset, fmt::format("{} takes lists of boolean, bigint, double, numeric, text or "
                                               "timestamp or date, and this is {}",
                                               s.text, in_words(*a)));
  return no_overload(s, args);
}

}  // namespace millrace::expression
