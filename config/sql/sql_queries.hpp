// Queries: the stage that each is, and the stages in front of it.
#pragma once

#include "config/sql/sql_stages.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// A query that WITH defines: the stages that give its rows, and where it stands.
struct common_rows {
  std::vector<node> from;
  std::size_t at;
};
using common_tables = std::map<std::string, common_rows, std::less<>>;

/// The rows that a member of FROM gives: the stages they come from, and its name in front of columns.
struct rows_in_from {
  std::vector<node> from;
  table_names tables;
};

struct joined_in_front;
struct read_column;

/// The name that stands in front of the columns of a table, view or subquery.
[[nodiscard]] std::string name_of_rows(const sql::relation& r);

/// Where row_number() may stand, for a message.
[[nodiscard]] std::string_view place_of_ranks();
/// The same of a ranked column of this SELECT, which may leave duplicates out.
[[nodiscard]] std::string place_of_rank(const sql::ranking& rank, const sql::select& s);

class sql_queries {
public:
  /// `owner`: the view or sink; stages in front of it are named after it. `at`: of its name.
  sql_queries(sql_stages& to, std::string owner, std::size_t at, const std::vector<sql::option>& options)
      : to_(to), owner_(std::move(owner)), at_(at), options_(options) {}

  /// The view's own stage.
  [[nodiscard]] node view_of(const sql::create_view& v);
  /// Fills `from`, `where`, `columns`, `order_by` and `limit` of a sink.
  void fill_sink(const sql::query& q, node& sink);
  /// Tells of queries of WITH that nothing has read; it is called behind one of these.
  void warn_of_unread() const;

private:
  struct group_key;
  struct grouping;
  struct combined;
  class join_maker;
  class join_chain;
  class rows_filter;
  class group_reader;

  /// The stage that gives its rows. `columns`: names that CREATE VIEW v (a, b) gives them; `owns`: the options are those of it.
  [[nodiscard]] node stage_of_select(const sql::select& s, const std::string& name,
                                     const common_tables& scope, const std::vector<sql::name>& columns,
                                     bool owns);
  void define(const sql::query& q, common_tables& scope);
  /// The stages that give the rows of a query: those that it names where it is no more than SELECT * FROM them, or a stage `name`.
  [[nodiscard]] std::vector<node> rows_of(const sql::query& q, const std::string& name,
                                          const common_tables& scope);
  /// True where it is SELECT * FROM one relation of that kind, maybe behind WITH.
  [[nodiscard]] static bool is_whole(const sql::query& q, sql::relation::kind what);
  /// True where it is SELECT * FROM one table or view.
  [[nodiscard]] static bool is_plain(const sql::query& q);
  [[nodiscard]] rows_in_from rows_of(const sql::relation& r, const common_tables& scope);
  [[nodiscard]] std::vector<node> named(const sql::relation& r, const common_tables& scope);

  void add_from(node& stage, std::vector<node> from) const;
  void add_where(node& stage, const sql::select& s, const table_names& tables) const;
  /// The items of a SELECT without aggregates as the option `columns`; an empty map: all as they are.
  [[nodiscard]] node columns_of(const sql::select& s, const std::vector<sql::name>& names,
                                const table_names& tables) const;
  [[nodiscard]] std::string name_of(const sql::output& o) const;
  void add_order(const sql::query& q, node& sink) const;
  void refuse_order(const sql::query& q) const;
  void refuse_alias_columns(const sql::relation& r) const;
  [[nodiscard]] bool refuse_more(const sql::select& s) const;
  [[nodiscard]] bool refuse_windows_of_others(const sql::select& s) const;

  /// Two members of FROM, or NOT EXISTS: a join, or rows with the elements of a list (sql_joins.cpp, sql_unnest.cpp).
  [[nodiscard]] static bool is_combined(const sql::select& s);
  [[nodiscard]] node stage_of_combined(const sql::select& s, const std::string& name,
                                       const common_tables& scope, const std::vector<sql::name>& columns,
                                       bool owns);
  [[nodiscard]] combined join_of(const sql::select& s, const common_tables& scope, bool owns);
  /// The last join of FROM; those in front of it become stages (sql_join_chain.cpp).
  [[nodiscard]] combined joins_of(const sql::select& s, const common_tables& scope, bool owns);
  [[nodiscard]] combined pair_of(const sql::select& s, const common_tables& scope, const sql::relation& j,
                                 const joined_in_front* front, const std::vector<read_column>& timed);
  [[nodiscard]] combined unnest_of(const sql::select& s, const common_tables& scope);
  /// Looks at every column that the SELECT reads, and fills in what stands for it.
  void resolve(const sql::select& s, combined& c) const;
  /// The text that stands for a column, whose key is table.column or .column.
  [[nodiscard]] static std::string text_of_column(const std::string& key, const combined& c);
  void resolve_one(const expression::syntax& column, combined& c) const;
  [[nodiscard]] node columns_of(const sql::select& s, const std::vector<sql::name>& names,
                                const combined& c) const;
  /// The same of three tables and more, where a star stands for the columns that the tables are known to have.
  [[nodiscard]] node columns_of_joins(const sql::select& s, const std::vector<sql::name>& names,
                                      const combined& c) const;
  /// coalesce(l.key, r.key) of a window join is its key, which every row has.
  void name_keys_of_both(const sql::select& s, const std::vector<sql::name>& names, const combined& c,
                         node& columns) const;
  [[nodiscard]] node grouped_behind(const sql::select& s, combined c, const std::string& name,
                                    const common_tables& scope, const std::vector<sql::name>& columns,
                                    bool owns);
  [[nodiscard]] node filtered_behind(const sql::select& s, combined c, const std::string& name,
                                     const std::vector<sql::name>& columns, bool owns);
  /// The rows of a window in their order, the first n of each, or of each group in it.
  struct written_rank {
    std::string name;
    std::size_t at;
  };
  struct ranked_rows {
    sql::query rows;  // without row_number(), ordered and with a limit
    std::set<std::string, std::less<>>
        written_keys{};  // columns of PARTITION BY that are written as they are
    std::optional<written_rank> rank{};
  };
  [[nodiscard]] std::optional<ranked_rows> first_rows(const sql::query& q);
  /// The column that the row's place is written to; nothing where none of the items has it.
  [[nodiscard]] std::optional<written_rank> rank_of(const std::vector<sql::output>& outputs,
                                                    const std::string& rank, const table_names& tables) const;
  /// `sink`: made of `top`, which is first_rows(q); gets `limit_by` and `rank`.
  void add_groups(const sql::query& q, const ranked_rows& top, node& sink) const;
  /// The nearest window with bounds, or join of such, whose rows a stage gives, and the name that a column has there.
  struct window_column {
    const node* stage = nullptr;  // null: there is none
    std::string column{};         // empty: an expression makes it
  };
  [[nodiscard]] window_column window_of(const std::string& stage, std::string column) const;
  [[nodiscard]] bool is_window_start(const std::string& stage, const std::string& column) const;
  [[nodiscard]] bool is_of_sessions(const std::string& stage) const;

  [[nodiscard]] static bool has_groups(const sql::select& s);
  /// It has groups, or reads a window, whose rows come in groups.
  [[nodiscard]] static bool is_grouped(const sql::select& s);
  [[nodiscard]] node window_of(const sql::select& s, const std::string& name, const common_tables& scope,
                               const std::vector<sql::name>& columns, bool owns);
  void add_times(node& window, const sql::relation& r) const;
  /// True where a stage in front gives them.
  [[nodiscard]] bool add_key_columns(const sql::select& s, const std::string& name, const grouping& groups,
                                     rows_in_from& rows);
  void add_group_columns(node& out, const sql::select& s, const grouping& groups, const table_names& tables,
                         const std::vector<sql::name>& columns) const;
  /// True where one of the stages certainly has a column of that name.
  [[nodiscard]] bool has_column(const std::vector<node>& stages, const std::string& name) const;
  [[nodiscard]] static bool reads_column(const sql::scalar_expression& e, const std::string& name,
                                         const table_names& tables);
  [[nodiscard]] node dedup_of(const sql::select& s, const common_tables& scope,
                              const std::vector<sql::name>& columns, bool owns);
  void add_own_options(node& stage) const;

  sql_stages& to_;
  std::string owner_;
  std::size_t at_;
  std::vector<sql::option> options_;
  std::map<std::size_t, std::string> unread_;  // queries of WITH, by their places
  std::size_t numbered_ = 0;  // stages of branches of UNION ALL, and of joins in front of others
  /// Names in front of columns that a stage of ours, put in front of a query, takes.
  std::map<std::string, table_names, std::less<>> names_of_front_;
};

}  // namespace millrace::config
