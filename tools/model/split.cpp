#include "tools/model/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace millrace::model {
namespace {

/// std::shuffle differs between libraries; the generator does not.
void shuffle(std::vector<std::uint32_t>& items, std::mt19937_64& random) {
  for (std::size_t i = items.size(); i > 1; --i)
    std::swap(items[i - 1], items[static_cast<std::size_t>(random() % i)]);
}

}  // namespace

std::string all_have(std::size_t rows, std::size_t label) {
  return rows == 1 ? fmt::format("the one row has the label {}", label)
                   : fmt::format("all {} rows have the label {}", rows, label);
}

expected<split> split_rows(const std::vector<std::uint8_t>& labels, double test_share, std::uint64_t seed) {
  std::array<std::vector<std::uint32_t>, 2> by_class;
  for (std::uint32_t i = 0; i < labels.size(); ++i)
    by_class[labels[i]].push_back(i);
  for (const std::size_t c : {0U, 1U})
    if (by_class[c].empty())
      return user_error(ec::invalid_argument,
                        fmt::format("{}: there is one class only, and nothing to tell apart; remedy: {}",
                                    all_have(labels.size(), 1 - c), both_labels));
  std::mt19937_64 random(seed);
  split out;
  for (const std::size_t c : {0U, 1U}) {
    auto& rows = by_class[c];
    const auto held_out = std::max<std::size_t>(
        1, static_cast<std::size_t>(std::llround(test_share * static_cast<double>(rows.size()))));
    if (rows.size() < held_out + folds)
      return user_error(
          ec::invalid_argument,
          fmt::format("{} the label {}; expected at least {}: one a fold of {}, and {} held out; remedy: "
                      "more such rows{}",
                      rows.size() == 1 ? "1 row has" : fmt::format("{} rows have", rows.size()), c,
                      held_out + folds, folds, held_out,
                      rows.size() > folds ? ", or a smaller --held-out" : ""));
    shuffle(rows, random);
    const auto cut = rows.begin() + static_cast<std::ptrdiff_t>(held_out);
    out.test.insert(out.test.end(), rows.begin(), cut);
    out.train.insert(out.train.end(), cut, rows.end());
  }
  std::sort(out.test.begin(), out.test.end());
  std::sort(out.train.begin(), out.train.end());
  return out;
}

std::vector<std::size_t> folds_of(const std::vector<std::uint8_t>& labels,
                                  const std::vector<std::uint32_t>& rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::size_t> out(rows.size());
  for (const std::uint8_t c : {0, 1}) {
    std::vector<std::uint32_t> places;
    for (std::uint32_t i = 0; i < rows.size(); ++i)
      if (labels[rows[i]] == c)
        places.push_back(i);
    shuffle(places, random);
    for (std::size_t i = 0; i < places.size(); ++i)
      out[places[i]] = i % folds;
  }
  return out;
}

}  // namespace millrace::model
