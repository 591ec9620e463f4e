// Writes the rows of a sink with `delete` or `newest`: in parts, of which each key is upserted or deleted, and
// past deletions that are newer.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"
#include "actors/connectors/sql/sink/deleted_keys.hpp"

#include <memory>
#include <vector>

namespace millrace::sink::sql {

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
