#include "actors/stream/stage/window_output.hpp"

#include "config/plan.hpp"
#include "runtime/data/constant_column.hpp"

namespace millrace::stage {
namespace {

bool has_removed_column(const data::batch& rows) {
  const auto& fields = rows.schema->fields();
  return !fields.empty() && fields.back().name == window::removed_column;
}

}  // namespace

bool is_taken_back(const data::batch& rows) {
  return has_removed_column(rows) && rows.rows != 0 && rows.columns.back()->boolean_at(0);
}

data::batch own_columns(data::batch rows) {
  if (!has_removed_column(rows))
    return rows;
  auto fields = rows.schema->fields();
  fields.pop_back();
  rows.schema = std::make_shared<const data::schema>(std::move(fields));
  rows.columns.pop_back();
  return rows;
}

data::batch numbered(data::batch rows, const numbering& by) {
  const bool taken_back = is_taken_back(rows);
  auto out = own_columns(std::move(rows));
  out.schema = by.columns;
  out.columns.push_back(
      by.batch ? data::column_of_ints(data::type_id::bigint, static_cast<std::int64_t>(*by.batch), out.rows)
               : data::column_of_nulls(data::type_id::bigint, out.rows));
  out.columns.push_back(
      by.shows_change
          ? data::column_of_texts(taken_back ? config::change_delete : config::change_upsert, out.rows)
          : nullptr);
  return out;
}

}  // namespace millrace::stage
