// Values of JSON on their way into fields of a schema that are texts: `x #>> '{}'` of PostgreSQL's. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::data {

/// Whether the JSON is null.
[[nodiscard]] bool is_json_null(std::string_view json);

/// A text without its quotes and escapes, any other value as its JSON. It lives as long as `json` and `scratch`. None: it is
/// no JSON.
[[nodiscard]] std::optional<std::string_view> bare_json(std::string_view json, std::string& scratch);

}  // namespace millrace::data
