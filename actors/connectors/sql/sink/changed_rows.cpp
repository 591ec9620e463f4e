#include "actors/connectors/sql/sink/changed_rows.hpp"

#include "actors/connectors/sql/sink/changes.hpp"
#include "actors/connectors/sql/sink/values.hpp"

#include <fmt/format.h>

namespace millrace::sink::sql {

expected<void> changed_rows::write(const data::batch& rows, std::vector<refusal>& refused) {
  const auto* const deletes = plan_.deletes ? rows.columns[plan_.columns.size()].get() : nullptr;
  // Without another unique index, which the plan has seen to, a row is in nobody's way but its key's.
  for (const auto& part : parts_of(rows, with_number(rows, refused), plan_.key, deletes, plan_.by_index)) {
    auto done =
        upsert(rows, part.upserts, refused).and_then([&] { return remove(rows, part.deletions, refused); });
    if (!done)
      return done;
  }
  return {};
}

std::vector<std::size_t> changed_rows::with_number(const data::batch& rows,
                                                   std::vector<refusal>& refused) const {
  std::vector<std::size_t> out;
  out.reserve(rows.rows);
  for (std::size_t row = 0; row < rows.rows; ++row)
    if (plan_.newest && rows.columns[*plan_.newest]->is_null(row))
      refused.push_back(refuse(
          rows, row,
          fmt::format("column {}: null says neither that the change is newer than another one nor that "
                      "it is older; expected a value of `newest` in every change",
                      (*plan_.schema)[*plan_.newest].name)));
    else
      out.push_back(row);
  return out;
}

expected<void> changed_rows::upsert(const data::batch& rows, std::span<const std::size_t> chosen,
                                    std::vector<refusal>& refused) {
  if (chosen.empty())
    return {};
  if (deleted_ == nullptr)
    return rows_->insert(rows, chosen, refused);
  return deleted_->not_older(rows, chosen).and_then([&](const std::vector<std::size_t>& left) {
    return rows_->insert(rows, left, refused);
  });
}

expected<void> changed_rows::remove(const data::batch& rows, std::span<const std::size_t> chosen,
                                    std::vector<refusal>& refused) {
  if (chosen.empty())
    return {};
  std::vector<std::size_t> removed;
  return rows_->remove(rows, chosen, removed, refused).and_then([&] {
    return deleted_ == nullptr ? expected<void>{} : deleted_->add(rows, removed);
  });
}

}  // namespace millrace::sink::sql
