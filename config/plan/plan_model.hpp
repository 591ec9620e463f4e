// A transform that applies a model: which one, for the plan's fingerprint, its description, and the state
// folder, which keeps a copy.
#pragma once

#include "config/plan.hpp"
#include "runtime/model/read_model.hpp"

#include <string_view>
#include <vector>

namespace millrace::config {

/// A file whose bytes belong to the plan, and stand in the place of its name in a text that goes elsewhere.
struct carried_file {
  std::string_view option;  // that names it
  std::string_view bytes;   // of the stage's plan
  [[nodiscard]] std::string_view what() const { return option == "model" ? "model" : "schema"; }
};
/// A model, the schema of a parser's records, or the files of a sink; none for every other stage.
[[nodiscard]] std::vector<carried_file> carried_by(const stage& s);

/// The file as it was read when the plan was made; null for every other stage.
[[nodiscard]] const model::model_file* model_of(const stage& s);

}  // namespace millrace::config
