// PostgreSQL. Rows go as multi-row inserts, each behind a savepoint: a refused statement would else end the
// whole transaction.
#include "actors/sink/sql/composed_rows.hpp"
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

class postgresql_database final : public database, public row_language {
public:
  explicit postgresql_database(target where) : database(std::move(where)) {}

  expected<void> connect(bool create) override;
  outcome<std::uint64_t> execute(const std::string& sql) override;
  /// Deferred constraints would refuse the whole commit, and not say for which row.
  std::string begin() const override { return "begin; set constraints all immediate"; }
  std::string name(std::string_view identifier) const override;
  outcome<std::optional<table_shape>> describe(const std::string& table) override;
  std::string key_text(std::size_t) const override { return "text collate \"C\""; }
  std::string long_text() const override { return "text"; }
  std::string type_of(const data::type& type, std::size_t key_share) const override;
  bool folds_case() const override { return false; }
  std::unique_ptr<row_writer> rows(row_plan plan) override {
    return std::make_unique<composed_rows>(*this, *this, std::move(plan));
  }

private:
  std::optional<std::string> append_literal(std::string& out, const data::column& c, std::size_t row,
                                            const table_column& into) const override;
  std::string equals(const table_column& column, const std::string& literal) const override;
  std::string on_conflict(const row_plan& plan) const override;
  bool repeats_keys() const override { return false; }
  outcome<std::uint64_t> execute_guarded(const std::string& sql) override;
  std::size_t packet_bytes() const override {
    return 256U << 20;
  }  // the server's limit is 1 GB with all its copies

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
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    const char* const state = PQresultErrorField(r.get(), PG_DIAG_SQLSTATE);
    const char* const primary = PQresultErrorField(r.get(), PG_DIAG_MESSAGE_PRIMARY);
    if (state == nullptr || PQstatus(h) != CONNECTION_OK)
      return tl::unexpected(classify("08006", one_line(PQerrorMessage(h))));
    return tl::unexpected(classify(state, primary == nullptr ? "" : primary));
  }
  // "commit" of a transaction that has failed is a rollback, and no error.
  if (sql == "commit" && std::string_view(PQcmdStatus(r.get())) == "ROLLBACK")
    return tl::unexpected(classify("25P02", "the transaction was rolled back"));
  std::uint64_t rows = 0;
  const std::string_view count = PQcmdTuples(r.get());
  std::from_chars(count.data(), count.data() + count.size(), rows);
  return rows;
}

outcome<std::uint64_t> postgresql_database::execute_guarded(const std::string& sql) {
  if (auto set = execute("savepoint millrace_rows"); !set)
    return set;
  auto done = execute(sql);
  if (!done && !done.error().row_at_fault)
    return done;
  if (!done)
    if (auto back = execute("rollback to savepoint millrace_rows"); !back)
      return tl::unexpected(failure{std::move(back.error().what), false});
  if (auto released = execute("release savepoint millrace_rows"); !released)
    return tl::unexpected(failure{std::move(released.error().what), false});
  return done;
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

family family_of(std::string_view type) {
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), type) != names.end();
  };
  if (is({"int2", "int4", "int8"}))
    return family::integer;
  if (is({"numeric"}))
    return family::decimal;
  if (is({"float8"}))
    return family::real;
  if (is({"float4"}))
    return family::single;
  if (is({"bool"}))
    return family::boolean;
  if (is({"timestamptz", "timestamp"}))
    return family::timestamp;
  if (is({"json", "jsonb"}))
    return family::json;
  return is({"text", "varchar", "bpchar", "name", "citext"}) ? family::text : family::other;
}

outcome<std::optional<table_shape>> postgresql_database::describe(const std::string& table) {
  const parameter named[] = {name(table)};
  auto tables = query("select relkind, relpersistence from pg_class where oid = to_regclass(:p0)", named, 2);
  if (!tables)
    return tl::unexpected(tables.error());
  if (tables->empty())
    return std::optional<table_shape>();
  table_shape shape;
  if (tables->front()[0] != "r" && tables->front()[0] != "p")
    shape.unfit = "it is no table";
  else if (tables->front()[1] == "u")
    shape.unfit = "it is unlogged: a crash of the server empties it; remedy: alter table " + name(table) +
                  " set logged";
  auto columns = query(
      "select a.attname, format_type(a.atttypid, a.atttypmod), t.typname, a.attnotnull::int, (a.atthasdef or"
      " a.attidentity <> '')::int, a.attgenerated, a.atttypmod, coalesce(c.collisdeterministic, true)::int"
      " from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_collation c on"
      " c.oid = a.attcollation where a.attrelid = to_regclass(:p0) and a.attnum > 0 and not a.attisdropped"
      " order by a.attnum",
      named, 8);
  if (!columns)
    return tl::unexpected(columns.error());
  for (const auto& c : *columns) {
    table_column out{c[0].value_or(""),
                     c[1].value_or(""),
                     family_of(c[2].value_or("")),
                     c[3] == "1" && c[4] != "1",
                     6,
                     true};
    if (c[5] && !c[5]->empty())
      out.holds = family::generated;
    if (out.holds == family::timestamp && c[6] && c[6] != "-1")
      out.fraction_digits = std::atoi(c[6]->c_str());
    out.exact = c[7] == "1" && c[2] != "citext" && c[2] != "bpchar";
    shape.columns.push_back(std::move(out));
  }
  auto indexes = query(
      "select i.indexrelid, a.attname, (a.attidentity <> '' or coalesce(pg_get_expr(d.adbin, d.adrelid), '')"
      " like 'nextval(%')::int from pg_index i cross join lateral unnest(i.indkey::int2[]) with ordinality "
      "k(number, place)"
      " left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number left join pg_attrdef d on"
      " d.adrelid = a.attrelid and d.adnum = a.attnum where i.indrelid = to_regclass(:p0) and i.indisunique "
      "and"
      " i.indpred is null and k.place <= i.indnkeyatts order by 1, k.place",
      named, 3);
  if (!indexes)
    return tl::unexpected(indexes.error());
  std::optional<std::string> last;
  for (const auto& i : *indexes) {
    if (last != i[0])
      shape.unique.emplace_back();
    last = i[0];
    shape.unique.back().columns.push_back(i[1].value_or(""));  // an expression has no name
    if (i[2] == "1")
      shape.unique.back().automatic = true;
  }
  return std::optional(std::move(shape));
}

void postgresql_database::append_quoted(std::string& out, std::string_view text) const {
  out += '\'';
  const auto at = out.size();
  out.resize(at + 2 * text.size() + 1);
  out.resize(at + PQescapeStringConn(handle(), out.data() + at, text.data(), text.size(), nullptr));
  out += '\'';
}

std::optional<std::string> postgresql_database::append_literal(std::string& out, const data::column& c,
                                                               std::size_t row,
                                                               const table_column& into) const {
  if (c.is_null(row)) {
    out += "null";
    return std::nullopt;
  }
  if (auto why = unfit_value(c, row, into))
    return why;
  if (c.type().is_bytes()) {
    if (c.text_at(row).find('\0') != std::string_view::npos)
      return fmt::format("column {}: PostgreSQL stores no NUL character", into.name);
    append_quoted(out, c.text_at(row));
    return std::nullopt;
  }
  if (c.type().id() == data::type_id::timestamp && into.holds != family::text) {
    const auto text = datetime_text(c.ints()[row]);
    if (!text)
      return fmt::format("column {}: {} is outside the years 1 to 9999", into.name,
                         format_timestamp(c.ints()[row]));
    fmt::format_to(std::back_inserter(out), "'{}+00'", *text);
    return std::nullopt;
  }
  if (c.type().id() == data::type_id::boolean && into.holds == family::integer) {
    out += c.boolean_at(row) ? "'1'" : "'0'";
    return std::nullopt;
  }
  append_quoted(out, text_value(c, row));
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
