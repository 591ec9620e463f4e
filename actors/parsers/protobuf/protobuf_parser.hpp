// The Protobuf parser: one message a record becomes one row. Declares the connector for the catalog, and makes parsers.
#pragma once

#include "actors/connector.hpp"
#include "actors/parsers/record_prefix.hpp"

#include <memory>
#include <string>

namespace millrace::parser {

struct protobuf_options {
  std::string message;  // full name; empty: the only one, or the one that stands in front of the record
  prefix_form prefix = prefix_form::none;
};

[[nodiscard]] config::connector protobuf_parser_declaration();
[[nodiscard]] connector protobuf_parser_connector();

/// The options must have been validated. An error where schema_text cannot be read: it was made by another version.
[[nodiscard]] expected<std::unique_ptr<record_parser>> make_protobuf_parser(parser_options options,
                                                                            protobuf_options own);

}  // namespace millrace::parser
