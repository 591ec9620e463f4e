// Cuts a query's text into statements, and finds what a statement that copies writes to. Pure; DuckDB parses
// the statements itself, this looks at quotes, comments and brackets only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::duckdb {

struct token {
  enum class kind { word, text, name, symbol } what = kind::symbol;
  std::string value;      // a word in lower case; a text or a quoted name without its quotes
  std::size_t depth = 0;  // number of round brackets around it
  bool escapes = false;   // a text with backslashes that stand for other bytes, which `value` does not have
};
/// Returns the tokens without comments and blanks. Anything that is not closed reaches to the end.
[[nodiscard]] std::vector<token> tokens_of(std::string_view sql);

struct statement {
  std::string text;
  std::size_t at = 0;  // the place of its first byte in the query
};
/// Cuts at the semicolons; empty statements are left out.
[[nodiscard]] std::vector<statement> statements_of(std::string_view query);

/// `f('a', t.*)` becomes `f('a', t  )`: there DuckDB takes a table's name, for its row as a struct, and no star. All else stays
/// at its place.
[[nodiscard]] std::string rows_for_stars(std::string_view sql, std::string_view function);

/// Returns the names, in lower case, that stand in front of a round bracket: functions, among others.
[[nodiscard]] std::vector<std::string> calls_of(std::string_view sql);

/// Says whether a blank beyond ASCII (a no-break space and its like) stands outside of quotes. DuckDB takes it for a space, and
/// tokens_of() for a part of a word.
[[nodiscard]] bool has_odd_blank(std::string_view sql);

struct copy_option {
  std::string name;                  // in lower case
  std::optional<std::string> value;  // none where it is no single word and no plain 'text'
};

/// Tells what a statement does to files, as far as words say. `explain` in front of it changes nothing: with
/// `analyze` it is run.
struct file_effect {
  std::string verb;                   // its first word: "copy", "select", "attach"
  bool copies_out = false;            // copy ... to
  bool copies_in = false;             // copy ... from
  std::optional<std::string> target;  // that copy's target; none where it is no plain 'text'
  std::vector<copy_option> options;   // of a copy that has a target
  std::string object;                 // the name of a pragma; the kind that create and drop take: "table",
                                      // "secret"
};
[[nodiscard]] file_effect file_effect_of(std::string_view sql);

}  // namespace millrace::duckdb
