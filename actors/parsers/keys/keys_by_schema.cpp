#include "actors/parsers/keys/keys_by_schema.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/json_text.hpp"

#include <fmt/format.h>

namespace millrace::parser {

std::string key_problem(std::string_view format, std::string_view why) {
  return fmt::format(
      "the key cannot be decoded: {}; say what keys are in \"key_format\" (it is \"{}\"), or leave "
      "_key out of the topology",
      why, format);
}

bool keys_by_schema::fail(std::string_view why) {
  why_ = key_problem(format_, why);
  return false;
}

bool keys_by_schema::decode(const source::chunk& c, std::string_view key, std::string& json) {
  // No registry is asked for records that were written down, as those of tests are: their keys stand there decoded.
  if (c.schemas == nullptr) {
    if (!data::is_utf8(key) || !expression::is_json(key))
      return fail("no registry was asked for its schema, and it is not a JSON value, as keys of tests are");
    json += key;
    return true;
  }
  const auto taken = take_prefix(prefix_, key, reason_, "it");
  if (!taken)
    return fail(reason_);
  const auto id = taken->id.value_or(0);
  const auto known = c.schemas->by_id.find(id);
  if (known == c.schemas->by_id.end()) {
    const auto unknown = c.schemas->unknown.find(id);
    return fail(unknown != c.schemas->unknown.end()
                    ? unknown->second + "; replay the record once it is there"
                    : fmt::format("the registry did not give the schema with the id {}", id));
  }
  reason_ = read(id, known->second, taken->body, json);
  return reason_.empty() || fail(reason_);
}

}  // namespace millrace::parser
