#include "actors/connectors/sql/sink/table_reader.hpp"

#include "actors/connectors/sql/sink/client_command.hpp"
#include "actors/connectors/sql/sink/row_reading.hpp"

namespace millrace::sink {

expected<void> read_table(const config::values& sink, const std::vector<data::field>& columns,
                          const take_row& take) {
  ASSIGN_OR_RETURN(auto where, sql::parse_connection(sink.text("connection")));
  const auto db = sql::make_database(std::move(where));
  RETURN_IF_ERROR(db->connect(false));
  const auto table = sink.text("table");
  ASSIGN_OR_RETURN(const auto there, db->describe(table));
  if (there)
    RETURN_IF_ERROR(db->check_owner(table, sql::ownership::uses));
  std::string names;
  for (const auto& c : columns)
    names += (names.empty() ? "" : ", ") + db->name(c.name);
  auto* const rows = dynamic_cast<sql::row_reading*>(db.get());
  if (rows == nullptr)
    return our_error("a database whose rows cannot be read");
  std::vector<std::optional<std::string_view>> texts;
  const auto row = [&](std::span<const sql::cell> cells) {
    texts.clear();
    for (const auto& c : cells)
      texts.push_back(c.text);
    return take(texts);
  };
  RETURN_IF_ERROR(rows->read("select " + names + " from " + db->table_name(table), {.row = row}));
  return {};
}

std::string client_command(const config::values& sink, std::string_view query) {
  return sql::client_command(sink.text("connection"), query);
}

std::string database_shown(const config::values& sink) {
  const auto where = sql::parse_connection(sink.text("connection"));
  return where ? where->shown : std::string();
}

}  // namespace millrace::sink
