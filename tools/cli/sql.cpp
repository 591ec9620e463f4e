// millrace sql: a query over the tables that topologies write, answered by an embedded DuckDB.
#include "actors/catalog.hpp"
#include "runtime/base/visible_text.hpp"
#include "tools/cli/interrupts.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/refuse.hpp"
#include "tools/cli/subcommands.hpp"
#include "tools/cli/table_places.hpp"
#include "tools/cli/topology_options.hpp"
#include "tools/cli/usage.hpp"
#include "tools/model/predict.hpp"
#include "tools/sql/engine.hpp"
#include "tools/sql/library.hpp"
#include "tools/sql/message.hpp"
#include "tools/sql/output.hpp"
#include "tools/sql/sources.hpp"
#include "tools/sql/statements.hpp"
#include "tools/sql/table_copies.hpp"
#include "tools/table/duckdb.hpp"

#include <climits>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <poll.h>
#include <unistd.h>

namespace millrace::cli {
namespace {

constexpr unsigned most_threads = 1'024;

struct sql_arguments {
  std::string query;
  std::vector<std::string> topologies;
  std::vector<std::string> overlays;
  std::vector<std::string> sets;
  std::vector<std::string> tables;
  std::string format = "table";
  std::string memory = "1 GB";
  unsigned threads = 0;
  bool write_tables = false;
};

/// Writes to stdout in pieces, so that neither an endless result nor a slow reader holds memory.
class standard_output {
public:
  enum class state { open, reader_gone, failed, interrupted };

  /// Whole lines. False when nothing more is wanted.
  bool put(std::string& text) {
    text = lines_for(STDOUT_FILENO, std::move(text));
    for (std::size_t at = 0; at < text.size() && state_ == state::open;) {
      // A signal may come just before a write that waits for ever: never wait in one. A pipe that says that
      // it has room has PIPE_BUF.
      pollfd ready{STDOUT_FILENO, POLLOUT, 0};
      const bool room = poll(&ready, 1, look_around_ms) > 0;
      const auto n =
          room ? ::write(STDOUT_FILENO, text.data() + at, std::min<std::size_t>(PIPE_BUF, text.size() - at))
               : 0;
      if (n >= 0)
        at += static_cast<std::size_t>(n);
      else if (errno == EPIPE)
        state_ = state::reader_gone;
      else if (errno != EINTR)
        fail();
      if (interrupted())
        state_ = state::interrupted;
    }
    text.clear();
    return state_ == state::open;
  }
  [[nodiscard]] state now() const { return state_; }
  [[nodiscard]] const std::string& why() const { return why_; }

private:
  static constexpr int look_around_ms = 50;

  void fail() {
    why_ = std::strerror(errno);
    state_ = state::failed;
  }

  state state_ = state::open;
  std::string why_;
};

/// A table that cannot be read is an error where it was asked for; else a warning, the others may do.
expected<duckdb::guard> make_tables(duckdb::engine& engine, const std::vector<duckdb::source>& sources,
                                    const sql_arguments& a) {
  duckdb::guard guard{{}, a.write_tables};
  for (const auto& s : sources) {
    guard.tables.insert(guard.tables.end(), s.places.begin(), s.places.end());
    const auto schema = table::duckdb_name(s.schema);
    if (!s.schema.empty())
      RETURN_IF_ERROR(engine.set_up("create schema if not exists " + schema));
    const auto name = (s.schema.empty() ? "" : schema + ".") + table::duckdb_name(s.name);
    if (auto made = engine.set_up(fmt::format("create view {} as {}", name, s.select)); !made) {
      const auto why = duckdb::with_place(made.error().message, {}, {}, 0);
      auto text = fmt::format("table {} cannot be read: {}", s.name, why.substr(why.find(": ") + 2));
      if (s.asked_for)
        return user_error(ec::invalid_argument, std::move(text));
      complain("millrace: warning: " + text, true);
    }
  }
  return guard;
}

/// Lists the tables, to follow an error about one that does not exist.
std::string known_tables(const std::string& message, const std::vector<duckdb::source>& sources) {
  if (message.find("Table with name") == std::string::npos)
    return {};
  std::string names;
  for (const auto& s : sources)
    names += (names.empty() ? "" : ", ") + (s.schema.empty() ? "" : s.schema + ".") + s.name;
  return names.empty() ? "; there are no tables: --topology FILE or --table NAME=FOLDER gives some"
                       : "; tables are " + names;
}

/// One line with its place; what DuckDB advises is put into options of this command.
std::string told(const error& e, const sql_arguments& a, const duckdb::statement& statement,
                 const std::vector<duckdb::source>& sources) {
  if (e.code == ec::refused || e.code == ec::unsupported)
    return "sql: " + e.message;
  if (e.message.starts_with("Out of Memory Error"))
    return fmt::format(
        "sql: the query needs more memory than --memory {} allows; remedy: a larger --memory, fewer "
        "--threads, or a query that keeps less",
        a.memory);
  return duckdb::with_place(e.message, a.query, statement.text, statement.at) +
         known_tables(e.message, sources);
}

class answer {
public:
  answer(duckdb::engine& engine, const sql_arguments& a)
      : engine_(engine),
        printer_(static_cast<duckdb::format>(std::distance(
            duckdb::format_names().begin(),
            std::find(duckdb::format_names().begin(), duckdb::format_names().end(), a.format)))) {}

  /// Returns false when the rest of the query is not wanted.
  expected<bool> run(const std::string& statement, const duckdb::guard& guard) {
    ASSIGN_OR_RETURN(auto stream, engine_.run(statement, guard));
    const bool printed = stream->columns() != nullptr;
    std::string text;
    if (printed)
      printer_.begin(text, stream->columns());
    for (bool wanted = true; wanted && printed;) {
      auto rows = stream->next();
      if (!rows)
        return out_.put(text) ? unexpected(std::move(rows.error())) : expected<bool>(false);
      if (!*rows)
        break;
      printer_.add(text, **rows);
      wanted = out_.put(text);
    }
    if (printed && out_.now() == standard_output::state::open) {
      printer_.end(text);
      out_.put(text);
    }
    return out_.now() == standard_output::state::open;
  }
  [[nodiscard]] const standard_output& out() const { return out_; }

private:
  duckdb::engine& engine_;
  duckdb::printer printer_;
  standard_output out_;
};

int run_query(duckdb::engine& engine, const sql_arguments& a, const duckdb::guard& guard,
              const std::vector<duckdb::source>& sources) {
  answer answer(engine, a);
  bool ran = false;
  for (const auto& statement : duckdb::statements_of(a.query)) {
    const auto done = answer.run(statement.text, guard);
    if (interrupted())
      return refuse("interrupted", exit_failed);
    if (!done) {
      const bool wrong = done.error().whose == fault::user && !ran;
      return refuse(told(done.error(), a, statement, sources), wrong ? exit_wrong : exit_failed);
    }
    if (!*done)
      break;
    ran = true;
  }
  if (answer.out().now() == standard_output::state::failed)
    return refuse("cannot write the rows: " + answer.out().why(), exit_failed);
  return exit_done;  // a reader that has seen enough is no failure
}

int sql(sql_arguments a) {
  if (a.query == "-")
    a.query.assign(std::istreambuf_iterator<char>(std::cin), {});
  if (duckdb::statements_of(a.query).empty())
    return refuse("QUERY: there is no statement; expected one such as \"show tables\"");
  const auto memory = parse_size(a.memory);
  if (!memory || *memory < 1'000'000)
    return refuse(fmt::format("--memory {}: expected a size of at least 1 MB, such as \"512 MB\"", a.memory));
  std::vector<duckdb::table_argument> arguments;
  for (const auto& text : a.tables) {
    auto parsed = duckdb::parse_table_argument(text);
    if (!parsed)
      return refuse(parsed.error());
    arguments.push_back(std::move(*parsed));
  }
  auto topologies = topologies_as_tables(a.topologies, a.overlays, a.sets);
  if (!topologies) {
    complain(describe(topologies.error()));
    return exit_wrong;
  }
  const auto library = duckdb::load_duckdb(duckdb::library_places_here());
  if (!library) {
    const auto client = duckdb::own_client(*topologies, a.query);
    return refuse(describe(library.error()) + (client.empty() ? "" : "\nWithout it: " + client));
  }
  const temporary_folder own;
  const auto spill = own.path() + "/spilled";
  duckdb::table_copies copies(own.path() + "/tables");
  if (auto copied = copies.replace(*topologies, arguments, a.query); !copied)
    return refuse_by_fault(copied.error());
  const auto sources = duckdb::sources_of(*topologies, arguments);
  if (!sources)
    return refuse(sources.error());

  std::signal(SIGPIPE, SIG_IGN);
  auto engine = duckdb::open_engine(**library, {*memory, a.threads, spill});
  if (!engine)
    return refuse(engine.error());
  if (auto added = (*engine)->add_function("predict", model::prediction()); !added)
    return refuse(added.error());
  const interrupt_watch watch([&] { (*engine)->interrupt(); });
  const auto guard = make_tables(**engine, *sources, a);
  if (!guard)
    return interrupted() ? refuse("interrupted", exit_failed) : refuse(guard.error());
  if (auto locked = (*engine)->lock(); !locked)
    return refuse(locked.error());
  return run_query(**engine, a, *guard, *sources);
}

}  // namespace

void add_sql(CLI::App& app, int& status) {
  auto* const sub = app.add_subcommand("sql", "Query the tables that topologies write, in DuckDB's SQL");
  const auto a = std::make_shared<sql_arguments>();
  sub->add_option("QUERY", a->query, "One or several statements; - reads them from standard input")
      ->required();
  sub->add_option("--topology", a->topologies,
                  "Its parquet sinks, file sinks of json or csv, and sql sinks are tables by their stages' "
                  "names, the last "
                  "by their tables' names, too; may be repeated")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
  sub->add_option(
         "--table", a->tables,
         "Another table: a folder of files (Hive's name=value folders are columns), a file, or a stage under "
         "another name; may be repeated")
      ->type_name("NAME=FOLDER|FILE|STAGE")
      ->expected(1)
      ->take_all();
  add_overlay_options_by_name(*sub, a->overlays, a->sets);
  add_secrets_folder(*sub);
  sub->add_option("--format", a->format, "table, csv, or json: an object a line")
      ->check(CLI::IsMember(duckdb::format_names()))
      ->capture_default_str();
  sub->add_option("--memory", a->memory,
                  "How much memory DuckDB may take; beyond that it spills to the temporary folder")
      ->type_name("SIZE")
      ->capture_default_str();
  sub->add_option("--threads", a->threads, "Threads of DuckDB (default: one per core)")
      ->check(at_most_threads(most_threads));
  sub->add_flag("--write-tables", a->write_tables, "Let `copy ... to` write into the tables' own folders");
  sub->footer(
      "Example:\n"
      "  millrace sql \"select host, count(*) from sword_purchases group by host\" --topology topology.json\n"
      "  millrace sql \"select page, count(*) from t where status = '200' group by all\" --table "
      "t=/data/events\n"
      "  millrace sql \"show tables; describe sword_purchases\" --topology topology.json --format csv\n"
      "  millrace sql \"select userid, predict('churn.model.json', f.*) from f\" --table "
      "f=features.parquet\n\n"
      "Only whole, visible files are read; a table without files has its columns and no rows. A database's "
      "table that "
      "the\n"
      "query names is copied for it. Needs "
      "libduckdb.so\n"
      "(tools/duckdb fetches it): $MILLRACE_DUCKDB, the cache folder, beside millrace, or the system's.");
  sub->callback([a, &status] { status = sql(*a); });
}

}  // namespace millrace::cli
