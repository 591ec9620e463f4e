// Finds which features a model's answers come from. Pure.
#pragma once

#include "runtime/model/model.hpp"

#include <string>
#include <vector>

namespace millrace::model {

struct importance {
  std::string feature;
  double share = 0;          // share of all gain; for a linear model, of all absolute weights
  double gain = 0;           // a split's, on average, as XGBoost's "gain"; of a linear model, the weight
  std::uint64_t splits = 0;  // none in a linear model
};

/// All features, the most important first; the categories of a text count together. The gain of a text in a
/// linear model is the weight of its category that weighs most.
[[nodiscard]] std::vector<importance> importances(const model& m);

}  // namespace millrace::model
