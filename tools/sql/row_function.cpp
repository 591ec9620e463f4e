#include "tools/sql/row_function.hpp"

#include "tools/sql/values.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::duckdb {
namespace {

/// DuckDB calls with nothing that leads here before the library has been asked for it; a process has one library.
const duckdb_api* library = nullptr;

struct added {
  std::string name;
  row_function compute;
};

bool is_present(const std::uint64_t* validity, std::size_t row) {
  return validity == nullptr || ((validity[row >> 6] >> (row & 63)) & 1) != 0;
}

/// The members of the rows as columns.
expected<data::batch> rows_of(const std::string& name, duckdb_vector vector, std::size_t rows) {
  auto logical = library->vector_get_column_type(vector);
  const auto type = value_type_of(*library, logical, name);
  library->destroy_logical_type(&logical);
  if (!type)
    return unexpected(type.error());
  if (type->id != duckdb_type::structure)
    return user_error(
        ec::invalid_argument,
        fmt::format("{0}: the second argument is not a row; expected {0}('FILE', t.*) with a table t", name));
  std::vector<data::field> fields;
  data::batch out{nullptr, {}, rows};
  for (std::size_t i = 0; i < type->children.size(); ++i) {
    fields.push_back({type->names[i], column_type_of(type->children[i])});
    out.columns.push_back(
        column_of(*library, type->children[i], library->struct_vector_get_child(vector, i), rows));
  }
  out.schema = std::make_shared<const data::schema>(std::move(fields));
  return out;
}

/// Writes the rows' numbers into `out`, which has none that is null yet.
expected<void> fill(const added& f, duckdb_chunk chunk, duckdb_vector out) {
  const auto rows = library->data_chunk_get_size(chunk);
  const auto texts =
      column_of(*library, {.id = duckdb_type::varchar}, library->data_chunk_get_vector(chunk, 0), rows);
  const auto given = library->data_chunk_get_vector(chunk, 1);
  const auto* const validity = library->vector_get_validity(given);
  library->vector_ensure_validity_writable(out);
  auto* const valid = library->vector_get_validity(out);
  std::vector<std::uint32_t> present;
  std::optional<std::string> text;
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (texts->is_null(row) || !is_present(validity, row)) {
      valid[row >> 6] &= ~(std::uint64_t{1} << (row & 63));
      continue;
    }
    if (text && *text != texts->text_at(row))
      return user_error(
          ec::invalid_argument,
          fmt::format("{}: the first argument is '{}' in one row and '{}' in another; expected the "
                      "same text for all",
                      f.name, *text, texts->text_at(row)));
    text = texts->text_at(row);
    present.push_back(row);
  }
  if (!text)
    return {};
  ASSIGN_OR_RETURN(auto all, rows_of(f.name, given, rows));
  ASSIGN_OR_RETURN(const auto found,
                   f.compute(*text, present.size() == rows ? all : data::take(all, present)));
  auto* const numbers = static_cast<double*>(library->vector_get_data(out));
  for (std::size_t i = 0; i < present.size(); ++i)
    numbers[present[i]] = found->doubles()[i];
  return {};
}

void call(duckdb_function_info info, duckdb_chunk chunk, duckdb_vector out) {
  const auto& f = *static_cast<const added*>(library->scalar_function_get_extra_info(info));
  if (const auto filled = fill(f, chunk, out); !filled)
    library->scalar_function_set_error(info, filled.error().message.c_str());
}

}  // namespace

expected<void> add_row_function(const duckdb_api& api, duckdb_connection connection, const std::string& name,
                                row_function compute) {
  library = &api;
  auto function = api.create_scalar_function();
  api.scalar_function_set_name(function, name.c_str());
  const auto with_type = [&](duckdb_type type, auto&& use) {
    auto logical = api.create_logical_type(type);
    use(function, logical);
    api.destroy_logical_type(&logical);
  };
  with_type(duckdb_type::varchar, api.scalar_function_add_parameter);
  with_type(duckdb_type::any, api.scalar_function_add_parameter);
  with_type(duckdb_type::float64, api.scalar_function_set_return_type);
  api.scalar_function_set_special_handling(function);  // else DuckDB decides which rows are null
  api.scalar_function_set_extra_info(function,
                                     std::make_unique<added>(added{name, std::move(compute)}).release(),
                                     [](void* f) { delete static_cast<added*>(f); });
  api.scalar_function_set_function(function, call);
  const bool fine = api.register_scalar_function(connection, function) == 0;
  api.destroy_scalar_function(&function);
  if (!fine)
    return fatal_error(ec::io,
                       fmt::format("DuckDB {} does not take the function {}", api.library_version(), name));
  return {};
}

}  // namespace millrace::duckdb
