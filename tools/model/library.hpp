// Finds libxgboost.so, which Debian has as libxgboost0, and loads it. Only training needs it.
#pragma once

#include "runtime/base/error.hpp"
#include "tools/model/xgboost_api.hpp"

#include <string>
#include <vector>

namespace millrace::model {

/// Pure: what is tried, in that order, when $MILLRACE_XGBOOST says `chosen` (a file, or a folder that holds
/// it; then nothing else). A bare name is one that the system looks for.
[[nodiscard]] std::vector<std::string> library_candidates(const std::string& chosen);

/// Loaded once and for good. Errors say what was tried, and the remedy.
[[nodiscard]] expected<const xgboost_api*> load_xgboost(const std::string& chosen);
/// The same by the environment.
[[nodiscard]] expected<const xgboost_api*> load_xgboost();

}  // namespace millrace::model
