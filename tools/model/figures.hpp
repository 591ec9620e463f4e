// Measures how good probabilities are, against what came true. The numbers are those of scikit-learn. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace millrace::model {

struct figures {
  std::uint64_t rows = 0;
  std::uint64_t leavers = 0;  // label 1
  // The counts at the threshold: forecasts against what came true.
  std::uint64_t true_positives = 0, false_positives = 0, false_negatives = 0, true_negatives = 0;
  double accuracy = 0;
  double precision = 0, recall = 0, f1 = 0;  // figures of the leavers
  double weighted_precision = 0, weighted_recall = 0, weighted_f1 = 0;
  double roc_auc = 0;
  double pr_auc = 0;    // average precision
  double log_loss = 0;  // probabilities are kept off 0 and 1 by 2^-52
  double brier = 0;
  double lift = 0;  // leavers among the tenth with the highest probabilities, against all
};

/// Both classes must be there. Equal probabilities count alike, in any order.
[[nodiscard]] figures figures_of(std::span<const std::uint8_t> labels, std::span<const float> probabilities,
                                 double threshold);
/// The figures of an answer that is always the majority's, with the share of leavers as its probability.
[[nodiscard]] figures majority_figures(std::span<const std::uint8_t> labels);

/// Returns the figures by name, in the order in which they are shown; counts first.
[[nodiscard]] std::vector<std::pair<std::string, double>> named_figures(const figures& f);

/// A point of a curve, both from 0 to 1.
struct point {
  double x = 0;
  double y = 0;
};
/// False positives against true positives.
[[nodiscard]] std::vector<point> roc_curve(std::span<const std::uint8_t> labels,
                                           std::span<const float> probabilities);
/// Recall against precision.
[[nodiscard]] std::vector<point> precision_curve(std::span<const std::uint8_t> labels,
                                                 std::span<const float> probabilities);
/// Share of rows, highest probabilities first, against share of leavers among them.
[[nodiscard]] std::vector<point> gains_curve(std::span<const std::uint8_t> labels,
                                             std::span<const float> probabilities);

}  // namespace millrace::model
