// Words of Spark, Flink, Kafka Streams, Benthos and SQL for what has another name here: one table, so that a
// new word is one line. Spelling mistakes are did_you_mean()'s.
#pragma once

#include "config/catalog.hpp"

#include <string>
#include <string_view>

namespace millrace::config {

/// Says what was meant by an unknown option, such as `; did you mean "key"?`; nothing for words that are not
/// known. `kind` and `type` of the stage; both empty for the top level of a file.
[[nodiscard]] std::string meant_option(std::string_view kind, std::string_view type, std::string_view word);
/// The same for a stage's type, such as `hop` for a window: a word of another product, of another kind, or a slip of the pen.
[[nodiscard]] std::string meant_type(const catalog& connectors, stage_kind kind, std::string_view word);
/// The same for the first key of a stage, such as `input`.
[[nodiscard]] std::string meant_kind(const catalog& connectors, std::string_view word);
/// The same for the value of an option that is one of several words.
[[nodiscard]] std::string meant_value(std::string_view option, std::string_view word);
/// The same for a column's type, such as `varchar(20)` or `array<string>`.
[[nodiscard]] std::string meant_column_type(std::string_view word);

}  // namespace millrace::config
