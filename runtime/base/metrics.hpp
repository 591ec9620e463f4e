// Counters and gauges by name and labels, in one registry a process. Whoever counts keeps the reference that
// counter() or gauge() gives and updates it from any thread at the cost of one relaxed atomic; HTTP and the
// progress line read.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

using metric_labels = std::map<std::string, std::string>;

/// Only rises.
class counter {
public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  /// Takes over a total that somebody else keeps (a ledger restored from a snapshot); never falls.
  void raise_to(std::uint64_t total) {
    auto present = value_.load(std::memory_order_relaxed);
    while (present < total && !value_.compare_exchange_weak(present, total, std::memory_order_relaxed)) {
    }
  }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

class gauge {
public:
  void set(double v) { value_.store(v, std::memory_order_relaxed); }
  void add(double v) { value_.fetch_add(v, std::memory_order_relaxed); }
  [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<double> value_{0};
};

class metrics {
public:
  metrics();
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  /// The same object for the same name and labels; it lives as long as the registry. Counters' names end in
  /// `_total`, and a name is either all counters or all gauges (a bug of ours otherwise: the second kind is
  /// counted but not shown). `help` is that of the first call.
  [[nodiscard]] counter& get_counter(std::string_view name, std::string_view help, metric_labels labels = {});
  [[nodiscard]] gauge& get_gauge(std::string_view name, std::string_view help, metric_labels labels = {});

  /// Prometheus' text format.
  [[nodiscard]] std::string exposition() const;

  struct sample {
    metric_labels labels;
    double value = 0;
  };
  /// Every value under a name, by labels. Empty for an unknown name.
  [[nodiscard]] std::vector<sample> samples(std::string_view name) const;
  /// Their sum, over those that have at least these labels; 0 for none.
  [[nodiscard]] double sum(std::string_view name, const metric_labels& having = {}) const;

private:
  struct family;
  family& family_of(std::string_view name, std::string_view help, bool is_counter);

  mutable std::mutex mutex_;  // of the maps; updates of values do not take it
  std::map<std::string, std::unique_ptr<family>, std::less<>> families_;
};

}  // namespace millrace
