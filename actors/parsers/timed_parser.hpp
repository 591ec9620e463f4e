// A parser whose rows have their event time by an expression over their columns.
#pragma once

#include "actors/parsers/parser.hpp"
#include "runtime/expression/expression.hpp"

#include <memory>

namespace millrace::parser {

/// `rows` parses all but the event time. `options`: with `event_time`, the last column, and `timed_by`. A record for which the
/// expression fails, is null or cannot be trusted (event_time_check.hpp) is dead.
[[nodiscard]] std::unique_ptr<record_parser>
make_timed_parser(std::unique_ptr<record_parser> rows, const parser_options& options, expression::bound time);

}  // namespace millrace::parser
