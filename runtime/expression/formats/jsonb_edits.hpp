// Changes of a jsonb as changes of its text: ||, -, #-, jsonb_set and jsonb_insert, by PostgreSQL's rules. Callers are jsonb's functions.
#pragma once

#include "runtime/expression/values.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace millrace::expression {

/// Appends a || b. Their scalars stand in lists of one element.
void append_concatenated(std::string& out, std::string_view a, std::string_view b);

/// Tells whether the texts are among those of the list that are no nulls.
class text_set {
public:
  explicit text_set(const list_value& texts);
  [[nodiscard]] bool has(std::string_view text) const;
  [[nodiscard]] std::size_t size() const { return sorted_.size(); }

private:
  std::vector<std::string_view> sorted_;
};
/// Appends an object without the members of these names, or a list without the elements that are these texts.
void append_without(std::string& out, std::string_view jsonb, const text_set& removed);
/// Appends a list without an element, counted from 0 or negative from the end.
void append_without_element(std::string& out, std::string_view list, std::int64_t index);

enum class path_edit : std::uint8_t {
  set,            // replaces what is there, or creates it
  replace,        // only what is there
  insert_before,  // a list's element; a member that must not be there
  insert_after,
  remove,
};
/// Appends the value, which is no scalar, changed at the end of the path; unchanged where the path does not lead there. Gives
/// why that cannot be. `changed` stands for a jsonb in the other cases than remove.
[[nodiscard]] std::optional<std::string> append_edited(std::string& out, std::string_view jsonb,
                                                       const list_value& path, std::string_view changed,
                                                       path_edit how);

/// Reads an index of a path as PostgreSQL does: blanks and a sign in front, 32 bits.
[[nodiscard]] std::optional<std::int64_t> index_of_step(std::string_view step);

}  // namespace millrace::expression
