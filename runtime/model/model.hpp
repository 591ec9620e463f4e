// A trained model of two classes: the columns that it reads, how they become numbers, and trees or weights
// that turn these into a probability. Plain data; read_model.hpp reads it, score.hpp applies it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::model {

enum class kind : std::uint8_t { forest, boosted, linear };
[[nodiscard]] std::string_view to_string(kind k);

enum class feature_type : std::uint8_t {
  number,   // "double" in a file: columns of type double, bigint and numeric
  boolean,  // 0 and 1
  text,     // one of a few categories
};
[[nodiscard]] std::string_view to_string(feature_type t);

/// A column that the model reads.
struct feature {
  std::string name;
  feature_type type = feature_type::number;
  /// A text has all categories that training saw, ascending. Each but the first is an input of its own, 1 where the text
  /// is that one.
  std::vector<std::string> categories{};
  /// The weights of a linear model belong to (value - mean) / deviation of a number.
  double mean = 0;
  double deviation = 1;

  [[nodiscard]] std::size_t inputs() const {
    return type != feature_type::text ? 1 : categories.empty() ? 0 : categories.size() - 1;
  }
  friend bool operator==(const feature&, const feature&) = default;
};

/// The names of the inputs, in their order: a feature's own, or "gender=M" of a category. Characters that
/// XGBoost forbids in names become underscores.
[[nodiscard]] std::vector<std::string> input_names(const std::vector<feature>& features);

/// A node of a tree; a leaf has no children.
struct node {
  static constexpr std::int32_t none = -1;
  std::array<std::int32_t, 2> children{none, none};  // left, right: indices in booster::nodes
  std::uint32_t input = 0;
  bool missing_goes_left = false;
  float value = 0;  // a split: smaller inputs go left; a leaf: what it adds
};

/// Holds what XGBoost has learnt.
struct booster {
  std::uint32_t inputs = 0;
  std::vector<std::string> names;     // names of the inputs; may be empty within a file of ours only
  std::vector<node> nodes;            // nodes of all trees, one tree after the other
  std::vector<std::int32_t> roots;    // one a tree
  std::vector<float> weights;         // a linear model's: one an input
  float bias = 0;                     // a linear model's
  float base_margin = 0;              // log odds that everything is added to
  std::vector<double> gain;           // one an input: the sum over its splits
  std::vector<std::uint64_t> splits;  // one an input
  [[nodiscard]] bool is_linear() const { return roots.empty(); }
};

struct model {
  kind kind_of = kind::boosted;
  std::vector<feature> features;
  std::string label;  // the column that says who left; empty for a model of XGBoost alone
  double threshold = 0.5;
  std::uint64_t seed = 0;
  std::uint64_t rows = 0;  // rows of the whole table, training and test
  double test_share = 0;   // the part of these that was held out
  std::string table_hash;  // SHA-256 of the table's encoded rows; empty for a model of XGBoost alone
  std::string figures;     // JSON, as training found them; empty for a model of XGBoost alone
  std::string hash;        // SHA-256 of the file, in hex
  millrace::model::booster booster;
};
using model_ptr = std::shared_ptr<const model>;

/// Returns the hash in hex.
[[nodiscard]] std::string sha256(std::string_view bytes);

}  // namespace millrace::model
