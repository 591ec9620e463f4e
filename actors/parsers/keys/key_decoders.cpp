#include "actors/parsers/keys/key_decoders.hpp"

#include "actors/parsers/keys/avro_keys.hpp"
#include "actors/parsers/keys/json_keys.hpp"
#include "actors/parsers/keys/protobuf_keys.hpp"
#include "actors/registry/key_format.hpp"

namespace millrace::parser {

std::shared_ptr<key_decoder> key_decoder_of(const config::values& options) {
  const auto format = registry::key_format_of(options);
  if (!format)
    return nullptr;
  const auto prefix = prefix_of(options, options.has("registry"));
  switch (*format) {
  case registry::schema_kind::avro:
    return make_avro_keys(prefix);
  case registry::schema_kind::protobuf:
    return make_protobuf_keys(prefix);
  case registry::schema_kind::json:
    break;
  }
  return make_json_keys(prefix);
}

}  // namespace millrace::parser
