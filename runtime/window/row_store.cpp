#include "runtime/window/row_store.hpp"

#include <type_traits>

namespace millrace::window {
namespace {

/// Calls f with the number of words of 8 bytes that all states of a row have, as a constant for the usual ones: a
/// copy of so few bytes is a few instructions then, and no call.
template<class F>
void with_words(std::size_t words, F f) {
  switch (words) {
  case 1:
    return f(std::integral_constant<std::size_t, 1>());
  case 2:
    return f(std::integral_constant<std::size_t, 2>());
  case 3:
    return f(std::integral_constant<std::size_t, 3>());
  case 4:
    return f(std::integral_constant<std::size_t, 4>());
  case 5:
    return f(std::integral_constant<std::size_t, 5>());
  case 6:
    return f(std::integral_constant<std::size_t, 6>());
  case 7:
    return f(std::integral_constant<std::size_t, 7>());
  case 8:
    return f(std::integral_constant<std::size_t, 8>());
  default:
    return f(words);
  }
}

}  // namespace

void row_store::append_all(std::string_view keys, std::span<const std::uint32_t> ends,
                           std::string_view states) {
  if (auto* to = keys_.extend(keys.size()); !keys.empty())
    std::memcpy(to, keys.data(), keys.size());
  auto* row = rows_.extend(ends.size() * stride_);
  const auto* from = states.data();
  with_words(bytes_of_states() / sizeof(std::uint64_t), [&](auto words) {
    const std::size_t each = words * sizeof(std::uint64_t);
    std::uint64_t head = 0;
    for (const auto end : ends) {
      std::memcpy(row, &head, sizeof head);
      if (each != 0)
        std::memcpy(row + sizeof head, from, each);
      row += sizeof head + each;
      from += each;
      head = end;
    }
  });
  size_ += ends.size();
}

void row_store::copy_states(std::size_t first, std::size_t n, char* to) const {
  const auto* from = rows_.data() + first * stride_ + sizeof(std::uint64_t);
  with_words(bytes_of_states() / sizeof(std::uint64_t), [&](auto words) {
    const std::size_t each = words * sizeof(std::uint64_t);
    for (std::size_t i = 0; i < n && each != 0; ++i, to += each, from += each + sizeof(std::uint64_t))
      std::memcpy(to, from, each);
  });
}

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
