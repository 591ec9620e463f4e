// A regular expression in PostgreSQL's advanced syntax, run by RE2: the time of one match is linear in the text,
// whatever the pattern. It refuses patterns for which RE2 has no equal (back references, looking ahead or behind) when they
// are compiled. docs/functions.md lists the differences.
#pragma once

#include <tl/expected.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace millrace::expression {

class regular_expression {
public:
  /// Flags are PostgreSQL's letters, without b and e; g is for the caller. The error says what is wrong with either.
  [[nodiscard]] static tl::expected<regular_expression, std::string> compile(std::string_view pattern,
                                                                             std::string_view flags = {});
  regular_expression(regular_expression&&) noexcept;
  regular_expression& operator=(regular_expression&&) noexcept;
  ~regular_expression();

  /// The match and its groups, within the text unless that is empty; a group that took no part has no data.
  using match = std::vector<std::string_view>;
  /// The first match that begins at `from` or later, in a text that begins at 0; false where there is none.
  [[nodiscard]] bool find(std::string_view text, std::size_t from, match& out) const;
  [[nodiscard]] bool found_in(std::string_view text) const;
  [[nodiscard]] std::size_t groups() const { return groups_; }
  /// True if a search for all matches takes time that is linear in the text; see pattern_sight.hpp.
  [[nodiscard]] bool is_short_sighted() const;

private:
  regular_expression(std::unique_ptr<re2::RE2> compiled, std::unique_ptr<re2::RE2> at_beginning,
                     bool has_before, bool is_within);
  std::unique_ptr<re2::RE2> compiled_;
  // It lacks the character before the match; null pointer: no match at the beginning of a text differs.
  std::unique_ptr<re2::RE2> at_beginning_;
  bool has_before_;  // the character before the match is part of the pattern for RE2
  bool is_within_;   // the match is its first group
  std::size_t groups_ = 0;
};

/// A pattern of `similar to` as a regular expression; false where it ends with its escape character.
/// No escape character where `escape` is empty.
[[nodiscard]] bool from_similar(std::string_view pattern, std::string_view escape, std::string& out);

}  // namespace millrace::expression
