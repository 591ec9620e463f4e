#include "actors/observe/metric_families.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <stdexcept>

using namespace millrace;
using observe::metric_families;

namespace {

constexpr std::array bounds{micros(1'000), micros(1'000'000)};

bool has(const std::string& text, const std::string& line) {
  return text.find(line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("figures of one metric are one family, with the labels that the table names") {
  metric_families all;
  all.of("clicks");
  all.add("millrace_sink_rows_total", "out", 3);
  all.add("millrace_sink_away", "out", true);
  all.of("orders");
  all.add("millrace_sink_rows_total", "out", 4);
  const auto text = all.text();
  CHECK(has(text, "# TYPE millrace_sink_rows_total counter"));
  CHECK(text.find("# TYPE millrace_sink_rows_total") == text.rfind("# TYPE millrace_sink_rows_total"));
  CHECK(has(text, R"(millrace_sink_rows_total{topology="clicks",sink="out"} 3)"));
  CHECK(has(text, R"(millrace_sink_away{topology="clicks",sink="out"} 1)"));
  CHECK(has(text, R"(millrace_sink_rows_total{topology="orders",sink="out"} 4)"));
}

TEST_CASE("a histogram counts from bucket to bucket, in seconds") {
  duration_histogram<bounds> h;
  for (const auto d : {micros(1), micros(500'000), micros(600'000), micros(3'000'000)})
    h.add(d);
  metric_families all;
  all.of("t");
  all.add("millrace_sink_commit_duration_seconds", "out", h);
  const auto text = all.text();
  const auto labels = std::string(R"({topology="t",sink="out")");
  CHECK(has(text, "millrace_sink_commit_duration_seconds_bucket" + labels + R"(,le="0.001"} 1)"));
  CHECK(has(text, "millrace_sink_commit_duration_seconds_bucket" + labels + R"(,le="1"} 3)"));
  CHECK(has(text, "millrace_sink_commit_duration_seconds_bucket" + labels + R"(,le="+Inf"} 4)"));
  CHECK(has(text, "millrace_sink_commit_duration_seconds_count" + labels + "} 4"));
}

TEST_CASE("a figure that the table does not have, or has with other labels, is our own mistake") {
  metric_families all;
  CHECK_THROWS_AS(all.add("millrace_unheard_of", "x", 1), std::logic_error);
  CHECK_THROWS_AS(all.add("millrace_running", "x", 1), std::logic_error);
  CHECK_THROWS_AS(all.add("millrace_sink_rows_total", metric_families::values{}, 1), std::logic_error);
}
