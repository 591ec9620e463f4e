// The text of a .sql file, and nodes of the tree made of its parts. Pure.
#pragma once

#include "config/options.hpp"
#include "config/text/node.hpp"
#include "config/text/report.hpp"
#include "config/text/tokens.hpp"
#include "runtime/expression/statements/statement.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

class sql_text {
public:
  sql_text(std::string_view text, std::string file) : text_(text), lines_(text), file_(std::move(file)) {}

  [[nodiscard]] location at(std::size_t offset) const;
  [[nodiscard]] std::string_view whole() const { return text_; }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] std::string_view of(sql::slice s) const { return text_.substr(s.begin, s.end - s.begin); }

  /// A part of the text as it stands there.
  [[nodiscard]] node part(sql::slice s) const;
  /// A text that does not stand in the file so; errors in it are told at `offset`.
  [[nodiscard]] node made(std::string text, std::size_t offset) const;
  /// A map or list without members.
  [[nodiscard]] node empty(node::kind what, std::size_t offset) const;
  [[nodiscard]] node flag(bool value, std::size_t offset) const;
  [[nodiscard]] node number(std::string digits, std::size_t offset) const;
  /// An option's value; `declared`: what the stage says of it, null where it has none of that name.
  [[nodiscard]] node value_of(const sql::option& o, const option* declared, report& out) const;

private:
  [[nodiscard]] node quoted_text(const sql::option& o) const;
  [[nodiscard]] node json_of(const sql::option& o, report& out) const;

  std::string_view text_;
  line_table lines_;
  std::string file_;
};

/// The member is the last one of the map then.
node& add_member(node& map, std::string name, location where, node value);
/// `value` alone, or a list where there are several; `from` is not empty.
[[nodiscard]] node one_or_list(std::vector<node> from);

}  // namespace millrace::config
