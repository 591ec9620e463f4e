// The bound and typed tree that a program is, and the program itself. Made by the binder, never changed
// afterwards, shared by threads.
#pragma once

#include "runtime/expression/expression.hpp"
#include "runtime/expression/functions/functions.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::expression {

enum class op : std::uint8_t {
  constant,
  column,         // input column, then members along `path`
  instant,        // now()
  call,           // function over args
  all_of,         // and
  any_of,         // or
  case_when,      // condition, value, condition, value, ..., else
  case_equals,    // subject, value to compare, value, ..., else; function compares
  coalesce,       //
  extremum,       // function is true where its first argument replaces the second
  nullif,         // function compares args[0] with args[1]; args[2], if there, is what is returned
  is_null,        // flag: negated
  is_boolean,     // args[0] is wanted_boolean (null: 2); flag: negated
  in_list,        // function compares args[0] with each other; flag: negated
  between,        // function is >=; args: value, low, high; flag: negated; symmetric
  distinct_from,  // function compares; flag: negated
  element,        // args[0] is a list, args[1] the index from 1
  member,         // args[0] is an object; path has one member
  make_list,      // makes a list of the args
  cast_elements,  // function casts the elements of args[0]
  whole_batch,    // a column_function, `prepared`, computes it; it stands alone
  quantified,     // args[0] compared by function with the elements of args[1]; flag: all, else any
};

/// A value outside of arrays.
struct constant_value {
  bool null = true;
  std::uint8_t b = 0;
  std::int64_t i = 0;  // bigint, times
  double d = 0;
  decimal n;
  std::string s;
  std::string_view text;  // a view of s
  interval_value span;
  std::shared_ptr<const list_value> list;  // owns what it refers to

  constant_value() = default;
  constant_value(const constant_value& other) { *this = other; }
  constant_value& operator=(const constant_value& other);
  /// Element 0 of an array.
  [[nodiscard]] static constant_value of(const values& v);
  /// Borrows from this.
  [[nodiscard]] values as_values(kind k) const;
};

struct node;
using node_ptr = std::unique_ptr<node>;

struct node {
  op what{};
  kind type{};
  std::size_t offset = 0;
  std::vector<node_ptr> args;
  constant_value value;
  std::size_t column = 0;
  std::vector<std::size_t> path;
  data::type
      column_type;  // the type of columns (at the end of the path), lists and objects; of a numeric where its
                    // scale is known
  const function* fn = nullptr;
  std::shared_ptr<const void> prepared;
  bool flag = false;
  bool symmetric = false;
  std::uint8_t wanted_boolean = 0;
};

/// Equal text for equal meaning: aggregates of `having` are found by it.
[[nodiscard]] std::string fingerprint(const node& n);
/// Says for `bound` what the tree reads and does.
struct traits {
  std::vector<std::size_t> columns;  // ascending
  bool can_fail = false;
  bool uses_now = false;
};
[[nodiscard]] traits traits_of(const node& n);

class program {
public:
  explicit program(node_ptr root, problems warnings = {})
      : root_(std::move(root)), warnings_(std::move(warnings)) {}
  [[nodiscard]] const node& root() const { return *root_; }
  [[nodiscard]] const problems& warnings() const { return warnings_; }

private:
  node_ptr root_;
  problems warnings_;
};

}  // namespace millrace::expression
