// A transform that applies a model: which one, for the plan's fingerprint, its description, and the state
// folder, which keeps a copy.
#pragma once

#include "config/plan.hpp"
#include "runtime/model/read_model.hpp"

namespace millrace::config {

/// The file as it was read when the plan was made; null for every other stage.
[[nodiscard]] const model::model_file* model_of(const stage& s);

}  // namespace millrace::config
