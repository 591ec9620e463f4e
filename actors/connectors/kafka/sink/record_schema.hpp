// Keys and values with a schema of a registry: which schema it is, in which subject, and a row's bytes.
#pragma once

#include "actors/connectors/kafka/sink/record_encoder.hpp"
#include "actors/connectors/kafka/sink/schema_lookup.hpp"
#include "runtime/data/batch.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::sink {

/// Says which columns are written, and by which schema.
struct schema_wish {
  registry::schema_kind kind = registry::schema_kind::avro;
  std::string subject;
  std::string record;  // the full name of the record, or of the message, that is made of the columns
  std::vector<std::size_t> columns;
  /// The one column alone: no record is around it, but for Protobuf, and where a schema of the user's is of a record.
  bool is_bare = false;
  std::optional<std::string> text{};  // a schema of the user's; none: it is made of the columns
  bool is_newest = false;             // the subject's newest one, at each opening
  std::string message{};              // of Protobuf, which of several messages
};

class record_schema {
public:
  /// `rows`: the schema of the batches. Errors: a column has no place in the schema, or a field has none that fills it.
  [[nodiscard]] static expected<record_schema> make(schema_wish wish, data::schema_ptr rows);

  /// Learns the schema's id: it is added to its subject where `may_add`, else it must be there. The id of a schema that is known
  /// beforehand is kept; the newest one is asked for each time. Blocks for some seconds at most. Errors are the registry's, and
  /// ec::unavailable, with retry, until it has answered; ec::refused of the user with its reason; ec::mismatch where the columns
  /// do not fit the newest schema.
  [[nodiscard]] expected<void> find(const registry::access& where, bool may_add);
  /// Appends a row behind its prefix. False: it has no such form, and why() says so.
  [[nodiscard]] bool append(std::string& out, const data::batch& rows, std::size_t row) {
    out += prefix_;
    return encoder_->append(out, rows, row);
  }
  [[nodiscard]] std::string why() const { return encoder_->why(); }

private:
  record_schema(schema_wish wish, data::schema_ptr rows, std::string text)
      : wish_(std::move(wish)), rows_(std::move(rows)), text_(std::move(text)) {}

  [[nodiscard]] schema_lookup::question question_of(bool may_add) const;
  [[nodiscard]] expected<void> take(const schema_in_registry& found);

  schema_wish wish_;
  data::schema_ptr rows_;
  std::string text_;                         // of the newest one: that of encoder_
  std::unique_ptr<record_encoder> encoder_;  // none before the newest one is known
  std::string prefix_;                       // empty: the id is not known
  std::unique_ptr<schema_lookup> asked_;     // a question that has no answer yet
};

}  // namespace millrace::sink
