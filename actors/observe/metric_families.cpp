#include "actors/observe/metric_families.hpp"

#include "actors/observe/metric_table.hpp"
#include "runtime/base/visible_text.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace millrace::observe {
namespace {

std::vector<std::string> labels_of(const metric& m) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < m.labels.size();) {
    const auto end = std::min(m.labels.find(", ", at), m.labels.size());
    out.emplace_back(m.labels.substr(at, end - at));
    at = end + 2;
  }
  return out;
}

const metric& of_table(const std::string& name) {
  if (const auto* const m = find_metric(name))
    return *m;
  throw std::logic_error(name + " is not in the table of metrics");
}

prometheus::MetricType type_of(const metric& m) {
  switch (m.type) {
  case metric_type::counter:
    return prometheus::MetricType::Counter;
  case metric_type::gauge:
    return prometheus::MetricType::Gauge;
  default:
    return prometheus::MetricType::Histogram;
  }
}

}  // namespace

void metric_families::add(const std::string& name, const values& given, double value) {
  const auto& m = of_table(name);
  auto one = labelled(m, given);
  if (m.type == metric_type::counter)
    one.counter.value = value;
  else
    one.gauge.value = value;
  family_of(m).metric.push_back(std::move(one));
}

void metric_families::add_histogram(const std::string& name, const std::string& value,
                                    std::span<const micros> bounds, const std::vector<std::uint64_t>& counts,
                                    micros total) {
  const auto& m = of_table(name);
  auto one = labelled(m, values{value});
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    below += counts[i];
    one.histogram.bucket.push_back({below, static_cast<double>(bounds[i].count()) / 1e6});
  }
  one.histogram.sample_count = below + counts[bounds.size()];
  one.histogram.bucket.push_back({one.histogram.sample_count, std::numeric_limits<double>::infinity()});
  one.histogram.sample_sum = static_cast<double>(total.count()) / 1e6;
  family_of(m).metric.push_back(std::move(one));
}

std::string metric_families::text() const { return prometheus::TextSerializer().Serialize(all_); }

prometheus::ClientMetric metric_families::labelled(const metric& m, const values& given) const {
  prometheus::ClientMetric out;
  std::size_t next = 0;
  for (const auto& label : labels_of(m)) {
    if (label == "topology") {
      out.label.push_back({label, visible(topology_)});
      continue;
    }
    if (next == given.size())
      throw std::logic_error(std::string(m.name) + " has more labels than it was given");
    out.label.push_back({label, visible(given[next++])});  // a partition may be a file
  }
  if (next != given.size())
    throw std::logic_error(std::string(m.name) + " has fewer labels than it was given");
  return out;
}

prometheus::MetricFamily& metric_families::family_of(const metric& m) {
  const auto at =
      std::ranges::find_if(all_, [&](const prometheus::MetricFamily& f) { return f.name == m.name; });
  if (at != all_.end())
    return *at;
  prometheus::MetricFamily f;
  f.name = m.name;
  f.help = m.help;
  f.type = type_of(m);
  all_.push_back(std::move(f));
  return all_.back();
}

}  // namespace millrace::observe
