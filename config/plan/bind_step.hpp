// Binding of `where` and `columns` over a stage's input, and of the findings that the binder has.
#pragma once

#include "config/plan/draft.hpp"
#include "config/text/overlay.hpp"
#include "runtime/expression/bind/warnings.hpp"

#include <array>
#include <span>
#include <string>

namespace millrace::config {

/// Bounds the columns of a stage: those that it declares, and those of its input that it gives on. Planning
/// takes minutes beyond this, and no system takes such rows.
inline constexpr std::size_t most_columns = 20'000;
/// Returns false, with a finding, where there are more.
[[nodiscard]] bool check_column_count(std::size_t count, const location& where, const std::string& path,
                                      report& out);

/// The reason why now() is refused upstream of a window.
inline constexpr std::string_view now_before_window =
    "a window follows, and its rows must be the same whenever the records are read again; use the event time";

/// An option's value that an expression may be bound from: what else stands there was reported already.
[[nodiscard]] inline bool is_expression(const node* n) {
  return n != nullptr && (n->is_text() || (n->what == node::kind::number && n->where.file == set_file));
}

/// A column's name as an expression that means exactly it.
[[nodiscard]] std::string quoted_name(std::string_view name);

/// The binder's problems as findings, each pointing into the text where that is possible.
void report_problems(const expression::problems& found, const node& text, const std::string& path,
                     report& out);
/// The same of expressions that run, and hardly mean what they say.
void report_warnings(const expression::problems& found, const node& text, const std::string& path,
                     report& out);

/// The names that an expression may use; the schema must outlive it.
[[nodiscard]] expression::scope scope_of(const data::schema& columns, bool before_window);

/// Reports _timestamp upstream of a window where the source of this stage stores none.
void check_timestamps(const draft& d, const expression::bound& e, const data::schema& columns,
                      const node& text, const std::string& path, report& out);

/// A column that a stage gives where its `columns` does not name it.
struct given_column {
  std::string name;
  std::string value;  // its expression
  std::string text;   // as people read it
};
struct step_parts {
  bool where = true;
  bool columns = true;
  bool before_window = false;  // refuses what a step upstream of a window refuses
  bool unnest = false;         // `columns` may hold unnest(...)
  bool sides = false;          // the input has the columns of a join's sides: expression::scope::sides
  /// Given without `columns`, and for its "*"; empty: the columns of the input.
  std::span<const given_column> others{};
  /// Given for "l.*" and "r.*".
  std::array<std::span<const given_column>, 2> of_sides{};
};
/// Binds members of the stage over `input`. Hidden columns of the input come last in the output. False when a
/// finding was reported.
[[nodiscard]] bool bind_step(draft& d, const data::schema_ptr& input, step_parts parts, step& result,
                             report& out);
/// The columns of the step's input that its `columns` read; all where it has none.
[[nodiscard]] std::vector<bool> columns_read(const step& s);
/// Binds the option `delete` of a sink that offers it, over the step's input: one more column of its output,
/// deletion_column, first of the hidden ones. False when a finding was reported.
[[nodiscard]] bool bind_deletion(draft& d, step& result, report& out);
/// Whether the connector of the stage has that option.
[[nodiscard]] bool offers(const draft& d, std::string_view option);

}  // namespace millrace::config
