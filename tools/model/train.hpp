// Trains a model with XGBoost: held-out rows, cross validation, then the model itself. The outcome depends on
// the rows, the options and the library alone: each training has one thread, and several run side by side.
#pragma once

#include "tools/model/dataset.hpp"
#include "tools/model/figures.hpp"
#include "tools/model/xgboost_api.hpp"

#include <optional>

namespace millrace::model {

struct training_options {
  kind what = kind::boosted;
  std::string label;
  std::vector<std::string> ignored;
  std::uint64_t seed = 42;
  std::optional<unsigned> trees;  // none: by kind
  std::optional<unsigned> depth;  // the depth of a tree; none: by kind
  double test_share = 0.2;
  double threshold = 0.5;
  unsigned threads = 1;
};

/// A figure over the folds of cross validation.
struct spread {
  std::string name;
  double mean = 0;
  double deviation = 0;  // deviation between folds, n - 1
};

/// Rows on which a model was judged, and what it said of them.
struct judged {
  std::vector<std::uint8_t> labels;
  std::vector<float> probabilities;
  figures of_model;
  figures of_majority;
};
[[nodiscard]] judged judge(std::vector<std::uint8_t> labels, std::vector<float> probabilities,
                           double threshold);

struct trained {
  std::string text;  // the model's file
  model content;     // the same, read back
  judged held_out;
  std::vector<spread> cross_validation;
};

/// `table` has plain_numbers().
[[nodiscard]] expected<trained> train(const xgboost_api& api, const data::batch& table,
                                      const training_options& o);

/// Returns how many trees are grown, by kind and depth.
[[nodiscard]] unsigned trees_of(const training_options& o);
[[nodiscard]] unsigned depth_of(const training_options& o);

}  // namespace millrace::model
