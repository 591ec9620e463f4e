#include "runtime/data/batch.hpp"

#include <numeric>

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
  std::vector<std::uint32_t> rows(to - from);
  std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(from));
  return take(b, rows);
}

}  // namespace millrace::data
