// Bytes that several owners share: a message is cut into fragments, and a packet put together of them,
// without copying what they hold. Values; a piece may go to any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::link {

/// `bytes` lies in `owner`, which lives as long as any piece of it.
struct piece {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
};
/// Pieces in order, one after the other.
using pieces = std::vector<piece>;

[[nodiscard]] inline piece make_piece(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  const std::string_view all = *owner;
  return {std::move(owner), all};
}
/// Makes a piece of so many bytes, not initialised: `fill` is called once with where they lie, and writes all of them.
template<class Fill>
[[nodiscard]] piece make_piece_of(std::size_t size, Fill fill) {
  const auto block = std::make_shared_for_overwrite<char[]>(size);
  fill(block.get());
  return {block, {block.get(), size}};
}
/// A part of it, under the same owner.
[[nodiscard]] inline piece part_of(const piece& whole, std::size_t from, std::size_t length) {
  return {whole.owner, whole.bytes.substr(from, length)};
}
[[nodiscard]] inline std::size_t size_of(const pieces& all) {
  std::size_t size = 0;
  for (const auto& p : all)
    size += p.bytes.size();
  return size;
}
/// One copy of all of it.
[[nodiscard]] inline std::string text_of(const pieces& all) {
  std::string text;
  text.reserve(size_of(all));
  for (const auto& p : all)
    text += p.bytes;
  return text;
}
/// Appends to `out` the bytes [from, from + length) of `all`.
inline void append_part(pieces& out, const pieces& all, std::size_t from, std::size_t length) {
  for (const auto& p : all) {
    if (length == 0)
      return;
    if (from >= p.bytes.size()) {
      from -= p.bytes.size();
      continue;
    }
    out.push_back(part_of(p, from, length));
    length -= out.back().bytes.size();
    from = 0;
  }
}

}  // namespace millrace::link
