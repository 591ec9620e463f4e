#include "actors/connectors/kafka/source/kafka_keys.hpp"

#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <cassert>

namespace millrace::source {

namespace {

std::string bigint_text(std::string_view bytes) {
  if (bytes.size() != sizeof(std::int64_t) && bytes.size() != sizeof(std::int32_t))
    return fmt::format("{} byte{}", bytes.size(), bytes.size() == 1 ? "" : "s");
  std::uint64_t bits = 0;
  for (const char c : bytes)
    bits = bits << 8 | static_cast<unsigned char>(c);
  return std::to_string(bytes.size() == sizeof(std::int64_t) ? static_cast<std::int64_t>(bits)
                                                             : static_cast<std::int32_t>(bits));
}

}  // namespace

std::vector<std::string> key_forms() { return {"text", "bigint", "bytes"}; }

key_form key_form_of(std::string_view name) {
  if (name == "bigint")
    return key_form::bigint;
  if (name == "bytes")
    return key_form::bytes;
  assert(name == "text" && "choices are checked with the configuration");
  return key_form::text;
}

data::type_id key_type_of(key_form form) {
  return form == key_form::bigint ? data::type_id::bigint : data::type_id::text;
}

std::string key_text(key_form form, std::string_view bytes) {
  switch (form) {
  case key_form::bigint:
    return bigint_text(bytes);
  case key_form::bytes:
    return data::base64(bytes);
  case key_form::text:
    break;
  }
  return std::string(bytes);
}

}  // namespace millrace::source
