// Plans a topology that is given as text, and rows as lines of JSON.
#pragma once

#include "actors/catalog.hpp"
#include "runtime/data/render.hpp"
#include "tests/support/planned.hpp"
#include "tools/dry_run/dry_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace millrace::dry_run::test {

/// `stages` as JSON members.
inline config::topology plan(const std::string& stages) { return *millrace::test::planned(stages); }

inline std::vector<std::string> rows_of(const dry_run& r, const std::string& stage) {
  std::vector<std::string> out;
  for (const auto& s : r.rows())
    if (s.name == stage)
      for (const auto& b : s.batches)
        for (std::size_t i = 0; i < b.rows; ++i) {
          out.emplace_back();
          data::append_json_row(out.back(), b, i);
        }
  return out;
}

inline std::vector<arrival> lines(const std::string& source, const std::vector<std::string>& texts) {
  std::vector<arrival> out;
  for (const auto& t : texts)
    out.push_back({source, {t}});
  return out;
}

inline std::unique_ptr<dry_run> make(const config::topology& t, const setup& s = {}) {
  auto made = dry_run::make(t, s);
  REQUIRE(made);
  return std::move(*made);
}

}  // namespace millrace::dry_run::test
