#include "tools/model/figures.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace millrace::model {
namespace {

/// Rows of one probability, and of all that are higher.
struct step {
  double rows = 0, leavers = 0;                // rows of this probability
  double rows_so_far = 0, leavers_so_far = 0;  // rows up to and with it
};

std::vector<step> steps_of(std::span<const std::uint8_t> labels, std::span<const float> probabilities) {
  std::vector<std::uint32_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return probabilities[a] > probabilities[b]; });
  std::vector<step> out;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || probabilities[order[i]] != probabilities[order[i - 1]])
      out.push_back(out.empty() ? step{} : step{0, 0, out.back().rows_so_far, out.back().leavers_so_far});
    auto& s = out.back();
    ++s.rows;
    ++s.rows_so_far;
    s.leavers += labels[order[i]];
    s.leavers_so_far += labels[order[i]];
  }
  return out;
}

double ratio(double part, double whole) { return whole == 0 ? 0 : part / whole; }
double harmonic(double a, double b) { return ratio(2 * a * b, a + b); }

/// The tenth ends within rows of one probability: they count by their share.
double leavers_in_tenth(const std::vector<step>& steps, double tenth) {
  double before = 0;
  for (const auto& s : steps) {
    if (s.rows_so_far >= tenth)
      return before + s.leavers * (tenth - (s.rows_so_far - s.rows)) / s.rows;
    before = s.leavers_so_far;
  }
  return before;
}

void add_counts(figures& f) {
  const auto n = static_cast<double>(f.rows);
  const auto tp = static_cast<double>(f.true_positives), fp = static_cast<double>(f.false_positives);
  const auto fn = static_cast<double>(f.false_negatives), tn = static_cast<double>(f.true_negatives);
  f.accuracy = (tp + tn) / n;
  f.precision = ratio(tp, tp + fp);
  f.recall = ratio(tp, tp + fn);
  f.f1 = harmonic(f.precision, f.recall);
  const double of_stay = ratio(tn, tn + fn), stay_found = ratio(tn, tn + fp);
  const double leave = (tp + fn) / n, stay = (tn + fp) / n;
  f.weighted_precision = leave * f.precision + stay * of_stay;
  f.weighted_recall = leave * f.recall + stay * stay_found;
  f.weighted_f1 = leave * f.f1 + stay * harmonic(of_stay, stay_found);
}

}  // namespace

figures figures_of(std::span<const std::uint8_t> labels, std::span<const float> probabilities,
                   double threshold) {
  figures f;
  f.rows = labels.size();
  constexpr double least = std::numeric_limits<double>::epsilon();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double p = probabilities[i];
    const bool said = p >= threshold;
    const bool is = labels[i] != 0;
    ++(said ? (is ? f.true_positives : f.false_positives) : (is ? f.false_negatives : f.true_negatives));
    const double kept = std::clamp(p, least, 1 - least);
    f.log_loss -= std::log(is ? kept : 1 - kept);
    f.brier += (p - (is ? 1 : 0)) * (p - (is ? 1 : 0));
  }
  const auto n = static_cast<double>(f.rows);
  f.log_loss /= n;
  f.brier /= n;
  f.leavers = f.true_positives + f.false_negatives;
  add_counts(f);

  const auto steps = steps_of(labels, probabilities);
  const auto leavers = static_cast<double>(f.leavers);
  const double stayers = n - leavers;
  double area = 0;
  for (const auto& s : steps) {
    const double stay = s.rows - s.leavers;
    area += stay * ((s.leavers_so_far - s.leavers) + s.leavers / 2);
    f.pr_auc += s.leavers / leavers * (s.leavers_so_far / s.rows_so_far);
  }
  f.roc_auc = area / (leavers * stayers);
  const double tenth = std::ceil(n / 10);
  f.lift = leavers_in_tenth(steps, tenth) / tenth / (leavers / n);
  return f;
}

figures majority_figures(std::span<const std::uint8_t> labels) {
  const auto leavers = std::accumulate(labels.begin(), labels.end(), std::size_t{0});
  const double share = static_cast<double>(leavers) / static_cast<double>(labels.size());
  const std::vector<float> all(labels.size(), static_cast<float>(share));
  return figures_of(labels, all, 0.5);
}

std::vector<std::pair<std::string, double>> named_figures(const figures& f) {
  const auto count = [](std::uint64_t n) { return static_cast<double>(n); };
  return {{"rows", count(f.rows)},
          {"leavers", count(f.leavers)},
          {"true_positives", count(f.true_positives)},
          {"false_positives", count(f.false_positives)},
          {"false_negatives", count(f.false_negatives)},
          {"true_negatives", count(f.true_negatives)},
          {"accuracy", f.accuracy},
          {"precision", f.precision},
          {"recall", f.recall},
          {"f1", f.f1},
          {"weighted_precision", f.weighted_precision},
          {"weighted_recall", f.weighted_recall},
          {"weighted_f1", f.weighted_f1},
          {"roc_auc", f.roc_auc},
          {"pr_auc", f.pr_auc},
          {"log_loss", f.log_loss},
          {"brier", f.brier},
          {"lift_at_10_percent", f.lift}};
}

std::vector<point> roc_curve(std::span<const std::uint8_t> labels, std::span<const float> probabilities) {
  const auto steps = steps_of(labels, probabilities);
  const double leavers = steps.back().leavers_so_far;
  const double stayers = steps.back().rows_so_far - leavers;
  std::vector<point> out{{0, 0}};
  for (const auto& s : steps)
    out.push_back({(s.rows_so_far - s.leavers_so_far) / stayers, s.leavers_so_far / leavers});
  return out;
}

std::vector<point> precision_curve(std::span<const std::uint8_t> labels,
                                   std::span<const float> probabilities) {
  const auto steps = steps_of(labels, probabilities);
  std::vector<point> out;
  for (const auto& s : steps)
    out.push_back({s.leavers_so_far / steps.back().leavers_so_far, s.leavers_so_far / s.rows_so_far});
  return out;
}

std::vector<point> gains_curve(std::span<const std::uint8_t> labels, std::span<const float> probabilities) {
  const auto steps = steps_of(labels, probabilities);
  std::vector<point> out{{0, 0}};
  for (const auto& s : steps)
    out.push_back({s.rows_so_far / steps.back().rows_so_far, s.leavers_so_far / steps.back().leavers_so_far});
  return out;
}

}  // namespace millrace::model
