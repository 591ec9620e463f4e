// Makes the value of _key of a record's key, where keys have a schema of their own (the option `key_format`).
#pragma once

#include "actors/stream/source/source.hpp"

#include <string>
#include <string_view>

namespace millrace::parser {

class key_decoder {
public:
  virtual ~key_decoder() = default;
  /// Appends the JSON of a key of this chunk; false leaves why() as the error, and what was appended is of no use. A pure
  /// function of the key and of the chunk's schemas.
  [[nodiscard]] virtual bool decode(const source::chunk& c, std::string_view key, std::string& json) = 0;
  /// Begins with "the key", and says what to do.
  [[nodiscard]] virtual const std::string& why() const = 0;
};

}  // namespace millrace::parser
