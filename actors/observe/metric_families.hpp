// The figures of one answer as Prometheus reads them, a family a metric, each as the table of metrics declares it.
#pragma once

#include "runtime/base/duration_histogram.hpp"

#include <prometheus/metric_family.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace millrace::observe {

struct metric;

class metric_families {
public:
  using values = std::vector<std::string>;

  /// Names the topology whose figures follow.
  void of(std::string topology) { topology_ = std::move(topology); }

  /// `given`: the values of the metric's labels beside `topology`, in their order. A metric that is not in the table, or has
  /// another number of labels, is std::logic_error.
  void add(const std::string& name, const values& given, double value);
  void add(const std::string& name, const std::string& value, const auto& number) {
    add(name, values{value}, static_cast<double>(number));
  }
  template<const auto& Bounds>
  void add(const std::string& name, const std::string& value, const duration_histogram<Bounds>& h) {
    std::vector<std::uint64_t> counts;
    for (std::size_t i = 0; i <= Bounds.size(); ++i)
      counts.push_back(h.count(i));
    add_histogram(name, value, Bounds, counts, h.total());
  }
  [[nodiscard]] std::string text() const;

private:
  void add_histogram(const std::string& name, const std::string& value, std::span<const micros> bounds,
                     const std::vector<std::uint64_t>& counts, micros total);
  [[nodiscard]] prometheus::ClientMetric labelled(const metric& m, const values& given) const;
  [[nodiscard]] prometheus::MetricFamily& family_of(const metric& m);

  std::string topology_;
  std::vector<prometheus::MetricFamily> all_;
};

}  // namespace millrace::observe
