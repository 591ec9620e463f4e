// Helps the expression tests: binds a text over a small table and shows what comes out, row by row.
#pragma once

#include "runtime/data/render.hpp"
#include "runtime/expression/expression.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

namespace millrace::expression {

/// Columns a bigint, x double, s text, p boolean, ts timestamp, j json, "User-Agent" text, "end" text,
/// venue {lat double, Name text}; rows: all present, all null, extremes.
inline data::batch sample() {
  using enum data::type_id;
  const auto venue = data::type::object_of({{"lat", float64}, {"Name", text}});
  data::batch b;
  b.schema = std::make_shared<data::schema>(std::vector<data::field>{{"a", bigint},
                                                                     {"x", float64},
                                                                     {"s", text},
                                                                     {"p", boolean},
                                                                     {"ts", timestamp},
                                                                     {"j", json},
                                                                     {"User-Agent", text},
                                                                     {"end", text},
                                                                     {"venue", venue},
                                                                     {"Mixed", bigint}});
  std::vector<data::column_builder> out;
  for (const auto& f : *b.schema)
    out.emplace_back(f.type);
  out[0].append_int(7);
  out[1].append_double(2.5);
  out[2].append_text("Hà Nội");
  out[3].append_boolean(true);
  out[4].append_int(1'619'294'100'796'000);  // 2021-04-24 19:55:00.796
  out[5].append_text("{\"k\":1}");
  out[6].append_text("curl");
  out[7].append_text("fin");
  out[8].child(0).append_double(21.03);
  out[8].child(1).append_text("Opera");
  out[8].append_object();
  out[9].append_int(1);
  for (auto& c : out)
    c.append_null();
  out[0].append_int(std::numeric_limits<std::int64_t>::min());
  out[1].append_double(std::numeric_limits<double>::quiet_NaN());
  out[2].append_text("");
  out[3].append_boolean(false);
  out[4].append_int(0);
  out[5].append_text("null");
  out[6].append_text("");
  out[7].append_text("");
  out[8].child(0).append_null();
  out[8].child(1).append_text("");
  out[8].append_object();
  out[9].append_int(2);
  for (auto& c : out)
    b.columns.push_back(c.finish());
  b.rows = 3;
  return b;
}

/// "type: value, value, value"; "null" for null, "!message" for a failed row.
inline std::string shown_result(const bound& e, const data::batch& input) {
  std::vector<row_failure> failures;
  const auto c = evaluate(e, input, 1'000'000, failures);
  REQUIRE(c->size() == input.rows);
  std::string out = e.type.name() + ":";
  std::size_t next = 0;
  for (std::size_t row = 0; row < input.rows; ++row) {
    out += row == 0 ? " " : ", ";
    if (next < failures.size() && failures[next].row == row) {
      CHECK(c->is_null(row));
      out += "!" + failures[next++].message;
    } else if (c->is_null(row)) {
      out += "null";
    } else {
      data::append_text_value(out, *c, row);
    }
  }
  CHECK(next == failures.size());
  return out;
}

/// Rows that are alike each give what one of them gives alone, though what they have in common is computed once.
inline void check_alike_rows(const bound& e, const data::batch& input) {
  for (std::uint32_t row = 0; row < input.rows; ++row) {
    const auto alone = shown_result(e, data::take(input, std::vector{row}));
    const auto value = alone.substr(e.type.name().size() + 1);
    CHECK(shown_result(e, data::take(input, std::vector{row, row, row})) ==
          fmt::format("{0},{1},{1}", alone, value));
  }
}

inline std::string evaluated(std::string_view text, const data::batch& input = sample()) {
  const auto e = expression::bind(text, scope{input.schema.get(), {}});
  if (!e)
    return "problem at " + std::to_string(e.error().front().offset) + ": " + e.error().front().message;
  check_alike_rows(*e, input);
  return shown_result(*e, input);
}

}  // namespace millrace::expression
