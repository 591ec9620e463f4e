#include "tools/model/dataset.hpp"

#include "runtime/base/visible_text.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/model/score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <numeric>
#include <set>

namespace millrace::model {
namespace {

using data::type_id;

std::string named(std::string_view column) {
  return fmt::format("column \"{}\"", visible(data::excerpt(column)));
}

unexpected wrong(std::string what) { return user_error(ec::invalid_argument, std::move(what)); }

std::string columns_of(const data::schema& s) {
  std::string out;
  for (const auto& f : s)
    out += (out.empty() ? "" : ", ") + visible(data::excerpt(f.name));
  return data::excerpt(out, 400);
}

constexpr std::string_view no_feature = "is of a type that is not a feature";
constexpr std::string_view no_feature_remedy = "--ignore it, or cast it";
/// Fewer rows than two classes need say nothing of a text.
constexpr std::size_t fewest_names = 8;

/// `fault` and `remedy` are said of a column that has something else.
expected<data::column_ptr> numbers_of(const data::column& c, const std::string& name, std::string_view fault,
                                      std::string_view remedy) {
  data::column_builder out(type_id::float64);
  out.reserve(c.size());
  for (std::size_t i = 0; i < c.size(); ++i) {
    if (c.is_null(i)) {
      out.append_null();
      continue;
    }
    const auto text = c.text_at(i);
    double v = 0;
    const auto [at, failed] = std::from_chars(text.data(), text.data() + text.size(), v);
    if (failed != std::errc() || at != text.data() + text.size())
      return wrong(fmt::format("{} {}: row {} has {}; remedy: {}", named(name), fault, i + 1,
                               visible(data::excerpt(text)), remedy));
    out.append_double(v);
  }
  return out.finish();
}

bool is_finite_number(std::string_view text) {
  double v = 0;
  const auto [at, failed] = std::from_chars(text.data(), text.data() + text.size(), v);
  return failed == std::errc() && at == text.data() + text.size() && std::isfinite(v);
}

/// A csv whose numbers have one "inf" or "n/a" among them is read as text: its numbers are no categories.
const std::string* odd_among_numbers(const std::vector<std::string>& values) {
  const auto numbers = std::count_if(values.begin(), values.end(), is_finite_number);
  const auto odd = std::find_if_not(values.begin(), values.end(), is_finite_number);
  return odd != values.end() && 2 * static_cast<std::size_t>(numbers) > values.size() ? &*odd : nullptr;
}

expected<feature> feature_of(const data::column& c, const std::string& name) {
  feature f{.name = name};
  if (c.null_count() == c.size())
    return wrong(fmt::format("{} has no value in any row; remedy: --ignore {}", named(name), name));
  switch (c.type().id()) {
  case type_id::boolean:
    f.type = feature_type::boolean;
    return f;
  case type_id::text: {
    std::set<std::string, std::less<>> values;
    for (std::size_t i = 0; i < c.size(); ++i)
      if (!c.is_null(i) && !values.contains(c.text_at(i)))
        values.emplace(c.text_at(i));
    f.categories.assign(values.begin(), values.end());
    if (const auto* const odd = odd_among_numbers(f.categories))
      return wrong(fmt::format(
          "{} is text, most of which are numbers: \"{}\" is not a finite number; remedy: mend the "
          "table, or --ignore it",
          named(name), visible(data::excerpt(*odd))));
    if (values.size() > most_categories)
      return wrong(
          fmt::format("{} is text with {} different values, which are not categories (at most {}); remedy: "
                      "--ignore it, or make numbers of it",
                      named(name), values.size(), most_categories));
    if (values.size() == c.size() - c.null_count() && values.size() >= fewest_names)
      return wrong(
          fmt::format("{} is text with a value of its own in each row, which is not a category but a name; "
                      "remedy: --ignore it, or make numbers of it",
                      named(name)));
    f.type = feature_type::text;
    return f;
  }
  default:
    return f;
  }
}

std::size_t inputs_of(const std::vector<feature>& features) {
  std::size_t out = 0;
  for (const auto& f : features)
    out += f.inputs();
  return out;
}

/// The inputs before any model: nulls are missing, nothing is scaled.
model reader_of(std::vector<feature> features) {
  model m;
  m.booster.inputs = static_cast<std::uint32_t>(inputs_of(features));
  m.features = std::move(features);
  for (auto& f : m.features)
    f.mean = 0, f.deviation = 1;
  return m;
}

/// Orders NaN after all numbers, by bits otherwise, so that the order is total.
bool comes_before(float a, float b) {
  if (std::isnan(a) || std::isnan(b))
    return !std::isnan(a) && std::isnan(b);
  return a < b;
}

std::vector<std::uint32_t> order_of(const dataset& d) {
  std::vector<std::uint32_t> out(d.size());
  std::iota(out.begin(), out.end(), 0U);
  const auto width = d.width();
  std::stable_sort(out.begin(), out.end(), [&](std::uint32_t a, std::uint32_t b) {
    for (std::size_t i = 0; i < width; ++i) {
      const float x = d.inputs[a * width + i];
      const float y = d.inputs[b * width + i];
      if (comes_before(x, y) || comes_before(y, x))
        return comes_before(x, y);
    }
    return d.labels[a] < d.labels[b];
  });
  return out;
}

std::string hash_of(const dataset& d, const std::vector<std::uint32_t>& order) {
  std::string bytes;
  const auto add = [&](std::string_view text) { bytes += fmt::format("{}:{}", text.size(), text); };
  const auto add_word = [&](std::uint32_t v) {
    for (int i = 0; i < 4; ++i)
      bytes += static_cast<char>(v >> (8 * i));
  };
  for (const auto& f : d.features) {
    add(f.name);
    add(to_string(f.type));
    for (const auto& c : f.categories)
      add(c);
  }
  const auto width = d.width();
  for (const auto row : order) {
    for (std::size_t i = 0; i < width; ++i) {
      const float v = d.inputs[row * width + i];
      add_word(std::isnan(v) ? 0x7FC00000U : std::bit_cast<std::uint32_t>(v));
    }
    bytes += static_cast<char>(d.labels[row]);
  }
  return sha256(bytes);
}

expected<dataset> numbers(std::vector<feature> features, const data::batch& table, const std::string& label) {
  auto labels = labels_of(table, label);
  if (!labels)
    return tl::unexpected(std::move(labels.error()));
  const auto reader = reader_of(features);
  const auto columns = bind(reader, *table.schema);
  if (!columns)
    return tl::unexpected(columns.error());
  std::vector<refused_row> refused;
  dataset out;
  out.inputs = encode(reader, *columns, table, refused);
  if (!refused.empty())
    return wrong(fmt::format("row {}: {}; remedy: a table without such rows", refused.front().row + 1,
                             refused.front().message));
  out.features = std::move(features);
  out.labels = std::move(*labels);
  out.rows.resize(out.labels.size());
  std::iota(out.rows.begin(), out.rows.end(), 0U);
  return out;
}

}  // namespace

expected<data::batch> plain_numbers(const data::batch& table) {
  data::batch out{nullptr, {}, table.rows};
  std::vector<data::field> fields;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    auto column = table.columns[i];
    const auto& name = (*table.schema)[i].name;
    if (column->type().id() == type_id::json) {
      auto made = numbers_of(*column, name, no_feature, no_feature_remedy);
      // A column that is left out later may be anything.
      if (made)
        column = *made;
    }
    fields.push_back({name, column->type()});
    out.columns.push_back(std::move(column));
  }
  out.schema = std::make_shared<const data::schema>(std::move(fields));
  return out;
}

expected<data::batch> fitted(const model& m, const data::batch& table) {
  auto out = table;
  auto fields = table.schema->fields();
  for (const auto& f : m.features) {
    const auto at = table.schema->find(f.name);
    if (!at)
      continue;
    auto& column = out.columns[*at];
    const auto wanted = f.type == feature_type::text      ? type_id::text
                        : f.type == feature_type::boolean ? type_id::boolean
                                                          : type_id::float64;
    const auto found = column->type().id();
    if (column->null_count() == column->size() && found != wanted) {
      data::column_builder nulls(wanted);
      for (std::size_t i = 0; i < table.rows; ++i)
        nulls.append_null();
      column = nulls.finish();
    } else if (wanted == type_id::float64 && found == type_id::text) {
      auto made = numbers_of(*column, f.name, "is text, and the model has double",
                             "a table with numbers there, as in training");
      if (!made)
        return tl::unexpected(std::move(made.error()));
      column = std::move(*made);
    } else if (wanted == type_id::text && found == type_id::boolean) {
      return wrong(
          fmt::format("{} is boolean, and the model has text; remedy: texts there, in Parquet or JSON "
                      "lines where a csv has only such as F, T, yes or no, which are read as booleans",
                      named(f.name)));
    }
    fields[*at].type = column->type();
  }
  out.schema = std::make_shared<const data::schema>(std::move(fields));
  return out;
}

expected<std::vector<std::uint8_t>> labels_of(const data::batch& table, const std::string& column) {
  const auto at = table.schema->find(column);
  if (!at)
    return wrong(fmt::format("the table has no {} for the label; it has {}", named(column),
                             columns_of(*table.schema)));
  const auto& c = *table.columns[*at];
  std::vector<std::uint8_t> out;
  out.reserve(c.size());
  for (std::size_t i = 0; i < c.size(); ++i) {
    if (c.is_null(i))
      return wrong(fmt::format("the label, {}, is null in row {}{}; remedy: leave such rows out",
                               named(column), i + 1,
                               c.null_count() > 1 ? fmt::format(" and {} others", c.null_count() - 1) : ""));
    int label = -1;
    std::string shown;
    switch (c.type().id()) {
    case type_id::boolean:
      label = c.boolean_at(i) ? 1 : 0;
      break;
    case type_id::bigint:
      shown = fmt::format("{}", c.ints()[i]);
      break;
    case type_id::float64:
      shown = fmt::format("{}", c.doubles()[i]);
      break;
    case type_id::numeric:
      append_decimal(shown, without_end_zeros(c.decimals()[i]));
      break;
    case type_id::text:
    case type_id::json:
      shown = visible(data::excerpt(c.text_at(i)));
      break;
    default:
      break;
    }
    if (shown == "0" || shown == "false")
      label = 0;
    else if (shown == "1" || shown == "true")
      label = 1;
    if (label < 0)
      return wrong(fmt::format("the label, {}, is \"{}\" in row {}; expected 0 or 1, false or true",
                               named(column), shown, i + 1));
    out.push_back(static_cast<std::uint8_t>(label));
  }
  return out;
}

expected<dataset> training_data(const data::batch& table, const std::string& label,
                                const std::vector<std::string>& ignored, kind k) {
  for (const auto& name : ignored)
    if (!table.schema->find(name))
      return wrong(fmt::format("--ignore {}: the table has no such column; it has {}", visible(name),
                               columns_of(*table.schema)));
  // The label is looked at first: a wrong name is said before its own column is taken for a feature.
  if (auto labels = labels_of(table, label); !labels)
    return tl::unexpected(std::move(labels.error()));
  std::vector<feature> features;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const auto& name = (*table.schema)[i].name;
    if (name == label || std::find(ignored.begin(), ignored.end(), name) != ignored.end())
      continue;
    const auto& c = *table.columns[i];
    if (c.type().id() == type_id::json) {
      if (auto numbers = numbers_of(c, name, no_feature, no_feature_remedy); !numbers)
        return tl::unexpected(std::move(numbers.error()));
    }
    if (k == kind::linear && c.null_count() > 0)
      return wrong(
          fmt::format("{} is null in {} row{}, and a linear model cannot do without it; remedy: --model "
                      "forest or boosted, or coalesce() in the table",
                      named(name), c.null_count(), c.null_count() == 1 ? "" : "s"));
    auto f = feature_of(c, name);
    if (!f)
      return tl::unexpected(std::move(f.error()));
    features.push_back(std::move(*f));
  }
  if (inputs_of(features) == 0)
    return wrong("the table has no column to learn from beside the label");
  auto d = numbers(std::move(features), table, label);
  if (!d)
    return d;
  const auto order = order_of(*d);
  d->hash = hash_of(*d, order);
  dataset sorted{d->features, {}, {}, order, d->hash};
  const auto width = d->width();
  for (const auto row : order) {
    const auto first = d->inputs.begin() + static_cast<std::ptrdiff_t>(row * width);
    sorted.inputs.insert(sorted.inputs.end(), first, first + static_cast<std::ptrdiff_t>(width));
    sorted.labels.push_back(d->labels[row]);
  }
  return sorted;
}

expected<labelled> labels_for(const model& m, const data::batch& table, const std::string& label) {
  auto d = numbers(m.features, table, label);
  if (!d)
    return tl::unexpected(std::move(d.error()));
  auto order = order_of(*d);
  auto hash = hash_of(*d, order);
  return labelled{std::move(d->labels), std::move(order), std::move(hash)};
}

}  // namespace millrace::model
