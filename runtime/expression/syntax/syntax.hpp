// The syntax of one expression, free of libpg_query's types: what parse() hands to the binder. Offsets are
// bytes of the user's text. Built by parse.cpp alone.
#pragma once

#include "runtime/expression/expression.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::expression {

enum class form : std::uint8_t {
  column,           // path
  null,             //
  integer,          // text: fits bigint
  decimal,          // text
  string,           // text
  boolean,          // flag
  call,             // text: function or operator; args; star, distinct, filter, order, within;
                    // path: the arguments as they are written, of a function of other languages
  cast,             // text: type; args[0]; then the integers of type(n, ...); flag: a list of that type
  all_of,           // and
  any_of,           // or
  negation,         // the operator not
  case_of,          // flag: args[0] is the subject; then pairs; the last is the else branch
  coalesce,         //
  greatest,         //
  least,            //
  nullif,           //
  is_null,          // flag: negated
  boolean_test,     // text: "is true" ...
  in_list,          // args[0] in the others; flag: negated
  between,          // args: value, low, high; flag: negated; star: symmetric
  distinct_from,    // flag: negated ("is not distinct from")
  current_instant,  // now(); text: the spelling
  element,          // args[0] at args[1]
  slice,            // args[0] from args[1] to args[2]; a bound that is left out is the utmost
  row,              // args; stands beside another row alone
  member,           // a member of args[0], by path[0]
  list,             // args
  quantified,       // text: operator; args: value, list; flag: all
};

struct name_part {
  std::string name;
  bool quoted = false;
};

struct ordered;

struct syntax {
  form what{};
  std::size_t offset = 0;
  std::string text;
  std::vector<name_part> path;
  std::vector<syntax> args;
  std::vector<syntax> filter;  // none or one
  bool flag = false;
  bool star = false;
  bool distinct = false;
  bool within = false;         // `within group (order by ...)`
  std::vector<ordered> order;  // `order by` inside the call, or of `within group`
};

struct ordered {
  syntax value;
  bool descending = false;
  bool nulls_first = false;
};

/// Nesting deeper than this is refused, so that recursion over a tree is safe on any thread's stack.
inline constexpr std::size_t deepest_nesting = 300;
/// Longer texts are refused: what libpg_query needs of stack and time stays bounded.
inline constexpr std::size_t longest_text = 32 * 1024;

/// Exactly one expression, or the problems. `columns` serves hints only (a column spelt like a reserved
/// word).
[[nodiscard]] bound_or<syntax> parse(std::string_view text, const data::schema* columns);

}  // namespace millrace::expression
