// The transform "model" in a plan, and what a changed model means for a state.
#include "config/plan/plan_model.hpp"
#include "config/plan/state_fit.hpp"
#include "test_catalog.hpp"
#include "tests/unit/model/small_models.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace millrace;
using namespace millrace::config;
using namespace millrace::config::test;

namespace {

/// A model of XGBoost's over bigint "amount" and the number of its digits.
std::string two_trees(const std::string& base_score = "5E-1") {
  return millrace::test::two_trees(base_score, "[1,7,4]", R"(["amount","digits"])");
}

std::string
scored(const std::string& model, const std::string& column = "p",
       const std::string& below =
           R"json("o": { "sink": "console", "from": "scored", "columns": { "p": "p * 2" } })json") {
  return downstream_of_parser(R"json(
    "features": { "transform": "select", "from": "parsed", "columns": { "userid": "userid", "amount": "amount", "digits": "length(amount::text)" } },
    "scored": { "transform": "model", "from": "features", "model": ")json" +
                              model + R"json(", "column": ")json" + column + "\" },\n    " + below);
}

}  // namespace

TEST_CASE("a model adds its column behind those of its input, and only what is read is parsed") {
  const files folder;
  const auto path = folder.write("m.json", two_trees());
  const auto found = load_text(scored(path));
  INFO(lines(found.findings));
  REQUIRE(found.plan);
  const auto& s = *found.plan->find("scored");
  CHECK((*s.schema)[3] == data::field{"p", data::type_id::float64});
  REQUIRE(model_of(s) != nullptr);
  CHECK(model_of(s)->bytes == two_trees());
  CHECK(model_of(*found.plan->find("features")) == nullptr);
  CHECK(model_of(*found.plan->find("parsed")) == nullptr);
  const auto& parsed = std::get<parser_plan>(found.plan->find("parsed")->plan);
  CHECK(parsed.used[1]);
  CHECK(describe_plan(*found.plan).find(model_of(s)->content->hash) != std::string::npos);
}

TEST_CASE("the column is computed a batch at a time, and rows that the model cannot take fail") {
  const files folder;
  const auto found = load_text(scored(folder.write("m.json", two_trees())));
  REQUIRE(found.plan);
  const auto& step = std::get<transform_plan>(found.plan->find("scored")->plan).select;
  data::batch in{step.input, std::vector<data::column_ptr>(step.input->size()), 2};
  for (const auto& name : {"amount", "digits"}) {
    data::column_builder b((*step.input)[*step.input->find(name)].type);
    b.append_int(1);
    b.append_null();
    in.columns[*step.input->find(name)] = b.finish();
  }
  std::vector<expression::row_failure> failures;
  const auto p = expression::evaluate(step.columns.back().value, in, 0, failures);
  CHECK(failures.empty());
  CHECK(p->doubles()[0] == 1.0F / (std::exp(0.75F) + 1.0F));
  CHECK(step.columns.back().value.can_fail);
}

TEST_CASE("a state fits the model that it was made with, and no other") {
  const files folder;
  const auto first = load_text(scored(folder.write("a.json", two_trees())));
  const auto moved = load_text(scored(folder.write("b.json", two_trees())));
  const auto other = load_text(scored(folder.write("c.json", two_trees("4E-1"))));
  REQUIRE((first.plan && moved.plan && other.plan));
  CHECK(compare_fingerprints(first.plan->state_fingerprint, moved.plan->state_fingerprint).fits());
  const auto refused = compare_fingerprints(first.plan->state_fingerprint, other.plan->state_fingerprint);
  CHECK_FALSE(refused.fits());
  const auto hash = model_of(*first.plan->find("scored"))->content->hash;
  CHECK(refused.refusal.find("the file of model 'scored' has changed (its hash was " + hash) !=
        std::string::npos);
  CHECK(refused.former_model == hash);
}

TEST_CASE("a mistake in a model is one finding, at its place") {
  const files folder;
  const auto good = folder.write("m.json", two_trees());
  const auto one = [](const std::string& text) {
    const auto found = load_text(text);
    CHECK(found.findings.size() == 1);
    return lines(found.findings);
  };
  CHECK(one(scored("/nowhere.json")).find("/nowhere.json: the model's file cannot be read") !=
        std::string::npos);
  CHECK(one(scored(folder.write("cut.json", two_trees().substr(0, 300)))).find("stages.scored.model") !=
        std::string::npos);
  CHECK(one(scored(good, "amount", R"json("o": { "sink": "console", "from": "scored" })json"))
            .find("there is a column \"amount\" already") != std::string::npos);
  CHECK(one(scored(good, "_p", R"json("o": { "sink": "console", "from": "scored" })json"))
            .find("are reserved; expected another") != std::string::npos);
  CHECK(one(scored(folder.write("x.json", millrace::test::two_trees())))
            .find("the model is for other columns: \"a\" (double) is missing, \"b\" (double) is missing") !=
        std::string::npos);
}
