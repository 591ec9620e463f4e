// Speaks to PostgreSQL. Rows are copied, or go as multi-row inserts, each after a savepoint: a refused
// statement would else end the whole transaction.
#include "actors/connectors/sql/sink/column_rules.hpp"
#include "actors/connectors/sql/sink/composed_rows.hpp"
#include "actors/connectors/sql/sink/copied_rows.hpp"
#include "actors/connectors/sql/sink/database.hpp"
#include "actors/connectors/sql/sink/postgresql_place.hpp"
#include "actors/connectors/sql/sink/postgresql_session.hpp"
#include "actors/connectors/sql/sink/row_reading.hpp"
#include "actors/connectors/sql/sink/table_shapes.hpp"
#include "actors/connectors/sql/sink/values.hpp"
#include "runtime/data/quoted.hpp"
#include "runtime/data/render.hpp"

#include <fmt/format.h>
#include <soci/postgresql/soci-postgresql.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <sys/socket.h>

namespace millrace::sink::sql {
namespace {

// Values as PostgreSQL's types read them, bare or as fields of COPY's text format.

constexpr auto escaped = [] {
  std::array<char, 256> out{};
  out['\t'] = 't';
  out['\n'] = 'n';
  out['\r'] = 'r';
  out['\\'] = '\\';
  return out;
}();

void append_escaped(std::string& out, std::string_view text) {
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (const char e = escaped[static_cast<unsigned char>(text[i])]; e != 0) {
      out.append(text, from, i - from);
      out += '\\';
      out += e;
      from = i + 1;
    }
  out.append(text, from);
}

/// Appends numbers, booleans, timestamps and dates: nothing in them is ever escaped.
void append_scalar(std::string& out, const data::column& c, std::size_t row, const table_column& into) {
  if (c.type().id() == data::type_id::timestamp && !keeps_texts(into.holds)) {
    append_datetime(out, c.ints()[row]);
    out += "+00";
  } else if (c.type().id() == data::type_id::boolean && into.holds == family::integer) {
    out += c.boolean_at(row) ? '1' : '0';
  } else if (c.type().id() == data::type_id::numeric) {
    append_digits(out, c, row, into);
  } else {
    data::append_text_value(out, c, row);
  }
}

/// Appends a value that is not null; gives the reason instead, and appends nothing, if the column cannot hold
/// it.
std::optional<std::string> append_plain(std::string& out, const data::column& c, std::size_t row,
                                        const table_column& into) {
  if (auto why = unfit_value(c, row, into))
    return why;
  if (c.type().is_bytes())
    out += c.text_at(row);
  else
    append_scalar(out, c, row, into);
  return std::nullopt;
}

/// The same, with what COPY's text format wants to be escaped.
std::optional<std::string> append_copy_field(std::string& out, const data::column& c, std::size_t row,
                                             const table_column& into) {
  if (auto why = unfit_value(c, row, into))
    return why;
  if (c.type().is_bytes())
    append_escaped(out, c.text_at(row));
  else if (c.type().is_nested())
    append_escaped(out, text_value(c, row, into));
  else
    append_scalar(out, c, row, into);
  return std::nullopt;
}

struct result_freed {
  void operator()(PGresult* r) const { PQclear(r); }
};
using result = std::unique_ptr<PGresult, result_freed>;

class postgresql_database final : public database,
                                  public row_language,
                                  public copy_language,
                                  public row_reading {
public:
  explicit postgresql_database(target where) : database(std::move(where)) {}

  expected<void> connect(bool create) override;
  outcome<std::uint64_t> execute(const std::string& sql) override;
  outcome<void> read(const std::string& sql, const row_taker& take) override;
  outcome<void> only_read(micros longest) override;
  void interrupt() override { ::shutdown(PQsocket(handle()), SHUT_RDWR); }
  /// Deferred constraints would refuse the whole commit, and not say for which row.
  std::string begin() const override { return "begin; set constraints all immediate"; }
  std::string name(std::string_view identifier) const override;
  std::string table_name(std::string_view table) const override { return places_.name_of(*this, table); }
  outcome<std::string> check_owner(const std::string& table, ownership whose) override {
    return places_.check_owner(*this, table, whose);
  }
  outcome<std::optional<table_shape>> describe(const std::string& table) override;
  std::string key_text(std::size_t) const override { return "text collate \"C\""; }
  std::string long_text() const override { return "text"; }
  std::string type_of(const data::type& type, std::size_t key_share) const override;
  std::string unique_clause(std::string_view columns) const override;
  bool folds_case() const override { return false; }
  std::unique_ptr<row_writer> rows(row_plan plan) override;
  std::unique_ptr<row_changer> changes(row_plan plan) override {
    return std::make_unique<composed_rows>(*this, *this, std::move(plan));
  }

private:
  std::optional<std::string> append_literal(std::string& out, const data::column& c, std::size_t row,
                                            const table_column& into) const override;
  std::optional<std::string> append_field(std::string& out, const data::column& c, std::size_t row,
                                          const table_column& into) const override {
    return append_copy_field(out, c, row, into);
  }
  std::string equals(const table_column& column, const std::string& literal) const override;
  std::string on_conflict(const row_plan& plan) const override;
  bool repeats_keys() const override { return false; }
  outcome<std::uint64_t> execute_guarded(const std::string& sql) override;
  [[nodiscard]] outcome<void> leave_savepoint(bool with_all);
  outcome<void> begin_copy(const std::string& sql) override;
  outcome<void> put_copy(std::string_view lines) override;
  outcome<void> end_copy() override;
  outcome<void> answer_of_copy() override;
  std::size_t packet_bytes() const override {
    return 256U << 20;
  }  // the server's limit is 1 GB with all its copies

  [[nodiscard]] failure lost_in_copy() const;
  failure failed(const PGresult* r) const;

  failure translate(const std::exception& e) const override;
  failure classify(std::string_view state, std::string text) const;
  // SOCI's library hides the type's description, which UBSan's check of such a cast needs.
  __attribute__((no_sanitize("vptr"))) PGconn* handle() const {
    return static_cast<soci::postgresql_session_backend*>(session_->get_backend())->conn_;
  }
  void append_quoted(std::string& out, std::string_view text) const;
  [[nodiscard]] expected<void> attempt(const std::string& text);

  table_places places_;
  mutable std::string refused_;  // libpq's words about the last attempt that gave no session
};

std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

/// A function of the user's finds with a path of its own what it does not find here.
failure of_function(failure why, std::string context) {
  if (context.find("function") == std::string::npos)
    return why;
  why.what = {ec::refused,
              fault::user,
              false,
              fmt::format("{}, in {}; remedy: functions of triggers are called with the search path "
                          "pg_catalog, so they name their schemas, "
                          "or: alter function F set search_path = ...",
                          why.what.message, one_line(std::move(context))),
              {}};
  return why;
}

expected<void> postgresql_database::attempt(const std::string& text) {
  refused_.clear();
  auto done = start_session(soci::postgresql, text);
  if (done || refused_.empty())  // libpq was not asked
    return done;
  const auto why = why_no_session(text, refused_);
  return unexpected(classify(why.state, why.text).what);
}

expected<void> postgresql_database::connect(bool create) {
  auto done = attempt(where_.connect);
  if (!done && done.error().code == ec::not_found) {
    if (!create)
      return user_error(ec::not_found,
                        fmt::format("{}: there is no database {}; remedy: create it, or set \"create\": true",
                                    where_.shown, where_.database));
    RETURN_IF_ERROR(attempt(where_.connect_server));
    const auto made =
        execute("create database " + name(where_.database) + " encoding 'UTF8' template template0");
    done = attempt(where_.connect);  // another sink may have made it just now
    if (!made && !done)
      return unexpected(made.error().what);
  }
  if (!done)
    return done;
  RETURN_IF_ERROR(places_.begin(*this));
  // A stopped client must not keep its locks for ever, and nobody waits for a lock for ever.
  for (const std::string& sql : std::initializer_list<std::string>{
           "set client_encoding = 'UTF8'", "set time zone 'UTC'", "set standard_conforming_strings = on",
           "set datestyle = 'ISO, YMD'", "set extra_float_digits = 3", "set client_min_messages = error",
           fmt::format("set idle_in_transaction_session_timeout = '{}s'", silent_client_ends_after),
           "set lock_timeout = '10s'", "set default_transaction_isolation = 'read committed'",
           "set default_transaction_read_only = off"})
    RETURN_IF_ERROR(execute(sql));
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

/// Object identifiers of pg_type, the same in every server.
json_form form_of(Oid type) {
  switch (type) {
  case 16:  // boolean
    return json_form::boolean;
  case 20:    // bigint
  case 21:    // smallint
  case 23:    // integer
  case 26:    // oid
  case 700:   // real
  case 701:   // double precision
  case 1700:  // numeric
    return json_form::number;
  case 114:   // json
  case 3802:  // jsonb
    return json_form::json;
  default:
    return json_form::text;
  }
}

/// The server takes a single statement alone where there are parameters.
outcome<void> postgresql_database::read(const std::string& sql, const row_taker& take) {
  if (!session_)
    return tl::unexpected(lost());
  if (PQsendQueryParams(handle(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) != 1 ||
      PQsetSingleRowMode(handle()) != 1)
    return tl::unexpected(classify("08006", one_line(PQerrorMessage(handle()))));
  std::vector<cell> row;
  bool are_columns_told = !take.columns;
  while (const result r{PQgetResult(handle())}) {
    const auto status = PQresultStatus(r.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY)
      return tl::unexpected(no_reading());
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK)
      return tl::unexpected(failed(r.get()));
    row.resize(static_cast<std::size_t>(PQnfields(r.get())));
    if (!std::exchange(are_columns_told, true)) {
      std::vector<std::string> names;
      for (int i = 0; i < PQnfields(r.get()); ++i)
        names.emplace_back(PQfname(r.get(), i));
      if (auto taken = take.columns(names); !taken)
        return tl::unexpected(failure{std::move(taken.error()), false});
    }
    for (int at = 0; at < PQntuples(r.get()); ++at) {
      for (int i = 0; i < static_cast<int>(row.size()); ++i) {
        const std::string_view text(PQgetvalue(r.get(), at, i),
                                    static_cast<std::size_t>(PQgetlength(r.get(), at, i)));
        row[static_cast<std::size_t>(i)] = {PQgetisnull(r.get(), at, i) ? std::nullopt : std::optional(text),
                                            form_of(PQftype(r.get(), i))};
      }
      if (auto taken = take.row(row); !taken)
        return tl::unexpected(failure{std::move(taken.error()), false});
    }
  }
  return {};
}

outcome<void> postgresql_database::only_read(micros longest) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(longest).count();
  for (const auto& sql :
       {std::string("reset search_path"), std::string("set default_transaction_read_only = on"),
        std::string("set bytea_output = 'hex'"), fmt::format("set statement_timeout = {}", ms)})
    if (auto set = execute(sql); !set)
      return tl::unexpected(std::move(set.error()));
  return {};
}

failure postgresql_database::failed(const PGresult* r) const {
  const char* const state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
  const char* const primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
  if (state == nullptr || PQstatus(handle()) != CONNECTION_OK)
    return classify("08006", one_line(PQerrorMessage(handle())));
  auto why = classify(state, primary == nullptr ? "" : primary);
  const char* const context = PQresultErrorField(r, PG_DIAG_CONTEXT);
  return context != nullptr && std::string_view(state).starts_with("42")
             ? of_function(std::move(why), context)
             : why;
}

failure postgresql_database::lost_in_copy() const {
  return classify("08006", one_line(PQerrorMessage(handle())));
}

outcome<void> postgresql_database::begin_copy(const std::string& sql) {
  if (auto set = execute("savepoint millrace_rows"); !set)
    return tl::unexpected(std::move(set.error()));
  const result begun(PQexec(handle(), sql.c_str()));
  if (PQresultStatus(begun.get()) == PGRES_COPY_IN)
    return {};
  auto why = failed(begun.get());
  if (why.row_at_fault)
    if (auto left = leave_savepoint(false); !left)
      return left;
  return tl::unexpected(std::move(why));
}

/// The server says what it has against the rows at the end, also if more rows are sent meanwhile.
outcome<void> postgresql_database::put_copy(std::string_view lines) {
  if (!session_)
    return tl::unexpected(lost());
  if (PQputCopyData(handle(), lines.data(), static_cast<int>(lines.size())) != 1)
    return tl::unexpected(lost_in_copy());
  return {};
}

outcome<void> postgresql_database::end_copy() {
  if (!session_)
    return tl::unexpected(lost());
  if (PQputCopyEnd(handle(), nullptr) != 1)
    return tl::unexpected(lost_in_copy());
  return {};
}

outcome<void> postgresql_database::answer_of_copy() {
  if (!session_)
    return tl::unexpected(lost());
  std::optional<failure> why;
  while (const result r{PQgetResult(handle())}) {
    if (PQresultStatus(r.get()) == PGRES_COPY_IN)  // it never leaves this state: the connection is gone
      return tl::unexpected(lost_in_copy());
    if (PQresultStatus(r.get()) != PGRES_COMMAND_OK)
      why = failed(r.get());
  }
  if (!why || why->row_at_fault)
    if (auto left = leave_savepoint(!why); !left)
      return left;
  return why ? outcome<void>(tl::unexpected(std::move(*why))) : outcome<void>{};
}

outcome<std::uint64_t> postgresql_database::execute_guarded(const std::string& sql) {
  if (auto set = execute("savepoint millrace_rows"); !set)
    return set;
  auto done = execute(sql);
  if (done || done.error().row_at_fault)
    if (auto left = leave_savepoint(done.has_value()); !left)
      return tl::unexpected(std::move(left.error()));
  return done;
}

/// A failure here is one of the whole transaction.
outcome<void> postgresql_database::leave_savepoint(bool with_all) {
  if (!with_all)
    if (auto back = execute("rollback to savepoint millrace_rows"); !back)
      return tl::unexpected(failure{std::move(back.error().what), false});
  if (auto released = execute("release savepoint millrace_rows"); !released)
    return tl::unexpected(failure{std::move(released.error().what), false});
  return {};
}

std::unique_ptr<row_writer> postgresql_database::rows(row_plan plan) {
  const bool copies = plan.key.empty() && plan.shape.plain;
  auto inserts = std::make_unique<composed_rows>(*this, *this, plan);
  if (!copies)
    return inserts;
  return std::make_unique<copied_rows>(*this, *this, std::move(plan), std::move(inserts));
}

outcome<std::optional<table_shape>> postgresql_database::describe(const std::string& table) {
  const auto found = places_.find(*this, table);
  if (!found)
    return tl::unexpected(found.error());
  return *found ? describe_postgresql(*this, table) : outcome<std::optional<table_shape>>(std::nullopt);
}

std::string postgresql_database::name(std::string_view identifier) const {
  return data::in_quotes(identifier, '"');
}

failure postgresql_database::translate(const std::exception& e) const {
  if (!session_)
    refused_ = e.what();
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
  if (state == "08001")
    e.message += "; start the server, or correct `connection`";
  else if (state == "55P03")
    e.message += held_by_another();
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
  case data::type_id::numeric:
    return type.name();
  case data::type_id::timestamp:
    return "timestamptz";
  case data::type_id::date:
    return "date";
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

/// An index may hold nulls to be equal from version 15 on, as an upsert does.
std::string postgresql_database::unique_clause(std::string_view columns) const {
  const bool offered = !session_ || PQserverVersion(handle()) >= 150'000;
  return fmt::format("unique {}({})", offered ? "nulls not distinct " : "", columns);
}

std::optional<std::string> postgresql_database::append_literal(std::string& out, const data::column& c,
                                                               std::size_t row,
                                                               const table_column& into) const {
  if (c.is_null(row)) {
    out += "null";
    return std::nullopt;
  }
  std::string text;
  auto unfit = append_plain(text, c, row, into);
  if (!unfit)
    append_quoted(out, text);
  return unfit;
}

std::string postgresql_database::equals(const table_column& column, const std::string& literal) const {
  const auto equal = column.operators.empty() ? "=" : fmt::format("operator({}.=)", column.operators);
  auto out = fmt::format("{} {} {}", name(column.name), equal, literal);
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
  auto out = fmt::format(" on conflict ({}) do update set {}", key, sets);
  if (plan.newest) {
    const auto& newest = plan.columns[*plan.newest];
    const auto column = name(newest.name);
    out += " where " + not_newer(newest, name(plan.table) + "." + column, "excluded." + column);
  }
  return out;
}

}  // namespace

std::unique_ptr<database> make_postgresql(target where) {
  return std::make_unique<postgresql_database>(std::move(where));
}

}  // namespace millrace::sink::sql
