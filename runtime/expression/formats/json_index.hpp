// Members and elements of a JSON value that is a constant: found at once for each row, however large it is. Made when an expression is
// bound, never changed afterwards, shared by threads.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace millrace::expression {

class json_index {
public:
  /// The text is valid JSON; a copy is kept.
  explicit json_index(std::string_view json);
  json_index(const json_index&) = delete;
  json_index& operator=(const json_index&) = delete;

  /// The value without blanks around it; what the functions below find lies within.
  [[nodiscard]] std::string_view text() const { return text_; }
  /// As member_of() and element_of() of json_text.hpp, of this text or of a value that was found in it.
  [[nodiscard]] std::optional<std::string_view> member(std::string_view within, std::string_view name) const;
  [[nodiscard]] std::optional<std::string_view> element(std::string_view within, std::int64_t index) const;

private:
  struct container {
    std::unordered_map<std::string_view, std::string_view> members;
    std::vector<std::string_view> elements;
  };

  void add(std::string_view value, std::size_t depth);

  std::string copy_;
  std::string_view text_;
  std::deque<std::string> names_;                          // those that have escapes
  std::unordered_map<const char*, container> containers_;  // by their first byte
};

/// An index of constant JSON, or a null pointer where looking through its text is as fast.
[[nodiscard]] std::shared_ptr<const void> index_of_json(std::string_view json);

}  // namespace millrace::expression
