// Compares and searches jsonb by its text (jsonb_text.hpp) without building anything: PostgreSQL's order, equality, @> and ?. Callers are
// jsonb's operators; they take texts that append_jsonb() has made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::expression {

/// Goes over the members of an object, in the order of their names, or over the elements of a list.
class jsonb_items {
public:
  /// The value is an object or a list.
  explicit jsonb_items(std::string_view jsonb) : s_(jsonb) {}
  /// False after the last one.
  bool next();
  /// The name between its quotes, with its escapes; empty in a list.
  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::string_view value() const { return value_; }
  /// Where the item begins, and the place behind it.
  [[nodiscard]] std::size_t begin() const { return begin_; }
  [[nodiscard]] std::size_t end() const { return at_; }

private:
  std::string_view s_;
  std::string_view name_;
  std::string_view value_;
  std::size_t begin_ = 0;
  std::size_t at_ = 1;
};

[[nodiscard]] inline bool is_jsonb_scalar(std::string_view jsonb) {
  return jsonb[0] != '{' && jsonb[0] != '[';
}

/// Whether a string between its quotes stands for the text.
[[nodiscard]] bool stands_for(std::string_view escaped, std::string_view text);
/// The order of members: names, with their escapes, by length and then by bytes.
[[nodiscard]] int order_of_names(std::string_view escaped, std::string_view other);
/// The member of that name; nothing where there is none, or no object.
[[nodiscard]] std::optional<std::string_view> jsonb_member(std::string_view jsonb, std::string_view name);

/// -1, 0 or 1. Texts are compared by bytes, as everywhere here.
[[nodiscard]] int compare_jsonb(std::string_view a, std::string_view b);
/// Whether the value has a member of that name, or an element that is this text, or is the text.
[[nodiscard]] bool jsonb_has(std::string_view jsonb, std::string_view text);

enum class containment : std::uint8_t { no, yes, too_costly };
/// Whether a contains b, as @> does. A list in a list is compared with each element of the other; where this takes too long, there
/// is no answer.
[[nodiscard]] containment jsonb_contains(std::string_view a, std::string_view b);

}  // namespace millrace::expression
