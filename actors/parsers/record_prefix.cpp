#include "actors/parsers/record_prefix.hpp"

#include <fmt/format.h>

namespace millrace::parser {
namespace {

constexpr std::size_t confluent_id_bytes = 4;
constexpr std::size_t apicurio_id_bytes = 8;

}  // namespace

std::optional<prefixed> take_prefix(prefix_form form, std::string_view record, std::string& why,
                                    std::string_view what) {
  if (form == prefix_form::none)
    return prefixed{std::nullopt, record};
  const auto bytes = form == prefix_form::confluent ? confluent_id_bytes : apicurio_id_bytes;
  if (record.size() < 1 + bytes) {
    why = fmt::format("{} has {} byte{}; expected a zero byte and {} bytes of the schema's id in "
                      "front (\"prefix\")",
                      what, record.size(), record.size() == 1 ? "" : "s", bytes);
    return std::nullopt;
  }
  if (record.front() != '\0') {
    why = fmt::format("{} begins with the byte 0x{:02x}; expected a zero byte and {} bytes of the "
                      "schema's id in front (\"prefix\")",
                      what, static_cast<unsigned char>(record.front()), bytes);
    return std::nullopt;
  }
  std::uint64_t id = 0;
  for (const char c : record.substr(1, bytes))
    id = id << 8 | static_cast<unsigned char>(c);
  return prefixed{id, record.substr(1 + bytes)};
}

std::optional<std::uint32_t> confluent_id_of(std::string_view record) {
  constexpr std::size_t prefix = 1 + confluent_id_bytes;
  if (record.size() <= prefix || !record.starts_with(std::string_view("\0\0", 2)))
    return std::nullopt;
  std::uint32_t id = 0;
  for (const char c : record.substr(1, prefix - 1))
    id = id << 8 | static_cast<unsigned char>(c);
  return id;
}

std::string prefix_hint(prefix_form form, std::string_view record) {
  const auto id = form == prefix_form::none ? confluent_id_of(record) : std::nullopt;
  return id ? fmt::format("; it begins as a registry's serializers write it (a zero byte and the schema's "
                          "id, {}): is "
                          "it \"prefix\": \"confluent\"?",
                          *id)
            : std::string();
}

config::option prefix_option() {
  return {.name = "prefix",
          .type = config::option_type::choice,
          .doc = "Bytes in front of each record: none; confluent, a zero byte and the schema's id in 4 "
                 "bytes, as Confluent's serializers write it (of Protobuf the message's indexes, too); "
                 "apicurio, a zero byte and the id in 8. Default: confluent with a \"registry\", else none",
          .choices = {"none", "confluent", "apicurio"}};
}

prefix_form prefix_of(const config::values& options, bool has_registry) {
  if (!options.has("prefix"))
    return has_registry ? prefix_form::confluent : prefix_form::none;
  const auto& text = options.text("prefix");
  return text == "confluent"  ? prefix_form::confluent
         : text == "apicurio" ? prefix_form::apicurio
                              : prefix_form::none;
}

}  // namespace millrace::parser
