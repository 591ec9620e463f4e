#include "runtime/model/read_model.hpp"
#include "runtime/model/score.hpp"
#include "tests/support/python_answers.hpp"
#include "tests/unit/model/small_models.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <tuple>

using namespace millrace;
using data::type_id;

namespace {

data::column_ptr doubles(const std::vector<std::optional<double>>& values) {
  data::column_builder out(type_id::float64);
  for (const auto& v : values)
    v ? out.append_double(*v) : out.append_null();
  return out.finish();
}
data::column_ptr texts(const std::vector<std::optional<std::string>>& values) {
  data::column_builder out(type_id::text);
  for (const auto& v : values)
    v ? out.append_text(*v) : out.append_null();
  return out.finish();
}
data::column_ptr booleans(const std::vector<bool>& values) {
  data::column_builder out(type_id::boolean);
  for (const bool v : values)
    out.append_boolean(v);
  return out.finish();
}
data::batch rows_of(std::vector<data::field> fields, std::vector<data::column_ptr> columns) {
  const auto rows = columns.front()->size();
  return {std::make_shared<const data::schema>(std::move(fields)), std::move(columns), rows};
}

float logistic(float margin) { return 1.0F / (std::exp(-margin) + 1.0F); }

struct outcome {
  std::vector<std::optional<double>> probabilities;
  std::vector<std::string> refused;
};
outcome score(const std::string& bytes, const data::batch& rows) {
  const auto m = model::parse_model(bytes);
  REQUIRE(m);
  const auto columns = model::bind(*m, *rows.schema);
  REQUIRE(columns);
  std::vector<model::refused_row> refused;
  const auto found = model::score(*m, *columns, rows, refused);
  outcome out;
  for (std::size_t i = 0; i < rows.rows; ++i)
    out.probabilities.push_back(found->is_null(i) ? std::nullopt : std::optional(found->doubles()[i]));
  for (const auto& r : refused)
    out.refused.push_back(std::to_string(r.row) + ": " + r.message);
  return out;
}

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("trees add their leaves, and null goes where training sent what is missing") {
  const auto rows = rows_of({{"b", type_id::float64}, {"a", type_id::float64}},
                            {doubles({-1, 0, std::nullopt}), doubles({1.5, 1.4, std::nullopt})});
  const auto out = score(test::two_trees(), rows);
  CHECK(out.refused.empty());
  CHECK(out.probabilities == std::vector<std::optional<double>>{
                                 logistic(0.75F + 0.25F), logistic(-0.5F - 0.25F), logistic(-0.5F - 0.25F)});
}

TEST_CASE("many rows are scored as each alone") {
  std::vector<std::optional<double>> a, b;
  for (int i = 0; i < 1'000; ++i) {
    a.emplace_back(i % 7 * 0.5);
    b.emplace_back(i % 5 - 2);
  }
  const std::vector<data::field> fields{{"a", type_id::float64}, {"b", type_id::float64}};
  const auto all = score(test::two_trees("9.8E-2"), rows_of(fields, {doubles(a), doubles(b)}));
  for (std::size_t i = 0; i < a.size(); i += 37)
    CHECK(score(test::two_trees("9.8E-2"), rows_of(fields, {doubles({a[i]}), doubles({b[i]})}))
              .probabilities[0] == all.probabilities[i]);
}

TEST_CASE("a numeric is scored as the double that is nearest to it") {
  data::column_builder exact(data::type::numeric_of(10, 2));
  std::vector<std::optional<double>> values;
  for (int i = -40; i < 40; ++i) {
    exact.append_decimal({i * 7, 2});
    values.emplace_back(i * 7 / 100.0);
  }
  exact.append_null();
  values.emplace_back();
  const auto with = [&](const data::type& type, data::column_ptr a) {
    return score(test::two_trees("9.8E-2"),
                 rows_of({{"a", type}, {"b", type_id::float64}}, {std::move(a), doubles(values)}))
        .probabilities;
  };
  CHECK(with(data::type::numeric_of(10, 2), exact.finish()) == with(type_id::float64, doubles(values)));
}

TEST_CASE("a category is an input of its own; one that training has not seen refuses the row") {
  const auto rows =
      rows_of({{"a", type_id::bigint}, {"sex", type_id::text}}, {[] {
                                                                   data::column_builder out(type_id::bigint);
                                                                   for (int i = 0; i < 4; ++i)
                                                                     out.append_int(1);
                                                                   return out.finish();
                                                                 }(),
                                                                 texts({"M", "F", "x", std::nullopt})});
  const auto out = score(test::our_trees(), rows);
  CHECK(out.probabilities == std::vector<std::optional<double>>{logistic(-0.75F), logistic(-0.75F),
                                                                std::nullopt, logistic(-0.75F)});
  CHECK(out.refused ==
        std::vector<std::string>{"2: column \"sex\" is \"x\", a category that training has not seen"});
}

TEST_CASE("a linear model is a dot product over scaled numbers, and takes no null") {
  const auto rows = rows_of({{"a", type_id::float64}, {"paid", type_id::boolean}},
                            {doubles({12, 10, std::nullopt, 12}), booleans({true, false, true, false})});
  const auto out = score(test::our_weights(), rows);
  CHECK(out.probabilities == std::vector<std::optional<double>>{logistic(0.5F + 1.0F - 1.0F), logistic(0.5F),
                                                                std::nullopt, logistic(1.5F)});
  CHECK(out.refused ==
        std::vector<std::string>{"2: column \"a\" is null, and a linear model cannot do without it"});
}

TEST_CASE("NaN, infinities and numbers beyond a float refuse their rows") {
  const auto rows = rows_of({{"a", type_id::float64}, {"b", type_id::float64}},
                            {doubles({std::nan(""), infinity, 1e39, 1}), doubles({0, 0, 0, -infinity})});
  const auto out = score(test::two_trees(), rows);
  CHECK(out.refused == std::vector<std::string>{
                           "0: column \"a\" is nan, which is not a finite number of a model",
                           "1: column \"a\" is inf, which is not a finite number of a model",
                           "2: column \"a\" is 1e+39, which is not a finite number of a model",
                           "3: column \"b\" is -inf, which is not a finite number of a model",
                       });
}

TEST_CASE("a sum beyond all floats refuses its row, and is no probability") {
  auto huge = test::with(test::our_weights(), "[2,-1,0.5]", "[3e38,3e38,-3e38]");
  huge = test::with(huge, "\"mean\":10,\"deviation\":4", "\"mean\":0,\"deviation\":1");
  huge = test::with(huge, "\"name\":\"paid\",\"type\":\"boolean\"", "\"name\":\"b\",\"type\":\"double\"");
  huge = test::with(huge, "[\"a\",\"paid\"]", "[\"a\",\"b\"]");
  const auto out = score(huge, rows_of({{"a", type_id::float64}, {"b", type_id::float64}},
                                       {doubles({1e10, 0}), doubles({-1e10, 0})}));
  CHECK_FALSE(out.probabilities[0]);
  CHECK(*out.probabilities[1] < 1e-30);
  CHECK(out.refused == std::vector<std::string>{"0: the model's sum is beyond what a float can hold"});
}

TEST_CASE("a table of other columns is refused with all that is wrong") {
  const auto m = model::parse_model(test::our_trees());
  REQUIRE(m);
  const auto none = model::bind(*m, data::schema({{"a", type_id::text}}));
  REQUIRE_FALSE(none);
  CHECK(none.error().message ==
        "the model is for other columns: \"a\" is text and the model has double, \"sex\" (text) is missing");
}

TEST_CASE("models that Python's XGBoost has saved give its probabilities to the bit") {
  const auto answers = test::read_python_answers();
  REQUIRE(answers.labels.size() == 200);
  const auto& [a, b, c] = std::tie(answers.columns.at("a"), answers.columns.at("b"), answers.columns.at("c"));
  const auto rows = rows_of({{"b", type_id::float64}, {"c", type_id::float64}, {"a", type_id::float64}},
                            {doubles(b), doubles(c), doubles(a)});
  for (const auto& [name, expected] : answers.probabilities) {
    INFO(name);
    const auto file = model::read_model_file(test::python_folder + name + ".json");
    REQUIRE(file);
    const auto found = score(file->bytes, rows).probabilities;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      INFO(i);
      const bool is_whole = a[i] && b[i] && c[i];
      CHECK((name == "linear" && !is_whole ? !found[i] : found[i] == std::optional<double>(expected[i])));
    }
  }
}
