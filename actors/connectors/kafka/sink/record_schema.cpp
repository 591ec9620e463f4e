#include "actors/connectors/kafka/sink/record_schema.hpp"

#include "actors/connectors/kafka/sink/json_schema.hpp"
#include "actors/connectors/kafka/sink/protobuf_rows.hpp"
#include "runtime/avro/row_encoder.hpp"
#include "runtime/data/render.hpp"

#include <fmt/format.h>

namespace millrace::sink {
namespace {

using registry::schema_kind;

expected<std::string> text_of(const schema_wish& wish, const std::vector<data::field>& columns) {
  switch (wish.kind) {
  case schema_kind::avro:
    return wish.is_bare ? avro::schema_of_value(wish.record, columns.front().type)
                        : avro::schema_of_columns(wish.record, columns);
  case schema_kind::protobuf:
    return message_of_columns(wish.record, columns);
  case schema_kind::json:
    return wish.is_bare ? json_schema_of_value(columns.front().type)
                        : json_schema_of_columns(wish.record, columns);
  }
  return std::string();
}

/// A zero byte and the id, big-endian; of Protobuf the indexes of the file's first message.
std::string prefix_of(std::uint64_t id, schema_kind kind) {
  constexpr int bits_of_id = 32;
  std::string out(1, '\0');
  for (int shift = bits_of_id - 8; shift >= 0; shift -= 8)
    out += static_cast<char>(id >> shift & 0xFF);
  if (kind == schema_kind::protobuf)
    out += '\0';
  return out;
}

}  // namespace

expected<record_schema> record_schema::make(schema_wish wish, const data::schema& rows) {
  std::vector<data::field> columns;
  for (const auto c : wish.columns)
    columns.push_back(rows[c]);
  ASSIGN_OR_RETURN(auto text, text_of(wish, columns));
  registry::schema schema{wish.kind, std::move(text), {}};
  return record_schema(std::move(wish), std::move(schema));
}

expected<void> record_schema::find_id(registry::client& from, bool may_add) {
  if (!prefix_.empty())
    return {};
  ASSIGN_OR_RETURN(const auto id,
                   may_add ? from.add(wish_.subject, schema_) : from.id_in(wish_.subject, schema_));
  if (!id.found)
    return user_error(
        ec::refused,
        fmt::format("the subject \"{}\" has no version with the schema of these rows ({}); say \"register\": "
                    "true, or add it there: {}",
                    wish_.subject, id.why, schema_.text));
  prefix_ = prefix_of(*id.found, wish_.kind);
  return {};
}

bool record_schema::append(std::string& out, const data::batch& rows, std::size_t row) const {
  out += prefix_;
  switch (wish_.kind) {
  case schema_kind::avro:
    if (wish_.is_bare)
      avro::append_value(out, *rows.columns[wish_.columns.front()], row);
    else
      avro::append_row(out, rows, wish_.columns, row);
    return true;
  case schema_kind::protobuf:
    return append_message(out, rows, wish_.columns, row);
  case schema_kind::json:
    if (wish_.is_bare)
      data::append_json_value(out, *rows.columns[wish_.columns.front()], row);
    else
      data::append_json_row(out, rows, row);
    return true;
  }
  return true;
}

}  // namespace millrace::sink
