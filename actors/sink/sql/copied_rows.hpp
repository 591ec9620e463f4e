// Rows by COPY, several times as fast as inserts: for appending to a plain table of PostgreSQL. What a COPY
// refuses is halved, and small parts of it are inserted, which finds the row at fault.
#pragma once

#include "actors/sink/sql/composed_rows.hpp"

#include <span>
#include <string>
#include <vector>

namespace millrace::sink::sql {

/// How the product copies. Owned by the database, outlives the rows.
class copy_language {
public:
  virtual ~copy_language() = default;
  /// Appends a value that is not null as a field of COPY's text format; gives the reason instead if the
  /// column cannot hold it.
  [[nodiscard]] virtual std::optional<std::string>
  append_field(std::string& out, const data::column& c, std::size_t row, const table_column& into) const = 0;
  /// Sends the lines behind the statement, so that a refusal leaves the transaction as it was before.
  [[nodiscard]] virtual outcome<std::uint64_t> copy_guarded(const std::string& sql,
                                                            std::string_view lines) = 0;
};

class copied_rows final : public row_writer {
public:
  /// `inserts` takes the rows that are too few to copy.
  copied_rows(const database& db, copy_language& language, row_plan plan,
              std::unique_ptr<composed_rows> inserts);
  [[nodiscard]] expected<void> write(const data::batch& rows, std::vector<refusal>& refused) override;

private:
  struct pending {
    std::size_t row;
    std::size_t begin;
    std::size_t end;
  };

  void add(const data::batch& rows, std::size_t row, std::vector<refusal>& refused);
  [[nodiscard]] expected<void> flush(const data::batch& rows, std::vector<refusal>& refused);
  [[nodiscard]] expected<void> copy(const data::batch& rows, std::span<const pending> part,
                                    std::vector<refusal>& refused);

  copy_language& language_;
  row_plan plan_;
  std::unique_ptr<composed_rows> inserts_;
  std::string statement_;
  std::string lines_;
  std::vector<pending> pending_;
};

}  // namespace millrace::sink::sql
