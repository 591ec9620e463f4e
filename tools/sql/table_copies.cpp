#include "tools/sql/table_copies.hpp"

#include "actors/catalog.hpp"
#include "actors/connectors/parquet/sink/parquet_sink.hpp"
#include "actors/connectors/parquet/sink/table_copy.hpp"
#include "actors/connectors/sql/sink/table_reader.hpp"
#include "config/secrets.hpp"
#include "runtime/base/scan.hpp"
#include "runtime/data/quoted.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sys/stat.h>
#include <utility>

namespace millrace::duckdb {
namespace {

constexpr std::size_t written_at_once = 1U << 20U;

expected<void> copy_folder(const table::stage_table& t, const std::filesystem::path& here) {
  ASSIGN_OR_RETURN(const auto options, config::with_secrets(*t.remote, connectors()));
  ASSIGN_OR_RETURN(const auto from, sink::table_folder_of(options));
  if (auto copied = sink::copy_table(*from, here); !copied) {
    auto e = copied.error();
    e.message = fmt::format("table {} at {}: {}", t.stage, sink::table_location(t.remote->options),
                            config::without_secrets(e.message));
    return unexpected(std::move(e));
  }
  return {};
}

/// The query itself, where it names the table as the database does.
std::string peek(const table::stage_table& t, std::string_view query) {
  return mentions(query, t.name) ? std::string(query) : fmt::format("select * from {}", t.name);
}

/// A table may hold more digits than the topology's columns: other writers put them there.
expected<void> check_numerics(const table::stage_table& t,
                              std::span<const std::optional<std::string_view>> row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto& type = t.columns[i].type;
    decimal v;
    if (!row[i] || type.precision() == 0 ||
        (read_decimal(*row[i], v) == decimal_reading::ok && data::fitted(v, type)))
      continue;
    return user_error(ec::mismatch,
                      fmt::format("column {} has {}, which does not fit {}; remedy: a wider type in the "
                                  "topology, such as {}::numeric(38, 10)",
                                  t.columns[i].name, data::excerpt(*row[i]), type.name(), t.columns[i].name));
  }
  return {};
}

/// The whole table, a line of CSV a row, with a header.
expected<void> copy_database(const table::stage_table& t, const std::filesystem::path& file,
                             std::string_view query) {
  std::error_code failed;
  std::filesystem::create_directories(file.parent_path(), failed);
  std::ofstream out(file, std::ios::binary);
  std::string text;
  const auto write = [&]() -> expected<void> {
    if (out.write(text.data(), static_cast<std::streamsize>(text.size())).flush()) {
      text.clear();
      return {};
    }
    return fatal_error(ec::io,
                       fmt::format("{}: the table's copy cannot be written: {}; remedy: room in $TMPDIR",
                                   file.string(), std::strerror(errno)));
  };
  std::vector<std::optional<std::string_view>> header;
  for (const auto& c : t.columns)
    header.emplace_back(c.name);
  append_csv(text, header);
  ASSIGN_OR_RETURN(const auto options, config::with_secrets(*t.database, connectors()));
  auto done = sink::read_table(options, t.columns, [&](auto row) -> expected<void> {
    RETURN_IF_ERROR(check_numerics(t, row));
    append_csv(text, row);
    return text.size() < written_at_once ? expected<void>() : write();
  });
  if (done)
    return write();
  auto e = std::move(done.error());
  e.message = fmt::format("table {}: {}; its own client: {}", t.stage, config::without_secrets(e.message),
                          sink::client_command(t.database->options, peek(t, query)));
  return unexpected(std::move(e));
}

}  // namespace

void append_csv(std::string& out, std::span<const std::optional<std::string_view>> row) {
  bool first = true;
  for (const auto& value : row) {
    if (!std::exchange(first, false))
      out += ',';
    if (value)
      data::append_in_quotes(out, *value, '"');
  }
  out += '\n';
}

bool mentions(std::string_view text, std::string_view word) {
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [](char a, char b) { return lower_letter(a) == lower_letter(b); }) != text.end();
}

table_copies::~table_copies() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

/// The folder is for this user's eyes alone: what a database guards by a password must not lie open.
expected<void> table_copies::make_folder() {
  if (std::exchange(made_, true) || ::mkdir(folder_.c_str(), S_IRWXU) == 0)
    return {};
  return user_error(ec::io,
                    fmt::format("{}: cannot make this folder for tables' copies: {}; remedy: another $TMPDIR",
                                folder_.string(), std::strerror(errno)));
}

std::string own_client(const std::vector<known_topology>& topologies, std::string_view query) {
  for (const auto& topology : topologies)
    for (const auto& t : topology.tables)
      if (t.database && (mentions(query, t.stage) || mentions(query, t.name)))
        return sink::client_command(t.database->options, peek(t, query));
  return {};
}

expected<void> table_copies::replace(std::vector<known_topology>& topologies,
                                     const std::vector<table_argument>& arguments, std::string_view query) {
  std::size_t number = 0;
  for (auto& topology : topologies)
    for (auto& t : topology.tables) {
      if (!t.remote && !t.database)
        continue;
      const auto here = folder_ / fmt::format("{}", ++number);
      const bool wanted = mentions(query, t.stage) || (t.database && mentions(query, t.name)) ||
                          std::any_of(arguments.begin(), arguments.end(), [&](const table_argument& a) {
                            return a.what == t.stage || a.what == topology.name + "." + t.stage;
                          });
      t.path = t.database ? here.string() + "/table.csv" : here.string();
      if (!wanted)
        continue;
      RETURN_IF_ERROR(make_folder());
      RETURN_IF_ERROR(t.database ? copy_database(t, t.path, query) : copy_folder(t, here));
    }
  return {};
}

}  // namespace millrace::duckdb
