#include "runtime/expression/evaluator.hpp"

#include <cstring>

namespace millrace::expression {
namespace {

/// The byte mask of a column's bitmap, for rows from `first`.
void present_rows(const data::column& c, std::size_t first, std::size_t rows, std::uint8_t* out) {
  const auto& bits = c.validity();
  for (std::size_t i = 0; i < rows; ++i)
    out[i] = static_cast<std::uint8_t>((bits[(first + i) >> 3] >> ((first + i) & 7)) & 1);
}

}  // namespace

values evaluator::run(const node& n, const std::uint8_t* active) {
  switch (n.what) {
  case op::constant:
    return n.value.as_values(n.type);
  case op::instant:
    return {n.type, true, nullptr, &now_};
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
  }
  return {};
}

values evaluator::column(const node& n) {
  const auto* c = input_->columns[n.column].get();
  std::uint8_t* valid = nullptr;
  const auto and_present = [&](const data::column& level) {
    if (level.null_count() == 0)
      return;
    auto* here = allocate<std::uint8_t>(memory_, rows_);
    present_rows(level, first_, rows_, here);
    for (std::size_t i = 0; valid && i < rows_; ++i)
      here[i] &= valid[i];
    valid = here;
  };
  and_present(*c);
  for (const auto member : n.path) {
    c = c->children()[member].get();
    and_present(*c);
  }
  const void* data = nullptr;
  switch (n.type) {
  case kind::bigint:
  case kind::timestamptz:
    data = c->ints().data() + first_;
    break;
  case kind::float64:
    data = c->doubles().data() + first_;
    break;
  case kind::boolean: {
    auto* out = allocate<bool>(memory_, rows_);
    for (std::size_t i = 0; i < rows_; ++i)
      out[i] = c->boolean_at(first_ + i);
    data = out;
    break;
  }
  case kind::text:
  case kind::json: {
    auto* out = allocate<std::string_view>(memory_, rows_);
    for (std::size_t i = 0; i < rows_; ++i)
      out[i] = c->text_at(first_ + i);
    data = out;
    break;
  }
  default:
    break;
  }
  return {n.type, false, valid, data};
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

void* evaluator::allocate_array(kind k) {
  switch (k) {
  case kind::boolean: {
    auto* out = allocate<bool>(memory_, rows_);
    std::memset(out, 0, rows_);
    return out;
  }
  case kind::numeric:
  case kind::float64: {
    auto* out = allocate<double>(memory_, rows_);
    std::fill_n(out, rows_, 0.0);
    return out;
  }
  case kind::interval: {
    auto* out = allocate<interval_value>(memory_, rows_);
    std::fill_n(out, rows_, interval_value{});
    return out;
  }
  case kind::unknown:
  case kind::text:
  case kind::json: {
    auto* out = allocate<std::string_view>(memory_, rows_);
    std::fill_n(out, rows_, std::string_view{});
    return out;
  }
  default: {
    auto* out = allocate<std::int64_t>(memory_, rows_);
    std::fill_n(out, rows_, 0);
    return out;
  }
  }
}

void evaluator::copy_where(kind k, const values& from, const std::uint8_t* where, void* to,
                           std::uint8_t* valid) const {
  const auto copy = [&]<class T>(T* out) {
    const T* in = static_cast<const T*>(from.data);
    for (std::size_t i = 0; i < rows_; ++i)
      if (where[i] != 0) {
        const auto at = from.at(i);
        valid[i] = !from.valid || from.valid[at] != 0;
        if (valid[i] != 0)
          out[i] = in[at];
      }
  };
  switch (k) {
  case kind::boolean:
    return copy(static_cast<std::uint8_t*>(to));
  case kind::numeric:
  case kind::float64:
    return copy(static_cast<double*>(to));
  case kind::interval:
    return copy(static_cast<interval_value*>(to));
  case kind::unknown:
  case kind::text:
  case kind::json:
    return copy(static_cast<std::string_view*>(to));
  default:
    return copy(static_cast<std::int64_t*>(to));
  }
}

}  // namespace millrace::expression
