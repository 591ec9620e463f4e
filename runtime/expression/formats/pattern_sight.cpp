#include "runtime/expression/formats/pattern_sight.hpp"

#include "runtime/expression/formats/character_sets.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <charconv>
#include <optional>
#include <re2/re2.h>
#include <string>
#include <vector>

namespace millrace::expression {
namespace {

/// One character or class of a pattern, with how often it stands there.
struct atom {
  characters set;
  std::size_t least = 1;
  bool once = true;  // or another number that is fixed
  bool lazy = false;
};

/// Reads a pattern that RE2 has compiled, so that its syntax is known to be right.
class reader {
public:
  explicit reader(const re2::RE2& compiled) : options_(compiled.options()), rest_(compiled.pattern()) {}

  /// The atoms in their order; no value for what is no row of them.
  std::optional<std::vector<atom>> atoms() {
    const all_characters all;
    std::vector<atom> out;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (rest_ == "|\\z)")  // the end of the text ends the search anyway
        break;
      if (c == '|' || c == '^' || c == '$')
        return std::nullopt;
      if (c == '(') {
        rest_.remove_prefix(rest_.substr(0, 3) == "(?:" ? 3 : 1);
        continue;
      }
      if (c == ')') {
        rest_.remove_prefix(1);
        if (is_repetition())
          return std::nullopt;
        continue;
      }
      auto next = take_atom(all);
      if (!next)
        return std::nullopt;
      out.push_back(*next);
    }
    return out;
  }

  /// True if something may stand any number of times, or many.
  static bool repeats(std::string_view pattern) {
    for (reader r(pattern); !r.rest_.empty(); r.rest_.remove_prefix(r.length_of_atom()))
      if (r.is_repetition() && r.rest_.front() != '?')
        return true;
    return false;
  }

private:
  explicit reader(std::string_view pattern) : rest_(pattern) {}

  [[nodiscard]] bool is_repetition() const {
    return !rest_.empty() && std::string_view("*+?{").find(rest_.front()) != std::string_view::npos;
  }

  std::optional<atom> take_atom(const all_characters& all) {
    const auto text = rest_.substr(0, length_of_atom());
    rest_.remove_prefix(text.size());
    const re2::RE2 runs("(?:" + std::string(text) + ")+", options_);
    if (text == "\\A" || text == "\\z" || !runs.ok())
      return std::nullopt;
    atom out;
    out.set = all.among(runs);
    repeat(out);
    return out;
  }

  [[nodiscard]] std::size_t length_of_atom() const {
    if (rest_.front() == '[') {
      std::size_t end = rest_[1] == '^' ? 2 : 1;
      end += rest_[end] == ']' ? 1 : 0;  // the first one stands for itself
      while (rest_[end] != ']')
        end = rest_.substr(end, 2) == "[:" ? rest_.find(":]", end) + 2 : end + (rest_[end] == '\\' ? 2 : 1);
      return end + 1;
    }
    if (rest_.front() != '\\')
      return character_length(rest_, 0);
    if (rest_.substr(0, 3) == "\\x{")
      return rest_.find('}') + 1;
    return 1 + character_length(rest_, 1);
  }

  void repeat(atom& a) {
    if (!is_repetition())
      return;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    a.once = false;
    a.least = c == '+' ? 1 : 0;
    if (c == '{') {
      const auto bounds = rest_.substr(0, rest_.find('}'));
      rest_.remove_prefix(bounds.size() + 1);
      std::from_chars(bounds.data(), bounds.data() + bounds.size(), a.least);
      a.once = a.least > 0 && bounds.find(',') == std::string_view::npos;
    }
    if (!rest_.empty() && rest_.front() == '?') {
      a.lazy = true;
      rest_.remove_prefix(1);
    }
  }

  re2::RE2::Options options_;
  std::string_view rest_;
};

}  // namespace

// One search alone goes on of all that began at one place, since each character decides whether it stays at its atom; those
// that began earlier are as far or further. So when one ends in a match, the earlier ones have ended, and it goes on itself
// only in atoms at the end of the pattern, where each character is a longer match. A lazy repetition of every character is
// left by a search at each place, and never ends: later beginnings meet it there, and the match ends them all.
bool is_short_sighted(const re2::RE2& compiled) {
  if (!reader::repeats(compiled.pattern()))
    return true;  // no match is longer than the pattern
  const auto atoms = reader(compiled).atoms();
  if (!atoms)
    return false;
  for (std::size_t i = 0; i < atoms->size(); ++i) {
    const auto& repeated = (*atoms)[i];
    if (repeated.once || (repeated.lazy && repeated.set.count() == all_of_unicode))
      continue;
    bool may_end = true;  // only what may be left out follows
    bool meets = false;   // what may come behind it
    for (auto next = i + 1; next < atoms->size() && may_end; ++next) {
      meets = meets || ((*atoms)[next].set & repeated.set).any();
      may_end = (*atoms)[next].least == 0;
    }
    if (meets && (repeated.lazy || !may_end))
      return false;
  }
  return true;
}

}  // namespace millrace::expression
