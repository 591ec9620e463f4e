// Functions of Spark, Flink, BigQuery and MySQL that are none here, or take other arguments, and the same in PostgreSQL's
// words. One table (foreign_call_table.cpp); a test binds and evaluates each remedy in it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::expression {

struct foreign_call {
  /// The name; behind it, after a blank, what one of the arguments has to be: interval, month or year.
  std::string name;
  int arguments;  // how many it has; -1: any number
  /// The text to write, empty where there is none: $1 is the first argument, @1 the same as an operand, $* all of them, #1 the
  /// unit of time that it names, ~1 that unit's seconds, %2 the path of JSON as a list of names, &2 the template of to_char.
  std::string_view remedy;
  std::string_view note;     // further words, or those in the place of a remedy
  std::string_view example;  // arguments for the test, divided by |
  std::string_view result;   // the text of what the remedy then gives; empty: an aggregate, or several rows
};

[[nodiscard]] std::span<const foreign_call> foreign_calls();
/// Whether the table has a function of that name.
[[nodiscard]] bool is_foreign_call(std::string_view name);
/// Whether the word names a unit of time, so that it is no column in a call of such a function.
[[nodiscard]] bool is_unit_of_time(std::string_view word);
/// The remedy for one entry with these arguments as they are written.
[[nodiscard]] std::string filled_in(const foreign_call& call, std::span<const std::string> arguments);
/// The remedy for a call with that many arguments: `write coalesce(a, 'x')`; empty where the table has none.
[[nodiscard]] std::string remedy_of_same_call(std::string_view name, std::span<const std::string> arguments);
/// The same, of another number of arguments where the table does not have this one.
[[nodiscard]] std::string remedy_of_foreign_call(std::string_view name,
                                                 std::span<const std::string> arguments);

/// Divides the text of a call, from its name on, into its arguments; one that is long is `...`.
[[nodiscard]] std::vector<std::string> written_arguments(std::string_view call);

}  // namespace millrace::expression
