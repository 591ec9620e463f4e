#include "tools/model/booster_training.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace millrace::model {
namespace {

constexpr unsigned boosted_depth = 3;
constexpr unsigned boosted_trees = 50;
constexpr unsigned forest_depth = 20;
constexpr unsigned forest_trees = 75;
/// A linear model is done when a round moves no weight further than its tolerance.
constexpr unsigned linear_rounds = 1'000;

class handles {
public:
  explicit handles(const xgboost_api& api) : api_(api) {}
  ~handles() {
    if (booster)
      api_.XGBoosterFree(booster);
    if (matrix)
      api_.XGDMatrixFree(matrix);
  }
  handles(const handles&) = delete;
  handles& operator=(const handles&) = delete;

  xgboost_matrix matrix = nullptr;
  xgboost_booster booster = nullptr;

private:
  const xgboost_api& api_;
};

using parameters = std::vector<std::pair<std::string, std::string>>;

parameters parameters_of(const training_options& o, double leavers, std::size_t inputs) {
  parameters out{
      {"objective", "binary:logistic"},
      // Sums of several threads would differ in their last bits.
      {"nthread", "1"},
      {"seed", fmt::format("{}", o.seed % std::numeric_limits<std::int32_t>::max())},
      {"base_score", fmt::format("{}", static_cast<float>(leavers))},
      {"verbosity", "0"},
  };
  const auto add = [&](const char* name, std::string value) { out.emplace_back(name, std::move(value)); };
  if (o.what == kind::linear) {
    add("booster", "gblinear");
    add("updater", "coord_descent");
    add("feature_selector", "cyclic");
    add("eta", "1");
    add("lambda", "0");
    add("alpha", "0");
    add("tolerance", "1e-7");
    return out;
  }
  add("booster", "gbtree");
  add("tree_method", "hist");
  add("max_depth", fmt::format("{}", depth_of(o)));
  if (o.what == kind::boosted) {
    add("eta", "0.1");
    return out;
  }
  add("num_parallel_tree", fmt::format("{}", trees_of(o)));
  add("eta", "1");
  add("subsample", "0.632");  // the share of different rows that a bootstrap has
  add("colsample_bynode", fmt::format("{}", static_cast<float>(1 / std::sqrt(static_cast<double>(inputs)))));
  add("lambda", "1e-5");
  return out;
}

unsigned rounds_of(const training_options& o) {
  return o.what == kind::linear ? linear_rounds : o.what == kind::forest ? 1 : trees_of(o);
}

}  // namespace

unsigned trees_of(const training_options& o) {
  return o.trees.value_or(o.what == kind::forest ? forest_trees : boosted_trees);
}
unsigned depth_of(const training_options& o) {
  return o.depth.value_or(o.what == kind::forest ? forest_depth : boosted_depth);
}

expected<std::string> train_booster(const xgboost_api& api, const training_options& o,
                                    std::span<const float> inputs, std::span<const std::uint8_t> labels,
                                    const std::vector<std::string>& names) {
  const auto failed = [&] {
    const char* const why = api.XGBGetLastError();
    return fatal_error(ec::io, fmt::format("XGBoost could not train: {}", why ? why : "it gives no reason"));
  };
  handles h(api);
  api.XGBSetGlobalConfig(R"({"verbosity":0})");
  const std::vector<float> wanted(labels.begin(), labels.end());
  std::vector<const char*> texts;
  for (const auto& n : names)
    texts.push_back(n.c_str());
  if (api.XGDMatrixCreateFromMat(inputs.data(), labels.size(), names.size(),
                                 std::numeric_limits<float>::quiet_NaN(), &h.matrix) != 0 ||
      api.XGDMatrixSetFloatInfo(h.matrix, "label", wanted.data(), wanted.size()) != 0 ||
      api.XGBoosterCreate(&h.matrix, 1, &h.booster) != 0 ||
      api.XGBoosterSetStrFeatureInfo(h.booster, "feature_name", texts.data(), texts.size()) != 0)
    return failed();
  const double leavers = static_cast<double>(std::accumulate(labels.begin(), labels.end(), std::size_t{0})) /
                         static_cast<double>(labels.size());
  for (const auto& [name, value] : parameters_of(o, leavers, names.size()))
    if (api.XGBoosterSetParam(h.booster, name.c_str(), value.c_str()) != 0)
      return failed();
  for (unsigned i = 0; i < rounds_of(o); ++i)
    if (api.XGBoosterUpdateOneIter(h.booster, static_cast<int>(i), h.matrix) != 0)
      return failed();
  xgboost_count size = 0;
  const char* bytes = nullptr;
  if (api.XGBoosterSaveModelToBuffer(h.booster, R"({"format":"json"})", &size, &bytes) != 0)
    return failed();
  return std::string(bytes, size);
}

}  // namespace millrace::model
