// The registry of functions and operators: one entry an overload, with the kernel that computes it over
// arrays. A new function is one entry in the table of its family.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/expression/values.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::expression {

/// Rows of the chunk that failed, first message wins.
class failed_rows {
public:
  void add(std::size_t row, std::string message);
  void clear() { rows_.clear(); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  struct failed {
    std::size_t row;
    std::string message;
  };
  /// Returns the failed rows, ascending, each once.
  [[nodiscard]] std::vector<failed>& sorted();

private:
  std::vector<failed> rows_;
};

/// One call of a kernel: `rows` elements (1 where all arguments are constant). A strict function's `valid` is
/// set before: where all arguments are present.
struct call {
  std::size_t rows = 0;
  const std::uint8_t* active = nullptr;  // rows whose value anybody will use; null pointer: all
  const std::uint8_t* valid = nullptr;
  arena* memory = nullptr;
  failed_rows* failures = nullptr;
  const void* prepared = nullptr;  // made by `prepare` of constant arguments
  kind gives{};
  std::uint8_t* own_valid = nullptr;  // a copy of valid that the kernel may write

  [[nodiscard]] bool wanted(std::size_t row) const {
    return (!active || active[row]) && (!valid || valid[row]);
  }
  /// The element becomes null.
  void set_null(std::size_t row);
  /// The row fails, and its element becomes null.
  void fail(std::size_t row, std::string message) {
    failures->add(row, std::move(message));
    set_null(row);
  }
  [[nodiscard]] values done(const void* data) const {
    return {gives, false, own_valid ? own_valid : valid, data};
  }
  /// Uninitialised bytes that live as long as the chunk.
  [[nodiscard]] char* bytes(std::size_t n) const { return allocate<char>(*memory, n); }
};

using kernel = values (*)(call&, std::span<const values>);

/// Constant arguments of type text, json or jsonb, from which a function may make something when it is bound (none: not
/// constant, of another type or null).
using constant_texts = std::span<const std::optional<std::string_view>>;
struct refused_argument {
  std::size_t index;
  std::string message;
};
using prepared_or = tl::expected<std::shared_ptr<const void>, refused_argument>;

inline constexpr std::size_t most_arguments = 7;

/// How the lists of a call, and the elements beside them, come to one type of elements.
enum class element_types : std::uint8_t {
  any,     // each list has its own
  alike,   // all lists have the same, as with PostgreSQL's anyarray
  common,  // all are cast to a type that they have in common, as with anycompatiblearray
};

struct function {
  std::string_view name;
  std::array<kind, most_arguments> takes{};
  std::uint8_t arity = 0;
  kind gives{};
  kernel run = nullptr;
  bool can_fail = false;
  bool strict = true;  // null where any argument is null
  bool any_types =
      false;  // any number of arguments: made json or left alone where it gives json or bigint, else text
  element_types elements = element_types::any;
  std::uint8_t element_arguments = 0;  // a bit for each argument that is an element of the lists beside it
  prepared_or (*prepare)(constant_texts) = nullptr;

  [[nodiscard]] constexpr bool takes_element(std::size_t argument) const {
    return ((element_arguments >> argument) & 1) != 0;
  }
};

/// An entry: takes, gives, kernel; then can_fail, prepare.
template<std::size_t N>
constexpr function entry(std::string_view name, const kind (&takes)[N], kind gives, kernel run,
                         bool can_fail = false, prepared_or (*prepare)(constant_texts) = nullptr) {
  function f;
  f.name = name;
  for (std::size_t i = 0; i < N; ++i)
    f.takes[i] = takes[i];
  f.arity = N;
  f.gives = gives;
  f.run = run;
  f.can_fail = can_fail;
  f.prepare = prepare;
  return f;
}

/// Declares a function of any number of arguments of any types; it sees the nulls.
constexpr function of_anything(std::string_view name, kind gives, kernel run,
                               prepared_or (*prepare)(constant_texts) = nullptr) {
  function f;
  f.name = name;
  f.gives = gives;
  f.run = run;
  f.can_fail = true;
  f.strict = false;
  f.any_types = true;
  f.prepare = prepare;
  return f;
}

/// Declares a function without arguments.
constexpr function constant_entry(std::string_view name, kind gives, kernel run) {
  function f;
  f.name = name;
  f.gives = gives;
  f.run = run;
  return f;
}

constexpr function not_strict(function f) {
  f.strict = false;
  return f;
}

/// Declares a function of lists whose elements have one type.
constexpr function over_lists(function f, element_types elements, std::uint8_t element_arguments = 0) {
  f.elements = elements;
  f.element_arguments = element_arguments;
  return f;
}

/// The families' tables.
[[nodiscard]] std::span<const function> arithmetic_functions();
[[nodiscard]] std::span<const function> comparison_functions();
[[nodiscard]] std::span<const function> number_functions();
[[nodiscard]] std::span<const function> text_functions();
[[nodiscard]] std::span<const function> text_part_functions();
[[nodiscard]] std::span<const function> pattern_functions();
[[nodiscard]] std::span<const function> temporal_functions();
[[nodiscard]] std::span<const function> date_functions();
[[nodiscard]] std::span<const function> interval_functions();
[[nodiscard]] std::span<const function> format_functions();
[[nodiscard]] std::span<const function> json_functions();
[[nodiscard]] std::span<const function> jsonb_functions();
[[nodiscard]] std::span<const function> jsonb_change_functions();
[[nodiscard]] std::span<const function> list_functions();
[[nodiscard]] std::span<const function> list_element_functions();
[[nodiscard]] std::span<const function> regular_expression_functions();
[[nodiscard]] std::span<const function> further_number_functions();
[[nodiscard]] std::span<const function> composed_time_functions();
[[nodiscard]] std::span<const function> text_template_functions();
[[nodiscard]] std::span<const function> encoding_functions();
[[nodiscard]] std::span<const function> null_count_functions();
[[nodiscard]] std::span<const function> time_of_day_functions();
/// Parts of cast_functions(): those of times of day, and those to types with a size or fields.
[[nodiscard]] std::span<const function> time_of_day_casts();
[[nodiscard]] std::span<const function> type_modifiers();
/// Named by the kind they give ("to bigint"); explicit casts and, where the kinds allow it, implicit ones.
[[nodiscard]] std::span<const function> cast_functions();
/// The casts to jsonb and from it, a part of these.
[[nodiscard]] std::span<const function> jsonb_casts();

/// All of them, or those of one name.
[[nodiscard]] const std::vector<const function*>& functions_named(std::string_view name);
[[nodiscard]] std::vector<std::string_view> function_names();
/// Every overload of every function and operator, by name; those of one name in the binder's order. Casts are
/// left out.
[[nodiscard]] std::vector<const function*> every_function();
/// `bits` < 64: into a smaller integer. Null pointer where PostgreSQL has no such cast.
[[nodiscard]] const function* cast_function(kind from, kind to, int bits = 64);
/// x::numeric(p,s), of a numeric and the constants p and s.
[[nodiscard]] const function* numeric_cast_to_scale();
/// The cast of a kind to a type with a size or fields, by its name in type_modifiers().
[[nodiscard]] const function* type_modifier(std::string_view name, kind of);
/// Returns the function by which concat writes a value: as a cast to text does, but booleans as t and f.
[[nodiscard]] const function* output_function(kind from);
/// Operators on two values of one kind: "=", "<", ">". Null pointer where the kind has none.
[[nodiscard]] const function* comparison(std::string_view op, kind k);

}  // namespace millrace::expression
