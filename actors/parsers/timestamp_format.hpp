// The declared formats of timestamps share this over parsers: units of epochs, what errors expect.
#pragma once

#include "actors/parsers/parser.hpp"
#include "config/catalog.hpp"
#include "runtime/base/day_memory.hpp"
#include "runtime/expression/formats/timestamp_pattern.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::parser {

using timestamp_kind = enum parser_options::timestamp_format::kind;

/// The formats of the topology as parsers take them.
[[nodiscard]] std::vector<parser_options::timestamp_format>
formats_of(const std::vector<config::timestamp_format>& all);
/// The format of a column, or of a member; that of ISO where there are fewer.
[[nodiscard]] parser_options::timestamp_format
format_at(const std::vector<parser_options::timestamp_format>& formats, std::size_t i);

/// Reads a text by its format, whose compiled pattern this is; without one as PostgreSQL does. Blanks around the text do
/// not count.
[[nodiscard]] std::optional<event_micros>
read_timestamp_text(std::string_view text, const parser_options::timestamp_format& format,
                    const std::optional<expression::timestamp_pattern>& pattern, day_memory& day);
/// Reads a JSON number in the unit of an epoch format. Blanks around it do not count. No value where the text
/// is none; a number beyond 64 bits of microseconds gives the last of them, which is_timestamp() refuses.
[[nodiscard]] std::optional<event_micros> read_epoch(std::string_view text, timestamp_kind epoch);
/// Reads a date by its format, in days since 1970: of text by its compiled pattern, without one as PostgreSQL does, or a JSON
/// number of days. No value where the text is none; a date may lie beyond those of columns, which is_date() refuses.
[[nodiscard]] std::optional<std::int64_t>
read_date_text(std::string_view text, const parser_options::timestamp_format& format,
               const std::optional<expression::timestamp_pattern>& pattern, day_memory& day);
/// Says what follows "expected" in an error about a date.
[[nodiscard]] std::string expected_date(const parser_options::timestamp_format& format);
/// Says of strptime and epoch formats what follows "expected" in an error.
[[nodiscard]] std::string expected_timestamp(const parser_options::timestamp_format& format);

}  // namespace millrace::parser
