// Rows as records of a schema, one class a format. The schema may be the one that was made of the columns, or one of the
// user's: which field a column is, and how its values are written, is decided once.
#pragma once

#include "actors/registry/answers.hpp"
#include "runtime/base/error.hpp"
#include "runtime/data/batch.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace millrace::sink {

class record_encoder {
public:
  virtual ~record_encoder() = default;
  /// Appends a row of a batch. False leaves why() as the reason, and what was appended means nothing.
  [[nodiscard]] virtual bool append(std::string& out, const data::batch& rows, std::size_t row) = 0;
  [[nodiscard]] virtual std::string why() const = 0;
  /// The bytes between the schema's id and each record: Protobuf's message indexes.
  [[nodiscard]] virtual std::string head() const { return {}; }
};

/// Selects what is written of a batch.
struct written_columns {
  const data::schema& rows;  // the schema of the batches
  std::vector<std::size_t> columns;
  bool is_bare = false;  // one column, which is a value of its own unless the schema is of a record
};

/// Plans how the columns are written by the text of a schema. `message`: of Protobuf, which of several; empty: the only one.
/// Errors: the text is no such schema, or each column and field that does not fit, with a remedy.
[[nodiscard]] expected<std::unique_ptr<record_encoder>> make_encoder(registry::schema_kind kind,
                                                                     const std::string& schema,
                                                                     const std::string& message,
                                                                     const written_columns& what);

/// One of each kind, for make_encoder().
[[nodiscard]] expected<std::unique_ptr<record_encoder>> make_avro_encoder(const std::string& schema,
                                                                          const written_columns& what);
[[nodiscard]] expected<std::unique_ptr<record_encoder>>
make_message_encoder(const std::string& schema, const std::string& message, const written_columns& what);
[[nodiscard]] expected<std::unique_ptr<record_encoder>> make_json_encoder(const std::string& schema,
                                                                          const written_columns& what);

/// The error for columns and fields that do not fit; there is at least one.
[[nodiscard]] unexpected unfit(std::vector<std::string> reasons);

}  // namespace millrace::sink
