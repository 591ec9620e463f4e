// Writes rows as SQL text, many to a statement: for servers, where a round trip costs more than parsing. A
// statement that the server refuses is halved until the row at fault stands alone. Deletions go likewise, by
// their keys.
#pragma once

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
  /// Returns the clause that follows the values: by it a row whose key is there replaces the other columns,
  /// where the plan's `newest` lets it.
  [[nodiscard]] virtual std::string on_conflict(const row_plan& plan) const = 0;
  /// Tells whether one statement may update the same row twice.
  [[nodiscard]] virtual bool repeats_keys() const = 0;
  /// Runs the SQL so that a refusal leaves the transaction as it was before.
  [[nodiscard]] virtual outcome<std::uint64_t> execute_guarded(const std::string& sql) = 0;
  /// Returns the length that no statement may exceed.
  [[nodiscard]] virtual std::size_t packet_bytes() const = 0;
};

class composed_rows final : public row_writer, public row_changer {
public:
  composed_rows(database& db, row_language& language, row_plan plan);
  [[nodiscard]] expected<void> write(const data::batch& rows, std::vector<refusal>& refused) override;
  [[nodiscard]] expected<void> insert(const data::batch& rows, std::span<const std::size_t> chosen,
                                      std::vector<refusal>& refused) override;
  [[nodiscard]] expected<void> remove(const data::batch& rows, std::span<const std::size_t> chosen,
                                      std::vector<std::size_t>& done, std::vector<refusal>& refused) override;

private:
  /// A statement on many rows: head, a part for each row, tail.
  struct form {
    std::string head;  // insert into t (...) values
    std::string_view between;
    std::string tail = {};
    std::size_t most_rows = SIZE_MAX;
  };
  struct part {
    std::size_t row;
    std::size_t begin;  // the beginning in parts_
    std::size_t end;
  };
  void begin(const form& of, const data::batch& rows, std::vector<std::size_t>* done,
             std::vector<refusal>& refused);
  [[nodiscard]] expected<void> add(std::size_t row);
  [[nodiscard]] expected<void> add_deletion(std::size_t row);
  /// Takes what was appended to parts_ since `begin` as the row's part.
  [[nodiscard]] expected<void> take(std::size_t row, std::size_t begin);
  [[nodiscard]] expected<void> flush();
  [[nodiscard]] expected<void> run(std::size_t from, std::size_t to);
  [[nodiscard]] expected<void> replace(std::size_t row);
  /// Appends the condition that finds the row with this row's key; returns the reason where a column cannot hold it.
  [[nodiscard]] std::optional<std::string> append_key(std::string& out, std::size_t row) const;
  /// Appends what else has to hold of a row that this one may replace or delete.
  [[nodiscard]] std::optional<std::string> append_not_newer(std::string& out, std::size_t row) const;
  void refuse_row(std::size_t row, std::string why);

  database& db_;
  row_language& language_;
  row_plan plan_;
  std::string table_;  // the name in statements
  form insertion_;
  form deletion_;
  const form* form_ = nullptr;  // the form of the call that is under way, and its rows
  const data::batch* rows_ = nullptr;
  std::vector<std::size_t>* done_ = nullptr;
  std::vector<refusal>* refused_ = nullptr;
  std::string parts_;  // (...),(...),...
  std::vector<part> pending_;
  std::unordered_set<std::string> keys_;  // pending ones, where a statement must not repeat one
};

}  // namespace millrace::sink::sql
