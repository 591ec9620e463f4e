#include "tools/model/text_report.hpp"

#include "runtime/base/visible_text.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <array>

namespace millrace::model {
namespace {

constexpr std::size_t name_width = 34;
constexpr std::size_t bar_width = 30;

std::string short_name(std::string_view text) { return visible(data::excerpt(text, name_width)); }

bool is_count(std::string_view figure) {
  return figure == "rows" || figure == "leavers" || figure.ends_with("_positives") ||
         figure.ends_with("_negatives");
}

void append_object(std::string& out, const figures& f) {
  const char* between = "{";
  for (const auto& [name, value] : named_figures(f)) {
    out += fmt::format("{}\"{}\":", between, name);
    data::append_double(out, value);
    between = ",";
  }
  out += '}';
}

}  // namespace

std::string_view title_of(std::string_view figure) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 12> titles{{
      {"accuracy", "accuracy"},
      {"precision", "precision of leavers"},
      {"recall", "recall of leavers"},
      {"f1", "F1 of leavers"},
      {"weighted_precision", "precision, weighted"},
      {"weighted_recall", "recall, weighted"},
      {"weighted_f1", "F1, weighted"},
      {"roc_auc", "ROC AUC"},
      {"pr_auc", "PR AUC (average precision)"},
      {"log_loss", "log loss"},
      {"brier", "Brier score"},
      {"lift_at_10_percent", "lift at 10 %"},
  }};
  for (const auto& [name, title] : titles)
    if (name == figure)
      return title;
  return figure;
}

std::string headline(const model& m) {
  auto out = m.booster.is_linear()
                 ? std::string("linear model")
                 : fmt::format("{} of {} trees", to_string(m.kind_of), m.booster.roots.size());
  out += fmt::format(" over {} features", m.features.size());
  if (!m.label.empty())
    out += fmt::format(", says \"{}\"; trained on {} rows less {:.0f} % held out, seed {}",
                       visible(data::excerpt(m.label)), m.rows, m.test_share * 100, m.seed);
  return out + fmt::format("\nhash {}\n", m.hash);
}

std::string figures_text(const judged& j, double threshold) {
  auto out = fmt::format("{:<{}}  {:>9}  {:>9}\n",
                         fmt::format("{} rows, {} leave", j.of_model.rows, j.of_model.leavers), name_width,
                         "model", "majority");
  const auto other = named_figures(j.of_majority);
  std::size_t i = 0;
  for (const auto& [name, value] : named_figures(j.of_model)) {
    const double majority = other[i++].second;
    if (!is_count(name))
      out += fmt::format("{:<{}}  {:>9.4f}  {:>9.4f}\n", title_of(name), name_width, value, majority);
  }
  const auto& f = j.of_model;
  out += fmt::format("\n{:<{}}  {:>9}  {:>9}\n{:<{}}  {:>9}  {:>9}\n{:<{}}  {:>9}  {:>9}\n",
                     fmt::format("confusion at threshold {}", threshold), name_width, "says stay",
                     "says leave", "stays", name_width, f.true_negatives, f.false_positives, "leaves",
                     name_width, f.false_negatives, f.true_positives);
  return out;
}

std::string spreads_text(const std::vector<spread>& spreads) {
  auto out =
      fmt::format("{:<{}}  {:>9}  {:>9}\n", "cross validation over 3 folds", name_width, "mean", "deviation");
  for (const auto& s : spreads)
    out += fmt::format("{:<{}}  {:>9.4f}  {:>9.4f}\n", title_of(s.name), name_width, s.mean, s.deviation);
  return out;
}

std::string importances_text(const model& m) {
  const bool linear = m.booster.is_linear();
  auto out = fmt::format("{:<{}}  {:>7}  {:>11}{}\n", "feature", name_width, "share",
                         linear ? "weight" : "gain", linear ? "" : "  splits");
  for (const auto& i : importances(m)) {
    out += fmt::format("{:<{}}  {:>5.1f} %  {:>11.4f}", short_name(i.feature), name_width, i.share * 100,
                       i.gain);
    if (!linear)
      out += fmt::format("  {:>6}", i.splits);
    const auto bar = static_cast<std::size_t>(i.share * bar_width + 0.5);
    if (bar > 0)
      out += "  " + std::string(bar, '#');
    out += '\n';
  }
  return out;
}

std::string figures_json(const judged& j) {
  std::string out = "{\"model\":";
  append_object(out, j.of_model);
  out += ",\"majority\":";
  append_object(out, j.of_majority);
  return out + "}";
}

}  // namespace millrace::model
