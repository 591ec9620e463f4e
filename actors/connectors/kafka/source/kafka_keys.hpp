// The keys of records by the option `key`: the column _key has a type, and Kafka has only bytes. Pure.
#pragma once

#include "runtime/data/type.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

enum class key_form : std::uint8_t {
  text,    // the bytes as they are
  bigint,  // 8 bytes big-endian, as Kafka's LongSerializer writes, or 4, as its IntegerSerializer
  bytes,   // the bytes in base64
};

[[nodiscard]] std::vector<std::string> key_forms();
/// One of key_forms().
[[nodiscard]] key_form key_form_of(std::string_view name);
/// The type of _key.
[[nodiscard]] data::type_id key_type_of(key_form form);

/// A chunk holds this of a key: its text; of a bigint its digits. A key of another length is no bigint, and is
/// described instead ("5 bytes"): then the parser finds no number.
[[nodiscard]] std::string key_text(key_form form, std::string_view bytes);

}  // namespace millrace::source
