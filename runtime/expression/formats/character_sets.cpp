#include "runtime/expression/formats/character_sets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <re2/re2.h>

namespace millrace::expression {
namespace {

bool is_surrogate(std::size_t c) { return c >= 0xD800 && c < 0xE000; }

void append_character(std::string& out, std::size_t c) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

all_characters::all_characters() {
  for (std::size_t c = 0; c < end_of_unicode; ++c) {
    if (is_surrogate(c))
      continue;
    begins_.push_back(text_.size());
    which_.push_back(c);
    append_character(text_, c);
  }
}

characters all_characters::among(const re2::RE2& runs) const {
  characters out;
  re2::StringPiece run;
  for (std::size_t from = 0; runs.Match(text_, from, text_.size(), re2::RE2::UNANCHORED, &run, 1);) {
    from = static_cast<std::size_t>(run.data() - text_.data());
    auto at = std::lower_bound(begins_.begin(), begins_.end(), from) - begins_.begin();
    for (from += run.size(); static_cast<std::size_t>(at) < begins_.size() && begins_[at] < from; ++at)
      out[which_[at]] = true;
  }
  return out;
}

std::string members_beyond(const characters& set) {
  std::string out;
  const auto is_beyond = [&](std::size_t c) { return c < end_of_unicode && !set[c] && !is_surrogate(c); };
  for (std::size_t c = 0; c < end_of_unicode; ++c) {
    if (!is_beyond(c))
      continue;
    const auto first = c;
    while (is_beyond(c + 1))
      ++c;
    out += fmt::format("\\x{{{:x}}}-\\x{{{:x}}}", first, c);
  }
  return out;
}

}  // namespace millrace::expression
