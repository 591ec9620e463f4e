// Makes one Avro schema of a schema and those that it references: each named type stands where it is used first, as Avro's own
// text wants it. Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::registry {

/// `referenced`: the texts of all schemas that it needs, in any order; one that is not used is left out. Errors: a text is no
/// JSON, or nests more than 128 types deep.
[[nodiscard]] expected<std::string> self_contained(std::string_view schema,
                                                   const std::vector<std::string>& referenced);

}  // namespace millrace::registry
