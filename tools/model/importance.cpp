#include "tools/model/importance.hpp"

#include <algorithm>
#include <cmath>

namespace millrace::model {

std::vector<importance> importances(const model& m) {
  std::vector<importance> out;
  const auto& b = m.booster;
  double all = 0;
  std::size_t at = 0;
  for (const auto& f : m.features) {
    importance i{f.name};
    double amount = 0;
    for (const auto end = at + f.inputs(); at < end; ++at) {
      if (b.is_linear()) {
        const double weight = b.weights[at];
        amount += std::abs(weight);
        if (std::abs(weight) > std::abs(i.gain))
          i.gain = weight;
      } else {
        amount += b.gain[at];
        i.splits += b.splits[at];
      }
    }
    if (i.splits != 0)
      i.gain = amount / static_cast<double>(i.splits);
    i.share = amount;
    all += amount;
    out.push_back(std::move(i));
  }
  for (auto& i : out)
    i.share = all > 0 ? i.share / all : 0;
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.share > b.share; });
  return out;
}

}  // namespace millrace::model
