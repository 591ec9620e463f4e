// PostgreSQL. Rows are copied, or go as multi-row inserts, each behind a savepoint: a refused statement would
// else end the whole transaction.
#include "actors/sink/sql/composed_rows.hpp"
#include "actors/sink/sql/copied_rows.hpp"
#include "actors/sink/sql/table_shapes.hpp"
#include "actors/sink/sql/values.hpp"

#include <fmt/format.h>
#include <soci/postgresql/soci-postgresql.h>

#include <algorithm>
#include <charconv>

namespace millrace::sink::sql {
namespace {

struct result_freed {
  void operator()(PGresult* r) const { PQclear(r); }
};
using result = std::unique_ptr<PGresult, result_freed>;

class postgresql_database final : public database, public row_language, public copy_language {
public:
  explicit postgresql_database(target where) : database(std::move(where)) {}

  expected<void> connect(bool create) override;
  outcome<std::uint64_t> execute(const std::string& sql) override;
  /// Deferred constraints would refuse the whole commit, and not say for which row.
  std::string begin() const override { return "begin; set constraints all immediate"; }
  std::string name(std::string_view identifier) const override;
  outcome<std::optional<table_shape>> describe(const std::string& table) override {
    return describe_postgresql(*this, table);
  }
  std::string key_text(std::size_t) const override { return "text collate \"C\""; }
  std::string long_text() const override { return "text"; }
  std::string type_of(const data::type& type, std::size_t key_share) const override;
  std::string unique_clause(std::string_view columns) const override;
  bool folds_case() const override { return false; }
  std::unique_ptr<row_writer> rows(row_plan plan) override;

private:
  std::optional<std::string> append_literal(std::string& out, const data::column& c, std::size_t row,
                                            const table_column& into) const override;
  std::optional<std::string> append_field(std::string& out, const data::column& c, std::size_t row,
                                          const table_column& into) const override;
  std::string equals(const table_column& column, const std::string& literal) const override;
  std::string on_conflict(const row_plan& plan) const override;
  bool repeats_keys() const override { return false; }
  outcome<std::uint64_t> execute_guarded(const std::string& sql) override {
    return guarded([&] { return execute(sql); });
  }
  outcome<std::uint64_t> copy_guarded(const std::string& sql, std::string_view lines) override {
    return guarded([&] { return copy(sql, lines); });
  }
  std::size_t packet_bytes() const override {
    return 256U << 20;
  }  // the server's limit is 1 GB with all its copies

  template<class Statement>
  outcome<std::uint64_t> guarded(Statement statement);
  outcome<std::uint64_t> copy(const std::string& sql, std::string_view lines);
  failure failed(const PGresult* r) const;

  failure translate(const std::exception& e) const override;
  failure classify(std::string_view state, std::string text) const;
  // SOCI's library hides the type's description, which UBSan's check of such a cast needs.
  __attribute__((no_sanitize("vptr"))) PGconn* handle() const {
    return static_cast<soci::postgresql_session_backend*>(session_->get_backend())->conn_;
  }
  void append_quoted(std::string& out, std::string_view text) const;
};

std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

expected<void> postgresql_database::connect(bool create) {
  auto done = start_session("postgresql", where_.connect);
  if (!done && done.error().message.find("does not exist") != std::string::npos &&
      done.error().message.find("database \"" + where_.database) != std::string::npos) {
    if (!create)
      return user_error(ec::not_found,
                        fmt::format("{}: there is no database {}; remedy: create it, or set \"create\": true",
                                    where_.shown, where_.database));
    if (auto server = start_session("postgresql", where_.connect_server); !server)
      return server;
    const auto made =
        execute("create database " + name(where_.database) + " encoding 'UTF8' template template0");
    done = start_session("postgresql", where_.connect);  // another sink may have made it just now
    if (!made && !done)
      return unexpected(made.error().what);
  }
  if (!done)
    return done;
  // A stopped client must not keep its locks for ever, and nobody waits for a lock for ever.
  for (const char* sql :
       {"set client_encoding = 'UTF8'", "set time zone 'UTC'", "set standard_conforming_strings = on",
        "set datestyle = 'ISO, YMD'", "set extra_float_digits = 3", "set client_min_messages = error",
        "set idle_in_transaction_session_timeout = '150s'", "set lock_timeout = '10s'",
        "set default_transaction_isolation = 'read committed'", "set default_transaction_read_only = off"})
    if (auto set = execute(sql); !set)
      return unexpected(set.error().what);
  return {};
}

outcome<std::uint64_t> postgresql_database::execute(const std::string& sql) {
  if (!session_)
    return tl::unexpected(lost());
  auto* const h = handle();
  const result r(PQexec(h, sql.c_str()));
  const auto status = PQresultStatus(r.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    return tl::unexpected(failed(r.get()));
  // "commit" of a transaction that has failed is a rollback, and no error.
  if (sql == "commit" && std::string_view(PQcmdStatus(r.get())) == "ROLLBACK")
    return tl::unexpected(classify("25P02", "the transaction was rolled back"));
  std::uint64_t rows = 0;
  const std::string_view count = PQcmdTuples(r.get());
  std::from_chars(count.data(), count.data() + count.size(), rows);
  return rows;
}

failure postgresql_database::failed(const PGresult* r) const {
  const char* const state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
  const char* const primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
  if (state == nullptr || PQstatus(handle()) != CONNECTION_OK)
    return classify("08006", one_line(PQerrorMessage(handle())));
  return classify(state, primary == nullptr ? "" : primary);
}

/// What the server has against the rows it says at the end, whatever was sent before.
outcome<std::uint64_t> postgresql_database::copy(const std::string& sql, std::string_view lines) {
  if (!session_)
    return tl::unexpected(lost());
  auto* const h = handle();
  if (const result begun(PQexec(h, sql.c_str())); PQresultStatus(begun.get()) != PGRES_COPY_IN)
    return tl::unexpected(failed(begun.get()));
  if (PQputCopyData(h, lines.data(), static_cast<int>(lines.size())) != 1 || PQputCopyEnd(h, nullptr) != 1)
    return tl::unexpected(classify("08006", one_line(PQerrorMessage(h))));
  std::optional<failure> why;
  while (const result r{PQgetResult(h)}) {
    if (PQresultStatus(r.get()) == PGRES_COPY_IN)  // it never leaves this state: the connection is gone
      return tl::unexpected(classify("08006", one_line(PQerrorMessage(h))));
    if (PQresultStatus(r.get()) != PGRES_COMMAND_OK)
      why = failed(r.get());
  }
  return why ? outcome<std::uint64_t>(tl::unexpected(std::move(*why))) : outcome<std::uint64_t>(0);
}

template<class Statement>
outcome<std::uint64_t> postgresql_database::guarded(Statement statement) {
  if (auto set = execute("savepoint millrace_rows"); !set)
    return set;
  auto done = statement();
  if (!done && !done.error().row_at_fault)
    return done;
  if (!done)
    if (auto back = execute("rollback to savepoint millrace_rows"); !back)
      return tl::unexpected(failure{std::move(back.error().what), false});
  if (auto released = execute("release savepoint millrace_rows"); !released)
    return tl::unexpected(failure{std::move(released.error().what), false});
  return done;
}

std::unique_ptr<row_writer> postgresql_database::rows(row_plan plan) {
  const bool copies = plan.key.empty() && plan.shape.plain;
  auto inserts = std::make_unique<composed_rows>(*this, *this, plan);
  if (!copies)
    return inserts;
  return std::make_unique<copied_rows>(*this, *this, std::move(plan), std::move(inserts));
}

std::string postgresql_database::name(std::string_view identifier) const {
  std::string out = "\"";
  for (const char c : identifier) {
    if (c == '"')
      out += '"';
    out += c;
  }
  return out + '"';
}

failure postgresql_database::translate(const std::exception& e) const {
  if (const auto* const ours = dynamic_cast<const soci::postgresql_soci_error*>(&e)) {
    const auto state = ours->sqlstate();
    return classify(state.find_first_not_of(' ') == std::string::npos ? "08006" : state,
                    one_line(ours->get_error_message()));
  }
  return classify("08006", one_line(e.what()));
}

failure postgresql_database::classify(std::string_view state, std::string text) const {
  error e{ec::io, fault::outside, true, fmt::format("{}: {}", where_.shown, text), {}};
  if (state.starts_with("22") || state.starts_with("23") || state == "P0001" || state == "54000")
    return {{ec::refused, fault::outside, false, fmt::format("{} (SQLSTATE {})", text, state), {}}, true};
  if (state.starts_with("08") || state.starts_with("57") || state == "40001" || state == "40P01" ||
      state == "55P03" || state == "25P03" || state == "53300")
    e.code = ec::unavailable;
  else if (state.starts_with("28") || state == "42501")
    e = {ec::refused,
         fault::user,
         false,
         e.message + "; remedy: grant the rights, or correct user and password in `connection`",
         {}};
  else if (state == "3D000" || state == "42P01")
    e.code = ec::not_found;
  return {std::move(e), false};
}

std::string postgresql_database::type_of(const data::type& type, std::size_t) const {
  switch (type.id()) {
  case data::type_id::boolean:
    return "boolean";
  case data::type_id::bigint:
    return "bigint";
  case data::type_id::float64:
    return "double precision";
  case data::type_id::timestamp:
    return "timestamptz";
  case data::type_id::text:
    return "text";
  case data::type_id::json:
  case data::type_id::object:
  case data::type_id::list:
    return "jsonb";
  }
  return "text";
}

void postgresql_database::append_quoted(std::string& out, std::string_view text) const {
  out += '\'';
  const auto at = out.size();
  out.resize(at + 2 * text.size() + 1);
  out.resize(at + PQescapeStringConn(handle(), out.data() + at, text.data(), text.size(), nullptr));
  out += '\'';
}

/// The value as the column's type reads it; `scratch` holds what is made for it.
struct plain_value {
  std::string_view text;
  std::optional<std::string> unfit;
};

plain_value plain(const data::column& c, std::size_t row, const table_column& into, std::string& scratch) {
  if (auto why = unfit_value(c, row, into))
    return {{}, std::move(why)};
  if (c.type().is_bytes()) {
    if (c.text_at(row).find('\0') != std::string_view::npos)
      return {{}, fmt::format("column {}: PostgreSQL stores no NUL character", into.name)};
    return {c.text_at(row), std::nullopt};
  }
  if (c.type().id() == data::type_id::timestamp && into.holds != family::text) {
    const auto text = datetime_text(c.ints()[row]);
    if (!text)
      return {{},
              fmt::format("column {}: {} is outside the years 1 to 9999", into.name,
                          format_timestamp(c.ints()[row]))};
    scratch = *text + "+00";
  } else if (c.type().id() == data::type_id::boolean && into.holds == family::integer) {
    scratch = c.boolean_at(row) ? "1" : "0";
  } else {
    scratch = text_value(c, row);
  }
  return {scratch, std::nullopt};
}

/// From version 15 on an index may hold nulls to be equal, as an upsert does.
std::string postgresql_database::unique_clause(std::string_view columns) const {
  const bool offered = session_ && PQserverVersion(handle()) >= 150'000;
  return fmt::format("unique {}({})", offered ? "nulls not distinct " : "", columns);
}

std::optional<std::string> postgresql_database::append_literal(std::string& out, const data::column& c,
                                                               std::size_t row,
                                                               const table_column& into) const {
  if (c.is_null(row)) {
    out += "null";
    return std::nullopt;
  }
  std::string scratch;
  auto value = plain(c, row, into, scratch);
  if (!value.unfit)
    append_quoted(out, value.text);
  return std::move(value.unfit);
}

std::optional<std::string> postgresql_database::append_field(std::string& out, const data::column& c,
                                                             std::size_t row,
                                                             const table_column& into) const {
  std::string scratch;
  auto value = plain(c, row, into, scratch);
  if (value.unfit)
    return std::move(value.unfit);
  for (auto rest = value.text; !rest.empty();) {
    const auto n = std::min(rest.find_first_of("\\\t\n\r"), rest.size());
    out += rest.substr(0, n);
    if (n == rest.size())
      break;
    out += '\\';
    out += rest[n] == '\t' ? 't' : rest[n] == '\n' ? 'n' : rest[n] == '\r' ? 'r' : '\\';
    rest.remove_prefix(n + 1);
  }
  return std::nullopt;
}

std::string postgresql_database::equals(const table_column& column, const std::string& literal) const {
  auto out = fmt::format("{} = {}", name(column.name), literal);
  if (!column.exact)
    out += fmt::format(" and {}::text collate \"C\" = {}", name(column.name), literal);
  return out;
}

std::string postgresql_database::on_conflict(const row_plan& plan) const {
  std::string key;
  std::string sets;
  for (const auto k : plan.key)
    key += fmt::format("{}{}", key.empty() ? "" : ", ", name(plan.columns[k].name));
  for (const auto& c : plan.columns)
    sets += fmt::format("{}{} = excluded.{}", sets.empty() ? "" : ", ", name(c.name), name(c.name));
  return fmt::format(" on conflict ({}) do update set {}", key, sets);
}

}  // namespace

std::unique_ptr<database> make_postgresql(target where) {
  return std::make_unique<postgresql_database>(std::move(where));
}

}  // namespace millrace::sink::sql
