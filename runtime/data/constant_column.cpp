#include "runtime/data/constant_column.hpp"

namespace millrace::data {
namespace {

template<class Append>
column_ptr repeated(const type& of, std::size_t rows, Append&& append) {
  column_builder b(of);
  b.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i)
    append(b);
  return b.finish();
}

}  // namespace

column_ptr column_of_nulls(const type& of, std::size_t rows) {
  return repeated(of, rows, [](column_builder& b) { b.append_null(); });
}

column_ptr column_of_booleans(bool value, std::size_t rows) {
  return repeated(type_id::boolean, rows, [value](column_builder& b) { b.append_boolean(value); });
}

column_ptr column_of_ints(const type& of, std::int64_t value, std::size_t rows) {
  return repeated(of, rows, [value](column_builder& b) { b.append_int(value); });
}

column_ptr column_of_texts(std::string_view value, std::size_t rows) {
  return repeated(type_id::text, rows, [value](column_builder& b) { b.append_text(value); });
}

}  // namespace millrace::data
