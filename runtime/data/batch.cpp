#include "runtime/data/batch.hpp"

namespace millrace::data {

std::size_t batch::byte_size() const {
  std::size_t n = sizeof(batch);
  for (const auto& c : columns)
    n += c ? c->byte_size() : 0;
  return n;
}

batch take(const batch& b, std::span<const std::uint32_t> rows) {
  batch out{b.schema, {}, rows.size()};
  out.columns.reserve(b.columns.size());
  for (const auto& c : b.columns)
    out.columns.push_back(c ? take(*c, rows) : nullptr);
  return out;
}

batch slice(const batch& b, std::size_t from, std::size_t to) {
  batch out{b.schema, {}, to - from};
  out.columns.reserve(b.columns.size());
  for (const auto& c : b.columns)
    out.columns.push_back(c ? slice(*c, from, to) : nullptr);
  return out;
}

batch concatenate(std::span<const batch_ptr> all) {
  batch out{all.front()->schema, {}, 0};
  for (const auto& b : all)
    out.rows += b->rows;
  for (std::size_t c = 0; c < all.front()->columns.size(); ++c) {
    const auto& first = all.front()->columns[c];
    if (!first) {
      out.columns.push_back(nullptr);
      continue;
    }
    column_builder to(first->type());
    to.reserve(out.rows);
    for (const auto& b : all)
      to.append_range(*b->columns[c], 0, b->rows);
    out.columns.push_back(to.finish());
  }
  return out;
}

}  // namespace millrace::data
