#include "runtime/expression/evaluator.hpp"

#include <cstring>

namespace millrace::expression {
namespace {

bool any(const std::uint8_t* mask, std::size_t rows) { return std::memchr(mask, 1, rows) != nullptr; }

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
      valid[i] &= static_cast<std::uint8_t>(present);
      found[i] |= static_cast<std::uint8_t>(equal);
    }
  }
  for (std::size_t i = 0; i < rows_; ++i) {
    valid[i] |= found[i];
    found[i] = (found[i] != 0) != n.flag;
  }
  return {kind::boolean, false, valid, found};
}

values evaluator::between(const node& n, const std::uint8_t* active) {
  const std::array<values, 3> v{run(*n.args[0], active), run(*n.args[1], active), run(*n.args[2], active)};
  auto* out = allocate<bool>(memory_, rows_);
  auto* valid = allocate<std::uint8_t>(memory_, rows_);
  // 0 false, 1 null, 2 true: and is the minimum, or the maximum
  std::memset(out, 0, rows_);
  const auto either = [&](const values& low, const values& high) {
    const std::array<values, 2> above{v[0], low};
    const std::array<values, 2> below{high, v[0]};
    const auto a = invoke(n, above, active);
    const auto b = invoke(n, below, active);
    const auto truth = [](const values& x, std::size_t i) -> std::uint8_t {
      return !x.present(i) ? 1 : x.as<bool>()[x.at(i)] != 0 ? 2 : 0;
    };
    for (std::size_t i = 0; i < rows_; ++i)
      out[i] = std::max(out[i], std::min(truth(a, i), truth(b, i)));
  };
  either(v[1], v[2]);
  if (n.symmetric)
    either(v[2], v[1]);
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
