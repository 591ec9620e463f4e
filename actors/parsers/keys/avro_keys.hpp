// Keys of Avro as JSON: each by the schema of its id, records, scalars and all else.
#pragma once

#include "actors/parsers/key_decoder.hpp"
#include "actors/parsers/record_prefix.hpp"

#include <memory>

namespace millrace::parser {

[[nodiscard]] std::shared_ptr<key_decoder> make_avro_keys(prefix_form prefix);

}  // namespace millrace::parser
