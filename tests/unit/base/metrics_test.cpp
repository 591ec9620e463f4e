#include "runtime/base/metrics.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace millrace;

TEST_CASE("a metric is one object a name and label set") {
  metrics m;
  auto& a = m.get_counter("rows_total", "Rows.", {{"stage", "a"}});
  auto& b = m.get_counter("rows_total", "Rows.", {{"stage", "b"}});
  CHECK(&a != &b);
  CHECK(&a == &m.get_counter("rows_total", "other help", {{"stage", "a"}}));
  a.add(3);
  b.add();
  CHECK(m.sum("rows_total") == 4);
  CHECK(m.sum("rows_total", {{"stage", "a"}}) == 3);
  CHECK(m.sum("rows_total", {{"stage", "c"}}) == 0);
  CHECK(m.sum("unknown") == 0);
  CHECK(m.samples("unknown").empty());
}

TEST_CASE("counts from many threads add up") {
  metrics m;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&m, t] {
      auto& own = m.get_counter("n_total", "N.", {{"thread", std::to_string(t)}});
      auto& shared = m.get_gauge("bytes", "Bytes.");
      for (int i = 0; i < 10'000; ++i) {
        own.add();
        shared.add(1);
      }
      (void)m.exposition();
    });
  for (auto& t : threads)
    t.join();
  CHECK(m.sum("n_total") == 80'000);
  CHECK(m.sum("bytes") == 80'000);
  CHECK(m.samples("n_total").size() == 8);
}

TEST_CASE("a counter taken over from elsewhere never falls") {
  counter c;
  c.raise_to(10);
  c.raise_to(4);
  CHECK(c.value() == 10);
}

TEST_CASE("the exposition is Prometheus' text format, with labels escaped") {
  metrics m;
  m.get_counter("millrace_rows_total", "Rows.", {{"stage", "a \"b\"\\\n"}}).add(12);
  m.get_gauge("millrace_lag", "Behind.").set(-0.5);
  const auto text = m.exposition();
  CHECK(text.find("# HELP millrace_lag Behind.\n# TYPE millrace_lag gauge\nmillrace_lag -0.5\n") !=
        std::string::npos);
  CHECK(text.find("# TYPE millrace_rows_total counter\n"
                  "millrace_rows_total{stage=\"a \\\"b\\\"\\\\\\n\"} 12\n") != std::string::npos);
}
