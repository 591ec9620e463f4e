#include "runtime/expression/bind/lambdas.hpp"

#include "runtime/expression/syntax/source_text.hpp"

#include <algorithm>
#include <span>

namespace millrace::expression {
namespace {

/// A parameter: one name that is no column.
bool is_parameter(const syntax& s, const scope& names) {
  return s.what == form::column && s.path.size() == 1 &&
         (names.columns == nullptr || !names.columns->find(fold(s.path[0].name)));
}

}  // namespace

const syntax* lambda_in(const syntax& s, const scope& names) {
  if (is_lambda(s, names))
    return &s;
  for (const auto& a : s.args)
    if (const auto* const found = lambda_in(a, names))
      return found;
  return nullptr;
}

bool reads_name(const syntax& s, std::string_view name) {
  if (s.what == form::column && !s.path.empty() && fold(s.path[0].name) == fold(name))
    return true;
  return std::ranges::any_of(s.args, [&](const syntax& a) { return reads_name(a, name); });
}

bool is_lambda(const syntax& s, const scope& names) {
  if (s.what != form::call || s.text != "->" || s.args.size() != 2)
    return false;
  const auto& left = s.args[0];
  const auto parameters = left.what == form::row ? std::span(left.args) : std::span(&left, 1);
  return !parameters.empty() &&
         std::ranges::all_of(parameters, [&](const syntax& p) { return is_parameter(p, names); }) &&
         std::ranges::any_of(parameters,
                             [&](const syntax& p) { return reads_name(s.args[1], p.path[0].name); });
}

}  // namespace millrace::expression
