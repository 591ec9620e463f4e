// The texts of schemas that the user gives to the sink: what a file holds as a registry takes it. It reads files.
#pragma once

#include "actors/parsers/protobuf/schema_files.hpp"
#include "actors/registry/answers.hpp"
#include "runtime/base/error.hpp"

#include <memory>
#include <string>

namespace millrace::sink {

/// A file of a schema, or what is carried in its place (data/carried_file.hpp).
struct schema_file {
  std::string bytes;  // as they are
  std::string text;   // as the registry has it: of descriptors the .proto source that they say
  std::string
      record;  // the full name that it gives its record or message, of JSON Schema its title; empty: it has none
};
[[nodiscard]] expected<schema_file> read_schema_file(registry::schema_kind kind, const std::string& path);

/// Compiles the text of one file that imports none but the well-known types.
[[nodiscard]] expected<std::shared_ptr<const parser::protobuf::schema>>
message_schema_of(const std::string& text);

}  // namespace millrace::sink
