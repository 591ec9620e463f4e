// Every metric of a process: its name, type, unit, labels and meaning, declared once. metrics_text() writes no
// other, docs/metrics.md is made of it, and the dashboard and the alert rules in docs/grafana/ are checked by it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace millrace::observe {

enum class metric_type : std::uint8_t { counter, gauge, histogram };

struct metric {
  std::string_view name;
  metric_type type = metric_type::gauge;
  std::string_view unit;
  /// Its labels, by ", "; `topology`, where it is there, is the first.
  std::string_view labels;
  std::string_view help;
};

/// Returns the metrics in the order of docs/metrics.md.
[[nodiscard]] std::span<const metric> metrics();
/// Returns null where there is none of this name.
[[nodiscard]] const metric* find_metric(std::string_view name);
/// docs/metrics.md.
[[nodiscard]] std::string metrics_page();

}  // namespace millrace::observe
