// Writes one stage as a statement: the clauses of its query, and WITH for what is left. Internal to write_sql.
#pragma once

#include "config/core_options.hpp"
#include "config/sql/written_stage.hpp"
#include "config/sql/written_times.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::config {

/// How wide the lines of a statement's query are set in.
inline constexpr std::size_t query_indent = 2;

/// A side of a query: FROM or JOIN.
struct relation_read {
  std::string name;   // as SQL has it
  std::string first;  // the stage's name, which a column of the rows may have, too
};

class stage_writer {
public:
  stage_writer(const stage_to_write& s, report& out)
      : s_(s), body_(s.stage.value), type_(body_.members.front().value.text), out_(out) {}

  written_text run();

private:
  /// The clauses of the stage's query, a line each.
  written_items query_of(stage_kind kind);
  written_items selected();
  /// SELECT ... FROM ... WHERE; nothing but the branches of UNION ALL where the stage adds nothing to them.
  written_items plain_query(const std::optional<relation_read>& from, written_items& with,
                            const written_items& outputs, const std::string& words, bool is_union);
  written_items first_rows();
  /// A sink; the second one the first rows of each group of a window, or with their places.
  written_items written();
  written_items first_of_groups();
  /// Reports columns and conditions that row_number() in a subquery would see otherwise. `written`: its rank is.
  void check_ranked_columns(bool written);
  written_text order_of_rows();
  /// The option as a number; empty where it is none.
  written_text number(const std::string& option);

  // Members of the stage, FROM and items of SELECT: written_clauses.cpp.
  /// A clause takes the option; it is none of WITH.
  const member* take(const std::string& name);
  /// Its text; reported where it is none, or left out.
  std::optional<std::string> needed_text(const std::string& name);
  /// An expression as the topology has it, which is one, alone.
  written_text expression_of(const node& n, const std::string& path, bool is_identity = false);
  written_text clause(const std::string& option, std::string_view words, bool is_identity = false);
  [[nodiscard]] bool is_free(const std::string& name) const;
  static bool mentions(const node& n, const std::string& word);
  [[nodiscard]] std::string free_name(const std::string& wish) const;
  /// The relation of one option; several stages become a query of WITH, which is added to `with`.
  std::optional<relation_read> relation(const std::string& option, const std::string& wish,
                                        written_items& with);
  static written_text branches(const std::vector<std::string>& names, std::size_t column);
  /// ` AS input` where a column of the stage's name would be taken for the stage.
  [[nodiscard]] std::string alias(const relation_read& r) const;
  /// The name stands in front of a dot, and is no end of a longer one.
  static bool is_qualifier(const node& n, const std::string& name);
  static void put_with(written_items& with, written_items& out);
  /// The stage's columns as items; `*` where it has none.
  written_items items();
  written_text item(const member& c, const std::string& path);
  static written_text select_clause(const written_items& outputs, std::string_view words = "SELECT ");
  /// The names that an option lists; a list of anything else is reported.
  std::vector<std::string> names(const std::string& option);

  // Windows: written_windows.cpp.
  /// The function of FROM with `\1` in the place of the relation; empty for a global window, none where there is no such window.
  std::optional<std::string> window_call(const std::string& type);
  /// `\1` stands for the relation, which no text of the topology holds at this place.
  static std::string called(const std::string& call, const std::string& relation);
  written_items grouped(const std::string& call);
  /// The window's columns. An aggregate that its `columns` leave out or turn into something else has no place among them: the
  /// items are those of a window without `columns` then, and these are options.
  written_items aggregated(const std::vector<std::string>& keys);
  written_text aggregate(const member& sum);
  /// Keys, aggregates and bounds, but for the columns that `columns` defines itself.
  void add_defaults(const std::vector<std::string>& keys, const node& sums, const node* columns,
                    written_items& out);
  /// Each aggregate is given under its name, in the order of the aggregates, and no other column is one alone under another name,
  /// or has the name of a key that it is not.
  static bool gives_all(const node& columns, const node& sums, const std::vector<std::string>& keys);

  // Joins: written_joins.cpp.
  /// All columns of one side of a window join: in SQL its bounds are among them.
  bool is_side_of_window(const node& columns, const std::string& path);
  /// Reports columns of a window join that SQL would take for the bounds of its windows.
  void check_bounds_of_sides();
  written_items joined();
  /// Returns the word that stands before JOIN, or `anti`.
  std::optional<std::string> how_word();
  /// Columns of the left side with those of the right one.
  std::vector<std::pair<std::string, std::string>> key_pairs();
  /// The column with the event time of a side's rows.
  std::optional<written_time> time_of(const std::string& side);
  /// r.TIME BETWEEN l.TIME - interval 'before' AND l.TIME + interval 'after'.
  std::string reach_of();

  const stage_to_write& s_;
  const node& body_;
  const std::string& type_;
  report& out_;
  std::set<std::string> used_;   // members that clauses have
  written_items first_options_;  // beside those of members
  /// Says for a join whose rows may lack the left side what its key columns are in SQL, where both sides call them otherwise.
  std::map<std::string, std::string, std::less<>> keys_of_both_;
};

}  // namespace millrace::config
