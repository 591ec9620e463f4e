// The option `key_format` of parsers: records' keys that were written with a schema, or as JSON behind its id.
#pragma once

#include "actors/registry/answers.hpp"
#include "config/catalog.hpp"

#include <optional>

namespace millrace::registry {

[[nodiscard]] config::option key_format_option();
/// `values`: the schemas that the parser's values need; none: it reads them without.
void check_key_format(const config::check_input& in, const config::say& say,
                      std::optional<schema_kind> values);
/// Says what keys are; none: nobody decodes them.
[[nodiscard]] std::optional<schema_kind> key_format_of(const config::values& options);
/// Says which schemas a registry is asked for, to decode keys. JSON needs none.
[[nodiscard]] std::optional<schema_kind> key_schemas_of(const config::values& options);

}  // namespace millrace::registry
