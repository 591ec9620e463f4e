#include "runtime/expression/statements/mistaken.hpp"

#include "runtime/data/text_encoding.hpp"

#include <algorithm>

namespace millrace::sql {
namespace {

/// A word or sign, ' for a text, # for a number, ? for a name.
bool is_like(const mistaken& m, std::size_t i, std::string_view what) {
  if (what == "'")
    return m.is_text(i);
  if (what == "#")
    return m.is_number(i);
  if (what == "?")
    return m.is_name(i);
  return what.size() == 1 && (what[0] < 'a' || what[0] > 'z') ? m.sign(i) == what[0] : m.word(i) == what;
}

}  // namespace

bool are(const mistaken& m, std::size_t i, std::string_view words) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (!is_like(m, i++, words.substr(0, end)))
      return false;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return true;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> all) {
  return std::ranges::find(all, word) != all.end();
}

std::string shown(const mistaken& m, std::size_t i) { return data::excerpt(m.source(i)); }

}  // namespace millrace::sql
