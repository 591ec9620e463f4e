// Calls XGBoost for one training. Hides all of the library.
#pragma once

#include "runtime/base/error.hpp"
#include "tools/model/train.hpp"

#include <span>

namespace millrace::model {

/// Rows, each of `names.size()` inputs, and their labels. Gives XGBoost's own JSON.
[[nodiscard]] expected<std::string> train_booster(const xgboost_api& api, const training_options& o,
                                                  std::span<const float> inputs,
                                                  std::span<const std::uint8_t> labels,
                                                  const std::vector<std::string>& names);

}  // namespace millrace::model
