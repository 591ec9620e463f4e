#include "runtime/window/row_store.hpp"

namespace millrace::window {

std::uint32_t row_store::append_copy(std::string_view key, const row_store& other, std::uint32_t row) {
  const auto i = append(key);
  constexpr auto head = sizeof(std::uint64_t);
  std::memcpy(rows_.data() + i * stride_ + head, other.rows_.data() + row * stride_ + head, stride_ - head);
  if (layout_->has_side)
    for (std::size_t a = 0; a < layout_->slots.size(); ++a)
      if (const auto adopt = layout_->slots[a].ops->adopt)
        adopt(column(a), i, other.side_);
  return i;
}

void row_store::merge(rows into, const row_store& other, rows from) {
  for (std::size_t a = 0; a < layout_->slots.size(); ++a)
    layout_->slots[a].ops->merge(column(a), into, other.column(a), from);
}

void row_store::clear() {
  size_ = 0;
  rows_.clear();
  keys_.clear();
  side_.clear();
}

}  // namespace millrace::window
