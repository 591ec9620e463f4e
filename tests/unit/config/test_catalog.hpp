// A small catalog of connectors for tests of config: the shapes that real ones have, none of their code.
#pragma once

#include "config/plan.hpp"
#include "tests/support/scratch.hpp"

namespace millrace::config::test {

[[nodiscard]] const catalog& connectors();

/// Texts of files, laid into a folder of their own that goes with the object.
using files = millrace::test::scratch;

/// load() of one text, by the test catalog.
[[nodiscard]] loaded load_text(std::string_view topology, const std::vector<std::string>& sets = {},
                               std::string_view overlay = {});
/// The findings, one a line, files without their folder.
[[nodiscard]] std::string lines(const std::vector<finding>& findings);
/// A topology of these stages.
[[nodiscard]] std::string with_stages(std::string_view stages);
/// Source "clicks" and parser "parsed" (userid text, amount bigint, at timestamp = event time).
[[nodiscard]] std::string downstream_of_parser(std::string_view stages);

}  // namespace millrace::config::test
