// The reference of functions: complete, and true.
#include "runtime/expression/bind/binder.hpp"
#include "runtime/expression/functions/manual.hpp"
#include "tests/unit/expression/evaluate_one.hpp"

#include <algorithm>
#include <set>

using namespace millrace;
using namespace millrace::expression;

namespace {

std::set<std::string_view> names_of(std::span<const described> of) {
  std::set<std::string_view> out;
  for (const auto& d : of)
    CHECK(out.insert(d.name).second);
  return out;
}

/// Names that the binder gives to what users write otherwise.
const std::set<std::string_view> not_written{"json_as_text", "like_escape", "similar_to_escape"};

}  // namespace

TEST_CASE("every function is described, and its example has the result that is told") {
  std::set<std::string_view> there;
  for (const auto& c : described_functions())
    there.merge(names_of(c.functions));
  for (const auto name : function_names()) {
    CAPTURE(name);
    CHECK(there.contains(name) != not_written.contains(name));
  }
  const data::batch one{std::make_shared<data::schema>(), {}, 1};
  for (const auto& c : described_functions())
    for (const auto& d : c.functions) {
      CAPTURE(d.name, d.example);
      CHECK(d.signature.starts_with(d.name));
      if (!d.example.empty())
        CHECK(evaluated("(" + std::string(d.example) + ")::text", one) == "text: " + std::string(d.result));
    }
}

TEST_CASE("every aggregate is described") {
  const auto there = names_of(described_aggregates());
  for (const auto name : aggregate_names()) {
    CAPTURE(name);
    CHECK(there.contains(name));
  }
  CHECK(there.size() == aggregate_names().size());
}
