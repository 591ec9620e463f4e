// Writes rows as SQL text, many to a statement: for servers, where a round trip costs more than parsing. A
// statement that the server refuses is halved until the row at fault stands alone.
#pragma once

#include "actors/connectors/sql/sink/copied_rows.hpp"
#include "actors/connectors/sql/sink/database.hpp"

#include <string>
#include <unordered_set>
#include <vector>

namespace millrace::sink::sql {

/// Declares what the products write differently. The database owns it, and it outlives the rows.
class row_language {
public:
  virtual ~row_language() = default;
  /// Appends the value as a literal; gives the reason instead if the column cannot hold it.
  [[nodiscard]] virtual std::optional<std::string> append_literal(std::string& out, const data::column& c,
                                                                  std::size_t row,
                                                                  const table_column& into) const = 0;
  /// Returns SQL that compares a key column with a literal, not null: byte by byte for text, yet by an index.
  [[nodiscard]] virtual std::string equals(const table_column& column, const std::string& literal) const = 0;
  /// Returns the clause that follows the values: by it a row whose key is there replaces the other columns.
  [[nodiscard]] virtual std::string on_conflict(const row_plan& plan) const = 0;
  /// Tells whether one statement may update the same row twice.
  [[nodiscard]] virtual bool repeats_keys() const = 0;
  /// Runs the SQL so that a refusal leaves the transaction as it was before.
  [[nodiscard]] virtual outcome<std::uint64_t> execute_guarded(const std::string& sql) = 0;
  /// Returns the length that no statement may exceed.
  [[nodiscard]] virtual std::size_t packet_bytes() const = 0;
};

class composed_rows final : public row_writer, public row_inserter {
public:
  composed_rows(database& db, row_language& language, row_plan plan);
  [[nodiscard]] expected<void> write(const data::batch& rows, std::vector<refusal>& refused) override;
  [[nodiscard]] expected<void> insert(const data::batch& rows, std::span<const std::size_t> chosen,
                                      std::vector<refusal>& refused) override;

private:
  struct tuple {
    std::size_t row;
    std::size_t begin;  // the beginning in tuples_
    std::size_t end;
  };
  [[nodiscard]] expected<void> add(std::size_t row);
  [[nodiscard]] expected<void> flush();
  [[nodiscard]] expected<void> insert(std::size_t from, std::size_t to);
  [[nodiscard]] expected<void> replace(std::size_t row);
  [[nodiscard]] std::string literal(std::size_t column, std::size_t row) const;
  void refuse_row(std::size_t row, std::string why);

  database& db_;
  row_language& language_;
  row_plan plan_;
  std::string table_;  // the name in statements
  std::string head_;   // insert into t (...) values
  std::string tail_;
  const data::batch* rows_ = nullptr;  // the rows of the write that is under way
  std::vector<refusal>* refused_ = nullptr;
  std::string tuples_;  // (...),(...),...
  std::vector<tuple> pending_;
  std::unordered_set<std::string> keys_;  // pending ones, where a statement must not repeat one
};

}  // namespace millrace::sink::sql
