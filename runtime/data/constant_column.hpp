// Columns whose rows are all the same. Pure.
#pragma once

#include "runtime/data/column.hpp"

namespace millrace::data {

[[nodiscard]] column_ptr column_of_nulls(const type& of, std::size_t rows);
[[nodiscard]] column_ptr column_of_booleans(bool value, std::size_t rows);
[[nodiscard]] column_ptr column_of_ints(const type& of, std::int64_t value, std::size_t rows);
[[nodiscard]] column_ptr column_of_texts(std::string_view value, std::size_t rows);

}  // namespace millrace::data
