#include "actors/parsers/json/member_layout.hpp"

#include "actors/parsers/json/escapes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::parser {
namespace {

// Members behind these are looked up by hash; bounds what a record with many or long names leaves behind.
constexpr std::size_t most_remembered = 256;
constexpr std::size_t longest_remembered = 256;
// Optional members that may be missing between two others before the hash is asked.
constexpr std::size_t look_ahead = 4;

}  // namespace

member_layout::member::member(std::string_view raw, std::int32_t c)
    : column(c), text(fmt::format("\"{}\":", raw)) {
  const auto part = [&](std::size_t from, std::uint64_t& bytes, std::uint64_t& mask) {
    for (auto i = from; i < std::min(from + sizeof bytes, text.size()); ++i) {
      bytes |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * (i - from));
      mask |= std::uint64_t{0xFF} << (8 * (i - from));
    }
  };
  low = 0;
  part(0, low, low_mask);
  part(sizeof low, high, high_mask);
  behind_head = static_cast<std::uint32_t>(std::max(text.size(), head_bytes) - head_bytes);
}

member_layout::member_layout(const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i)
    columns_.emplace(names[i], static_cast<std::int32_t>(i));
  seen_.emplace_back();
}

member_layout::found member_layout::look_up(const member* expected, std::string_view raw, bool escapes) {
  const auto known_count = seen_.size() - 1;
  const auto next = static_cast<std::size_t>(expected - seen_.data());
  const auto is_same = [&](std::string_view text) {
    return text.size() == raw.size() + 3 && text.substr(1).starts_with(raw);
  };
  for (auto i = next; i < std::min(next + look_ahead, known_count); ++i)
    if (is_same(seen_[i].text))
      return {seen_[i].column, &seen_[i] + 1};
  std::string_view name = raw;
  if (escapes && raw.find('\\') != std::string_view::npos) {
    unescaped_.clear();
    if (unescape(raw, unescaped_))
      name = unescaped_;
  }
  const auto known = columns_.find(name);
  const auto column = known == columns_.end() ? unknown : known->second;
  if (raw.size() <= longest_remembered && next < most_remembered) {
    member m(raw, column);
    if (next < known_count)
      seen_[next] = std::move(m);
    else
      seen_.insert(seen_.end() - 1, std::move(m));
    expected = &seen_[next] + 1;
  }
  return {column, expected};
}

}  // namespace millrace::parser
