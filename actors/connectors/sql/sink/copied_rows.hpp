// Writes rows by COPY, which is several times as fast as inserts, to append to a plain table of PostgreSQL.
// Rows are sent while more are made text, and nobody waits for the server's word on a COPY before the next
// one has something to send: client and server work at the same time. A COPY that is refused is halved, and
// small parts of it are inserted, which finds the row at fault.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::sink::sql {

/// Declares how the product copies. The database owns it, and it outlives the rows.
class copy_language {
public:
  virtual ~copy_language() = default;
  /// Appends a value that is not null as a field of COPY's text format; gives the reason instead if the
  /// column cannot hold it.
  [[nodiscard]] virtual std::optional<std::string>
  append_field(std::string& out, const data::column& c, std::size_t row, const table_column& into) const = 0;
  /// Begins a COPY so that a refusal leaves the transaction as it was before.
  [[nodiscard]] virtual outcome<void> begin_copy(const std::string& sql) = 0;
  [[nodiscard]] virtual outcome<void> put_copy(std::string_view lines) = 0;
  /// The server goes on by itself. Between this and answer_of_copy() no other statement may be run.
  [[nodiscard]] virtual outcome<void> end_copy() = 0;
  /// Waits for the server's answer, and leaves what begin_copy() has set up.
  [[nodiscard]] virtual outcome<void> answer_of_copy() = 0;
};

class copied_rows final : public row_writer {
public:
  copied_rows(const database& db, copy_language& language, row_plan plan,
              std::unique_ptr<row_inserter> inserts);
  [[nodiscard]] expected<void> write(const data::batch& rows, std::vector<refusal>& refused) override;
  [[nodiscard]] expected<void> send(std::vector<refusal>& refused) override;
  [[nodiscard]] expected<void> finish(std::vector<refusal>& refused) override;

private:
  struct line {
    std::size_t batch;
    std::size_t row;
    std::size_t begin;
    std::size_t end;
  };
  /// Holds the rows of one COPY until the server has taken them.
  struct part {
    std::vector<data::batch> batches;
    std::string text;
    std::vector<line> lines;
    std::size_t sent = 0;  // bytes of the text that were sent
    bool begun = false;
  };

  void add(std::size_t row, std::vector<refusal>& refused);
  [[nodiscard]] expected<void> put(std::vector<refusal>& refused);
  [[nodiscard]] expected<void> take_answer(std::vector<refusal>& refused);
  /// Copies both halves of a part that was refused as a whole.
  [[nodiscard]] expected<void> halve(const part& whole, std::span<const line> lines,
                                     std::vector<refusal>& refused);
  [[nodiscard]] expected<void> copy(const part& whole, std::span<const line> lines,
                                    std::vector<refusal>& refused);
  [[nodiscard]] expected<void> insert(const part& whole, std::span<const line> lines,
                                      std::vector<refusal>& refused);

  copy_language& language_;
  row_plan plan_;
  std::unique_ptr<row_inserter> inserts_;
  std::string statement_;
  part next_;
  std::optional<part> under_way_;  // ended, and not answered yet
};

}  // namespace millrace::sink::sql
