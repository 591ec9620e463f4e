#include "tools/model/train.hpp"

#include "runtime/data/render.hpp"
#include "runtime/model/read_model.hpp"
#include "runtime/model/score.hpp"
#include "tools/model/booster_training.hpp"
#include "tools/model/split.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace millrace::model {
namespace {

// Writes a model's file (docs/model.md): what read_model() reads, XGBoost's own JSON word for word at its end.
// Pure; the same model gives the same bytes.

void add_text(std::string& out, std::string_view text) { data::append_json_string(out, text); }

void add_feature(std::string& out, const feature& f, bool linear) {
  out += "{\"name\": ";
  add_text(out, f.name);
  out += fmt::format(", \"type\": \"{}\"", to_string(f.type));
  if (f.type == feature_type::text) {
    out += ", \"categories\": [";
    for (std::size_t i = 0; i < f.categories.size(); ++i) {
      out += i == 0 ? "" : ", ";
      add_text(out, f.categories[i]);
    }
    out += ']';
  } else if (f.type == feature_type::number && linear) {
    out += ", \"mean\": ";
    data::append_double(out, f.mean);
    out += ", \"deviation\": ";
    data::append_double(out, f.deviation);
  }
  out += '}';
}

void add_figures(std::string& out, const figures& f) {
  const char* between = "{";
  for (const auto& [name, value] : named_figures(f)) {
    out += fmt::format("{}\"{}\": ", between, name);
    data::append_double(out, value);
    between = ", ";
  }
  out += '}';
}

/// `m` without its booster, what training found, and XGBoost's JSON.
std::string model_text(const model& m, const trained& found, std::string_view xgboost) {
  auto out = fmt::format("{{\n\"millrace_model\": {},\n\"kind\": \"{}\",\n\"label\": ", file_version,
                         to_string(m.kind_of));
  add_text(out, m.label);
  out += ",\n\"threshold\": ";
  data::append_double(out, m.threshold);
  out += fmt::format(",\n\"seed\": {},\n\"trained_on\": {{\"rows\": {}, \"test_share\": ", m.seed, m.rows);
  data::append_double(out, m.test_share);
  out += fmt::format(", \"sha256\": \"{}\"}},\n\"features\": [", m.table_hash);
  const char* between = "\n  ";
  for (const auto& f : m.features) {
    out += between;
    add_feature(out, f, m.kind_of == kind::linear);
    between = ",\n  ";
  }
  out += "\n],\n\"figures\": {\n  \"held_out\": ";
  add_figures(out, found.held_out.of_model);
  out += ",\n  \"majority\": ";
  add_figures(out, found.held_out.of_majority);
  out += ",\n  \"cross_validation\": ";
  between = "{";
  for (const auto& s : found.cross_validation) {
    out += fmt::format("{}\"{}\": {{\"mean\": ", between, s.name);
    data::append_double(out, s.mean);
    out += ", \"deviation\": ";
    data::append_double(out, s.deviation);
    out += '}';
    between = ", ";
  }
  out += "}\n},\n\"xgboost\": ";
  out += xgboost;
  out += "\n}\n";
  return out;
}

/// Runs all of them, at most so many at once; each writes to a place of its own.
void run_side_by_side(std::vector<std::function<void()>>& jobs, unsigned threads) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (auto i = next++; i < jobs.size(); i = next++)
      jobs[i]();
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < std::min<std::size_t>(threads, jobs.size()); ++i)
    others.emplace_back(work);
  work();
}

/// The mean and the deviation of a linear model's numbers, over the rows that it is trained on.
void scale(std::vector<feature>& features, const dataset& d, const std::vector<std::uint32_t>& rows) {
  const auto width = d.width();
  std::size_t at = 0;
  for (auto& f : features) {
    if (f.type == feature_type::number) {
      double sum = 0, squares = 0;
      for (const auto row : rows)
        sum += d.inputs[row * width + at];
      f.mean = sum / static_cast<double>(rows.size());
      for (const auto row : rows)
        squares += std::pow(d.inputs[row * width + at] - f.mean, 2);
      const double deviation = std::sqrt(squares / static_cast<double>(rows.size()));
      f.deviation = deviation > 0 && std::isfinite(deviation) ? deviation : 1;
    }
    at += f.inputs();
  }
}

/// Some rows of a dataset.
struct part {
  std::vector<float> inputs;
  std::vector<std::uint8_t> labels;
};
part part_of(const std::vector<float>& inputs, const dataset& d, const std::vector<std::uint32_t>& rows) {
  part out;
  const auto width = d.width();
  for (const auto row : rows) {
    const auto first = inputs.begin() + static_cast<std::ptrdiff_t>(row * width);
    out.inputs.insert(out.inputs.end(), first, first + static_cast<std::ptrdiff_t>(width));
    out.labels.push_back(d.labels[row]);
  }
  return out;
}

/// The inputs of the model for the rows, in the dataset's order.
expected<std::vector<float>> model_inputs(const model& m, const dataset& d, const data::batch& table) {
  const auto columns = bind(m, *table.schema);
  if (!columns)
    return tl::unexpected(columns.error());
  std::vector<refused_row> refused;
  const auto all = encode(m, *columns, table, refused);
  if (!refused.empty())
    return user_error(ec::invalid_argument,
                      fmt::format("row {}: {}", refused.front().row + 1, refused.front().message));
  const auto width = d.width();
  std::vector<float> out;
  out.reserve(all.size());
  for (const auto row : d.rows) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(row * width);
    out.insert(out.end(), first, first + static_cast<std::ptrdiff_t>(width));
  }
  return out;
}

/// One training and the probabilities of other rows.
expected<std::vector<float>> foretold(const xgboost_api& api, const training_options& o, const part& train,
                                      const part& other, const std::vector<std::string>& names) {
  const auto text = train_booster(api, o, train.inputs, train.labels, names);
  if (!text)
    return tl::unexpected(text.error());
  const auto m = parse_model(*text);
  if (!m)
    return tl::unexpected(m.error());
  return probabilities(m->booster, other.inputs);
}

std::vector<spread> spreads_of(const std::vector<figures>& of_folds) {
  std::vector<spread> out;
  for (const std::string_view name : {"roc_auc", "pr_auc", "f1", "weighted_f1", "log_loss"}) {
    std::vector<double> values;
    for (const auto& f : of_folds)
      for (const auto& [n, v] : named_figures(f))
        if (n == name)
          values.push_back(v);
    spread s{std::string(name)};
    for (const double v : values)
      s.mean += v / static_cast<double>(values.size());
    for (const double v : values)
      s.deviation += (v - s.mean) * (v - s.mean) / static_cast<double>(values.size() - 1);
    s.deviation = std::sqrt(s.deviation);
    out.push_back(std::move(s));
  }
  return out;
}

/// The error of the first training that failed.
template<class T>
const error* first_error(const std::vector<expected<T>>& outcomes) {
  for (const auto& o : outcomes)
    if (!o)
      return &o.error();
  return nullptr;
}

}  // namespace

judged judge(std::vector<std::uint8_t> labels, std::vector<float> probabilities, double threshold) {
  judged out{std::move(labels), std::move(probabilities), {}, {}};
  out.of_model = figures_of(out.labels, out.probabilities, threshold);
  out.of_majority = majority_figures(out.labels);
  return out;
}

expected<trained> train(const xgboost_api& api, const data::batch& table, const training_options& o) {
  const auto d = training_data(table, o.label, o.ignored, o.what);
  if (!d)
    return tl::unexpected(d.error());
  const auto rows = split_rows(d->labels, o.test_share, o.seed);
  if (!rows)
    return tl::unexpected(rows.error());
  model m;
  m.kind_of = o.what;
  m.features = d->features;
  m.label = o.label;
  m.threshold = o.threshold;
  m.seed = o.seed;
  m.rows = d->size();
  m.test_share = o.test_share;
  m.table_hash = d->hash;
  m.booster.inputs = static_cast<std::uint32_t>(d->width());
  if (o.what == kind::linear)
    scale(m.features, *d, rows->train);
  const auto names = input_names(m.features);
  const auto inputs = model_inputs(m, *d, table);
  if (!inputs)
    return tl::unexpected(inputs.error());

  const auto fold_of = folds_of(d->labels, rows->train, o.seed);
  std::vector<expected<figures>> of_folds(folds);
  expected<std::string> whole;
  std::vector<std::function<void()>> jobs;
  jobs.emplace_back([&] {
    const auto all = part_of(*inputs, *d, rows->train);
    whole = train_booster(api, o, all.inputs, all.labels, names);
  });
  for (std::size_t fold = 0; fold < folds; ++fold)
    jobs.emplace_back([&, fold] {
      std::vector<std::uint32_t> within, without;
      for (std::size_t i = 0; i < rows->train.size(); ++i)
        (fold_of[i] == fold ? within : without).push_back(rows->train[i]);
      const auto other = part_of(*inputs, *d, within);
      const auto found = foretold(api, o, part_of(*inputs, *d, without), other, names);
      of_folds[fold] = found ? expected<figures>(figures_of(other.labels, *found, o.threshold))
                             : expected<figures>(tl::unexpected(found.error()));
    });
  run_side_by_side(jobs, o.threads);
  if (!whole)
    return tl::unexpected(whole.error());
  if (const auto* const e = first_error(of_folds))
    return tl::unexpected(*e);

  auto own = parse_model(*whole);
  if (!own)
    return tl::unexpected(own.error());
  trained out;
  const auto test = part_of(*inputs, *d, rows->test);
  out.held_out = judge(test.labels, probabilities(own->booster, test.inputs), o.threshold);
  std::vector<figures> good;
  for (const auto& f : of_folds)
    good.push_back(*f);
  out.cross_validation = spreads_of(good);
  out.text = model_text(m, out, *whole);
  auto read = parse_model(out.text);
  if (!read)
    return tl::unexpected(read.error());
  out.content = std::move(*read);
  return out;
}

}  // namespace millrace::model
