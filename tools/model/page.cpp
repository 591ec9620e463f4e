#include "tools/model/page.hpp"

#include "runtime/base/markup.hpp"
#include "runtime/base/visible_text.hpp"
#include "tools/model/text_report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::model {
namespace {

/// Curves with more points than a screen has pixels would only make the file large.
constexpr std::size_t most_points = 600;
constexpr int side = 260;   // the side of a plot
constexpr int margin = 46;  // room for its labels
constexpr std::size_t most_bars = 40;

constexpr std::string_view style = R"(<style>
:root { color-scheme: light dark; --ink: #1d2430; --soft: #667085; --line: #d0d5dd; --back: #fff; --one: #1769aa; --two: #98a2b3; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #3a4250; --back: #14181f; --one: #63b3ed; --two: #667085; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p.soft, td.soft, figcaption { color: var(--soft); }
table { border-collapse: collapse; } td, th { padding: .2rem .9rem .2rem 0; border-bottom: 1px solid var(--line); text-align: left; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; }
svg text { fill: var(--soft); font-size: 11px; } svg .axis { stroke: var(--line); fill: none; }
svg .model { stroke: var(--one); stroke-width: 2; fill: none; } svg .chance { stroke: var(--two); stroke-dasharray: 4 4; fill: none; }
svg .bar { fill: var(--one); } svg .name { fill: var(--ink); font-size: 12px; }
</style>
)";

std::string escaped(std::string_view text) { return in_markup(visible(text)); }

std::string path_of(const std::vector<point>& curve) {
  std::string out;
  const auto stride = std::max<std::size_t>(1, curve.size() / most_points);
  for (std::size_t i = 0; i < curve.size(); ++i)
    if (i % stride == 0 || i + 1 == curve.size())
      out += fmt::format("{}{:.1f} {:.1f}", out.empty() ? "M" : " L", margin + curve[i].x * side,
                         10 + (1 - curve[i].y) * side);
  return out;
}

std::string plot(std::string_view title, std::string_view x, std::string_view y,
                 const std::vector<point>& curve, const std::vector<point>& chance) {
  auto out = fmt::format(
      "<figure><svg width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\" aria-label=\"{2}\">\n"
      "<rect class=\"axis\" x=\"{3}\" y=\"10\" width=\"{4}\" height=\"{4}\"/>\n",
      side + margin + 14, side + margin + 10, title, margin, side);
  for (const double tick : {0.0, 0.5, 1.0})
    out += fmt::format("<text x=\"{:.0f}\" y=\"{}\" text-anchor=\"middle\">{}</text>"
                       "<text x=\"{}\" y=\"{:.0f}\" text-anchor=\"end\">{}</text>\n",
                       margin + tick * side, side + 26, tick, margin - 6, 14 + (1 - tick) * side, tick);
  out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n"
                     "<text transform=\"translate(12 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
                     margin + side / 2, side + 44, x, 10 + side / 2, y);
  return out + fmt::format("<path class=\"chance\" d=\"{}\"/>\n<path class=\"model\" d=\"{}\"/>\n</svg>"
                           "<figcaption>{}</figcaption></figure>\n",
                           path_of(chance), path_of(curve), title);
}

std::string curves(const judged& j) {
  const double share = static_cast<double>(j.of_model.leavers) / static_cast<double>(j.of_model.rows);
  const std::vector<point> diagonal{{0, 0}, {1, 1}};
  return "<div class=\"plots\">\n" +
         plot(fmt::format("ROC curve, area {:.3f}", j.of_model.roc_auc), "false positives", "true positives",
              roc_curve(j.labels, j.probabilities), diagonal) +
         plot(fmt::format("Precision and recall, area {:.3f}", j.of_model.pr_auc), "recall", "precision",
              precision_curve(j.labels, j.probabilities), {{0, share}, {1, share}}) +
         plot(fmt::format("Leavers found, lift {:.2f} at 10 %", j.of_model.lift),
              "share of users, most likely first", "share of leavers", gains_curve(j.labels, j.probabilities),
              diagonal) +
         "</div>\n";
}

std::string bars(const model& m) {
  auto all = importances(m);
  const auto left_out = all.size() > most_bars ? all.size() - most_bars : 0;
  all.resize(all.size() - left_out);
  constexpr int row = 20, names = 240, length = 420;
  const double most = all.empty() ? 0 : all.front().share;
  auto out = fmt::format(
      "<svg width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\" aria-label=\"gain of "
      "each feature\">\n",
      names + length + 90, row * static_cast<int>(all.size()) + 6);
  int y = 4;
  for (const auto& i : all) {
    out +=
        fmt::format("<text class=\"name\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><rect class=\"bar\" "
                    "x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\"/><text x=\"{:.1f}\" y=\"{}\">{:.1f} %{}"
                    "</text>\n",
                    names - 8, y + 12, escaped(i.feature), names, y, most > 0 ? i.share / most * length : 0,
                    row - 6, names + 6 + (most > 0 ? i.share / most * length : 0), y + 12, i.share * 100,
                    m.booster.is_linear() ? (i.gain < 0 ? " (-)" : " (+)") : "");
    y += row;
  }
  out += "</svg>\n";
  if (left_out != 0)
    out += fmt::format("<p class=\"soft\">{} further features have less.</p>\n", left_out);
  return out;
}

std::string figure_rows(const judged& j) {
  std::string out =
      "<table><tr><th>figure</th><th class=\"n\">model</th><th class=\"n\">majority</th></tr>\n";
  const auto other = named_figures(j.of_majority);
  std::size_t i = 0;
  for (const auto& [name, value] : named_figures(j.of_model)) {
    const double majority = other[i++].second;
    if (title_of(name) != name || name == "accuracy")
      out += fmt::format("<tr><td>{}</td><td class=\"n\">{:.4f}</td><td class=\"n\">{:.4f}</td></tr>\n",
                         title_of(name), value, majority);
  }
  const auto& f = j.of_model;
  return out +
         fmt::format("</table>\n<h2>Confusion</h2>\n<table><tr><th></th><th class=\"n\">says stay</th><th "
                     "class=\"n\">says leave</th></tr>\n<tr><td>stays</td><td class=\"n\">{}</td><td "
                     "class=\"n\">{}</td></tr>\n<tr><td>leaves</td><td class=\"n\">{}</td><td class=\"n\">{}"
                     "</td></tr></table>\n",
                     f.true_negatives, f.false_positives, f.false_negatives, f.true_positives);
}

}  // namespace

std::string report_page(const page_facts& facts) {
  const auto& j = *facts.rows;
  auto out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width\">\n<title>{0}</title>\n{1}</head><body>\n<h1>{0}</h1>\n",
      escaped(facts.title), style);
  const auto head = headline(*facts.of);
  out += fmt::format("<p>{}</p>\n<p class=\"soft\">{}</p>\n", escaped(head.substr(0, head.find('\n'))),
                     escaped(head.substr(head.find('\n') + 1, head.size() - head.find('\n') - 2)));
  out += fmt::format(
      "<h2>Which features tell</h2>\n<p class=\"soft\">{}</p>\n{}",
      facts.of->booster.is_linear()
          ? "Share of all absolute weights, on scaled inputs; the sign says whether more of it makes "
            "leaving likelier."
          : "Share of the gain of all splits. It says how much a feature tells, not in which "
            "direction, and not that it is a cause.",
      bars(*facts.of));
  out +=
      fmt::format("<h2>How good it is</h2>\n<p>{} rows, of which {} leave. {}</p>\n{}<h2>Figures</h2>\n{}",
                  j.of_model.rows, j.of_model.leavers, escaped(facts.judged_on), curves(j), figure_rows(j));
  if (!facts.cross_validation.empty()) {
    out += "<h2>Cross validation over 3 folds</h2>\n<table><tr><th>figure</th><th class=\"n\">mean</th><th "
           "class=\"n\">deviation</th></tr>\n";
    for (const auto& s : facts.cross_validation)
      out += fmt::format("<tr><td>{}</td><td class=\"n\">{:.4f}</td><td class=\"n\">{:.4f}</td></tr>\n",
                         title_of(s.name), s.mean, s.deviation);
    out += "</table>\n";
  }
  return out + "</body></html>\n";
}

}  // namespace millrace::model
