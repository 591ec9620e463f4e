#include "config/schema/described_stage.hpp"

#include <algorithm>

namespace millrace::config {

std::vector<described_stage> described_stages(const catalog& connectors) {
  std::vector<described_stage> out;
  for (const auto& c : connectors)
    out.push_back({c.kind, c.type, c.doc, stage_options(c.kind, c.type, &c), c.guarantee});
  for (const auto& t : core_types())
    out.push_back(
        {t.kind, std::string(t.type), std::string(t.doc), stage_options(t.kind, t.type, nullptr), {}});
  std::stable_sort(out.begin(), out.end(),
                   [](const described_stage& a, const described_stage& b) { return a.kind < b.kind; });
  return out;
}

}  // namespace millrace::config
