// Keys of Protobuf as JSON: each by the schema of its id, and the message that its prefix names there.
#pragma once

#include "actors/parsers/key_decoder.hpp"
#include "actors/parsers/record_prefix.hpp"

#include <memory>

namespace millrace::parser {

[[nodiscard]] std::shared_ptr<key_decoder> make_protobuf_keys(prefix_form prefix);

}  // namespace millrace::parser
