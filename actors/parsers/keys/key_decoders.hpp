// Makes the decoder of the keys of a parser's records, by its options.
#pragma once

#include "actors/parsers/key_decoder.hpp"
#include "config/options.hpp"

#include <memory>

namespace millrace::parser {

/// Null: they stand in the chunk as _key has them.
[[nodiscard]] std::shared_ptr<key_decoder> key_decoder_of(const config::values& options);

}  // namespace millrace::parser
