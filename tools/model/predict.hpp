// Computes `predict('FILE', t.*)` of `millrace sql`.
#pragma once

#include "tools/sql/row_function.hpp"

namespace millrace::model {

/// Gives each row the probability by the model in a file, which is read once. Errors begin with the file's name.
[[nodiscard]] duckdb::row_function prediction();

}  // namespace millrace::model
