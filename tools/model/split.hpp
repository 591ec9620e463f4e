// Decides which rows are held out, and which fold of cross validation a row belongs to: by label, so that
// each part has its share of both, and by a seed alone. Pure; the same on every machine.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::model {

inline constexpr std::size_t folds = 3;

struct split {
  std::vector<std::uint32_t> train;  // ascending
  std::vector<std::uint32_t> test;   // ascending
};

/// "all 60 rows have the label 0", and the remedy.
[[nodiscard]] std::string all_have(std::size_t rows, std::size_t label);
inline constexpr std::string_view both_labels = "a table with rows of both labels";

/// Errors: one class only, or too few rows of one to train on every fold.
[[nodiscard]] expected<split> split_rows(const std::vector<std::uint8_t>& labels, double test_share,
                                         std::uint64_t seed);

/// Returns each row's fold, by position in `rows`.
[[nodiscard]] std::vector<std::size_t> folds_of(const std::vector<std::uint8_t>& labels,
                                                const std::vector<std::uint32_t>& rows, std::uint64_t seed);

}  // namespace millrace::model
