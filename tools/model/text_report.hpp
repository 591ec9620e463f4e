// The text that `millrace model` prints. Pure.
#pragma once

#include "tools/model/importance.hpp"
#include "tools/model/train.hpp"

#include <string>
#include <string_view>

namespace millrace::model {

/// "forest of 75 trees over 24 features", and what it was trained on.
[[nodiscard]] std::string headline(const model& m);
/// The figures, each beside the majority's answer, and the confusion matrix.
[[nodiscard]] std::string figures_text(const judged& j, double threshold);
[[nodiscard]] std::string spreads_text(const std::vector<spread>& spreads);
[[nodiscard]] std::string importances_text(const model& m);
/// Names a figure for people: "ROC AUC" of "roc_auc".
[[nodiscard]] std::string_view title_of(std::string_view figure);
/// {"model": {...}, "majority": {...}}, one line.
[[nodiscard]] std::string figures_json(const judged& j);

}  // namespace millrace::model
