// Editors and people read these pages of the language, generated from what the planner checks by:
// JSON Schemas (draft 2020-12) and the reference page. They are kept in docs/; a test fails when they drift.
#pragma once

#include "config/catalog.hpp"

#include <string>

namespace millrace::config {

/// docs/topology.schema.json.
[[nodiscard]] std::string schema_text(const catalog& connectors);
/// docs/test.schema.json: of a user's test files.
[[nodiscard]] std::string test_schema_text();
/// docs/functions.md.
[[nodiscard]] std::string functions_text();
/// docs/reference.md.
[[nodiscard]] std::string reference_text(const catalog& connectors);

/// Says in few words what a value of this option is, with `code` in backquotes.
[[nodiscard]] std::string form_of(const option& o);

/// Writes all of them into this folder of docs.
[[nodiscard]] expected<void> write_references(const std::string& folder, const catalog& connectors);

}  // namespace millrace::config
