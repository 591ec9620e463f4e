// The schema's id in front of a record that was written by way of a registry.
#pragma once

#include "config/options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::parser {

/// Which serializer has written it: `confluent` is a zero byte and 4 bytes of id, `apicurio` a zero byte and 8.
enum class prefix_form : std::uint8_t { none, confluent, apicurio };

struct prefixed {
  std::optional<std::uint64_t> id;  // none: the form has none
  std::string_view body;
};
/// Takes the prefix off a record, or a key, as `what` says for the reason; none leaves why as it. Ids are big-endian.
[[nodiscard]] std::optional<prefixed> take_prefix(prefix_form form, std::string_view record, std::string& why,
                                                  std::string_view what = "the record");

/// The id in front of a record that was written by way of a registry with Confluent's prefix, as it seems: ids count from 1,
/// so that the first byte of one is zero, too.
[[nodiscard]] std::optional<std::uint32_t> confluent_id_of(std::string_view record);
/// Returns what follows the reason why a record could not be read without a prefix, if it seems to have one; else nothing.
[[nodiscard]] std::string prefix_hint(prefix_form form, std::string_view record);

/// The option `prefix` of parsers.
[[nodiscard]] config::option prefix_option();
/// The form that it says. `has_registry`: without the option it is confluent then, else none.
[[nodiscard]] prefix_form prefix_of(const config::values& options, bool has_registry);

}  // namespace millrace::parser
