// Says whose code a statement on a table of PostgreSQL would run, and who else may change the table. A
// table's triggers, rules, checks and indexes run with the rights of the role that writes to it, so a table
// of somebody else's gives its owner the rights of our role. Plain functions: the caller asks the server.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::postgresql {

/// The first statement of each session, before one that calls a function or an operator: names without a schema are then those of the
/// system's own catalog, and never what another role has put into a schema of the path.
inline constexpr const char* fix_path = "set search_path = pg_catalog, pg_temp";

enum class trust_kind : std::uint8_t {
  owner,  // the table belongs to a role that is not trusted
  code,  // the table runs a function, operator or type of such a role, or such a role has a table that hangs on it
  schema_owner,  // the schema belongs to such a role, which may replace its tables
  writers,       // roles that may write to the table or give it triggers, or everybody
  makers,        // roles that may create tables in the schema, or everybody
};

struct trust_finding {
  trust_kind kind{};
  std::string text;    // "table public.t belongs to role mallory"
  std::string remedy;  // "drop it where it is none of yours, or: alter table ..."
  std::string role;    // ours, as SQL writes it
  bool is_superuser = false;
};

/// Asks for findings about the tables of a schema, those that are there; `schema` and `tables` are placeholders: $1, or :p0. Its
/// parameters are the schema's name and array_text of the tables' names. Trusted are the session's role, superusers, and, unless the
/// session has a superuser's rights, roles whose rights it was granted and the database's owner. It gives `trust_columns` texts a row.
[[nodiscard]] std::string trust_question(std::string_view schema, std::string_view tables);
inline constexpr std::size_t trust_columns = 5;
[[nodiscard]] std::string array_text(std::span<const std::string_view> names);

/// Reads one row of the answer; nothing where it is none.
[[nodiscard]] std::optional<trust_finding> read_finding(std::span<const std::string> row);

/// Joins what was found and what to do about it into one text: "FOUND; remedy: ...".
[[nodiscard]] std::string describe(std::span<const trust_finding> found);

}  // namespace millrace::postgresql
