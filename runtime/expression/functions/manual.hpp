// The reference page says this of each function and aggregate. A test evaluates every example, another
// compares them with PostgreSQL; a function that is missing here fails a test.
#pragma once

#include <span>
#include <string_view>

namespace millrace::expression {

struct described {
  std::string_view name;
  std::string_view signature;
  std::string_view says;     // one or two sentences
  std::string_view example;  // empty where there is none that stands alone
  std::string_view result;   // the text of (example)::text
};

struct chapter {
  std::string_view title;
  std::span<const described> functions;
};

[[nodiscard]] std::span<const chapter> described_functions();

/// Their examples are over these rows: name text, n bigint, x double, ok boolean, at timestamp (the event
/// time).
struct example_row {
  std::string_view name, n, x, ok, at;  // spelt as SQL writes them
};
inline constexpr example_row example_rows[] = {
    {"'ann'", "1", "0.5", "true", "'2021-04-24T19:55:00Z'"},
    {"'bob'", "2", "1.5", "false", "'2021-04-24T19:55:10Z'"},
    {"'ann'", "4", "null", "true", "'2021-04-24T19:55:20Z'"},
    {"'eve'", "2", "4.0", "null", "'2021-04-24T19:55:30Z'"},
};
[[nodiscard]] std::span<const described> described_aggregates();

}  // namespace millrace::expression
