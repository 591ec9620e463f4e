// Writes a model's file (docs/model.md): what read_model() reads, XGBoost's own JSON word for word at its end.
// Pure; the same model gives the same bytes.
#pragma once

#include "tools/model/train.hpp"

#include <string>
#include <string_view>

namespace millrace::model {

/// `m` without its booster, what training found, and XGBoost's JSON.
[[nodiscard]] std::string model_text(const model& m, const trained& found, std::string_view xgboost);

}  // namespace millrace::model
