#include "actors/connectors/sql/sink/sql_sink.hpp"

#include "actors/connectors/sql/sink/definition.hpp"
#include "actors/connectors/sql/sink/names.hpp"
#include "actors/connectors/sql/sink/sql_writer.hpp"
#include "actors/connectors/sql/sink/target.hpp"
#include "config/plan.hpp"
#include "config/plan/missing_column.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace millrace::sink {
namespace {

std::vector<std::string> key_of(const config::values& options) {
  return options.has("key") ? options.text_list("key") : std::vector<std::string>{};
}

std::vector<std::string> columns_named(const config::values& options) {
  auto out = key_of(options);
  if (options.has("newest"))
    out.push_back(options.text("newest"));
  if (options.has("delete"))
    out.emplace_back(config::deletion_column);
  return out;
}

/// The rows that the table has.
data::schema_ptr without_deletion(const data::schema_ptr& rows) {
  auto fields = rows->fields();
  std::erase_if(fields, [](const auto& f) { return f.name == config::deletion_column; });
  return std::make_shared<const data::schema>(std::move(fields));
}

/// `delete` and `newest`.
void check_changes(const config::check_input& in, bool upsert, const std::vector<std::string>& key,
                   const config::say& say) {
  const bool deletes = in.options.has("delete");
  const bool numbered = in.options.has("newest");
  if (deletes && !upsert)
    say("delete", "only mode upsert has a key that says which row is deleted; expected \"mode\": \"upsert\" "
                  "with a key, or no delete");
  if (numbered && !upsert)
    say("newest", "only mode upsert replaces rows; expected \"mode\": \"upsert\" with a key, or no newest");
  if (in.options.has("keep_deleted") && !(deletes && numbered))
    say("keep_deleted", "deletions are known by `delete`, and how new they are by `newest`; expected both "
                        "beside it, or no keep_deleted");
  if (!numbered || in.input == nullptr)
    return;
  const auto& newest = in.options.text("newest");
  const auto at = in.input->find(newest);
  if (!at)
    return say("newest", config::missing_column(newest, *in.input, "this sink"));
  const auto& type = (*in.input)[*at].type;
  if (!type.is_int())
    say("newest", fmt::format("column \"{}\" is {}, whose order differs between databases; expected bigint, "
                              "timestamp or date (a cast makes one: lsn::bigint)",
                              newest, type.name()));
  if (std::find(key.begin(), key.end(), newest) != key.end())
    say("newest", fmt::format("column \"{}\" is part of the key, so that no two changes of a row would have "
                              "different ones; expected a column that grows from change to change",
                              newest));
}

void check(const config::check_input& in, const config::say& say) {
  const auto where = sql::parse_connection(in.options.text("connection"));
  constexpr std::string_view prefix = "connection: ";  // the finding names the option itself
  if (!where)
    say("connection", where.error().message.starts_with(prefix) ? where.error().message.substr(prefix.size())
                                                                : where.error().message);
  if (in.options.text("table").empty())
    say("table", "a table's name must not be empty");
  if (where) {
    for (auto& fault : sql::faults_of_name(where->kind, where->database, "the database's name"))
      say("connection", std::move(fault));
    for (auto& fault : sql::faults_of_name(where->kind, in.options.text("table"), "the table's name"))
      say("table", std::move(fault));
  }
  if (in.options.text("table").starts_with("millrace_"))
    say("table",
        "names that begin with millrace_ are reserved for the sink's own tables; expected another name");
  const bool upsert = in.options.text("mode") == "upsert";
  const auto key = key_of(in.options);
  if (upsert && key.empty())
    say("key", "mode upsert needs a key: the columns whose values find the row that is replaced");
  if (!upsert && !key.empty())
    say("key", "a key is for mode upsert; expected \"mode\": \"upsert\", or no key");
  check_changes(in, upsert, key, say);
  if (in.input == nullptr)
    return;
  if (where)
    for (auto& fault : sql::faults_of_columns(where->kind, *in.input))
      say("", std::move(fault));
  if (where && in.options.has("create") && in.options.boolean("create"))
    for (auto& fault : sql::faults_of_types(where->kind, *in.input))
      say("", std::move(fault));
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto at = in.input->find(key[i]);
    if (!at)
      say("key", config::missing_column(key[i], *in.input, "this sink"));
    else if ((*in.input)[*at].type.is_nested() || (*in.input)[*at].type.id() == data::type_id::json)
      say("key", fmt::format("column \"{}\" is {}, which cannot be compared; expected text, bigint, double, "
                             "numeric, boolean or "
                             "timestamp",
                             key[i], (*in.input)[*at].type.name()));
    if (std::find(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(i), key[i]) !=
        key.begin() + static_cast<std::ptrdiff_t>(i))
      say("key", fmt::format("column \"{}\" is named twice", key[i]));
  }
}

}  // namespace

config::connector sql_sink_declaration() {
  using config::option;
  using config::option_type;
  config::connector c;
  c.kind = config::stage_kind::sink;
  c.type = "sql";
  c.doc = "Writes rows into a table of MySQL, MariaDB, PostgreSQL or SQLite, in one transaction "
          "with the position.";
  option connection{
      "connection", option_type::text,
      "Where the database is: mysql://USER:PASSWORD@HOST:PORT/DATABASE, postgresql://..., sqlite3://PATH, or "
      "SOCI's own text",
      true};
  connection.secret = true;
  option mode{"mode", option_type::choice, "append adds every row; upsert replaces the row with the same key",
              false, "append"};
  mode.choices = {"append", "upsert"};
  c.options = {
      std::move(connection),
      {.name = "table",
       .doc = "The table's name, exactly as written. Names of tables and columns have at most 63 bytes "
              "in PostgreSQL, 64 characters in MySQL and MariaDB",
       .required = true,
       .plain = true},
      std::move(mode),
      {.name = "key",
       .type = option_type::text_list,
       .doc = "For an upsert: the columns that identify a row; null equals null. Downstream of a "
              "window these are all of its key columns, and window_end where the row of each window is "
              "to stay",
       .plain = true},
      {"create", option_type::boolean, "Creates the database and the table if they are missing", false,
       "false"},
      {.name = "delete",
       .type = option_type::expression,
       .doc = "For an upsert: an expression over the sink's input. A row for which it is true deletes "
              "the table's row with its key"},
      {.name = "newest",
       .doc = "For an upsert: a column, bigint or timestamp, that grows with each change of a row. A change "
              "with a smaller value than the table's row, or than the row's deletion, changes nothing",
       .plain = true},
      {.name = "keep_deleted",
       .type = option_type::duration,
       .doc = "With delete and newest: how long a deletion is remembered, by the clock, so that an older "
              "change of its row has no effect; off: for ever",
       .default_text = "off",
       .choices = {"off"},
       .minimum = 1'000'000}};
  c.check = check;
  c.guarantee = "exactly once (rows and position in one transaction)";
  c.sink = [](const config::values& o) {
    config::written_table table{.kind = config::written_table::format::database, .location = o.text("table")};
    if (o.has("mode") && o.text("mode") == "upsert")
      table.key = key_of(o);
    auto key = table.key;
    return config::sink_traits{.columns_named = columns_named(o),
                               .on_one_disk = o.text("connection").starts_with("sqlite3:"),
                               .fresh = key.empty() ? config::at_fresh_start::adds
                                                    : config::at_fresh_start::replaces_by_key,
                               .deletes_by = std::move(key),
                               .table = std::move(table)};
  };
  return c;
}

expected<std::unique_ptr<writer>> make_sql_writer(const config::values& options, const data::schema_ptr& rows,
                                                  const wall_clock& clock) {
  ASSIGN_OR_RETURN(auto where, sql::parse_connection(options.text("connection")));
  sql::table_options table{
      options.text("table"), without_deletion(rows), {}, options.has("create") && options.boolean("create")};
  if (options.has("mode") && options.text("mode") == "upsert")
    table.key = key_of(options);
  table.deletes = rows->find(config::deletion_column).has_value();
  if (options.has("newest"))
    table.newest = options.text("newest");
  if (options.has("keep_deleted"))
    table.keep_deleted = options.duration("keep_deleted");
  table.clock = &clock;
  return sql::make_writer(std::move(where), std::move(table));
}

connector sql_sink_connector() {
  return {.declared = sql_sink_declaration(),
          .writer = [](const config::values& options, const data::schema_ptr& rows,
                       const connector_context& at) { return make_sql_writer(options, rows, *at.clock); }};
}

}  // namespace millrace::sink
