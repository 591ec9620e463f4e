// Expected numbers are scikit-learn's, of the same labels and probabilities; tests/e2e/model.py compares more.
#include "tests/support/python_answers.hpp"
#include "tools/model/figures.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

using namespace millrace;

namespace {

const std::vector<std::uint8_t> labels{0, 0, 1, 1, 0, 1, 0, 0, 0, 1};
const std::vector<float> probabilities{0.1F, 0.4F, 0.35F, 0.8F, 0.2F, 0.7F, 0.7F, 0.05F, 0.3F, 0.6F};

}  // namespace

TEST_CASE("figures at a threshold count what was said and what came true") {
  const auto f = model::figures_of(labels, probabilities, 0.5);
  CHECK(f.rows == 10);
  CHECK(f.leavers == 4);
  CHECK(f.true_positives == 3);
  CHECK(f.false_positives == 1);
  CHECK(f.false_negatives == 1);
  CHECK(f.true_negatives == 5);
  CHECK(f.accuracy == Approx(0.8));
  CHECK(f.precision == Approx(0.75));
  CHECK(f.recall == Approx(0.75));
  CHECK(f.f1 == Approx(0.75));
  CHECK(f.weighted_f1 == Approx(0.4 * 0.75 + 0.6 * 5.0 / 6.0));
  CHECK(model::figures_of(labels, probabilities, 0.8).true_positives == 1);
}

TEST_CASE("areas under curves count equal probabilities by halves") {
  const auto f = model::figures_of(labels, probabilities, 0.5);
  // 24 pairs of a leaver and another: 20 in order, one equal (0.7 and 0.7), 3 turned.
  CHECK(f.roc_auc == Approx((20 + 0.5) / 24));
  // Recall grows by 1/4 at precisions 1, 2/3, 3/4 and 4/6.
  CHECK(f.pr_auc == Approx((1 + 2.0 / 3 + 3.0 / 4 + 4.0 / 6) / 4));
  CHECK(f.lift == Approx(1 / 0.4));
}

TEST_CASE("log loss and Brier score judge the probabilities themselves") {
  const std::vector<std::uint8_t> two{1, 0};
  const std::vector<float> half{0.5F, 0.25F};
  const auto f = model::figures_of(two, half, 0.5);
  CHECK(f.log_loss == Approx(-(std::log(0.5) + std::log(0.75)) / 2));
  CHECK(f.brier == Approx((0.25 + 0.0625) / 2));
  const std::vector<float> wrong{0, 1};
  CHECK(model::figures_of(two, wrong, 0.5).log_loss == Approx(-std::log(std::pow(2, -52))));
}

TEST_CASE("the majority's answer tells nobody apart") {
  const auto f = model::majority_figures(labels);
  CHECK(f.roc_auc == 0.5);
  CHECK(f.pr_auc == Approx(0.4));
  CHECK(f.lift == Approx(1));
  CHECK(f.f1 == 0);
  CHECK(f.accuracy == Approx(0.6));
}

TEST_CASE("curves begin and end in their corners, and the tenth takes equal ones by their share") {
  const auto roc = model::roc_curve(labels, probabilities);
  CHECK((roc.front().x == 0 && roc.front().y == 0 && roc.back().x == 1 && roc.back().y == 1));
  const auto gains = model::gains_curve(labels, probabilities);
  CHECK((gains.back().x == 1 && gains.back().y == 1));
  CHECK(model::precision_curve(labels, probabilities).front().y == 1);
  const std::vector<std::uint8_t> some{1, 0, 0, 0};
  const std::vector<float> equal{0.5F, 0.5F, 0.1F, 0.1F};
  CHECK(model::figures_of(some, equal, 0.5).lift == Approx(0.5 / 0.25));
}

TEST_CASE("figures are those that scikit-learn has written down") {
  const auto answers = test::read_python_answers();
  const auto found =
      model::named_figures(model::figures_of(answers.labels, answers.probabilities.at("boosted"), 0.5));
  std::ifstream in(test::python_folder + "figures.txt");
  std::size_t compared = 0;
  std::string name;
  for (double expected = 0; in >> name >> expected; ++compared) {
    INFO(name);
    const auto at = std::find_if(found.begin(), found.end(), [&](const auto& f) { return f.first == name; });
    REQUIRE(at != found.end());
    CHECK(at->second == Approx(expected).epsilon(1e-12));
  }
  CHECK(compared == 11);
}
