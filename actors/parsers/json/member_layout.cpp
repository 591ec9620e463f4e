#include "actors/parsers/json/member_layout.hpp"

#include "actors/parsers/json/escapes.hpp"

#include <algorithm>

namespace millrace::parser {
namespace {

// Members behind these are looked up by hash; bounds what a record with many or long names leaves behind.
constexpr std::size_t most_remembered = 256;
constexpr std::size_t longest_remembered = 256;
// Optional members that may be missing between two others before the hash is asked.
constexpr std::size_t look_ahead = 4;

/// The bytes of the first `n` of eight.
std::uint64_t mask(std::size_t n) { return n >= 8 ? ~0ULL : (1ULL << (8 * n)) - 1; }

}  // namespace

member_layout::member::member(std::string_view raw, std::int32_t c) : column(c) {
  text.append("\"").append(raw).append("\":");
  low_mask = mask(text.size());
  high_mask = text.size() > 8 ? mask(text.size() - 8) : 0;
  text.resize(std::max(text.size(), head_bytes));
}

member_layout::member_layout(const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i)
    columns_.emplace(names[i], static_cast<std::int32_t>(i));
}

std::int32_t member_layout::look_up(std::string_view raw, bool escapes) {
  const auto is_same = [&](const member& m) {
    return std::string_view(m.text).substr(1).starts_with(raw) && m.text[raw.size() + 1] == '"' &&
           m.text[raw.size() + 2] == ':';
  };
  for (auto i = next_; i < std::min(next_ + look_ahead, seen_.size()); ++i)
    if (raw.size() + 3 <= seen_[i].text.size() && is_same(seen_[i])) {
      next_ = i + 1;
      return seen_[i].column;
    }
  std::string_view name = raw;
  if (escapes && raw.find('\\') != std::string_view::npos) {
    unescaped_.clear();
    if (unescape(raw, unescaped_))
      name = unescaped_;
  }
  const auto known = columns_.find(name);
  const auto column = known == columns_.end() ? unknown : known->second;
  if (raw.size() <= longest_remembered && next_ < most_remembered) {
    member m(raw, column);
    if (next_ < seen_.size())
      seen_[next_] = std::move(m);
    else
      seen_.push_back(std::move(m));
    known_ = seen_.size();
    ++next_;
  }
  return column;
}

}  // namespace millrace::parser
