#include "runtime/model/score.hpp"

#include "runtime/base/visible_text.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace millrace::model {
namespace {

/// This many rows are walked through a tree before the next one: its nodes stay in the cache.
constexpr std::size_t block = 64;
constexpr float missing = std::numeric_limits<float>::quiet_NaN();

bool takes(feature_type t, data::type_id column) {
  switch (t) {
  case feature_type::number:
    return column == data::type_id::float64 || column == data::type_id::bigint ||
           column == data::type_id::numeric;
  case feature_type::boolean:
    return column == data::type_id::boolean;
  case feature_type::text:
    return column == data::type_id::text;
  }
  return false;
}

std::string readable(std::string_view text) { return visible(data::excerpt(text)); }

/// Writes the inputs of one feature for all rows.
class feature_writer {
public:
  feature_writer(const model& m, const feature& f, std::vector<float>& out, std::size_t width, std::size_t at,
                 std::vector<std::string>& reasons)
      : linear_(m.kind_of == kind::linear), f_(f), out_(out), width_(width), at_(at), reasons_(reasons) {}

  /// Rows [first, last).
  void write(const data::column& c, std::size_t first, std::size_t last) {
    if (f_.type == feature_type::text)
      each(c, first, last, [&](std::size_t row) { put_text(row, c.text_at(row)); });
    else if (f_.type == feature_type::boolean)
      each(c, first, last, [&](std::size_t row) { put(row, c.boolean_at(row) ? 1 : 0); });
    else if (c.type().id() == data::type_id::bigint)
      each(c, first, last,
           [&, v = c.ints()](std::size_t row) { put_number(row, static_cast<double>(v[row])); });
    else if (c.type().id() == data::type_id::numeric)
      each(c, first, last, [&, v = c.decimals()](std::size_t row) { put_number(row, to_double(v[row])); });
    else
      each(c, first, last, [&, v = c.doubles()](std::size_t row) { put_number(row, v[row]); });
  }

private:
  template<class F>
  void each(const data::column& c, std::size_t first, std::size_t last, F&& f) {
    if (c.null_count() == 0) {
      for (auto row = first; row < last; ++row)
        f(row);
      return;
    }
    for (auto row = first; row < last; ++row)
      c.is_null(row) ? put_null(row) : f(row);
  }

  void put(std::size_t row, float v) { out_[row * width_ + at_] = v; }

  void put_null(std::size_t row) {
    if (linear_)
      return refuse(row, fmt::format("column \"{}\" is null, and a linear model cannot do without it",
                                     readable(f_.name)));
    for (std::size_t i = 0; i < f_.inputs(); ++i)
      out_[row * width_ + at_ + i] = missing;
  }

  void put_number(std::size_t row, double v) {
    const double scaled = linear_ ? (v - f_.mean) / f_.deviation : v;
    const auto narrow = static_cast<float>(scaled);
    if (!std::isfinite(narrow))
      return refuse(row, fmt::format("column \"{}\" is {}, which is not a finite number of a model",
                                     readable(f_.name), v));
    put(row, narrow);
  }

  void put_text(std::size_t row, std::string_view text) {
    const auto at = std::lower_bound(f_.categories.begin(), f_.categories.end(), text);
    if (at == f_.categories.end() || *at != text)
      return refuse(row, fmt::format("column \"{}\" is \"{}\", a category that training has not seen",
                                     readable(f_.name), readable(text)));
    const auto chosen = static_cast<std::size_t>(at - f_.categories.begin());
    for (std::size_t i = 0; i < f_.inputs(); ++i)
      out_[row * width_ + at_ + i] = chosen == i + 1 ? 1.0F : 0.0F;
  }

  void refuse(std::size_t row, std::string why) {
    if (reasons_[row].empty())
      reasons_[row] = std::move(why);
  }

  bool linear_;
  const feature& f_;
  std::vector<float>& out_;
  std::size_t width_;
  std::size_t at_;
  std::vector<std::string>& reasons_;
};

/// XGBoost's own, so that the bits are equal.
float sigmoid(float margin) {
  constexpr float most = 88.7F;  // exp() of more is infinite
  return 1.0F / (std::exp(std::min(-margin, most)) + 1.0F);
}

/// Adds a tree's leaf to each row's sum. Rows that miss nothing need not ask for it at each node.
template<bool may_miss>
void add_leaves(const booster& b, std::int32_t root, const float* inputs, std::span<float> sums) {
  const auto* const nodes = b.nodes.data();
  for (auto& sum : sums) {
    auto at = static_cast<std::size_t>(root);
    while (nodes[at].children[0] != node::none) {
      const auto& n = nodes[at];
      const float v = inputs[n.input];
      bool right = !(v < n.value);
      if constexpr (may_miss)
        right = std::isnan(v) ? !n.missing_goes_left : right;
      at = static_cast<std::size_t>(n.children[right ? 1 : 0]);
    }
    sum += nodes[at].value;
    inputs += b.inputs;
  }
}

void add_trees(const booster& b, std::span<const float> inputs, std::span<float> sums) {
  const bool may_miss = std::any_of(inputs.begin(), inputs.end(), [](float v) { return std::isnan(v); });
  for (const auto root : b.roots)
    may_miss ? add_leaves<true>(b, root, inputs.data(), sums)
             : add_leaves<false>(b, root, inputs.data(), sums);
}

}  // namespace

expected<binding> bind(const model& m, const data::schema& columns) {
  binding out;
  std::string wrong;
  for (const auto& f : m.features) {
    const auto at = columns.find(f.name);
    if (at && takes(f.type, columns[*at].type.id())) {
      out.push_back(*at);
      continue;
    }
    wrong += wrong.empty() ? "" : ", ";
    wrong += at ? fmt::format("\"{}\" is {} and the model has {}", readable(f.name), columns[*at].type.name(),
                              to_string(f.type))
                : fmt::format("\"{}\" ({}) is missing", readable(f.name), to_string(f.type));
  }
  if (!wrong.empty())
    return user_error(ec::mismatch, fmt::format("the model is for other columns: {}", wrong));
  return out;
}

std::vector<float> encode(const model& m, const binding& columns, const data::batch& rows,
                          std::vector<refused_row>& refused) {
  const std::size_t width = m.booster.inputs;
  std::vector<float> out(rows.rows * width, 0.0F);
  std::vector<std::string> reasons(rows.rows);
  std::vector<feature_writer> writers;
  std::size_t at = 0;
  for (const auto& f : m.features) {
    writers.emplace_back(m, f, out, width, at, reasons);
    at += f.inputs();
  }
  // Columns become rows: so many at a time stay in the cache.
  for (std::size_t first = 0; first < rows.rows; first += block)
    for (std::size_t i = 0; i < writers.size(); ++i)
      writers[i].write(*rows.columns[columns[i]], first, std::min(rows.rows, first + block));
  for (std::size_t row = 0; row < rows.rows; ++row)
    if (!reasons[row].empty()) {
      std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(row * width), width, missing);
      refused.push_back({static_cast<std::uint32_t>(row), std::move(reasons[row])});
    }
  return out;
}

std::vector<float> probabilities(const booster& b, std::span<const float> inputs) {
  const std::size_t width = b.inputs;
  const auto rows = inputs.size() / width;
  std::vector<float> out(rows, b.base_margin);
  if (b.is_linear()) {
    for (std::size_t row = 0; row < rows; ++row) {
      float sum = b.bias + b.base_margin;
      for (std::size_t i = 0; i < width; ++i)
        sum += inputs[row * width + i] * b.weights[i];
      out[row] = sum;
    }
  } else {
    for (std::size_t first = 0; first < rows; first += block) {
      const auto count = std::min(block, rows - first);
      add_trees(b, inputs.subspan(first * width, count * width), std::span(out).subspan(first, count));
    }
  }
  std::transform(out.begin(), out.end(), out.begin(), sigmoid);
  return out;
}

data::column_ptr score(const model& m, const binding& columns, const data::batch& rows,
                       std::vector<refused_row>& refused) {
  std::vector<refused_row> unreadable;
  const auto found = probabilities(m.booster, encode(m, columns, rows, unreadable));
  data::column_builder out(data::type_id::float64);
  out.reserve(rows.rows);
  auto next = unreadable.begin();
  for (std::size_t row = 0; row < rows.rows; ++row) {
    if (next != unreadable.end() && next->row == row) {
      refused.push_back(std::move(*next++));
      out.append_null();
    } else if (std::isnan(found[row])) {
      refused.push_back({static_cast<std::uint32_t>(row), "the model's sum is beyond what a float can hold"});
      out.append_null();
    } else {
      out.append_double(found[row]);
    }
  }
  return out.finish();
}

}  // namespace millrace::model
