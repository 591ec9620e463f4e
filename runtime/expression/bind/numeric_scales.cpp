#include "runtime/expression/bind/numeric_scales.hpp"

#include "runtime/expression/formats/time_units.hpp"

#include <algorithm>

namespace millrace::expression {
namespace {

const data::type of_any_scale = data::type_id::numeric;

data::type of_scale(int scale) {
  return scale <= most_decimal_digits ? data::type::numeric_of(most_decimal_digits, scale) : of_any_scale;
}

bool is_null_constant(const node& n) { return n.what == op::constant && n.value.null; }

/// round(x, 2): the constant digits decide.
data::type of_rounded(const node& call) {
  if (call.args.size() == 1)
    return of_scale(0);
  const auto& digits = *call.args[1];
  if (digits.what != op::constant || digits.value.null || digits.value.i > most_decimal_digits)
    return of_any_scale;
  return of_scale(static_cast<int>(std::max<std::int64_t>(digits.value.i, 0)));
}

data::type of_extracted(const node& call) {
  if (!call.prepared)
    return of_any_scale;
  if (call.args[1]->type == kind::date)
    return of_scale(0);
  const auto scale = scale_of_field(*static_cast<const time_unit*>(call.prepared.get()));
  return scale ? of_scale(*scale) : of_any_scale;
}

}  // namespace

data::type numeric_type_of(const node& n) {
  if (n.what == op::constant && !n.value.null &&
      (n.column_type.precision() == 0 || n.column_type.scale() != n.value.n.scale()))
    return of_scale(n.value.n.scale());
  return n.column_type.id() == data::type_id::numeric ? n.column_type : of_any_scale;
}

data::type common_numeric_type(std::span<const node_ptr* const> of) {
  std::optional<data::type> out;
  for (const auto* n : of) {
    if (is_null_constant(**n))
      continue;
    const auto type = numeric_type_of(**n);
    if (type.precision() == 0 || (out && out->scale() != type.scale()))
      return of_any_scale;
    if (!out || out->precision() < type.precision())
      out = type;
  }
  return out.value_or(of_any_scale);
}

data::type numeric_type_of_call(const node& call) {
  const auto name = call.fn->name;
  if (name == "round" || name == "trunc")
    return of_rounded(call);
  if (name == "extract")
    return of_extracted(call);
  if (name == "floor" || name == "ceil" || name == "ceiling" || name == "sign" || name == "div" ||
      name == "factorial")
    return of_scale(0);
  const bool same = name == "abs" || call.args.size() == 1;
  if (!same && name != "+" && name != "-" && name != "*" && name != "%" && name != "mod" && name != "gcd" &&
      name != "lcm")
    return of_any_scale;
  auto out = numeric_type_of(*call.args[0]);
  if (same)
    return name == "abs" || name == "+" || name == "-" ? out : of_any_scale;
  const auto other = numeric_type_of(*call.args[1]);
  if (out.precision() == 0 || other.precision() == 0)
    return of_any_scale;
  return of_scale(name == "*" ? out.scale() + other.scale() : std::max(out.scale(), other.scale()));
}

}  // namespace millrace::expression
