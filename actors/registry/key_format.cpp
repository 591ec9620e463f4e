#include "actors/registry/key_format.hpp"

#include "actors/parsers/record_prefix.hpp"

#include <fmt/format.h>

namespace millrace::registry {

config::option key_format_option() {
  return {.name = "key_format",
          .type = config::option_type::choice,
          .doc = "How the source's keys are decoded, for the column `_key`, which then has type json: "
                 "avro or protobuf, by the schema of the \"registry\" whose id stands in front of the key "
                 "as \"prefix\" says; json, one JSON value behind such a prefix. A key that cannot be "
                 "decoded makes its record a dead letter where `_key` is used. Default: `_key` is what "
                 "the source's `key` says",
          .choices = {"avro", "protobuf", "json"}};
}

void check_key_format(const config::check_input& in, const config::say& say,
                      std::optional<schema_kind> values) {
  const auto& o = in.options;
  const bool has_registry = o.has("registry");
  if (!o.has("key_format")) {
    if (has_registry && !values)
      say("registry", "the parser reads values without their schemas, so that there is nothing to ask for; "
                      "expected \"key_format\" beside it, or \"prefix\": \"confluent\" in its place");
    return;
  }
  if (key_schemas_of(o) && !has_registry)
    say("key_format",
        fmt::format("keys of {} are read by the schemas of a registry, and there is none; expected "
                    "\"registry\" beside it",
                    o.text("key_format")));
  else if (parser::prefix_of(o, has_registry) == parser::prefix_form::none && !has_registry)
    say("key_format",
        "nothing says what stands in front of keys; expected \"prefix\": \"confluent\" or \"apicurio\" "
        "beside it; keys that are plain JSON need no \"key_format\", but _key::json");
}

std::optional<schema_kind> key_format_of(const config::values& o) {
  if (!o.has("key_format"))
    return std::nullopt;
  const auto& text = o.text("key_format");
  return text == "avro" ? schema_kind::avro : text == "protobuf" ? schema_kind::protobuf : schema_kind::json;
}

std::optional<schema_kind> key_schemas_of(const config::values& o) {
  const auto format = key_format_of(o);
  return format == schema_kind::json ? std::nullopt : format;
}

}  // namespace millrace::registry
