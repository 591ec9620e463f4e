// Holds what the conversion of every statement needs: the text with its tokens and places, problems, names, options, types, expressions.
// Internal to statement_converter.
#pragma once

#include "runtime/expression/statements/select_clauses.hpp"
#include "runtime/expression/statements/statement.hpp"
#include "runtime/expression/statements/token_list.hpp"

#include <pg_query/pg_query.pb-c.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sql {

/// Thrown by these converters alone, to leave a statement that has no form here; statement_converter catches it.
struct refused {
  expression::problem what;
};

/// libpg_query gives an empty text in the place of one that is missing, or none.
[[nodiscard]] inline bool is_set(const char* text) { return text != nullptr && *text != '\0'; }

class part_converter {
public:
  using tree = PgQuery__Node;
  part_converter(std::string_view text, const tokens& words, std::size_t begin)
      : text_(text), words_(words), begin_(begin) {}

protected:
  [[nodiscard]] std::size_t offset(std::int32_t location) const;
  [[nodiscard]] std::size_t start() const { return words_.empty() ? 0 : words_.front().begin; }
  [[nodiscard]] slice moved(slice s) const { return {s.begin + begin_, s.end + begin_}; }
  void say(std::size_t at, std::string message) { problems_.push_back({at, std::move(message)}); }
  [[noreturn]] static void refuse(std::size_t at, std::string message);
  /// The token that begins at an offset of the whole text, or behind it.
  [[nodiscard]] const token* token_at(std::size_t at) const;
  /// The first token of that word that begins at the offset or behind it.
  [[nodiscard]] std::size_t word_from(std::size_t at, std::string_view word) const;
  /// A name of the tree as it is written: PostgreSQL cuts long ones. `at`: where it stands in the whole text, if that is known.
  std::string whole_name(const char* parsed, std::optional<std::size_t> at = std::nullopt);
  std::string name_of_node(const tree* n);
  /// The token behind a name that begins with `t`: one in double quotes may have UESCAPE 'c' behind it.
  [[nodiscard]] const token* behind_name(const token* t) const;
  option option_of(const PgQuery__DefElem& e);
  /// `words`: of the value.
  void fill_value(option& out, const tree& n, token_range words);
  [[nodiscard]] std::string excerpt_of(slice s) const;
  std::vector<option> options_of(tree* const* list, std::size_t count);
  column_type type_of(const PgQuery__TypeName& t);
  /// `where`: offsets in text_.
  scalar_expression expression_of(const tree* n, slice where);
  /// Converts parts whose ends nobody needs.
  scalar_expression tree_alone(const tree* n);

  std::string_view text_;
  const tokens& words_;
  std::size_t begin_;
  expression::problems problems_;
};

}  // namespace millrace::sql
