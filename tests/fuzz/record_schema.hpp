// Makes a parser's options from a short text, so that fuzz inputs choose the schema: a letter a column.
//   t text, i bigint, d double, b boolean, j json, s timestamp, p with a strptime pattern, z l the same
//   by the clocks of Paris, 1 3 6 epoch_s, _ms, _us; [x list of x; {xyz} object. An "-" behind a column: nobody
//   reads it. Anything else is passed over.
// Columns, and the members of each object, are called a, b, c ...
#pragma once

#include "actors/parser/parser.hpp"

#include <string_view>

namespace millrace::fuzz {

/// Makes at least one column, at most 16 at each level; the first timestamp without "-" is the event time
/// when `timed`.
[[nodiscard]] parser::parser_options options_of(std::string_view text, bool timed);
/// Returns by record (with a line feed after each where `lines`) its row as JSON, where only columns count
/// that `shown` says are used; or "blank"; or "dead " and the error. Checks that every record has exactly one
/// of them.
[[nodiscard]] std::vector<std::string> outcomes(parser::record_parser& parser,
                                                const std::vector<std::string>& records, bool lines,
                                                const std::vector<bool>& shown);

}  // namespace millrace::fuzz
