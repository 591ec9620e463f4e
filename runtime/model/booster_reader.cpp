#include "runtime/model/booster_reader.hpp"

#include "runtime/base/visible_text.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace millrace::model {
namespace {

using value = strict_json::value;

constexpr std::int64_t first_major = 1;
constexpr std::int64_t last_major = 3;
constexpr std::int64_t most_inputs = 100'000;

std::string shown(std::string_view text) { return visible(data::excerpt(text, 60)); }

/// Holds what a tree's parallel lists say, before they are checked.
struct tree_lists {
  std::vector<std::int64_t> left, right, inputs, missing_left, types;
  std::vector<float> values, gains;
  std::int64_t categories = 0;
  std::int64_t nodes = -1;
};

class booster_reader {
public:
  booster_reader(strict_json& in, std::string_view path) : in_(in), path_(path) {}

  booster read(simdjson::ondemand::object root) {
    in_.members(root, path_, {"learner", "version"}, [&](std::string_view name, value v) {
      if (name == "learner")
        read_learner(v);
      else if (name == "version")
        read_version(v);
      else
        return false;
      return true;
    });
    if (in_.good())
      check_whole();
    return std::move(out_);
  }

private:
  std::string at(std::string_view name) const { return strict_json::join(path_, name); }

  void read_version(value v) {
    const auto version = in_.integers(v, at("version"));
    if (in_.good() && (version.size() != 3 || version[0] < first_major || version[0] > last_major))
      in_.fail(
          at("version"),
          fmt::format(
              "is XGBoost {}; millrace reads models of XGBoost {} to {}; remedy: train it with one of these",
              fmt::join(version, "."), first_major, last_major));
  }

  void read_learner(value v) {
    in_.members(v, at("learner"), {"gradient_booster", "learner_model_param", "objective"},
                [&](std::string_view name, value m) {
                  if (name == "attributes")
                    read_attributes(m);
                  else if (name == "feature_names")
                    out_.names = in_.texts(m, at("learner.feature_names"));
                  else if (name == "feature_types")
                    read_types(m);
                  else if (name == "gradient_booster")
                    read_gradient_booster(m);
                  else if (name == "learner_model_param")
                    read_parameters(m);
                  else if (name == "objective")
                    read_objective(m);
                  else
                    return false;
                  return true;
                });
  }

  void read_attributes(value v) {
    const auto path = at("learner.attributes");
    in_.members(v, path, {}, [&](std::string_view name, value m) {
      // Some of Python's classes score with the first trees only if it is there, and others with all.
      if (name == "best_iteration")
        in_.fail(strict_json::join(path, name),
                 "training was stopped early, and which trees count is ambiguous; remedy: save "
                 "booster[:booster.best_iteration + 1]");
      else
        static_cast<void>(in_.text(m, strict_json::join(path, name)));
      return true;
    });
  }

  void read_types(value v) {
    for (const auto& type : in_.texts(v, at("learner.feature_types")))
      if (type == "c")
        in_.fail(at("learner.feature_types"),
                 "has categories of XGBoost's own, which millrace does not read; remedy: train on numbers");
  }

  void read_parameters(value v) {
    const auto path = at("learner.learner_model_param");
    in_.members(v, path, {"base_score", "num_feature"}, [&](std::string_view name, value m) {
      const auto here = strict_json::join(path, name);
      if (name == "base_score")
        read_base_score(in_.text(m, here), here);
      else if (name == "num_feature")
        parameter_inputs_ = in_.quoted_integer(m, here);
      else if (name == "num_class" || name == "num_target") {
        if (const auto n = in_.quoted_integer(m, here); in_.good() && n > 1)
          in_.fail(here, fmt::format("is {}; expected a model of one probability", n));
      } else if (name == "boost_from_average") {
        static_cast<void>(in_.text(m, here));
      } else {
        return false;
      }
      return true;
    });
  }

  /// XGBoost 3 writes a list within the text, "[9.8E-2]", which XGBoost 1 takes for another number.
  void read_base_score(std::string_view text, std::string_view path) {
    const auto all = text;
    if (text.starts_with('[') && text.ends_with(']'))
      text = text.substr(1, text.size() - 2);
    const auto score = float_of(text);
    if (in_.good() && (!score || !(*score > 0 && *score < 1)))
      return in_.fail(path, fmt::format("is \"{}\"; expected one probability between 0 and 1", shown(all)));
    if (score)
      out_.base_margin = margin_of(*score);
  }

  void read_objective(value v) {
    const auto path = at("learner.objective");
    in_.members(v, path, {"name"}, [&](std::string_view name, value m) {
      const auto here = strict_json::join(path, name);
      if (name == "name") {
        if (const auto objective = in_.text(m, here); in_.good() && objective != "binary:logistic")
          in_.fail(here,
                   fmt::format("is \"{}\"; expected \"binary:logistic\", the only one that millrace scores",
                               shown(objective)));
        return true;
      }
      if (name != "reg_loss_param")
        return false;
      in_.members(m, here, {}, [&](std::string_view of_loss, value weight) {
        if (of_loss != "scale_pos_weight")
          return false;
        static_cast<void>(in_.text(weight, here));
        return true;
      });
      return true;
    });
  }

  void read_gradient_booster(value v) {
    const auto path = at("learner.gradient_booster");
    in_.members(v, path, {"model", "name"}, [&](std::string_view name, value m) {
      const auto here = strict_json::join(path, name);
      if (name == "name")
        booster_ = in_.text(m, here);
      else if (name == "model")
        read_model(m, here);
      else if (name == "gbtree" || name == "weight_drop")
        in_.fail(path, "is \"dart\"; expected \"gbtree\" or \"gblinear\"");
      else
        return false;
      return true;
    });
  }

  void read_model(value v, const std::string& path) {
    in_.members(v, path, {}, [&](std::string_view name, value m) {
      const auto here = strict_json::join(path, name);
      if (name == "trees") {
        in_.elements(m, here,
                     [&](value tree) { read_tree(tree, fmt::format("{}[{}]", here, out_.roots.size())); });
      } else if (name == "weights") {
        out_.weights = in_.reals32(m, here);
      } else if (name == "boosted_rounds") {
        static_cast<void>(in_.integer(m, here));
      } else if (name == "tree_info" || name == "iteration_indptr") {
        const auto numbers = in_.integers(m, here);
        if (name == "tree_info" && std::any_of(numbers.begin(), numbers.end(), [](auto n) { return n != 0; }))
          in_.fail(here, "has trees of several classes; expected a model of one probability");
      } else if (name == "gbtree_model_param") {
        read_tree_parameters(m, here);
      } else if (name == "cats") {
        read_categories(m, here);
      } else {
        return false;
      }
      return true;
    });
  }

  void read_tree_parameters(value v, const std::string& path) {
    in_.members(v, path, {}, [&](std::string_view name, value m) {
      const auto here = strict_json::join(path, name);
      if (name == "num_trees")
        parameter_trees_ = in_.quoted_integer(m, here);
      else if (name == "num_parallel_tree")
        static_cast<void>(in_.quoted_integer(m, here));
      else if (name == "size_leaf_vector")
        read_leaf_size(m, here);
      else
        return false;
      return true;
    });
  }

  void read_leaf_size(value v, const std::string& path) {
    if (const auto n = in_.quoted_integer(v, path); in_.good() && n > 1)
      in_.fail(path, fmt::format("is {}; expected leaves of one value", n));
  }

  /// XGBoost 3.1 and later keep a table of categories, empty where no column has any.
  void read_categories(value v, const std::string& path) {
    in_.members(v, path, {}, [&](std::string_view name, value m) {
      const auto here = strict_json::join(path, name);
      if (name != "enc" && name != "feature_segments" && name != "sorted_idx")
        return false;
      std::size_t count = 0;
      in_.elements(m, here, [&](value) { ++count; });
      if (in_.good() && name == "enc" && count != 0)
        in_.fail(here,
                 "has categories of XGBoost's own, which millrace does not read; remedy: train on numbers");
      return true;
    });
  }

  void read_tree(value v, const std::string& path) {
    tree_lists lists;
    in_.members(v, path,
                {"left_children", "right_children", "split_indices", "split_conditions", "default_left"},
                [&](std::string_view name, value m) {
                  const auto here = strict_json::join(path, name);
                  if (name == "left_children")
                    lists.left = in_.integers(m, here);
                  else if (name == "right_children")
                    lists.right = in_.integers(m, here);
                  else if (name == "split_indices")
                    lists.inputs = in_.integers(m, here);
                  else if (name == "default_left")
                    lists.missing_left = in_.integers(m, here);
                  else if (name == "split_conditions")
                    lists.values = in_.reals32(m, here);
                  else if (name == "loss_changes")
                    lists.gains = in_.reals32(m, here);
                  else if (name == "split_type")
                    lists.types = in_.integers(m, here);
                  else if (name == "base_weights" || name == "sum_hessian")
                    static_cast<void>(in_.reals32(m, here));
                  else if (name == "parents" || name == "categories" || name == "categories_nodes" ||
                           name == "categories_segments" || name == "categories_sizes")
                    lists.categories += name == "parents"
                                            ? (static_cast<void>(in_.integers(m, here)), 0)
                                            : static_cast<std::int64_t>(in_.integers(m, here).size());
                  else if (name == "id")
                    static_cast<void>(in_.integer(m, here));
                  else if (name == "tree_param")
                    read_tree_size(m, here, lists);
                  else
                    return false;
                  return true;
                });
    if (in_.good())
      add_tree(lists, path);
  }

  void read_tree_size(value v, const std::string& path, tree_lists& lists) {
    in_.members(v, path, {}, [&](std::string_view name, value m) {
      const auto here = strict_json::join(path, name);
      if (name == "num_nodes")
        lists.nodes = in_.quoted_integer(m, here);
      else if (name == "size_leaf_vector")
        read_leaf_size(m, here);
      else if (name == "num_deleted" || name == "num_feature")
        static_cast<void>(in_.quoted_integer(m, here));
      else
        return false;
      return true;
    });
  }

  /// Nodes that a pruned tree no longer reaches stay in the lists; those that it reaches are checked.
  void add_tree(const tree_lists& t, const std::string& path) {
    const auto count = t.left.size();
    const auto fits = [&](std::size_t n) { return n == count; };
    if (count == 0 || !fits(t.right.size()) || !fits(t.inputs.size()) || !fits(t.values.size()) ||
        !fits(t.missing_left.size()) || (!t.gains.empty() && !fits(t.gains.size())) ||
        (t.nodes != -1 && t.nodes != static_cast<std::int64_t>(count)))
      return in_.fail(path, "has lists of different lengths");
    if (t.categories != 0 || std::any_of(t.types.begin(), t.types.end(), [](auto n) { return n != 0; }))
      return in_.fail(path,
                      "splits by categories of XGBoost's own, which millrace does not read; remedy: train "
                      "on numbers");
    if (out_.nodes.size() + count > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
      return in_.fail(path, "has too many nodes");
    const auto first = static_cast<std::int32_t>(out_.nodes.size());
    out_.nodes.resize(out_.nodes.size() + count);
    out_.roots.push_back(first);
    std::vector<bool> reached(count, false);
    std::vector<std::size_t> open{0};
    reached[0] = true;
    while (!open.empty()) {
      const auto i = open.back();
      open.pop_back();
      auto& n = out_.nodes[static_cast<std::size_t>(first) + i];
      n.value = t.values[i];
      if (t.left[i] == node::none && t.right[i] == node::none)
        continue;
      for (const auto child : {t.left[i], t.right[i]}) {
        if (child < 0 || child >= static_cast<std::int64_t>(count) ||
            reached[static_cast<std::size_t>(child)])
          return in_.fail(path, fmt::format("is not a tree: the children of node {} are {} and {}", i,
                                            t.left[i], t.right[i]));
        reached[static_cast<std::size_t>(child)] = true;
        open.push_back(static_cast<std::size_t>(child));
      }
      if (t.inputs[i] < 0 || t.inputs[i] >= most_inputs)
        return in_.fail(path, fmt::format("splits by feature {}, which there is not", t.inputs[i]));
      n.children = {first + static_cast<std::int32_t>(t.left[i]),
                    first + static_cast<std::int32_t>(t.right[i])};
      n.input = static_cast<std::uint32_t>(t.inputs[i]);
      n.missing_goes_left = t.missing_left[i] != 0;
      add_gain(n.input, t.gains.empty() ? 0 : t.gains[i]);
    }
  }

  void add_gain(std::uint32_t input, float gain) {
    if (out_.gain.size() <= input) {
      out_.gain.resize(input + 1, 0);
      out_.splits.resize(input + 1, 0);
    }
    out_.gain[input] += gain;
    ++out_.splits[input];
  }

  void check_whole() {
    const auto n = parameter_inputs_;
    if (n < 1 || n > most_inputs)
      return in_.fail(at("learner.learner_model_param.num_feature"),
                      fmt::format("is {}; expected 1 to {} features", n, most_inputs));
    const auto inputs = static_cast<std::size_t>(n);
    out_.inputs = static_cast<std::uint32_t>(n);
    if (!out_.names.empty() && out_.names.size() != inputs)
      return in_.fail(at("learner.feature_names"),
                      fmt::format("has {} names for {} features", out_.names.size(), n));
    const auto path = at("learner.gradient_booster");
    if (booster_ == "gbtree") {
      if (out_.roots.empty() || !out_.weights.empty() ||
          (parameter_trees_ != -1 && parameter_trees_ != static_cast<std::int64_t>(out_.roots.size())))
        return in_.fail(path, fmt::format("has {} trees, and says that it has {}", out_.roots.size(),
                                          std::max<std::int64_t>(parameter_trees_, 0)));
      if (out_.gain.size() > inputs)
        return in_.fail(path, fmt::format("splits by feature {}, and there are {}", out_.gain.size() - 1, n));
    } else if (booster_ == "gblinear") {
      if (!out_.roots.empty() || out_.weights.size() != inputs + 1)
        return in_.fail(
            path, fmt::format("has {} weights; expected {}, the bias last", out_.weights.size(), inputs + 1));
      out_.bias = out_.weights.back();
      out_.weights.pop_back();
    } else {
      return in_.fail(path, fmt::format("is \"{}\"; expected \"gbtree\" or \"gblinear\"", shown(booster_)));
    }
    out_.gain.resize(inputs, 0);
    out_.splits.resize(inputs, 0);
  }

  strict_json& in_;
  std::string path_;
  booster out_;
  std::string booster_;
  std::int64_t parameter_inputs_ = -1;
  std::int64_t parameter_trees_ = -1;
};

}  // namespace

booster read_booster(strict_json& in, simdjson::ondemand::object root, std::string_view path) {
  return booster_reader(in, path).read(root);
}

float margin_of(float probability) { return -std::log(1.0F / probability - 1.0F); }

}  // namespace millrace::model
