// Reads XGBoost's own JSON, as versions 1 to 3 write it, into a booster that is safe to walk: every index is
// checked, trees have no rings. Used within this folder.
#pragma once

#include "runtime/model/model.hpp"
#include "runtime/model/strict_json.hpp"

namespace millrace::model {

/// `path` goes in front of what is wrong; mistakes are kept in `in`.
[[nodiscard]] booster read_booster(strict_json& in, simdjson::ondemand::object root, std::string_view path);

/// The log odds of a probability, as XGBoost computes them.
[[nodiscard]] float margin_of(float probability);

}  // namespace millrace::model
