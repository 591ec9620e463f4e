// Makes a parser's options from a short text, so that fuzz inputs choose the schema: a letter a column.
//   t text, i bigint, d double, n numeric, m numeric(10,2), b boolean, j json, s timestamp, p with a strptime pattern, z l the same
//   by the clocks of Paris, 1 3 6 epoch_s, _ms, _us; [x list of x; {xyz} object. An "-" after a column: nobody
//   reads it. Anything else is passed over.
// Columns, and the members of each object, are called a, b, c ...
// Signs among them: @ the first timestamp that is read is the event time; E an expression over the first column is; N records that are
// empty have no value, K they are skipped (on_null).
#pragma once

#include "actors/parsers/parser.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::fuzz {

/// Makes at least one column, at most 16 at each level.
[[nodiscard]] parser::parser_options options_of(std::string_view text);

/// Makes the parser of these options by `make`, which takes options without an expression.
using maker = std::function<std::unique_ptr<parser::record_parser>(parser::parser_options)>;
[[nodiscard]] std::unique_ptr<parser::record_parser> parser_of(const parser::parser_options& options,
                                                               const maker& make);

/// The records as one chunk, with a line feed after each where `lines`; those that are empty have no value where `nulls`.
[[nodiscard]] source::chunk chunk_of(const std::vector<std::string>& records, bool lines, bool nulls);

/// Returns by record its row as JSON, where only columns count that `options` say are used; or "blank"; or "dead " and
/// the error. Checks that every record has exactly one of them.
[[nodiscard]] std::vector<std::string> outcomes(parser::record_parser& parser, const source::chunk& chunk,
                                                const parser::parser_options& options);

}  // namespace millrace::fuzz
