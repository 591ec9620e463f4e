#include "runtime/expression/evaluate/evaluator.hpp"

#include "runtime/expression/functions/list_values.hpp"

#include <cstring>

namespace millrace::expression {
values evaluator::run(const node& n, const std::uint8_t* active) {
  switch (n.what) {
  case op::constant:
    return n.value.as_values(n.type);
  case op::instant: {
    auto* const at = allocate<std::int64_t>(memory_, 1);
    *at = now_;
    return {n.type, true, nullptr, at};
  }
  case op::column:
    return column(n);
  case op::call: {
    if (n.args.size() > most_arguments) {  // concat and its like
      std::vector<values> args;
      for (const auto& a : n.args)
        args.push_back(run(*a, active));
      return invoke(n, args, active);
    }
    std::array<values, most_arguments> args;
    for (std::size_t i = 0; i < n.args.size(); ++i)
      args[i] = run(*n.args[i], active);
    return invoke(n, {args.data(), n.args.size()}, active);
  }
  case op::all_of:
  case op::any_of:
    return logic(n, active);
  case op::case_when:
  case op::case_equals:
    return case_when(n, active);
  case op::coalesce:
    return coalesce(n, active);
  case op::extremum:
    return extremum(n, active);
  case op::nullif:
    return nullif(n, active);
  case op::is_null:
    return is_null(n, active);
  case op::is_boolean:
    return is_boolean(n, active);
  case op::in_list:
    return in_list(n, active);
  case op::between:
    return between(n, active);
  case op::distinct_from:
    return distinct_from(n, active);
  case op::element:
    return element(n, active);
  case op::member:
    return member(n, active);
  case op::make_list:
    return make_list(n, active);
  case op::cast_elements:
    return cast_elements(n, active);
  case op::quantified:
    return quantified(n, active);
  case op::whole_batch:  // evaluate() does not come here
    break;
  }
  return {};
}

const std::uint8_t* evaluator::all_present(std::span<const values> args, std::size_t rows) {
  const std::uint8_t* out = nullptr;
  std::uint8_t* own = nullptr;
  for (const auto& a : args) {
    if (!a.valid)
      continue;
    if (a.constant) {  // a null constant makes every row null
      if (a.valid[0])
        continue;
      auto* none = allocate<std::uint8_t>(memory_, rows);
      std::memset(none, 0, rows);
      return none;
    }
    if (!out) {
      out = a.valid;
      continue;
    }
    if (!own) {
      own = allocate<std::uint8_t>(memory_, rows);
      std::memcpy(own, out, rows);
      out = own;
    }
    for (std::size_t i = 0; i < rows; ++i)
      own[i] &= a.valid[i];
  }
  return out;
}

values evaluator::invoke(const node& n, std::span<const values> args, const std::uint8_t* active) {
  bool constant = true;
  for (const auto& a : args)
    constant &= a.constant;
  call c;
  c.memory = &memory_;
  c.prepared = n.prepared.get();
  c.gives = n.fn->gives;
  c.rows = constant ? 1 : rows_;
  if (n.fn->strict)
    c.valid = all_present(args, c.rows);
  if (!constant) {
    c.active = active;
    c.failures = &failures_;
    return n.fn->run(c, args);
  }
  failed_rows failed;
  c.failures = &failed;
  auto out = n.fn->run(c, args);
  out.constant = true;
  if (!failed.empty())  // it fails for every row that wants it
    for (std::size_t i = 0; i < rows_; ++i)
      if (!active || active[i])
        failures_.add(i, failed.sorted().front().message);
  return out;
}

std::uint8_t* evaluator::mask(const std::uint8_t* active) {
  auto* out = allocate<std::uint8_t>(memory_, rows_);
  if (active)
    std::memcpy(out, active, rows_);
  else
    std::memset(out, 1, rows_);
  return out;
}

void* evaluator::allocate_array(kind k) { return allocate_zeros(memory_, k, rows_); }

void evaluator::copy_where(kind k, const values& from, const std::uint8_t* where, void* to,
                           std::uint8_t* valid) const {
  with_stored_type(k, [&]<class T>() {
    auto* out = static_cast<T*>(to);
    const T* in = static_cast<const T*>(from.data);
    for (std::size_t i = 0; i < rows_; ++i)
      if (where[i] != 0) {
        const auto at = from.at(i);
        valid[i] = !from.valid || from.valid[at] != 0;
        if (valid[i] != 0)
          out[i] = in[at];
      }
  });
}

}  // namespace millrace::expression
