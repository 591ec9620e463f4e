#include "actors/connectors/sql/source/sql_source.hpp"

#include "actors/connectors/sql/sink/names.hpp"
#include "actors/connectors/sql/sink/target.hpp"
#include "actors/connectors/sql/source/sql_table.hpp"
#include "actors/stream/source/spooled_reader.hpp"
#include "actors/stream/source/table_options.hpp"

#include <fmt/format.h>

namespace millrace::source {
namespace {

using config::option_type;
namespace sql = sink::sql;

/// A session that nobody uses for longer is ended, and made anew for the next reading.
constexpr micros longest_idle_session = std::chrono::minutes(1);

std::vector<config::option> options() {
  std::vector<config::option> out{
      {.name = "connection",
       .type = option_type::text,
       .doc = "Where the database is, as for the sink: mysql://USER:PASSWORD@HOST:PORT/DATABASE, "
              "postgresql://..., sqlite3://PATH",
       .required = true,
       .secret = true},
      {.name = "table", .doc = "The table to read, all of its columns; this or `query`", .plain = true},
      {.name = "query",
       .doc = "A select whose rows are the table; its names are resolved as for the database user. It "
              "runs in a read-only session",
       .plain = true},
  };
  for (auto& option : table_options(true))
    out.push_back(std::move(option));
  out.push_back({.name = "timeout",
                 .type = option_type::duration,
                 .doc = "A query that takes longer is cancelled, and tried again later",
                 .default_text = "1 minute",
                 .minimum = 100'000});
  out.push_back({.name = "max_record",
                 .type = option_type::size,
                 .doc = "A table with a longer row is not read",
                 .default_text = "1 MB",
                 .minimum = 1'000,
                 .maximum = 100'000'000});
  out.push_back(spool_option("the table is not read"));
  return out;
}

void check(const config::check_input& in, const config::say& say) {
  const auto& o = in.options;
  const auto where = sql::parse_connection(o.text("connection"));
  constexpr std::string_view prefix = "connection: ";  // the finding names the option itself
  if (!where)
    say("connection", where.error().message.starts_with(prefix) ? where.error().message.substr(prefix.size())
                                                                : where.error().message);
  if (o.has("table") == o.has("query"))
    say(o.has("query") ? "query" : "",
        "a source has either a \"table\" or a \"query\"; expected one of the two");
  for (const char* name : {"table", "query"})
    if (o.has(name) && o.text(name).empty())
      say(name, fmt::format("\"{}\" is empty; expected {}", name,
                            name == std::string_view("table") ? "a table's name" : "a select"));
  if (where && o.has("table"))
    for (auto& fault : sql::faults_of_name(where->kind, o.text("table"), "the table's name"))
      say("table", std::move(fault));
  check_table_options(o, say);
}

expected<std::shared_ptr<feed>> make_feed_of(const config::values& o, const std::string& in_logs,
                                             const wall_clock& clock, spool_setup spool) {
  ASSIGN_OR_RETURN(auto where, sql::parse_connection(o.text("connection")));
  const auto text = [&](const char* name) { return o.has(name) ? o.text(name) : std::string(); };
  ASSIGN_OR_RETURN(auto feed, table_feed_options_of(o, in_logs));
  feed.form = form_of_json(feed.deleted, feed.key.size());
  feed.longest_record = o.size("max_record");
  auto table = make_sql_table({.where = std::move(where),
                               .table = text("table"),
                               .query = text("query"),
                               .key = feed.key,
                               .timeout = o.duration("timeout"),
                               .stays = feed.every <= longest_idle_session});
  return start_table_feed(std::move(feed), std::move(table), std::move(spool), clock);
}

}  // namespace

config::connector sql_source_declaration() {
  config::connector c;
  c.kind = config::stage_kind::source;
  c.type = "sql";
  c.doc = "Reads a table of MySQL, MariaDB, PostgreSQL or SQLite at intervals: each row that is new, changed "
          "or deleted becomes a JSON record with the time at which it was read";
  c.options = options();
  c.check = check;
  c.source = [](const config::values& options) {
    const auto where = sql::parse_connection(options.text("connection"));
    const auto place = where ? where->shown : std::string();
    const auto log = options.has("table") ? options.text("table") : std::string("query");
    return config::source_traits{.log = log,
                                 .place = fmt::format("{} of {}", log, place),
                                 .stores_timestamps = true,  // moments of readings, which the spool keeps
                                 .asks_server = true,
                                 .receives = true,
                                 .has_own_files = where && where->kind == sql::product::sqlite};
  };
  c.guarantee = "a change that a reading finds is processed exactly once, with the time of that reading; of "
                "several changes between two readings only the last one is seen";
  return c;
}

connector sql_source_connector() {
  return {.declared = sql_source_declaration(),
          .reader = [](const config::values& options, const wants&,
                       const connector_context& at) -> expected<std::unique_ptr<reader>> {
            const auto spool = spool_of(at);
            auto make = [options, name = spool.in_logs, clock = at.clock](spool_setup setup) {
              return make_feed_of(options, name, *clock, std::move(setup));
            };
            return make_spooled_reader(options, spool, at.feeds, std::move(make),
                                       options.has("table") ? options.text("table") : "query");
          }};
}

}  // namespace millrace::source
