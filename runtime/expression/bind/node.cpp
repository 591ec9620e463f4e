#include "runtime/expression/bind/node.hpp"

#include "runtime/expression/bind/binder.hpp"
#include "runtime/expression/functions/list_values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::expression {

constant_value& constant_value::operator=(const constant_value& other) {
  null = other.null;
  b = other.b;
  i = other.i;
  d = other.d;
  n = other.n;
  s = other.s;
  text = s;
  span = other.span;
  list = other.list;
  return *this;
}

constant_value constant_value::of(const values& v) {
  constant_value out;
  out.null = !v.present(0);
  if (out.null)
    return out;
  switch (v.type) {
  case kind::boolean:
    out.b = *v.as<bool>();
    break;
  case kind::bigint:
  case kind::timestamptz:
  case kind::timestamp:
  case kind::date:
  case kind::time:
    out.i = *v.as<std::int64_t>();
    break;
  case kind::numeric:
    out.n = *v.as<decimal>();
    break;
  case kind::float64:
    out.d = *v.as<double>();
    break;
  case kind::interval:
    out.span = *v.as<interval_value>();
    break;
  case kind::unknown:
  case kind::text:
  case kind::json:
  case kind::jsonb:
    out.s = *v.as<std::string_view>();
    out.text = out.s;
    break;
  case kind::list:
    out.list = owned_copy(*v.as<list_value>());
    break;
  case kind::object:  // lie in columns, which no constant is
    break;
  }
  return out;
}

values constant_value::as_values(kind k) const {
  static constexpr std::uint8_t absent = 0;
  const void* data = &i;
  switch (k) {
  case kind::boolean:
    data = &b;
    break;
  case kind::numeric:
    data = &n;
    break;
  case kind::float64:
    data = &d;
    break;
  case kind::interval:
    data = &span;
    break;
  case kind::unknown:
  case kind::text:
  case kind::json:
  case kind::jsonb:
    data = &text;
    break;
  case kind::list:
    data = list.get();
    break;
  default:
    break;
  }
  return {k, true, null ? &absent : nullptr, data};
}

std::string fingerprint(const node& n) {
  std::string out = fmt::format("({} {} {}", static_cast<int>(n.what), static_cast<int>(n.type),
                                (n.flag ? 1 : 0) + (n.symmetric ? 2 : 0));
  switch (n.what) {
  case op::constant:
    if (n.value.null)
      out += "null";
    else
      fmt::format_to(std::back_inserter(out), "{} {} {:a} {} {}:{} {}.{}.{}", n.value.b, n.value.i, n.value.d,
                     text_of(n.value.n), n.value.s.size(), n.value.s, n.value.span.months, n.value.span.days,
                     n.value.span.micros);
    if (n.value.list)
      out += shown_elements(*n.value.list);
    break;
  case op::column:
  case op::member:
    fmt::format_to(std::back_inserter(out), "#{}", n.column);
    for (const auto p : n.path)
      fmt::format_to(std::back_inserter(out), ".{}", p);
    break;
  case op::is_boolean:
    fmt::format_to(std::back_inserter(out), "{}", n.wanted_boolean);
    break;
  default:
    break;
  }
  if (n.fn) {
    fmt::format_to(std::back_inserter(out), "{}", n.fn->name);
    for (std::size_t i = 0; i < n.fn->arity; ++i)
      fmt::format_to(std::back_inserter(out), " {}", static_cast<int>(n.fn->takes[i]));
  }
  for (const auto& a : n.args)
    out += fingerprint(*a);
  return out + ")";
}

namespace {
void collect(const node& n, traits& out) {
  if (is_element_of_unnest(n)) {
    const auto& list = *static_cast<const bound*>(n.prepared.get());
    out.columns.insert(out.columns.end(), list.columns.begin(), list.columns.end());
    out.can_fail |= list.can_fail;
    out.uses_now |= list.uses_now;
  } else if (n.what == op::column) {
    out.columns.push_back(n.column);
  } else if (n.what == op::constant && !n.value.null) {
    out.can_fail |= far_time(n.type, n.value.as_values(n.type).data, 0).has_value();
  }
  out.uses_now |= n.what == op::instant;
  out.can_fail |= n.fn && n.fn->can_fail;
  for (const auto& a : n.args)
    collect(*a, out);
}
}  // namespace

traits traits_of(const node& n) {
  traits out;
  collect(n, out);
  std::sort(out.columns.begin(), out.columns.end());
  out.columns.erase(std::unique(out.columns.begin(), out.columns.end()), out.columns.end());
  return out;
}

}  // namespace millrace::expression
