#include "actors/connectors/sql/sink/copied_rows.hpp"

#include "actors/connectors/sql/sink/values.hpp"

#include <fmt/format.h>

namespace millrace::sink::sql {
namespace {

/// Fewer rows are inserted: a COPY is a round trip more (measured: equal at some ten rows).
constexpr std::size_t least_rows = 16;
/// One COPY has about so many bytes. More gain nothing, are sent again in halves when a row is refused, and
/// are kept until the server has answered: twice (the next COPY is made meanwhile), each with its rows, which
/// take four times as much.
constexpr std::size_t copy_bytes = 1U << 20;
/// Bytes are sent when there are this many, while the next ones are made.
constexpr std::size_t put_bytes = 64U << 10;
/// A row may have this many bytes, as an inserted one may: the server's limit is 1 GB with all its copies.
constexpr std::size_t row_bytes = 256U << 20;

}  // namespace

copied_rows::copied_rows(const database& db, copy_language& language, row_plan plan,
                         std::unique_ptr<row_inserter> inserts)
    : language_(language), plan_(std::move(plan)), inserts_(std::move(inserts)) {
  std::string columns;
  for (const auto& c : plan_.columns)
    columns += (columns.empty() ? "" : ", ") + db.name(c.name);
  statement_ = fmt::format("copy {} ({}) from stdin", db.table_name(plan_.table), columns);
}

expected<void> copied_rows::write(const data::batch& rows, std::vector<refusal>& refused) {
  next_.batches.push_back(rows);
  for (std::size_t row = 0; row < rows.rows; ++row) {
    if (next_.batches.empty())  // the COPY before was full
      next_.batches.push_back(rows);
    add(row, refused);
    const auto full = next_.text.size() >= copy_bytes;
    if (full || next_.text.size() - next_.sent >= put_bytes)
      RETURN_IF_ERROR(full ? send(refused) : put(refused));
  }
  return {};
}

void copied_rows::add(std::size_t row, std::vector<refusal>& refused) {
  const auto& rows = next_.batches.back();
  auto& text = next_.text;
  const auto begin = text.size();
  for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
    if (i != 0)
      text += '\t';
    const auto& c = *rows.columns[i];
    if (c.is_null(row)) {
      text += "\\N";
    } else if (auto why = language_.append_field(text, c, row, plan_.columns[i])) {
      text.resize(begin);
      refused.push_back(refuse(rows, row, *why));
      return;
    }
  }
  text += '\n';
  if (const auto size = text.size() - begin; size > row_bytes) {
    text.resize(begin);
    refused.push_back(
        refuse(rows, row,
               fmt::format("the row has {} bytes, the server takes {} in one statement", size, row_bytes)));
    return;
  }
  next_.lines.push_back({next_.batches.size() - 1, row, begin, text.size()});
}

/// Sends what there is, once the COPY before it is over.
expected<void> copied_rows::put(std::vector<refusal>& refused) {
  if (!next_.begun) {
    RETURN_IF_ERROR(take_answer(refused));
    RETURN_IF_ERROR(language_.begin_copy(statement_));
    next_.begun = true;
  }
  auto done = language_.put_copy(std::string_view(next_.text).substr(next_.sent));
  next_.sent = next_.text.size();
  return done ? expected<void>{} : unexpected(std::move(done).error());
}

expected<void> copied_rows::send(std::vector<refusal>& refused) {
  const auto ended = [&]() -> expected<void> {
    if (!next_.begun && next_.lines.size() < least_rows)
      return next_.lines.empty()
                 ? expected<void>{}
                 : take_answer(refused).and_then([&] { return insert(next_, next_.lines, refused); });
    RETURN_IF_ERROR(put(refused));
    RETURN_IF_ERROR(language_.end_copy());
    under_way_ = std::move(next_);
    return {};
  };
  auto done = ended();
  next_ = {};
  return done;
}

expected<void> copied_rows::finish(std::vector<refusal>& refused) {
  return send(refused).and_then([&] { return take_answer(refused); });
}

expected<void> copied_rows::take_answer(std::vector<refusal>& refused) {
  if (!under_way_)
    return {};
  const auto whole = std::move(*under_way_);
  under_way_.reset();
  auto done = language_.answer_of_copy();
  if (done)
    return {};
  if (!done.error().row_at_fault)
    return unexpected(std::move(done.error().what));
  return halve(whole, whole.lines, refused);
}

expected<void> copied_rows::halve(const part& whole, std::span<const line> lines,
                                  std::vector<refusal>& refused) {
  const auto half = lines.size() / 2;
  return copy(whole, lines.first(half), refused).and_then([&] {
    return copy(whole, lines.subspan(half), refused);
  });
}

expected<void> copied_rows::copy(const part& whole, std::span<const line> lines,
                                 std::vector<refusal>& refused) {
  if (lines.size() < least_rows)
    return insert(whole, lines, refused);
  const auto begin = lines.front().begin;
  const auto text = std::string_view(whole.text).substr(begin, lines.back().end - begin);
  auto done = language_.begin_copy(statement_)
                  .and_then([&] { return language_.put_copy(text); })
                  .and_then([&] { return language_.end_copy(); })
                  .and_then([&] { return language_.answer_of_copy(); });
  if (done)
    return {};
  if (!done.error().row_at_fault)
    return unexpected(std::move(done.error().what));
  return halve(whole, lines, refused);
}

expected<void> copied_rows::insert(const part& whole, std::span<const line> lines,
                                   std::vector<refusal>& refused) {
  while (!lines.empty()) {
    const auto batch = lines.front().batch;
    std::vector<std::size_t> chosen;
    for (; !lines.empty() && lines.front().batch == batch; lines = lines.subspan(1))
      chosen.push_back(lines.front().row);
    RETURN_IF_ERROR(inserts_->insert(whole.batches[batch], chosen, refused));
  }
  return {};
}

}  // namespace millrace::sink::sql
