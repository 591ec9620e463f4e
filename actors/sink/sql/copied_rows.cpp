#include "actors/sink/sql/copied_rows.hpp"

#include "actors/sink/sql/values.hpp"

#include <fmt/format.h>

namespace millrace::sink::sql {
namespace {

/// Fewer rows are inserted: a COPY is a round trip more (measured: equal at some ten rows).
constexpr std::size_t least_rows = 16;
/// Of one COPY. More gains nothing, and is sent again in halves when a row is refused.
constexpr std::size_t copy_bytes = 1U << 20;
/// Of one row, as of one that is inserted: the server's limit is 1 GB with all its copies.
constexpr std::size_t row_bytes = 256U << 20;

}  // namespace

copied_rows::copied_rows(const database& db, copy_language& language, row_plan plan,
                         std::unique_ptr<composed_rows> inserts)
    : language_(language), plan_(std::move(plan)), inserts_(std::move(inserts)) {
  std::string columns;
  for (const auto& c : plan_.columns)
    columns += (columns.empty() ? "" : ", ") + db.name(c.name);
  statement_ = fmt::format("copy {} ({}) from stdin", db.name(plan_.table), columns);
}

expected<void> copied_rows::write(const data::batch& rows, std::vector<refusal>& refused) {
  if (rows.rows < least_rows)
    return inserts_->write(rows, refused);
  lines_.clear();
  pending_.clear();
  for (std::size_t row = 0; row < rows.rows; ++row) {
    add(rows, row, refused);
    if (lines_.size() >= copy_bytes)
      if (auto done = flush(rows, refused); !done)
        return done;
  }
  return flush(rows, refused);
}

void copied_rows::add(const data::batch& rows, std::size_t row, std::vector<refusal>& refused) {
  const auto begin = lines_.size();
  for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
    if (i != 0)
      lines_ += '\t';
    const auto& c = *rows.columns[i];
    if (c.is_null(row)) {
      lines_ += "\\N";
    } else if (auto why = language_.append_field(lines_, c, row, plan_.columns[i])) {
      lines_.resize(begin);
      refused.push_back(refuse(rows, row, *why));
      return;
    }
  }
  lines_ += '\n';
  if (const auto size = lines_.size() - begin; size > row_bytes) {
    lines_.resize(begin);
    refused.push_back(
        refuse(rows, row,
               fmt::format("the row has {} bytes, the server takes {} in one statement", size, row_bytes)));
    return;
  }
  pending_.push_back({row, begin, lines_.size()});
}

expected<void> copied_rows::flush(const data::batch& rows, std::vector<refusal>& refused) {
  auto done = copy(rows, pending_, refused);
  lines_.clear();
  pending_.clear();
  return done;
}

expected<void> copied_rows::copy(const data::batch& rows, std::span<const pending> part,
                                 std::vector<refusal>& refused) {
  if (part.size() < least_rows) {
    std::vector<std::size_t> chosen;
    for (const auto& p : part)
      chosen.push_back(p.row);
    return inserts_->write(rows, chosen, refused);
  }
  const auto begin = part.front().begin;
  auto done =
      language_.copy_guarded(statement_, std::string_view(lines_).substr(begin, part.back().end - begin));
  if (done)
    return {};
  if (!done.error().row_at_fault)
    return unexpected(std::move(done.error().what));
  const auto half = part.size() / 2;
  return copy(rows, part.first(half), refused).and_then([&] {
    return copy(rows, part.subspan(half), refused);
  });
}

}  // namespace millrace::sink::sql
