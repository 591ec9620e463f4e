// Models of a few nodes, as text, for the tests of runtime/model.
#pragma once

#include <string>

namespace millrace::test {

/// XGBoost's JSON of two trees over a and b: a < 1.5 (missing goes left) gives -0.5 or 0.75; b < 0 gives
/// 0.25 or -0.25.
inline std::string two_trees(const std::string& base_score = "5E-1", const std::string& version = "[1,7,4]",
                             const std::string& names = R"(["a","b"])") {
  return R"({"learner":{"attributes":{},"feature_names":)" + names +
         R"(,"feature_types":[],"gradient_booster":{"model":{"gbtree_model_param":{"num_parallel_tree":"1","num_trees":"2","size_leaf_vector":"0"},"tree_info":[0,0],"trees":[)"
         R"({"base_weights":[0,-1,1],"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],"default_left":[true,false,false],"id":0,"left_children":[1,-1,-1],"loss_changes":[12.5,0,0],"parents":[2147483647,0,0],"right_children":[2,-1,-1],"split_conditions":[1.5,-5E-1,7.5E-1],"split_indices":[0,0,0],"split_type":[0,0,0],"sum_hessian":[4,2,2],"tree_param":{"num_deleted":"0","num_feature":"2","num_nodes":"3","size_leaf_vector":"0"}},)"
         R"({"base_weights":[0,-1,1],"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],"default_left":[0,0,0],"id":1,"left_children":[1,-1,-1],"loss_changes":[2.5,0,0],"parents":[2147483647,0,0],"right_children":[2,-1,-1],"split_conditions":[0,2.5E-1,-2.5E-1],"split_indices":[1,0,0],"split_type":[0,0,0],"sum_hessian":[4,2,2],"tree_param":{"num_deleted":"0","num_feature":"2","num_nodes":"3","size_leaf_vector":"0"}}]},"name":"gbtree"},"learner_model_param":{"base_score":")" +
         base_score +
         R"(","num_class":"0","num_feature":"2","num_target":"1"},"objective":{"name":"binary:logistic","reg_loss_param":{"scale_pos_weight":"1"}}},"version":)" +
         version + "}";
}

/// One of ours: a number and a text of two categories, in two trees or, scaled, in weights of 2 and -1.
inline std::string our_trees() {
  return R"({"millrace_model":1,"kind":"boosted","label":"churned","threshold":0.5,"seed":42,"trained_on":{"rows":10,"test_share":0.2,"sha256":"00"},"features":[{"name":"a","type":"double"},{"name":"sex","type":"text","categories":["F","M"]}],"figures":{"roc_auc":0.75},"xgboost":)" +
         two_trees("5E-1", "[1,7,4]", R"(["a","sex=M"])") + "}";
}
inline std::string our_weights() {
  return R"({"millrace_model":1,"kind":"linear","label":"churned","threshold":0.5,"seed":42,"trained_on":{"rows":10,"test_share":0.2,"sha256":"00"},"features":[{"name":"a","type":"double","mean":10,"deviation":4},{"name":"paid","type":"boolean"}],"figures":{},"xgboost":{"learner":{"attributes":{},"feature_names":["a","paid"],"feature_types":[],"gradient_booster":{"model":{"boosted_rounds":3,"weights":[2,-1,0.5]},"name":"gblinear"},"learner_model_param":{"base_score":"5E-1","num_class":"0","num_feature":"2","num_target":"1"},"objective":{"name":"binary:logistic","reg_loss_param":{"scale_pos_weight":"1"}}},"version":[1,7,4]}})";
}

/// The text with its one occurrence of `what` changed.
inline std::string with(std::string text, const std::string& what, const std::string& other) {
  return text.replace(text.find(what), what.size(), other);
}

}  // namespace millrace::test
