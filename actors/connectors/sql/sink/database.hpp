// Holds one connection to a database, through SOCI, and hides how products differ: quoting, types, the
// table's description, and whose fault a failure is. One thread uses it, and no exception of SOCI leaves it.
#pragma once

#include "actors/connectors/sql/sink/target.hpp"
#include "runtime/data/batch.hpp"

#include <fmt/format.h>
#include <soci/soci.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

namespace millrace::sink::sql {

/// Seconds after which the server ends the transaction of a client that is silent.
inline constexpr int silent_client_ends_after = 150;

/// Returns the part of an error that follows "lock timeout" and its like.
[[nodiscard]] inline std::string held_by_another() {
  return fmt::format("; another session holds these rows: where that is a process that stands still, the "
                     "server ends its transaction within {} s",
                     silent_client_ends_after);
}

/// Names what a column of a table can hold, over all products. column_rules.hpp says which of our values go
/// into which.
enum class family : std::uint8_t {
  text,      // every text, whole
  varying,   // a text of at most `length`; of a longer one the blanks at its end are cut off
  stripped,  // a text without blanks at its end: they are no part of its value
  cut,       // a text of at most `length` bytes: of a longer one the rest is cut off
  integer,   // whole numbers, and nothing else
  decimal,   // exact digits, `fraction_digits` of them after the point
  real,      // every double
  boolean,
  timestamp,
  date,
  moment,  // SQLite: a timestamp or date, kept as its text
  time,    // a time of day
  uuid,
  label,       // one of an enumeration
  json,        // the text of a JSON value
  json_value,  // the JSON value, not its text
  any,         // SQLite: as it is given
  generated,   // cannot be written
  other,       // every other type: takes no value
};

/// A decimal without a limit keeps each digit after its point.
constexpr int every_fraction_digit = -100'000;

struct table_column {
  std::string name = {};
  std::string declared = {};  // the type as the database prints it
  family holds = family::text;
  bool required = false;         // not null, and nothing fills it in
  bool fills_null = false;       // the database puts a value of its own in the place of null
  int fraction_digits = 6;       // a timestamp's, time's or decimal's; -2: the last two of a whole number are
                                 // 0
  bool whole_fraction = false;   // a time is read back with all of them
  bool is_key = false;           // of an upsert: two texts must not become one value
  bool exact = true;             // texts are equal only when all their bytes are
  std::string operators = {};    // PostgreSQL's citext: the schema of its operators
  std::size_t length = 0;        // the length of varying and cut
  bool length_in_bytes = false;  // else in characters
  std::vector<std::string> labels = {};  // labels of an enumeration whose server takes other texts for them,
                                         // too

  bool operator==(const table_column&) const = default;
};

struct unique_index {
  std::vector<std::string> columns;
  bool automatic = false;    // holds a column that the database numbers: it never conflicts with our rows
  bool nulls_equal = false;  // else it holds nulls to be different
  bool exact = true;         // it compares texts by their bytes, where the columns do
};

struct table_shape {
  std::vector<table_column> columns;
  std::vector<unique_index> unique;
  std::string unfit;  // the reason why no transaction can write it: "its engine MyISAM has no transactions"
  bool plain = true;  // no rule or policy of the table's looks at inserts
};

/// Describes a failed statement. `row_at_fault`: the values are refused for good, and what came before in the
/// transaction still stands (after a savepoint where the product needs one).
struct failure {
  error what;
  bool row_at_fault = false;
  /// Whoever writes no rows takes it as an error like any other.
  operator error() && { return std::move(what); }
};
template<class T>
using outcome = tl::expected<T, failure>;

/// Says whose a table is: `keeps` are millrace's own, `makes` one that the sink makes where it is missing, `uses` the user's.
enum class ownership : std::uint8_t { keeps, makes, uses };

using parameter = std::variant<std::string, long long>;
using record = std::vector<std::optional<std::string>>;

/// Says how rows go into the table; made once for a connection.
struct row_plan {
  std::string table;
  data::schema_ptr schema;
  std::vector<table_column> columns;  // the table's columns, in the schema's order
  std::vector<std::size_t> key;       // upsert: columns of the schema; empty for append
  bool by_index = false;  // upsert: a unique index is exactly the key, so the database finds the row itself
  bool nulls_by_index = false;  // also one with a null in its key
  bool deletes = false;  // the batches have one more column behind the schema's: whether the row deletes
  std::optional<std::size_t> newest =
      {};              // column of the schema: a row with less in it replaces, and deletes, none
  std::string remark;  // a remark for the user about the table; empty mostly
  table_shape shape;   // the table when the plan was made
};

struct refusal {
  std::string record;  // the row as JSON
  std::string error;
};

/// Writes rows inside the open transaction. Rows that the target refuses end in `refused`, some of them only
/// with a later call; the rest is in. Call finish() before anything else is done with the connection.
class row_writer {
public:
  virtual ~row_writer() = default;
  [[nodiscard]] virtual expected<void> write(const data::batch& rows, std::vector<refusal>& refused) = 0;
  /// Tells that no more rows come for now: afterwards the target has all that it needs to take them without
  /// us, and nobody waits until it has.
  [[nodiscard]] virtual expected<void> send(std::vector<refusal>& refused) {
    (void)refused;
    return {};
  }
  /// Sees to it that each row that was written is in, or in `refused`.
  [[nodiscard]] virtual expected<void> finish(std::vector<refusal>& refused) {
    (void)refused;
    return {};
  }
};

/// Inserts rows of a batch, or replaces those of their keys.
class row_inserter {
public:
  virtual ~row_inserter() = default;
  /// Takes only these rows of the batch.
  [[nodiscard]] virtual expected<void> insert(const data::batch& rows, std::span<const std::size_t> chosen,
                                              std::vector<refusal>& refused) = 0;
};

/// Deletes as well, by the key of a plan. Each call ends with each row in, or in `refused`.
class row_changer : public row_inserter {
public:
  /// Deletes the rows that have the keys of these; of their columns only key and `newest` are looked at.
  /// Appends to `done` those that were not refused, whether or not there was anything to delete.
  [[nodiscard]] virtual expected<void> remove(const data::batch& rows, std::span<const std::size_t> chosen,
                                              std::vector<std::size_t>& done,
                                              std::vector<refusal>& refused) = 0;
};

class database {
public:
  explicit database(target where) : where_(std::move(where)) {}
  virtual ~database() = default;
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  /// Opens a new session with our settings; `create`: makes the database if it is missing.
  [[nodiscard]] virtual expected<void> connect(bool create) = 0;
  void disconnect() { session_.reset(); }
  [[nodiscard]] bool connected() const { return session_ != nullptr; }
  [[nodiscard]] const target& where() const { return where_; }

  /// Runs SQL without placeholders, as it is; returns how many rows it matched.
  [[nodiscard]] virtual outcome<std::uint64_t> execute(const std::string& sql) = 0;
  /// Both run fixed SQL with `:p0`, `:p1`, ... through SOCI. No column name or value may be part of the SQL.
  [[nodiscard]] outcome<std::uint64_t> run(const std::string& sql, std::span<const parameter> parameters);
  [[nodiscard]] outcome<std::vector<record>>
  query(const std::string& sql, std::span<const parameter> parameters, std::size_t columns);

  [[nodiscard]] virtual std::string begin() const { return "begin"; }
  /// Returns the identifier quoted.
  [[nodiscard]] virtual std::string name(std::string_view identifier) const = 0;
  /// Returns a table's name as statements have it: with its schema, where the product has them.
  [[nodiscard]] virtual std::string table_name(std::string_view table) const { return name(table); }
  /// Asks whether a role that nobody trusts has the table, or its code would run here. Called after
  /// describe() has found it. Returns what the user should know, mostly nothing. ec::refused, of the user,
  /// with the remedy.
  [[nodiscard]] virtual outcome<std::string> check_owner(const std::string& table, ownership whose) {
    (void)table;
    (void)whose;
    return std::string();
  }
  /// Returns columns, unique indexes and fitness; nothing when there is no such table.
  [[nodiscard]] virtual outcome<std::optional<table_shape>> describe(const std::string& table) = 0;
  /// Both give types of our own tables: text of at most `characters` in a primary key, text of any length.
  [[nodiscard]] virtual std::string key_text(std::size_t characters) const = 0;
  [[nodiscard]] virtual std::string long_text() const = 0;
  /// Returns the type of a created column; `key_share`: how many text columns share its index, 0 for none.
  [[nodiscard]] virtual std::string type_of(const data::type& type, std::size_t key_share) const = 0;
  [[nodiscard]] virtual std::string table_options() const { return {}; }
  [[nodiscard]] virtual std::string unique_clause(std::string_view columns) const {
    return "unique (" + std::string(columns) + ")";
  }
  /// `insert into millrace_positions ... values ...` ends with this, so that known logs are updated.
  [[nodiscard]] virtual std::string update_positions_clause() const;
  /// `insert into millrace_deleted ... values ...` ends with this, so that a key has its greatest `newest`.
  [[nodiscard]] virtual std::string keep_greatest_clause() const;
  /// Returns SQL that tells whether the column of `newest` in a row (`there`) allows another value to take its
  /// place (`given`).
  [[nodiscard]] virtual std::string not_newer(const table_column& newest, const std::string& there,
                                              const std::string& given) const;
  /// Returns how many bytes one value of our own tables may have in a statement.
  [[nodiscard]] virtual std::size_t piece_bytes() const { return 1U << 20; }
  /// Tells whether names that differ in case only mean the same column.
  [[nodiscard]] virtual bool folds_case() const { return true; }

  [[nodiscard]] virtual std::unique_ptr<row_writer> rows(row_plan plan) = 0;
  [[nodiscard]] virtual std::unique_ptr<row_changer> changes(row_plan plan) = 0;

protected:
  [[nodiscard]] virtual failure translate(const std::exception& e) const = 0;
  /// The backend is one that the binary is linked with: by a name, SOCI would look for a library of that name.
  [[nodiscard]] expected<void> start_session(const soci::backend_factory& backend, const std::string& text);
  [[nodiscard]] failure lost() const;
  /// Says that a statement is none that reads rows, or more than one.
  [[nodiscard]] failure no_reading() const;

  target where_;
  std::unique_ptr<soci::session> session_;
};

[[nodiscard]] std::unique_ptr<database> make_mysql(target where);
[[nodiscard]] std::unique_ptr<database> make_sqlite(target where);
[[nodiscard]] std::unique_ptr<database> make_postgresql(target where);
[[nodiscard]] std::unique_ptr<database> make_database(target where);

}  // namespace millrace::sink::sql
