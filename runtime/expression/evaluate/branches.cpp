// Evaluation of what looks at some of its arguments only for some rows, or at nulls themselves: and, or,
// case, coalesce, in, between, greatest and their like.
#include "runtime/expression/evaluate/evaluator.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace millrace::expression {
namespace {

bool any(const std::uint8_t* mask, std::size_t rows) { return std::memchr(mask, 1, rows) != nullptr; }

}  // namespace

values evaluator::logic(const node& n, const std::uint8_t* active) {
  // and: false decides, or: true decides; what is decided is no longer active
  const bool deciding = n.what == op::any_of;
  auto* open = mask(active);
  auto* result = allocate<bool>(memory_, rows_);
  auto* valid = allocate<std::uint8_t>(memory_, rows_);
  std::memset(result, deciding ? 0 : 1, rows_);
  std::memset(valid, 1, rows_);
  for (const auto& argument : n.args) {
    if (!any(open, rows_))
      break;
    const auto v = run(*argument, open);
    const auto* bits = v.as<bool>();
    for (std::size_t i = 0; i < rows_; ++i) {
      const auto at = v.at(i);
      const bool present = !v.valid || v.valid[at] != 0;
      const bool decides = present & ((bits[at] != 0) == deciding);
      const bool takes = open[i] & decides;
      result[i] = takes ? deciding : result[i];
      valid[i] = takes ? 1 : static_cast<std::uint8_t>(valid[i] & (present | (open[i] == 0)));
      open[i] = open[i] & !decides;
    }
  }
  return {kind::boolean, false, valid, result};
}

values evaluator::case_when(const node& n, const std::uint8_t* active) {
  auto* open = mask(active);
  auto* out = allocate_array(n.type);
  auto* valid = allocate<std::uint8_t>(memory_, rows_);
  std::memset(valid, 0, rows_);
  std::array<values, 2> compared;
  const std::size_t first = n.what == op::case_equals ? 1 : 0;
  if (first == 1)
    compared[0] = run(*n.args[0], active);
  for (std::size_t a = first; a + 1 < n.args.size() && any(open, rows_); a += 2) {
    auto condition = run(*n.args[a], open);
    if (first == 1) {
      compared[1] = condition;
      condition = invoke(n, compared, open);
    }
    auto* taken = allocate<std::uint8_t>(memory_, rows_);
    for (std::size_t i = 0; i < rows_; ++i) {
      taken[i] = open[i] & (condition.present(i) && condition.as<bool>()[condition.at(i)] != 0);
      open[i] = open[i] & (taken[i] == 0);
    }
    if (any(taken, rows_))
      copy_where(n.type, run(*n.args[a + 1], taken), taken, out, valid);
  }
  if (any(open, rows_))
    copy_where(n.type, run(*n.args.back(), open), open, out, valid);
  return {n.type, false, valid, out};
}

values evaluator::coalesce(const node& n, const std::uint8_t* active) {
  auto* open = mask(active);
  auto* out = allocate_array(n.type);
  auto* valid = allocate<std::uint8_t>(memory_, rows_);
  std::memset(valid, 0, rows_);
  for (const auto& argument : n.args) {
    if (!any(open, rows_))
      break;
    copy_where(n.type, run(*argument, open), open, out, valid);
    for (std::size_t i = 0; i < rows_; ++i)
      open[i] = open[i] & (valid[i] == 0);
  }
  return {n.type, false, valid, out};
}

values evaluator::extremum(const node& n, const std::uint8_t* active) {
  auto* every = mask(nullptr);
  auto* out = allocate_array(n.type);
  auto* valid = allocate<std::uint8_t>(memory_, rows_);
  copy_where(n.type, run(*n.args[0], active), every, out, valid);
  for (std::size_t a = 1; a < n.args.size(); ++a) {
    const std::array<values, 2> pair{run(*n.args[a], active), values{n.type, false, valid, out}};
    // strict: a null replaces nothing; where there is nothing yet, any value does
    auto better = invoke(n, pair, active);
    auto* replace = allocate<std::uint8_t>(memory_, rows_);
    for (std::size_t i = 0; i < rows_; ++i)
      replace[i] = pair[0].present(i) && (valid[i] == 0 || (better.present(i) && better.get<bool>(i)));
    copy_where(n.type, pair[0], replace, out, valid);
  }
  return {n.type, false, valid, out};
}

values evaluator::nullif(const node& n, const std::uint8_t* active) {
  const std::array<values, 2> pair{run(*n.args[0], active), run(*n.args[1], active)};
  const auto same = invoke(n, pair, active);
  auto* out = allocate_array(n.type);
  auto* valid = allocate<std::uint8_t>(memory_, rows_);
  copy_where(n.type, pair[0], mask(nullptr), out, valid);
  for (std::size_t i = 0; i < rows_; ++i)
    if (same.present(i) && same.get<bool>(i))
      valid[i] = 0;
  return {n.type, false, valid, out};
}

values evaluator::is_null(const node& n, const std::uint8_t* active) {
  const auto v = run(*n.args[0], active);
  const auto count = v.constant ? 1 : rows_;
  auto* out = allocate<bool>(memory_, count);
  for (std::size_t i = 0; i < count; ++i)
    out[i] = v.present(i) == n.flag;
  return {kind::boolean, v.constant, nullptr, out};
}

values evaluator::is_boolean(const node& n, const std::uint8_t* active) {
  const auto v = run(*n.args[0], active);
  const auto count = v.constant ? 1 : rows_;
  auto* out = allocate<bool>(memory_, count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t found = v.present(i) ? v.as<bool>()[i] : 2;
    out[i] = (found == n.wanted_boolean) != n.flag;
  }
  return {kind::boolean, v.constant, nullptr, out};
}

values evaluator::in_list(const node& n, const std::uint8_t* active) {
  std::array<values, 2> pair;
  pair[0] = run(*n.args[0], active);
  auto* open = mask(active);
  auto* found = allocate<bool>(memory_, rows_);
  auto* valid = allocate<std::uint8_t>(memory_, rows_);
  std::memset(found, 0, rows_);
  std::memset(valid, 1, rows_);
  for (std::size_t a = 1; a < n.args.size(); ++a) {
    pair[1] = run(*n.args[a], open);
    const auto same = invoke(n, pair, open);
    for (std::size_t i = 0; i < rows_; ++i) {
      const bool present = same.present(i);
      const bool equal = present && same.as<bool>()[same.at(i)] != 0;
      if (open[i] == 0)
        continue;  // decided
      valid[i] &= static_cast<std::uint8_t>(present);
      found[i] |= static_cast<std::uint8_t>(equal);
      open[i] = open[i] & !equal;
    }
  }
  for (std::size_t i = 0; i < rows_; ++i) {
    valid[i] |= found[i];
    found[i] = (found[i] != 0) != n.flag;
  }
  return {kind::boolean, false, valid, found};
}

values evaluator::between(const node& n, const std::uint8_t* active) {
  // truth as 0 false, 1 null, 2 true: and is the minimum, or the maximum
  const auto truth = [](const values& x, std::size_t i) -> std::uint8_t {
    return !x.present(i) ? 1 : x.as<bool>()[x.at(i)] != 0 ? 2 : 0;
  };
  const auto value = run(*n.args[0], active);
  const auto low = run(*n.args[1], active);
  const auto above = invoke(n, std::array{value, low}, active);
  auto* open = mask(active);
  auto* out = allocate<bool>(memory_, rows_);
  auto* valid = allocate<std::uint8_t>(memory_, rows_);
  for (std::size_t i = 0; i < rows_; ++i) {
    out[i] = truth(above, i);
    open[i] = open[i] & (out[i] != 0 || n.symmetric);  // the upper bound is not looked at below the lower one
  }
  const auto high = run(*n.args[2], open);
  const auto below = invoke(n, std::array{high, value}, open);
  for (std::size_t i = 0; i < rows_; ++i)
    out[i] = std::min(out[i], truth(below, i));
  if (n.symmetric) {
    const auto above_high = invoke(n, std::array{value, high}, active);
    const auto below_low = invoke(n, std::array{low, value}, active);
    for (std::size_t i = 0; i < rows_; ++i)
      out[i] = std::max(out[i], std::min(truth(above_high, i), truth(below_low, i)));
  }
  for (std::size_t i = 0; i < rows_; ++i) {
    valid[i] = out[i] != 1;
    out[i] = (out[i] == 2) != n.flag;
  }
  return {kind::boolean, false, valid, out};
}

values evaluator::distinct_from(const node& n, const std::uint8_t* active) {
  const std::array<values, 2> pair{run(*n.args[0], active), run(*n.args[1], active)};
  const auto same = invoke(n, pair, active);
  auto* out = allocate<bool>(memory_, rows_);
  for (std::size_t i = 0; i < rows_; ++i) {
    const bool a = pair[0].present(i);
    const bool b = pair[1].present(i);
    const bool distinct = a != b || (a && !(same.present(i) && same.get<bool>(i)));
    out[i] = distinct != n.flag;
  }
  return {kind::boolean, false, nullptr, out};
}

}  // namespace millrace::expression
