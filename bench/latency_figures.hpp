// What latency_bench and passage_bench share beside Kafka: the rest of a record, and how latencies are printed.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace millrace::bench {

/// The end of a record's JSON, behind the members that the measurement needs, with its line's end.
inline constexpr std::string_view rest =
    R"(,"product":"p-482913","category":217,"price":129.95,"quantity":3,"device":"mobile","ip":"10.0.17.201",)"
    R"("premium":false,"geo":{"lat":48.21,"lon":-16.37},"note":"xxxxxxxxxxxxxxxxxxxxxxxxxx"})"
    "\n";

/// Prints a line of JSON: how many there are, under that name, and their quantiles. `took`: milliseconds, at least one.
inline void print_latencies(std::string_view name, std::vector<double> took) {
  std::sort(took.begin(), took.end());
  const auto at = [&](double share) {
    return took[std::min(took.size() - 1,
                         static_cast<std::size_t>(share * static_cast<double>(took.size())))];
  };
  fmt::print(
      "{{\"{}\": {}, \"p50_ms\": {:.3f}, \"p99_ms\": {:.3f}, \"p999_ms\": {:.3f}, \"max_ms\": {:.3f}}}\n",
      name, took.size(), at(0.5), at(0.99), at(0.999), took.back());
}

}  // namespace millrace::bench
