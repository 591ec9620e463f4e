// A table of features and a label, as numbers that a model is trained or judged on. Pure.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/model/model.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::model {

/// A text with more different values than this is no category but a name.
inline constexpr std::size_t most_categories = 64;

struct dataset {
  std::vector<feature> features;
  std::vector<float> inputs;         // row by row, not scaled; missing is NaN
  std::vector<std::uint8_t> labels;  // 1: the one that is looked for
  std::vector<std::uint32_t> rows;   // rows of the table, in the order of inputs and labels
  std::string hash;                  // hash of all of the above but `rows`: the table's order does not matter

  [[nodiscard]] std::size_t size() const { return labels.size(); }
  [[nodiscard]] std::size_t width() const { return labels.empty() ? 0 : inputs.size() / labels.size(); }
};

/// Columns of other types than a model reads, as DuckDB gives sums and decimals, become double.
[[nodiscard]] expected<data::batch> plain_numbers(const data::batch& table);

/// Columns of the model's features become what the model reads, where a csv alone does not tell: those without any
/// value, and numbers that were read as text.
[[nodiscard]] expected<data::batch> fitted(const model& m, const data::batch& table);

/// 0 or 1 a row. Nulls and other values are errors that name the row (from 1).
[[nodiscard]] expected<std::vector<std::uint8_t>> labels_of(const data::batch& table,
                                                            const std::string& column);

/// Returns the rows for training; the table says what each column is. `ignored` columns are left out. Rows
/// come in the order of their values, so that the same rows make the same model however a table lists them.
[[nodiscard]] expected<dataset> training_data(const data::batch& table, const std::string& label,
                                              const std::vector<std::string>& ignored, kind k);

/// The labels to judge a model by, and the hash that the same rows have in training. Rows that cannot be
/// scored are not told apart here.
struct labelled {
  std::vector<std::uint8_t> labels;  // sorted as the table
  std::vector<std::uint32_t> order;  // the order of the rows in training
  std::string hash;
};
[[nodiscard]] expected<labelled> labels_for(const model& m, const data::batch& table,
                                            const std::string& label);

}  // namespace millrace::model
