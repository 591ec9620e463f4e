// Rows as datums of a schema: the one that was made of their columns, or one of the user's. Pure.
// Source: Apache Avro 1.11 specification, "Binary Encoding".
#pragma once

#include "runtime/avro/json_datum.hpp"
#include "runtime/avro/schema.hpp"
#include "runtime/avro/writing.hpp"
#include "runtime/data/batch.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::avro {

/// It keeps the schema. One thread uses it.
class row_encoder {
public:
  /// `columns`: of the schema `rows`, which are written. `is_bare`: one of them, as writing_of() has it.
  [[nodiscard]] static tl::expected<row_encoder, std::vector<unwritable>>
  of(schema_ptr schema, const data::schema& rows, const std::vector<std::size_t>& columns, bool is_bare);

  /// Appends a row of a batch. False leaves why() as the error, and what was appended means nothing.
  [[nodiscard]] bool append(std::string& out, const data::batch& rows, std::size_t row);
  /// Names the column, and what is wrong with its value.
  [[nodiscard]] std::string why() const;

private:
  row_encoder(schema_ptr schema, writing root, std::optional<std::size_t> bare)
      : schema_(std::move(schema)), root_(std::move(root)), bare_(bare), json_(*schema_) {}

  bool append_fields(std::string& out, const writing& w, const std::vector<data::column_ptr>& columns,
                     std::size_t row);
  bool append_value(std::string& out, const writing& w, const data::column& c, std::size_t row);
  bool append_list(std::string& out, const writing& w, const data::column& c, std::size_t row);
  bool append_number(std::string& out, const writing& w, const data::column& c, std::size_t row);
  bool append_text(std::string& out, const writing& w, const data::column& c, std::size_t row);
  bool append_decimal(std::string& out, const writing& w, const data::column& c, std::size_t row);
  bool append_text_of_json(std::string& out, const writing& w, const data::column& c, std::size_t row);
  bool append_json(std::string& out, const writing& w, const data::column& c, std::size_t row);
  bool fail(std::string why);
  bool fail_null(const writing& w);

  schema_ptr schema_;
  writing root_;
  std::optional<std::size_t> bare_;  // the column that is the datum
  std::string bare_name_;
  json_datum json_;
  std::size_t most_ = 0;  // the size that `out` may have
  std::string scratch_;
  std::string why_;
  std::string path_;
};

}  // namespace millrace::avro
