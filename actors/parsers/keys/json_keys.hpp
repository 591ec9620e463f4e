// Keys that are JSON behind a registry's prefix, as serializers of JSON Schema write them. The schema is not needed.
#pragma once

#include "actors/parsers/key_decoder.hpp"
#include "actors/parsers/record_prefix.hpp"

#include <memory>

namespace millrace::parser {

[[nodiscard]] std::shared_ptr<key_decoder> make_json_keys(prefix_form prefix);

}  // namespace millrace::parser
