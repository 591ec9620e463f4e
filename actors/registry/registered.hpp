// A source's reader whose records name their schemas in a registry, put together from a parser's options.
#pragma once

#include "actors/parsers/record_prefix.hpp"
#include "actors/registry/access.hpp"
#include "actors/registry/answers.hpp"
#include "actors/registry/key_format.hpp"
#include "actors/registry/known_schemas.hpp"
#include "actors/stream/source/awaited.hpp"
#include "actors/stream/source/source.hpp"

namespace millrace::registry {

struct record_registry {
  access where;
  std::optional<schema_kind> values;  // none: they are read without their schemas
  std::optional<schema_kind> keys;    // likewise
  parser::prefix_form prefix = parser::prefix_form::confluent;
};

/// The options of a parser whose records name their schemas: those of access, `subject`, `subject_version` and `key_format`.
[[nodiscard]] std::vector<config::option> reader_options();
/// Checks them together; `values` as below.
void check_reader(const config::check_input& in, const config::say& say, std::optional<schema_kind> values);
/// The registry that such options name, if they do and something is asked of it. `values`: the schemas of values, where the
/// parser needs any.
[[nodiscard]] std::optional<record_registry> of_records(const config::values& options,
                                                        std::optional<schema_kind> values);
/// The schema of their `subject`, the newest or that of `subject_version`. They have a `registry`, and the values of their secrets. Blocks.
[[nodiscard]] expected<std::string> subject_schema(const config::values& options, schema_kind kind);

/// `known`: the same for all readers of one life of a lane. `awaited` has the registry while records wait for it. `in_logs` names
/// the source. The reader stands outside of all others, so that replayed records get their schemas, too.
[[nodiscard]] std::unique_ptr<source::reader> registered(std::unique_ptr<source::reader> own,
                                                         const record_registry& by,
                                                         std::shared_ptr<known_schemas> known,
                                                         std::shared_ptr<source::awaited> awaited,
                                                         std::string in_logs);

}  // namespace millrace::registry
