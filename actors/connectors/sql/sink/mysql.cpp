// MySQL and MariaDB. Rows go as multi-row inserts over the session's own handle: SOCI would send one
// statement a row.
#include "actors/connectors/sql/sink/column_rules.hpp"
#include "actors/connectors/sql/sink/composed_rows.hpp"
#include "actors/connectors/sql/sink/row_reading.hpp"
#include "actors/connectors/sql/sink/table_shapes.hpp"
#include "actors/connectors/sql/sink/values.hpp"
#include "runtime/data/quoted.hpp"
#include "runtime/data/render.hpp"

#include <fmt/format.h>
#include <soci/mysql/soci-mysql.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>
#include <sys/socket.h>

namespace millrace::sink::sql {
namespace {

constexpr const char* sql_mode =
    "set session sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'";

// Numbers of errors that need an own answer (MySQL's reference, MariaDB's are the same).
enum code : unsigned {
  access_denied_database = 1044,
  access_denied = 1045,
  unknown_database = 1049,
  no_such_table = 1146,
  command_denied = 1142,
  need_privilege = 1227,
  lock_wait_timeout = 1205,
  deadlock = 1213,
  no_default_for_field = 1364,
  wrong_value = 1366,
  check_violated = 3819,
  no_partition = 1526,
  row_too_large = 1118,
  index_column_too_long = 1071,
  client_error_first = 2000,  // 2000-2999: the client library, mostly a lost connection
  client_error_last = 2999,
  no_socket = 2002,  // MariaDB's library says it of a refused TCP connection, too
  no_server = 2003,
  unknown_host = 2005,
  tls_failed = 2026,
  login_refused = 5010,  // MariaDB's library: the server asks for a plug-in that is none of our list
};

bool is_row_fault(unsigned number, std::string_view state) {
  if (state.starts_with("22") || state.starts_with("23") || state.starts_with("45"))
    return true;
  return number == no_default_for_field || number == wrong_value || number == check_violated ||
         number == no_partition || number == row_too_large;
}

/// InnoDB indexes hold 3072 bytes a key; some are left for columns of other types beside texts.
constexpr std::size_t index_bytes = 3072 - 200;
constexpr std::size_t most_key_characters = 255;

class mysql_database final : public database, public row_language, public row_reading {
public:
  explicit mysql_database(target where) : database(std::move(where)) {}

  expected<void> connect(bool create) override;
  outcome<std::uint64_t> execute(const std::string& sql) override;
  outcome<void> read(const std::string& sql, const row_taker& take) override;
  outcome<void> only_read(micros longest) override;
  void interrupt() override { ::shutdown(static_cast<int>(mysql_get_socket(handle())), SHUT_RDWR); }
  std::string name(std::string_view identifier) const override;
  outcome<std::optional<table_shape>> describe(const std::string& table) override {
    return describe_mysql(*this, table);
  }
  std::string key_text(std::size_t characters) const override {
    return fmt::format("varchar({}) character set utf8mb4 collate {}", characters, collation_);
  }
  std::string long_text() const override {
    return fmt::format("longtext character set utf8mb4 collate {}", collation_);
  }
  std::string type_of(const data::type& type, std::size_t key_share) const override;
  std::string table_options() const override {
    return fmt::format(" engine = InnoDB row_format = dynamic default character set utf8mb4 collate {}",
                       collation_);
  }
  std::string update_positions_clause() const override {
    return " on duplicate key update position_major = values(position_major),"
           " position_minor = values(position_minor), watermark = values(watermark)";
  }
  std::string keep_greatest_clause() const override {
    return " on duplicate key update newest = greatest(newest, values(newest)), deleted_at = "
           "values(deleted_at)";
  }
  std::size_t piece_bytes() const override { return std::min<std::size_t>(1U << 20, packet_ / 4); }
  std::unique_ptr<row_writer> rows(row_plan plan) override {
    return std::make_unique<composed_rows>(*this, *this, std::move(plan));
  }
  std::unique_ptr<row_changer> changes(row_plan plan) override {
    return std::make_unique<composed_rows>(*this, *this, std::move(plan));
  }

private:
  std::optional<std::string> append_literal(std::string& out, const data::column& c, std::size_t row,
                                            const table_column& into) const override;
  std::string equals(const table_column& column, const std::string& literal) const override;
  std::string on_conflict(const row_plan& plan) const override;
  bool repeats_keys() const override { return true; }
  outcome<std::uint64_t> execute_guarded(const std::string& sql) override { return execute(sql); }
  std::size_t packet_bytes() const override { return packet_; }

  failure translate(const std::exception& e) const override;
  failure classify(unsigned number, std::string_view state, std::string text) const;
  // SOCI's library hides the type's description, which UBSan's check of such a cast needs.
  __attribute__((no_sanitize("vptr"))) MYSQL* handle() const {
    return static_cast<soci::mysql_session_backend*>(session_->get_backend())->conn_;
  }
  void append_quoted(std::string& out, std::string_view text) const;
  expected<void> settle();

  std::string collation_ = "utf8mb4_nopad_bin";  // used until a server has said which it has
  std::size_t packet_ = 1U << 20;
  mutable unsigned last_error_ = 0;
};

expected<void> mysql_database::connect(bool create) {
  const auto attempt = [&](const std::string& text) -> expected<void> {
    const auto start = [&](const std::string& at) {
      return start_session(soci::mysql, with_guarded_login(at));
    };
    auto done = start(text);
    // "localhost" means the socket; where there is none, the server may still listen on the network.
    if (const auto host = text.find("host='localhost'");
        !done && last_error_ == no_socket && host != std::string::npos)
      done = start(std::string(text).replace(host, 16, "host='127.0.0.1'"));
    return done;
  };
  auto done = attempt(where_.connect);
  if (!done && last_error_ == unknown_database) {
    const auto remedy = fmt::format("{}: there is no database {}; remedy: create it, or set \"create\": true",
                                    where_.shown, where_.database);
    if (!create)
      return user_error(ec::not_found, remedy);
    RETURN_IF_ERROR(attempt(where_.connect_server));
    RETURN_IF_ERROR(
        execute("create database if not exists " + name(where_.database) + " character set utf8mb4"));
    done = attempt(where_.connect);
  }
  return done.and_then([&] { return settle(); });
}

/// A stopped client must not keep its locks for ever (wait_timeout; keep_alive comes once a minute), nobody
/// waits for a lock for ever, and nothing is stored other than as it was given.
expected<void> mysql_database::settle() {
  for (const std::string& sql : std::initializer_list<std::string>{
           "set session autocommit = 1", "set session time_zone = '+00:00'",
           fmt::format("set session wait_timeout = {}", silent_client_ends_after),
           "set session innodb_lock_wait_timeout = 10", "set session lock_wait_timeout = 10",
           "set session transaction isolation level read committed",
           "set session foreign_key_checks = 1, unique_checks = 1", sql_mode})
    RETURN_IF_ERROR(execute(sql));
  ASSIGN_OR_RETURN(
      const auto found,
      query("select @@max_allowed_packet, (select collation_name from information_schema.collations"
            " where collation_name in ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin', 'utf8mb4_bin')"
            " order by collation_name = 'utf8mb4_bin', collation_name limit 1)",
            {}, 2));
  const auto& answer = found.at(0);
  const auto& packet = answer[0].value_or("1048576");
  std::from_chars(packet.data(), packet.data() + packet.size(), packet_);
  packet_ -= std::min<std::size_t>(packet_ / 2, 1024);  // leaves room for the protocol's own bytes
  collation_ = answer[1].value_or("utf8mb4_bin");
  return {};
}

outcome<std::uint64_t> mysql_database::execute(const std::string& sql) {
  if (!session_)
    return tl::unexpected(lost());
  auto* const h = handle();
  if (mysql_real_query(h, sql.data(), sql.size()) != 0)
    return tl::unexpected(classify(mysql_errno(h), mysql_sqlstate(h), mysql_error(h)));
  if (auto* const result = mysql_store_result(h))
    mysql_free_result(result);
  return mysql_affected_rows(h);  // rows found, for SOCI connects with CLIENT_FOUND_ROWS
}

/// MariaDB has JSON as a text, and says beside its type that it is one.
json_form form_of(const MYSQL_FIELD& field) {
  switch (field.type) {
  case MYSQL_TYPE_TINY:
    return field.length == 1 ? json_form::boolean : json_form::number;
  case MYSQL_TYPE_SHORT:
  case MYSQL_TYPE_LONG:
  case MYSQL_TYPE_LONGLONG:
  case MYSQL_TYPE_INT24:
  case MYSQL_TYPE_YEAR:
  case MYSQL_TYPE_FLOAT:
  case MYSQL_TYPE_DOUBLE:
  case MYSQL_TYPE_DECIMAL:
  case MYSQL_TYPE_NEWDECIMAL:
  case MYSQL_TYPE_BIT:
    return json_form::number;
  case MYSQL_TYPE_JSON:
    return json_form::json;
  default:
    break;
  }
  MARIADB_CONST_STRING format{};
  if (mariadb_field_attr(&format, &field, MARIADB_FIELD_ATTR_FORMAT_NAME) == 0 && format.str != nullptr &&
      std::string_view(format.str, format.length) == "json")
    return json_form::json;
  return json_form::text;
}

bool holds_bytes(const MYSQL_FIELD& field) {
  constexpr unsigned no_characters = 63;
  const bool is_text = field.type == MYSQL_TYPE_STRING || field.type == MYSQL_TYPE_VAR_STRING ||
                       (field.type >= MYSQL_TYPE_TINY_BLOB && field.type <= MYSQL_TYPE_BLOB);
  return field.type == MYSQL_TYPE_GEOMETRY || (is_text && field.charsetnr == no_characters);
}

/// The most significant byte comes first.
std::string number_of_bits(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char c : bytes)
    out = out << 8 | static_cast<unsigned char>(c);
  return std::to_string(out);
}

outcome<void> mysql_database::read(const std::string& sql, const row_taker& take) {
  if (!session_)
    return tl::unexpected(lost());
  auto* const h = handle();
  const auto failed = [&] {
    return tl::unexpected(classify(mysql_errno(h), mysql_sqlstate(h), mysql_error(h)));
  };
  if (mysql_real_query(h, sql.data(), sql.size()) != 0)
    return failed();
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result(mysql_use_result(h),
                                                                        &mysql_free_result);
  if (!result)
    return mysql_errno(h) != 0 ? failed() : tl::unexpected(no_reading());
  const std::span<const MYSQL_FIELD> fields(mysql_fetch_fields(result.get()), mysql_num_fields(result.get()));
  std::vector<cell> row(fields.size());
  std::vector<std::string> kept(fields.size());  // texts that the client's library does not hold
  std::vector<std::string> names;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    names.emplace_back(fields[i].name, fields[i].name_length);
    row[i].form = form_of(fields[i]);
  }
  if (take.columns)
    if (auto taken = take.columns(names); !taken)
      return tl::unexpected(failure{std::move(taken.error()), false});
  while (MYSQL_ROW values = mysql_fetch_row(result.get())) {
    const auto* const lengths = mysql_fetch_lengths(result.get());
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i].text = values[i] ? std::optional(std::string_view(values[i], lengths[i])) : std::nullopt;
      if (row[i].text && (fields[i].type == MYSQL_TYPE_BIT || holds_bytes(fields[i]))) {
        kept[i].clear();
        if (fields[i].type == MYSQL_TYPE_BIT)
          kept[i] = number_of_bits(*row[i].text);
        else
          append_bytes(kept[i], *row[i].text);
        row[i].text = kept[i];
      }
    }
    if (auto taken = take.row(row); !taken)
      return tl::unexpected(failure{std::move(taken.error()), false});
  }
  return mysql_errno(h) == 0 ? outcome<void>() : failed();
}

/// MariaDB and MySQL name the limit differently, and only MySQL counts in milliseconds.
outcome<void> mysql_database::only_read(micros longest) {
  const double seconds = std::chrono::duration<double>(longest).count();
  auto set = execute(fmt::format("set session max_statement_time = {:.3f}", seconds));
  if (!set && set.error().what.code != ec::unavailable)
    set = execute(fmt::format("set session max_execution_time = {:.0f}", std::ceil(seconds * 1'000)));
  if (set)
    set = execute("set session transaction read only");
  return set ? outcome<void>() : tl::unexpected(std::move(set.error()));
}

std::string mysql_database::name(std::string_view identifier) const {
  return data::in_quotes(identifier, '`');
}

failure mysql_database::translate(const std::exception& e) const {
  if (const auto* const ours = dynamic_cast<const soci::mysql_soci_error*>(&e))
    // SOCI keeps no SQLSTATE; while the session lives, its handle still has it.
    return classify(ours->err_num_, session_ ? mysql_sqlstate(handle()) : "HY000", ours->get_error_message());
  return {{ec::io, fault::outside, true, fmt::format("{}: {}", where_.shown, e.what()), {}}, false};
}

failure mysql_database::classify(unsigned number, std::string_view state, std::string text) const {
  last_error_ = number;
  error e{ec::io, fault::outside, true, fmt::format("{}: {} (error {})", where_.shown, text, number), {}};
  switch (number) {
  case access_denied:
  case access_denied_database:
  case command_denied:
  case need_privilege:
    e = {ec::refused,
         fault::user,
         false,
         e.message + "; remedy: grant the rights, or correct user and password in `connection`",
         {}};
    break;
  case login_refused:
    e = {ec::refused,
         fault::user,
         false,
         e.message +
             "; the server asks for the password in a way that tells it to whoever listens; remedy: an "
             "account "
             "that logs in by mysql_native_password, ed25519, caching_sha2_password or sha256_password, or "
             "the right server in `connection`",
         {}};
    break;
  case unknown_database:
  case no_such_table:
    e.code = ec::not_found;
    break;
  case lock_wait_timeout:
    e.message += held_by_another();
    [[fallthrough]];
  case deadlock:
    e.code = ec::unavailable;
    break;
  default:
    if (is_row_fault(number, state))
      return {{ec::refused, fault::outside, false, fmt::format("{} (error {})", text, number), {}}, true};
    if ((number >= client_error_first && number <= client_error_last) || state.starts_with("08"))
      e.code = ec::unavailable;
    if (number == no_socket || number == no_server || number == unknown_host)
      e.message += "; start the server, or correct `connection`";
    if (number == tls_failed)
      e.message += "; remedy: a server that speaks TLS, with a certificate of `sslca`'s authority for the "
                   "host of `connection`, or the right files in `connection`";
  }
  return {std::move(e), false};
}

std::string mysql_database::type_of(const data::type& type, std::size_t key_share) const {
  switch (type.id()) {
  case data::type_id::boolean:
    return "boolean";
  case data::type_id::bigint:
    return "bigint";
  case data::type_id::float64:
    return "double";
  case data::type_id::numeric:  // of any scale: the widest of both products, which `create` does not make
    return type.precision() == 0 ? "decimal(65,30)"
                                 : fmt::format("decimal({},{})", type.precision(), type.scale());
  case data::type_id::timestamp:
    return "datetime(6)";
  case data::type_id::date:
    return "date";
  case data::type_id::text:
    return key_share == 0 ? long_text()
                          : key_text(std::min(most_key_characters, index_bytes / 4 / key_share));
  case data::type_id::json:
  case data::type_id::object:
  case data::type_id::list:
    return "json";
  }
  return long_text();
}

void mysql_database::append_quoted(std::string& out, std::string_view text) const {
  out += '\'';
  const auto at = out.size();
  out.resize(at + 2 * text.size() + 1);
  out.resize(at + mysql_real_escape_string(handle(), out.data() + at, text.data(), text.size()));
  out += '\'';
}

std::optional<std::string> mysql_database::append_literal(std::string& out, const data::column& c,
                                                          std::size_t row, const table_column& into) const {
  if (auto why = unfit_value(c, row, into))
    return why;
  if (c.is_null(row)) {
    out += "null";
    return std::nullopt;
  }
  const bool as_text = keeps_texts(into.holds);
  switch (c.type().id()) {
  case data::type_id::boolean:
    out += as_text ? c.boolean_at(row) ? "'true'" : "'false'" : c.boolean_at(row) ? "1" : "0";
    return std::nullopt;
  case data::type_id::bigint: {
    const std::string_view quote = as_text ? "'" : "";
    fmt::format_to(std::back_inserter(out), "{}{}{}", quote, c.ints()[row], quote);
    return std::nullopt;
  }
  case data::type_id::float64: {
    const auto v = c.doubles()[row];
    if (as_text) {
      append_quoted(out, text_value(c, row, into));
      return std::nullopt;
    }
    if (!std::isfinite(v))
      return fmt::format("column {}: {} has no {} for NaN and Infinity", into.name, to_string(where_.kind),
                         into.declared);
    const auto at = out.size();
    data::append_double(out, v);
    if (out.find('e', at) == std::string::npos)
      out += "e0";  // else it is a decimal, and the sign of -0 is lost
    return std::nullopt;
  }
  case data::type_id::numeric: {
    // It has no quotes: compared with a text, a decimal would be a double.
    const std::string_view quote = as_text ? "'" : "";
    out += quote;
    append_digits(out, c, row, into);
    out += quote;
    return std::nullopt;
  }
  case data::type_id::timestamp: {
    if (as_text) {
      append_quoted(out, text_value(c, row, into));
      return std::nullopt;
    }
    out += '\'';
    append_datetime(out, c.ints()[row]);
    out += '\'';
    return std::nullopt;
  }
  case data::type_id::text:
  case data::type_id::json:
    append_quoted(out, c.text_at(row));
    return std::nullopt;
  case data::type_id::date:
  case data::type_id::object:
  case data::type_id::list:
    append_quoted(out, text_value(c, row, into));
    return std::nullopt;
  }
  return "a value of unknown type";
}

std::string mysql_database::equals(const table_column& column, const std::string& literal) const {
  auto out = fmt::format("{} = {}", name(column.name), literal);
  if (!column.exact)
    out += fmt::format(" and cast(convert({} using utf8mb4) as binary) = cast({} as binary)",
                       name(column.name), literal);
  return out;
}

std::string mysql_database::on_conflict(const row_plan& plan) const {
  if (!plan.newest) {
    std::string out;
    for (const auto& c : plan.columns)
      out += fmt::format("{}{} = values({})", out.empty() ? " on duplicate key update " : ", ", name(c.name),
                         name(c.name));
    return out;
  }
  // Assignments see those before them, so the column that decides comes last.
  const auto& newest = plan.columns[*plan.newest];
  const auto decides = not_newer(newest, name(newest.name), fmt::format("values({})", name(newest.name)));
  const auto assigned = [&](const table_column& c) {
    return fmt::format("{0} = if({1}, values({0}), {0})", name(c.name), decides);
  };
  std::string out = " on duplicate key update ";
  for (const auto& c : plan.columns)
    if (&c != &newest)
      out += assigned(c) + ", ";
  return out + assigned(newest);
}

}  // namespace

std::unique_ptr<database> make_mysql(target where) {
  return std::make_unique<mysql_database>(std::move(where));
}

}  // namespace millrace::sink::sql
