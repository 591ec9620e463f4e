// A configuration file as a tree that knows where each key and value stands. Made by the reader, changed by
// overlays and the environment, then read by the planner; it never outlives load().
#pragma once

#include "config/text/finding.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

struct member;

/// A text from this byte on stands elsewhere in the file than behind what is in front of it.
struct moved_part {
  std::size_t at = 0;
  location where{};
  bool whole = false;  // it was put in: each byte of it is there
};

struct node {
  enum class kind : std::uint8_t { null, boolean, number, text, list, map };
  kind what = kind::null;
  bool flag = false;     // a boolean's value
  bool escaped = false;  // a text's: the file spells it otherwise, so offsets in it are no columns
  bool bare = false;     // a text's: it stands in the file without quotes, maybe over several lines
  std::vector<moved_part> moved{};  // a bare text's, ascending
  bool filled = false;              // a text's: something came from the environment or a default
  std::size_t references = 0;       // a text's: the number of `${secret:NAME}` in it
  std::string text{};               // a text's; a number's digits as written
  std::string shown{};              // a filled text's: with `${VAR}` as written, fit to be shown
  std::string told{};  // a filled text's: with defaults and numbers in the place of their `${VAR}`
  std::vector<node> items;
  std::vector<member> members;
  location where{};

  [[nodiscard]] const member* find(std::string_view name) const;
  [[nodiscard]] member* find(std::string_view name);
  [[nodiscard]] bool is_map() const { return what == kind::map; }
  [[nodiscard]] bool is_text() const { return what == kind::text; }
  /// The text as it may be shown.
  [[nodiscard]] const std::string& safe_text() const { return filled ? shown : text; }
  /// Likewise, with the values that hold, where these can be no secret.
  [[nodiscard]] const std::string& told_text() const { return filled ? told : text; }
};

struct member {
  std::string name;
  location where;
  node value;
};

/// The same value without locations, texts as filled in, numbers with their digits (data::number_of_digits).
[[nodiscard]] boost::json::value to_json(const node& n);
/// Describes the node for a message: `"5 min"`, `12`, `a list`. Shows no secret.
[[nodiscard]] std::string describe(const node& n);
/// Returns where byte `offset` of a text stands in the file; the text's own location where that cannot be said.
[[nodiscard]] location location_in_text(const node& n, std::size_t offset);

}  // namespace millrace::config
