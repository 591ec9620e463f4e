#include "runtime/data/carried_file.hpp"
#include "runtime/model/read_model.hpp"
#include "tests/unit/model/small_models.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace millrace;
using millrace::test::our_trees;
using millrace::test::our_weights;
using millrace::test::two_trees;
using millrace::test::with;

namespace {

/// The fault of a model, without the words that every message begins with.
std::string mistake(const std::string& bytes) {
  const auto read = model::parse_model(bytes);
  if (read)
    return "nothing";
  constexpr std::string_view head = "this is not a model that millrace can use: ";
  REQUIRE(read.error().message.starts_with(head));
  CHECK(read.error().whose == fault::user);
  return read.error().message.substr(head.size());
}

}  // namespace

TEST_CASE("a model of XGBoost alone reads the columns that it names") {
  const auto m = model::parse_model(two_trees());
  REQUIRE(m);
  CHECK(m->kind_of == model::kind::boosted);
  REQUIRE(m->features.size() == 2);
  CHECK(m->features[1].name == "b");
  CHECK(m->label.empty());
  CHECK(m->booster.roots == std::vector<std::int32_t>{0, 3});
  CHECK(m->booster.gain == std::vector<double>{12.5, 2.5});
  CHECK(m->booster.splits == std::vector<std::uint64_t>{1, 1});
  CHECK(m->hash == model::sha256(two_trees()));
}

TEST_CASE("a model of ours says what it was trained on") {
  const auto m = model::parse_model(our_trees());
  REQUIRE(m);
  CHECK(m->label == "churned");
  CHECK(m->seed == 42);
  CHECK(m->rows == 10);
  CHECK(m->features[1].categories == std::vector<std::string>{"F", "M"});
  CHECK(m->figures == R"({"roc_auc":0.75})");
  const auto linear = model::parse_model(our_weights());
  REQUIRE(linear);
  CHECK(linear->booster.weights == std::vector<float>{2, -1});
  CHECK(linear->booster.bias == 0.5F);
  CHECK(linear->features[0].deviation == 4);
}

TEST_CASE("the base score in brackets, as XGBoost 3 writes it, is the number within") {
  const auto plain = model::parse_model(two_trees("9.8E-2"));
  const auto brackets = model::parse_model(two_trees("[9.8E-2]", "[3,2,0]"));
  REQUIRE(plain);
  REQUIRE(brackets);
  CHECK(plain->booster.base_margin == brackets->booster.base_margin);
  CHECK(plain->booster.base_margin == Approx(std::log(0.098 / 0.902)));
  CHECK(
      mistake(two_trees("[1E-1,2E-1]")) ==
      "learner.learner_model_param.base_score: is \"[1E-1,2E-1]\"; expected one probability between 0 and 1");
  CHECK(mistake(two_trees("1E0")).find("expected one probability") != std::string::npos);
}

TEST_CASE("what millrace does not know is refused, with its place") {
  CHECK(mistake(two_trees("5E-1", "[4,0,0]")) == "version: is XGBoost 4.0.0; millrace reads models of "
                                                 "XGBoost 1 to 3; remedy: train it with one of these");
  CHECK(mistake(with(two_trees(), "binary:logistic", "multi:softprob")) ==
        "learner.objective.name: is \"multi:softprob\"; expected \"binary:logistic\", the only one that "
        "millrace "
        "scores");
  CHECK(mistake(with(two_trees(), R"("attributes":{})", R"("attributes":{},"more":1)")) ==
        "learner.more: is not known here; the file may be of a newer version");
  CHECK(mistake(with(two_trees(), R"("attributes":{})", R"("attributes":{},"attributes":{})")) ==
        "learner.attributes: is there twice");
  CHECK(mistake(with(two_trees(), "gbtree\"}", "dart\"}")) ==
        "learner.gradient_booster: is \"dart\"; expected \"gbtree\" or \"gblinear\"");
  CHECK(mistake(with(our_trees(), "\"millrace_model\":1", "\"millrace_model\":2")) ==
        "millrace_model: is 2; this millrace reads models of version 1; remedy: train it again, or a "
        "millrace of its version");
  CHECK(mistake(with(our_trees(), "\"seed\"", "\"seeds\"")) ==
        "seeds: is not known here; the file may be of a newer version");
  CHECK(mistake(with(our_trees(), "\"label\":\"churned\",", "")) == "label: is missing");
  CHECK(mistake(with(two_trees(), R"("attributes":{})", R"("attributes":{"best_iteration":"3"})"))
            .find("training was stopped early") != std::string::npos);
  CHECK(mistake(two_trees("5E-1", "[1,7,4]", "[]")).find("train with feature names") != std::string::npos);
  CHECK(mistake(with(two_trees(), R"("split_type":[0)", R"("split_type":[1)"))
            .find("splits by categories of XGBoost's own") != std::string::npos);
}

TEST_CASE("trees that could not be walked are refused") {
  const std::string path = "learner.gradient_booster.model.trees[0]: ";
  CHECK(mistake(with(two_trees(), "[2,-1,-1]", "[0,-1,-1]")) ==
        path + "is not a tree: the children of node 0 are 1 and 0");
  CHECK(mistake(with(two_trees(), "[2,-1,-1]", "[7,-1,-1]")) ==
        path + "is not a tree: the children of node 0 are 1 and 7");
  CHECK(mistake(with(two_trees(), "[2,-1,-1]", "[1,-1,-1]")) ==
        path + "is not a tree: the children of node 0 are 1 and 1");
  CHECK(mistake(with(two_trees(), "[2,-1,-1]", "[2,-1]")) == path + "has lists of different lengths");
  CHECK(mistake(with(two_trees(), R"("split_indices":[0)", R"("split_indices":[5)")) ==
        "learner.gradient_booster: splits by feature 5, and there are 2");
  CHECK(mistake(with(two_trees(), "[1.5,", "[1e99,")) ==
        path.substr(0, path.size() - 2) +
            ".split_conditions: expected a finite number, or the file is cut off here");
  CHECK(mistake(with(two_trees(), "[1.5,", "[NaN,")) ==
        path.substr(0, path.size() - 2) +
            ".split_conditions: expected a finite number, or the file is cut off here");
}

TEST_CASE("features and what XGBoost learnt must fit each other") {
  CHECK(mistake(with(our_trees(), R"(["F","M"])", R"(["F","M","X"])")) ==
        "xgboost.learner.feature_names: are not those that \"features\" make");
  CHECK(mistake(with(our_trees(), R"(["F","M"])", R"(["M","F"])")) ==
        "features[1]: expected categories of a text, ascending, and of nothing else");
  CHECK(mistake(with(our_weights(), "\"linear\"", "\"forest\"")) ==
        "kind: is \"forest\", and the model of \"xgboost\" is of another kind");
  CHECK(mistake(with(our_weights(), "\"deviation\":4", "\"deviation\":0")) ==
        "features[0]: expected a deviation above 0");
}

TEST_CASE("a model with many attributes is read in time that grows with them alone") {
  // Each name compared with all before it would be 3 * 10^10 comparisons, minutes of work.
  std::string attributes;
  for (int i = 0; i < 250'000; ++i)
    attributes += (i == 0 ? "\"attribute_" : ",\"attribute_") + std::to_string(i) + "\":\"x\"";
  const auto read = [&](const std::string& more) {
    return mistake(with(two_trees(), R"("attributes":{})", "\"attributes\":{" + attributes + more + "}"));
  };
  CHECK(read("") == "nothing");
  CHECK(read(R"(,"attribute_7":"y")") == "learner.attributes.attribute_7: is there twice");
}

TEST_CASE("a model cut off anywhere is refused") {
  for (const auto& whole : {our_trees(), our_weights(), two_trees()})
    for (std::size_t n = 0; n < whole.size(); ++n) {
      INFO(n);
      CHECK(mistake(whole.substr(0, n)) != "nothing");
    }
  CHECK(mistake(two_trees() + " {}") == "something follows after its end");
  CHECK(mistake("{L\x01") == "it is in XGBoost's binary form; remedy: booster.save_model(\"model.json\")");
  CHECK(mistake("\xff") == "it is not UTF-8");
}

TEST_CASE("a file's name stands in front of what is wrong with it") {
  const auto path = std::filesystem::temp_directory_path() / ("model-" + std::to_string(getpid()) + ".json");
  const auto message = [&] { return model::read_model(path.string()).error().message; };
  CHECK(message() == path.string() + ": the model's file cannot be read: No such file or directory");
  std::ofstream(path) << "[]";
  CHECK(message() == path.string() +
                         ": this is not a model that millrace can use: it is not a JSON object, or is "
                         "cut off; remedy: a whole copy of the file");
  // A sparse file: its size alone is looked at.
  std::filesystem::resize_file(path, 500'000'000);
  CHECK(message() ==
        path.string() +
            ": the model's file has 500 MB; expected at most 100 MB; remedy: fewer or less deep trees");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  CHECK(message().find("the model is not a regular file") != std::string::npos);
  std::filesystem::remove(path);
}

TEST_CASE("a model that is carried is read as its file is") {
  const auto read = model::read_model_file(data::carried(millrace::test::two_trees()));
  REQUIRE(read);
  CHECK(read->bytes == millrace::test::two_trees());
  CHECK(read->content->hash == model::parse_model(millrace::test::two_trees())->hash);
  CHECK_FALSE(model::read_model_file(data::carried("{")));
}
