// Keys and values with a schema of a registry: which schema the columns have, in which subject it is, and a row's bytes.
#pragma once

#include "actors/registry/client.hpp"
#include "runtime/data/batch.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink {

/// Says which columns are written, and how.
struct schema_wish {
  registry::schema_kind kind = registry::schema_kind::avro;
  std::string subject;
  std::string record;  // the full name of the record, or of the message
  std::vector<std::size_t> columns;
  bool is_bare =
      false;  // the one column alone: no record is around it, but for Protobuf; else all are written
};

class record_schema {
public:
  /// `rows`: the schema of the batches. Errors: a column has no place in such a schema.
  [[nodiscard]] static expected<record_schema> make(schema_wish wish, const data::schema& rows);

  [[nodiscard]] registry::schema_kind kind() const { return wish_.kind; }
  /// Learns the schema's id, which it keeps: it is added to its subject where `may_add`, else it must be there. Blocks. Errors
  /// are the registry's: ec::unavailable where it is away, ec::refused of the user with its reason.
  [[nodiscard]] expected<void> find_id(registry::client& from, bool may_add);
  /// Appends a row behind its prefix. False: it has no such form, and why() says so.
  [[nodiscard]] bool append(std::string& out, const data::batch& rows, std::size_t row) const;
  [[nodiscard]] static std::string_view why() {
    return "a list has a null among its elements, and Protobuf's lists have none";
  }

private:
  record_schema(schema_wish wish, registry::schema schema)
      : wish_(std::move(wish)), schema_(std::move(schema)) {}

  schema_wish wish_;
  registry::schema schema_;
  std::string prefix_;  // empty: the id is not known
};

}  // namespace millrace::sink
