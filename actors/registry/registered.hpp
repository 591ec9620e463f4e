// A source's reader whose records name their schemas in a registry, put together from a parser's options.
#pragma once

#include "actors/parsers/record_prefix.hpp"
#include "actors/registry/access.hpp"
#include "actors/registry/answers.hpp"
#include "actors/registry/known_schemas.hpp"
#include "actors/stream/source/source.hpp"

namespace millrace::registry {

struct record_registry {
  access where;
  schema_kind kind = schema_kind::avro;
  parser::prefix_form prefix = parser::prefix_form::confluent;
};

/// The options of a parser whose records name their schemas: those of access, and `subject`.
[[nodiscard]] std::vector<config::option> reader_options();
/// The registry that such options name, if they do.
[[nodiscard]] std::optional<record_registry> of_records(const config::values& options, schema_kind kind);
/// The newest schema of their `subject`. They have a `registry`, and the values of their secrets. Blocks.
[[nodiscard]] expected<std::string> newest_schema(const config::values& options, schema_kind kind);

/// `known`: the same for all readers of one life of a lane. `in_logs` names the source. The reader stands outside of all others,
/// so that replayed records get their schemas, too.
[[nodiscard]] std::unique_ptr<source::reader> registered(std::unique_ptr<source::reader> own,
                                                         const record_registry& by,
                                                         std::shared_ptr<known_schemas> known,
                                                         std::string in_logs);

}  // namespace millrace::registry
