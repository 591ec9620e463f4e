#include "tools/model/split.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;

namespace {

std::vector<std::uint8_t> labels_of(std::size_t stay, std::size_t leave) {
  std::vector<std::uint8_t> out(stay, 0);
  out.resize(stay + leave, 1);
  return out;
}

std::size_t leavers(const std::vector<std::uint8_t>& labels, const std::vector<std::uint32_t>& rows) {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [&](auto r) { return labels[r] == 1; }));
}

}  // namespace

TEST_CASE("each part has its share of both classes, and every row is in one") {
  const auto labels = labels_of(350, 98);
  const auto s = model::split_rows(labels, 0.2, 42);
  REQUIRE(s);
  CHECK(s->test.size() == 70 + 20);
  CHECK(leavers(labels, s->test) == 20);
  std::vector<std::uint32_t> all = s->train;
  all.insert(all.end(), s->test.begin(), s->test.end());
  std::sort(all.begin(), all.end());
  CHECK(all.size() == labels.size());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}

TEST_CASE("the seed alone decides which rows") {
  const auto labels = labels_of(350, 98);
  CHECK(model::split_rows(labels, 0.2, 42)->test == model::split_rows(labels, 0.2, 42)->test);
  CHECK(model::split_rows(labels, 0.2, 42)->test != model::split_rows(labels, 0.2, 43)->test);
  // The same on every machine: the first rows held out.
  const auto test = model::split_rows(labels_of(10, 10), 0.2, 42)->test;
  CHECK(test.size() == 4);
}

TEST_CASE("folds are alike in size and in leavers") {
  const auto labels = labels_of(30, 9);
  const auto s = model::split_rows(labels, 0.1, 1);
  REQUIRE(s);
  const auto folds = model::folds_of(labels, s->train, 1);
  for (std::size_t fold = 0; fold < model::folds; ++fold) {
    std::vector<std::uint32_t> rows;
    for (std::size_t i = 0; i < folds.size(); ++i)
      if (folds[i] == fold)
        rows.push_back(s->train[i]);
    CHECK(rows.size() >= 11);
    CHECK(leavers(labels, rows) >= 2);
  }
}

TEST_CASE("one class, and too few rows of one, are refused") {
  CHECK(model::split_rows(labels_of(10, 0), 0.2, 1).error().message ==
        "all 10 rows have the label 0: there is one class only, and nothing to tell apart; remedy: a table "
        "with rows of both labels");
  CHECK(model::split_rows(labels_of(0, 3), 0.2, 1).error().message ==
        "all 3 rows have the label 1: there is one class only, and nothing to tell apart; remedy: a table "
        "with rows of both labels");
  CHECK(
      model::split_rows(labels_of(0, 1), 0.2, 1).error().message.starts_with("the one row has the label 1:"));
  CHECK(model::split_rows(labels_of(10, 1), 0.2, 1).error().message.starts_with("1 row has the label 1;"));
  CHECK(model::split_rows(labels_of(10, 6), 0.9, 1).error().message.ends_with("or a smaller --held-out"));
  CHECK(model::split_rows(labels_of(10, 3), 0.2, 1).error().message ==
        "3 rows have the label 1; expected at least 4: one a fold of 3, and 1 held out; remedy: more such "
        "rows");
  CHECK(model::split_rows(labels_of(10, 4), 0.2, 1).has_value());
}
