// Applies a model to batches: rows become numbers (encode), numbers become probabilities (score). Pure; a
// model may be applied by any number of threads at once.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/model/model.hpp"

#include <span>

namespace millrace::model {

/// The places of a model's columns: by feature, the column of a schema.
using binding = std::vector<std::size_t>;
/// Errors name all columns that are missing or of another type.
[[nodiscard]] expected<binding> bind(const model& m, const data::schema& columns);

/// A row that cannot be scored, and why.
struct refused_row {
  std::uint32_t row = 0;
  std::string message;
};

/// Row by row, one float an input; missing is NaN. Rows that cannot be scored are NaN throughout. Null is
/// missing for trees and refused for a linear model; NaN, infinities and categories that training has not
/// seen are refused. Messages come at most one a row, ascending.
[[nodiscard]] std::vector<float> encode(const model& m, const binding& columns, const data::batch& rows,
                                        std::vector<refused_row>& refused);

/// The probabilities of rows of `inputs` floats each, equal to XGBoost's to the bit.
[[nodiscard]] std::vector<float> probabilities(const booster& b, std::span<const float> inputs);

/// Encodes and scores at once: a column of type double, null where a row is refused.
[[nodiscard]] data::column_ptr score(const model& m, const binding& columns, const data::batch& rows,
                                     std::vector<refused_row>& refused);

}  // namespace millrace::model
