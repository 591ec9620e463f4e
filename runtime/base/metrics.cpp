#include "runtime/base/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>

namespace millrace {

struct metrics::family {
  std::string help;
  bool is_counter = false;
  std::map<metric_labels, counter> counters;
  std::map<metric_labels, gauge> gauges;

  [[nodiscard]] std::vector<sample> samples() const {
    std::vector<sample> all;
    if (is_counter)
      for (const auto& [labels, c] : counters)
        all.push_back({labels, static_cast<double>(c.value())});
    else
      for (const auto& [labels, g] : gauges)
        all.push_back({labels, g.value()});
    return all;
  }
};

metrics::metrics() = default;
metrics::~metrics() = default;

metrics::family& metrics::family_of(std::string_view name, std::string_view help, bool is_counter) {
  auto found = families_.find(name);
  if (found == families_.end()) {
    found = families_.emplace(name, std::make_unique<family>()).first;
    found->second->help = help;
    found->second->is_counter = is_counter;
  }
  return *found->second;
}

counter& metrics::get_counter(std::string_view name, std::string_view help, metric_labels labels) {
  const std::lock_guard lock(mutex_);
  return family_of(name, help, true).counters[std::move(labels)];
}

gauge& metrics::get_gauge(std::string_view name, std::string_view help, metric_labels labels) {
  const std::lock_guard lock(mutex_);
  return family_of(name, help, false).gauges[std::move(labels)];
}

std::string metrics::exposition() const {
  std::vector<prometheus::MetricFamily> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, f] : families_) {
      prometheus::MetricFamily out;
      out.name = name;
      out.help = f->help;
      out.type = f->is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
      for (const auto& s : f->samples()) {
        prometheus::ClientMetric m;
        for (const auto& [label, value] : s.labels)
          m.label.push_back({label, value});
        m.counter.value = m.gauge.value = s.value;  // the serializer looks at one of them
        out.metric.push_back(std::move(m));
      }
      all.push_back(std::move(out));
    }
  }
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, all);
  return text.str();
}

std::vector<metrics::sample> metrics::samples(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = families_.find(name);
  return found == families_.end() ? std::vector<sample>{} : found->second->samples();
}

double metrics::sum(std::string_view name, const metric_labels& having) const {
  double total = 0;
  for (const auto& s : samples(name))
    if (std::ranges::includes(s.labels, having))
      total += s.value;
  return total;
}

}  // namespace millrace
