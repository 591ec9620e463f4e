// Plans of topologies that stand in a test as text, with the connectors that there are.
#pragma once

#include "actors/catalog.hpp"
#include "config/load_text.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <utility>

namespace millrace::test {

inline config::topology planned_text(const std::string& text) {
  auto loaded = config::load_text(text, "t", connectors());
  for (const auto& f : loaded.findings)
    UNSCOPED_INFO(config::to_string(f));
  REQUIRE(loaded.plan);
  return std::move(*loaded.plan);
}

/// The topology "t" of these stages; `head`: its other members, each with a comma behind it.
inline std::shared_ptr<const config::topology> planned(const std::string& stages,
                                                       const std::string& head = {}) {
  return std::make_shared<const config::topology>(
      planned_text(R"({ "millrace": 1, "topology": "t", )" + head + R"("stages": {)" + stages + "} }"));
}

}  // namespace millrace::test
