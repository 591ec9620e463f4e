// Writes the rows of a sink with `delete` or `newest`: in parts, of which each key is upserted or deleted, and
// past deletions that are newer.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"
#include "runtime/base/time.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::sink::sql {

/// Our own table `millrace_deleted`: a row for each key that was deleted from a table with `newest`, with that
/// change's number, so that an older change which comes later does not bring the row back. Written in the same
/// transaction as the rows.
class deleted_keys {
public:
  /// `keep`: how long a deletion is known by `clock`; no value: for ever.
  deleted_keys(database& db, std::optional<micros> keep, const wall_clock& clock)
      : db_(db), keep_(keep), clock_(clock) {}

  /// Makes the table if it is missing, and looks whether it knows of deletions from `plan`'s table. Returns
  /// what the user should know. Called before all others, outside a transaction.
  [[nodiscard]] expected<std::string> open(const row_plan& plan);
  /// Returns which of these rows are no older than the deletion of their key.
  [[nodiscard]] expected<std::vector<std::size_t>> not_older(const data::batch& rows,
                                                             std::span<const std::size_t> chosen);
  /// Adds the keys of these rows.
  [[nodiscard]] expected<void> add(const data::batch& rows, std::span<const std::size_t> chosen);
  /// Forgets what was deleted longer ago than `keep`; looks now and then only.
  [[nodiscard]] expected<void> forget_old();

private:
  [[nodiscard]] std::string key_of(const data::batch& rows, std::size_t row) const;
  [[nodiscard]] std::int64_t number_of(const data::batch& rows, std::size_t row) const;

  database& db_;
  std::optional<micros> keep_;
  const wall_clock& clock_;
  std::string table_;   // its name in statements
  std::string target_;  // the user's table, as a value of its column
  std::vector<std::size_t> key_;
  std::size_t newest_ = 0;
  bool any_ = false;  // it may know of some key
  std::optional<event_micros> looked_;
};

class changed_rows final : public row_writer {
public:
  /// `deleted` outlives it; null: no deletion is to be known later.
  changed_rows(row_plan plan, std::unique_ptr<row_changer> rows, deleted_keys* deleted)
      : plan_(std::move(plan)), rows_(std::move(rows)), deleted_(deleted) {}
  [[nodiscard]] expected<void> write(const data::batch& rows, std::vector<refusal>& refused) override;

private:
  [[nodiscard]] std::vector<std::size_t> with_number(const data::batch& rows,
                                                     std::vector<refusal>& refused) const;
  [[nodiscard]] expected<void> upsert(const data::batch& rows, std::span<const std::size_t> chosen,
                                      std::vector<refusal>& refused);
  [[nodiscard]] expected<void> remove(const data::batch& rows, std::span<const std::size_t> chosen,
                                      std::vector<refusal>& refused);

  row_plan plan_;
  std::unique_ptr<row_changer> rows_;
  deleted_keys* deleted_;
};

}  // namespace millrace::sink::sql
