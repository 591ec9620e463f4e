// SQLite: one file, one writer at a time. Rows go one by one through prepared statements of the session's own
// handle; there is no server that a round trip could cost.
#include "actors/connectors/sql/sink/column_rules.hpp"
#include "actors/connectors/sql/sink/row_reading.hpp"
#include "actors/connectors/sql/sink/table_shapes.hpp"
#include "actors/connectors/sql/sink/values.hpp"
#include "runtime/base/guarded_file.hpp"
#include "runtime/data/quoted.hpp"
#include "runtime/data/render.hpp"

#include <fmt/format.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

namespace millrace::sink::sql {
namespace {

using namespace sqlite_api;  // NOLINT: SOCI includes SQLite's header in this namespace

/// A statement waits this long while another process writes the file.
constexpr int busy_ms = 10'000;

std::string name_of(std::string_view identifier) { return data::in_quotes(identifier, '"'); }

class prepared {
public:
  ~prepared() { sqlite3_finalize(statement_); }
  prepared() = default;
  prepared(const prepared&) = delete;
  prepared& operator=(const prepared&) = delete;

  [[nodiscard]] int prepare(sqlite3* db, const std::string& sql) {
    return sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &statement_, nullptr);
  }
  [[nodiscard]] explicit operator bool() const { return statement_ != nullptr; }

  [[nodiscard]] int bind(int at, const data::column& c, std::size_t row, const table_column& into) {
    if (c.is_null(row))
      return sqlite3_bind_null(statement_, at);
    const bool as_text = keeps_texts(into.holds);  // SQLite itself would write 15 digits of a double
    switch (c.type().id()) {
    case data::type_id::boolean:
      if (as_text)
        break;
      return sqlite3_bind_int64(statement_, at, c.boolean_at(row) ? 1 : 0);
    case data::type_id::bigint:
      return sqlite3_bind_int64(statement_, at, c.ints()[row]);
    case data::type_id::float64:
      if (as_text)
        break;
      return sqlite3_bind_double(statement_, at, c.doubles()[row]);
    case data::type_id::text:
    case data::type_id::json: {
      const auto text = c.text_at(row);  // lives as long as the batch
      return sqlite3_bind_text64(statement_, at, text.data() == nullptr ? "" : text.data(), text.size(),
                                 nullptr, SQLITE_UTF8);
    }
    case data::type_id::numeric:
      if (into.holds == family::integer)
        return sqlite3_bind_int64(statement_, at, to_bigint(c.decimals()[row]).value_or(0));
      break;
    case data::type_id::timestamp:
    case data::type_id::date:
    case data::type_id::object:
    case data::type_id::list:
      break;
    }
    const auto text = text_value(c, row, into);
    return sqlite3_bind_text64(statement_, at, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  [[nodiscard]] bool finds() {
    const int done = sqlite3_step(statement_);
    sqlite3_reset(statement_);
    return done == SQLITE_ROW;
  }
  [[nodiscard]] int step() {
    const int done = sqlite3_step(statement_);
    const int again = sqlite3_reset(statement_);
    return done == SQLITE_DONE ? SQLITE_OK : again;
  }

private:
  sqlite3_stmt* statement_ = nullptr;
};

class sqlite_database final : public database, public row_reading {
public:
  explicit sqlite_database(target where) : database(std::move(where)) {}

  expected<void> connect(bool create) override;
  outcome<std::uint64_t> execute(const std::string& sql) override;
  outcome<void> read(const std::string& sql, const row_taker& take) override;
  outcome<void> only_read(micros longest) override;
  void interrupt() override { sqlite3_interrupt(handle()); }
  /// Immediate: the write lock is taken where waiting for it is still possible.
  std::string begin() const override { return "begin immediate"; }
  std::string name(std::string_view identifier) const override { return name_of(identifier); }
  outcome<std::optional<table_shape>> describe(const std::string& table) override {
    return describe_sqlite(*this, table);
  }
  std::string key_text(std::size_t) const override { return "text"; }
  std::string long_text() const override { return "text"; }
  std::string type_of(const data::type& type, std::size_t) const override;
  std::unique_ptr<row_writer> rows(row_plan plan) override;
  std::unique_ptr<row_changer> changes(row_plan plan) override;
  std::string not_newer(const table_column& newest, const std::string& there,
                        const std::string& given) const override;

  // SOCI's library hides the type's description, which UBSan's check of such a cast needs.
  __attribute__((no_sanitize("vptr"))) sqlite3* handle() const {
    return static_cast<soci::sqlite3_session_backend*>(session_->get_backend())->conn_;
  }
  failure classify(int code) const;

private:
  failure translate(const std::exception& e) const override;

  micros longest_read_{0};  // 0: any
  std::chrono::steady_clock::time_point read_until_{};
};

class bound_rows final : public row_writer, public row_changer {
public:
  bound_rows(sqlite_database& db, row_plan plan) : db_(db), plan_(std::move(plan)) {
    all_.resize(plan_.columns.size());
    std::iota(all_.begin(), all_.end(), 0);
    identity_ = plan_.key;
    if (plan_.newest)
      identity_.push_back(*plan_.newest);
  }

  expected<void> write(const data::batch& rows, std::vector<refusal>& refused) override {
    std::vector<std::size_t> all(rows.rows);
    std::iota(all.begin(), all.end(), 0);
    return insert(rows, all, refused);
  }
  expected<void> insert(const data::batch& rows, std::span<const std::size_t> chosen,
                        std::vector<refusal>& refused) override {
    RETURN_IF_ERROR(prepare());
    for (const auto row : chosen)
      RETURN_IF_ERROR(taken(put(rows, row, refused), rows, row, refused));
    return {};
  }
  expected<void> remove(const data::batch& rows, std::span<const std::size_t> chosen,
                        std::vector<std::size_t>& done, std::vector<refusal>& refused) override {
    RETURN_IF_ERROR(prepare());
    for (const auto row : chosen) {
      ASSIGN_OR_RETURN(const auto removed, taken(drop(rows, row, refused), rows, row, refused));
      if (removed)
        done.push_back(row);
    }
    return {};
  }

private:
  expected<void> prepare();
  /// Whether the row was taken, by a statement's code; no code: it was refused before.
  expected<bool> taken(std::optional<int> code, const data::batch& rows, std::size_t row,
                       std::vector<refusal>& refused) const {
    if (!code || *code == SQLITE_OK)
      return code.has_value();
    auto failed = db_.classify(*code);
    if (!failed.row_at_fault)
      return unexpected(std::move(failed.what));
    refused.push_back(refuse(rows, row, failed.what.message));
    return false;
  }
  std::optional<std::string> unfit(const data::batch& rows, std::size_t row,
                                   std::span<const std::size_t> columns) const {
    for (const auto i : columns) {
      const auto& c = *rows.columns[i];
      if (auto why = unfit_value(c, row, plan_.columns[i]))
        return why;
      if (c.type().id() == data::type_id::float64 && !keeps_texts(plan_.columns[i].holds) &&
          !c.is_null(row) && std::isnan(c.doubles()[row]))
        return fmt::format("column {}: SQLite has no NaN, it would store null", plan_.columns[i].name);
      if (c.type().id() == data::type_id::numeric && plan_.columns[i].holds == family::integer &&
          !c.is_null(row) && !to_bigint(c.decimals()[row]))
        return fmt::format("column {}: {} is beyond the whole numbers of SQLite, which have 64 bits",
                           plan_.columns[i].name, text_value(c, row, plan_.columns[i]));
    }
    return std::nullopt;
  }
  int bind(prepared& statement, const data::batch& rows, std::size_t row,
           std::span<const std::size_t> columns) const {
    for (const auto i : columns)
      if (const int code = statement.bind(static_cast<int>(i + 1), *rows.columns[i], row, plan_.columns[i]);
          code != SQLITE_OK)
        return code;
    return SQLITE_OK;
  }
  std::optional<int> put(const data::batch& rows, std::size_t row, std::vector<refusal>& refused) {
    if (auto why = unfit(rows, row, all_)) {
      refused.push_back(refuse(rows, row, *why));
      return std::nullopt;
    }
    // A unique index holds nulls to be different, `is` does not.
    const bool by_index = plan_.by_index && std::none_of(plan_.key.begin(), plan_.key.end(), [&](auto k) {
                            return rows.columns[k]->is_null(row);
                          });
    if (!plan_.key.empty() && !by_index) {
      if (const int code = bind(update_, rows, row, all_); code != SQLITE_OK)
        return code;
      if (const int code = update_.step(); code != SQLITE_OK || sqlite3_changes(db_.handle()) > 0)
        return code;
      if (plan_.newest) {  // a newer row may be there
        if (const int code = bind(find_, rows, row, plan_.key); code != SQLITE_OK)
          return code;
        if (find_.finds())
          return SQLITE_OK;
      }
    }
    auto& statement = by_index ? upsert_ : insert_;
    const int code = bind(statement, rows, row, all_);
    return code == SQLITE_OK ? statement.step() : code;
  }
  std::optional<int> drop(const data::batch& rows, std::size_t row, std::vector<refusal>& refused) {
    if (auto why = unfit(rows, row, identity_)) {
      refused.push_back(refuse(rows, row, *why));
      return std::nullopt;
    }
    const int code = bind(remove_, rows, row, identity_);
    return code == SQLITE_OK ? remove_.step() : code;
  }

  sqlite_database& db_;
  row_plan plan_;
  std::vector<std::size_t> all_;       // columns of a row
  std::vector<std::size_t> identity_;  // those that a deletion reads
  prepared insert_;
  prepared upsert_;
  prepared update_;
  prepared find_;
  prepared remove_;
};

expected<void> bound_rows::prepare() {
  if (insert_)
    return {};
  std::string columns;
  std::string places;
  std::string sets;
  std::string replaced;
  for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
    const auto name = name_of(plan_.columns[i].name);
    const std::string_view comma = i == 0 ? "" : ", ";
    columns += fmt::format("{}{}", comma, name);
    places += fmt::format("{}?{}", comma, i + 1);
    sets += fmt::format("{}{} = ?{}", comma, name, i + 1);
    replaced += fmt::format("{}{} = excluded.{}", comma, name, name);
  }
  const auto insert = fmt::format("insert into {} ({}) values ({})", name_of(plan_.table), columns, places);
  auto* const h = db_.handle();
  int code = insert_.prepare(h, insert);
  if (code == SQLITE_OK && !plan_.key.empty()) {
    std::string key;
    std::string where;
    for (const auto k : plan_.key) {
      const auto name = name_of(plan_.columns[k].name);
      key += fmt::format("{}{}", key.empty() ? "" : ", ", name);
      where += fmt::format("{}{} is ?{} collate binary", where.empty() ? "" : " and ", name, k + 1);
    }
    const auto table = name_of(plan_.table);
    std::string given;
    std::string excluded;
    if (plan_.newest) {
      const auto& newest = plan_.columns[*plan_.newest];
      const auto there = table + "." + name_of(newest.name);
      given = " and " + db_.not_newer(newest, there, fmt::format("?{}", *plan_.newest + 1));
      excluded = " where " + db_.not_newer(newest, there, "excluded." + name_of(newest.name));
    }
    code = update_.prepare(h, fmt::format("update {} set {} where {}{}", table, sets, where, given));
    if (code == SQLITE_OK)
      code = find_.prepare(h, fmt::format("select 1 from {} where {}", table, where));
    if (code == SQLITE_OK)
      code = remove_.prepare(h, fmt::format("delete from {} where {}{}", table, where, given));
    if (code == SQLITE_OK && plan_.by_index)
      code = upsert_.prepare(
          h, fmt::format("{} on conflict ({}) do update set {}{}", insert, key, replaced, excluded));
  }
  return code == SQLITE_OK ? expected<void>{} : unexpected(db_.classify(code).what);
}

expected<void> sqlite_database::connect(bool create) {
  const std::filesystem::path path = where_.database;
  std::error_code failed;
  if (const auto refusal = refusal_at(path.string(), data_file_rule); refusal != file_refusal::none)
    return user_error(ec::refused, fmt::format("{}; remedy: the path of the database's own file",
                                               text_of(refusal, where_.shown)));
  if (!std::filesystem::exists(path, failed)) {
    if (!create)
      return user_error(
          ec::not_found,
          fmt::format("{}: there is no such file; remedy: create it, or set \"create\": true", where_.shown));
    if (path.has_parent_path())
      std::filesystem::create_directories(path.parent_path(), failed);
    if (failed) {
      const auto text = fmt::format("{}: cannot make its folder: {}", where_.shown, failed.message());
      if (failed == std::errc::permission_denied || failed == std::errc::not_a_directory ||
          failed == std::errc::file_exists || failed == std::errc::read_only_file_system)
        return user_error(ec::refused, text + "; remedy: a path in a folder that may be written");
      return outside_error(ec::io, text);
    }
  }
  RETURN_IF_ERROR(start_session(soci::sqlite3, where_.connect));
  sqlite3_busy_timeout(handle(), busy_ms);
  sqlite3_extended_result_codes(handle(), 1);
  // A commit that was told to the senders must survive the machine, not only the process.
  for (const char* sql :
       {"pragma synchronous = full", "pragma foreign_keys = on", "select count(*) from sqlite_master"})
    RETURN_IF_ERROR(execute(sql));
  return {};
}

outcome<std::uint64_t> sqlite_database::execute(const std::string& sql) {
  if (!session_)
    return tl::unexpected(lost());
  const int code = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK)
    return tl::unexpected(classify(code));
  return static_cast<std::uint64_t>(sqlite3_changes(handle()));
}

/// A value has a type of its own, whatever its column says: only what is no text may be a number or a boolean.
json_form form_of(sqlite3_stmt* statement, int column, int type) {
  const char* const declared = sqlite3_column_decltype(statement, column);
  const auto is = [&](const char* name) {
    return declared != nullptr && sqlite3_stricmp(declared, name) == 0;
  };
  if (type == SQLITE_INTEGER && (is("boolean") || is("bool")))
    return json_form::boolean;
  if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
    return json_form::number;
  return type == SQLITE_TEXT && is("json") ? json_form::json : json_form::text;
}

/// `kept` holds a text that SQLite does not: it would write 15 digits of a double.
cell cell_of(sqlite3_stmt* statement, int column, std::string& kept) {
  const int type = sqlite3_column_type(statement, column);
  if (type == SQLITE_NULL)
    return {};
  const auto form = form_of(statement, column, type);
  kept.clear();
  if (type == SQLITE_FLOAT) {
    data::append_double(kept, sqlite3_column_double(statement, column));
    return {kept, form};
  }
  if (type == SQLITE_BLOB) {
    const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
    append_bytes(kept, {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))});
    return {kept, form};
  }
  const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  return {std::string_view(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))), form};
}

outcome<void> sqlite_database::read(const std::string& sql, const row_taker& take) {
  if (!session_)
    return tl::unexpected(lost());
  read_until_ = std::chrono::steady_clock::now() + longest_read_;
  sqlite3_stmt* made = nullptr;
  const char* behind = nullptr;
  const int prepared = sqlite3_prepare_v2(handle(), sql.data(), static_cast<int>(sql.size()), &made, &behind);
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(made, &sqlite3_finalize);
  if (prepared != SQLITE_OK)
    return tl::unexpected(classify(prepared));
  if (made == nullptr || sqlite3_column_count(made) == 0 ||
      std::string_view(behind).find_first_not_of(" \t\r\n;") != std::string_view::npos)
    return tl::unexpected(no_reading());
  std::vector<cell> row(static_cast<std::size_t>(sqlite3_column_count(made)));
  std::vector<std::string> kept(row.size());
  if (take.columns) {
    std::vector<std::string> names;
    for (int i = 0; i < static_cast<int>(row.size()); ++i)
      names.emplace_back(sqlite3_column_name(made, i));
    if (auto taken = take.columns(names); !taken)
      return tl::unexpected(failure{std::move(taken.error()), false});
  }
  int code = sqlite3_step(made);
  for (; code == SQLITE_ROW; code = sqlite3_step(made)) {
    for (std::size_t i = 0; i < row.size(); ++i)
      row[i] = cell_of(made, static_cast<int>(i), kept[i]);
    if (auto taken = take.row(row); !taken)
      return tl::unexpected(failure{std::move(taken.error()), false});
  }
  return code == SQLITE_DONE ? outcome<void>() : tl::unexpected(classify(code));
}

outcome<void> sqlite_database::only_read(micros longest) {
  longest_read_ = longest;
  constexpr int steps = 10'000;  // of SQLite's machine, some tens of microseconds
  const auto is_over = [](void* self) {
    const auto& db = *static_cast<sqlite_database*>(self);
    return std::chrono::steady_clock::now() > db.read_until_ ? 1 : 0;
  };
  if (auto done = execute("pragma query_only = on"); !done)
    return tl::unexpected(std::move(done.error()));
  read_until_ = std::chrono::steady_clock::now() + longest;
  sqlite3_progress_handler(handle(), steps, is_over, this);
  return {};
}

failure sqlite_database::classify(int code) const {
  const std::string text = session_ ? sqlite3_errmsg(handle()) : sqlite3_errstr(code);
  error e{ec::io, fault::outside, true, fmt::format("{}: {}", where_.shown, text), {}};
  switch (code & 0xFF) {
  case SQLITE_CONSTRAINT:
  case SQLITE_MISMATCH:
  case SQLITE_TOOBIG:
    return {{ec::refused, fault::outside, false, text, {}}, true};
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    e.code = ec::unavailable;
    break;
  case SQLITE_INTERRUPT:
    e.code = ec::unavailable;
    e.message += "; the query has taken longer than `timeout`";
    break;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    e = {ec::corrupt, fault::user, false, e.message + "; remedy: name a SQLite file, or restore it", {}};
    break;
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_AUTH:
  case SQLITE_CANTOPEN:
    e = {
        ec::refused, fault::user, false, e.message + "; remedy: rights to write the file and its folder", {}};
    break;
  default:
    break;
  }
  return {std::move(e), false};
}

failure sqlite_database::translate(const std::exception& e) const {
  if (const auto* const ours = dynamic_cast<const soci::sqlite3_soci_error*>(&e)) {
    auto f = classify(ours->result());
    if (!session_)
      f.what.message =
          fmt::format("{}: {}", where_.shown, sqlite3_errstr(ours->result())) +
          (f.what.retry ? ""
                        : "; remedy: a path to a SQLite file that may be written, in a folder that may be");
    return f;
  }
  return {{ec::io, fault::outside, true, fmt::format("{}: {}", where_.shown, e.what()), {}}, false};
}

std::string sqlite_database::type_of(const data::type& type, std::size_t) const {
  switch (type.id()) {
  case data::type_id::bigint:
  case data::type_id::boolean:
    return "integer";
  case data::type_id::float64:
    return "real";
  default:
    return "text";
  }
}

std::unique_ptr<row_writer> sqlite_database::rows(row_plan plan) {
  return std::make_unique<bound_rows>(*this, std::move(plan));
}

std::unique_ptr<row_changer> sqlite_database::changes(row_plan plan) {
  return std::make_unique<bound_rows>(*this, std::move(plan));
}

/// Times are texts here, ...00Z before ...00.5Z: without their ends they are in order.
std::string sqlite_database::not_newer(const table_column& newest, const std::string& there,
                                       const std::string& given) const {
  if (newest.holds != family::moment && !keeps_texts(newest.holds))
    return database::not_newer(newest, there, given);
  return database::not_newer(newest, fmt::format("rtrim({}, 'Z')", there),
                             fmt::format("rtrim({}, 'Z')", given));
}

}  // namespace

std::unique_ptr<database> make_sqlite(target where) {
  return std::make_unique<sqlite_database>(std::move(where));
}

}  // namespace millrace::sink::sql
