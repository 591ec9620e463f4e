// Rows as Protobuf: the message that columns make, and each row as one of it. Pure.
// Source: Protocol Buffers, "Language Guide (proto 3)" and "Encoding".
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/data/batch.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink {

/// The text of a file with one message of that full name (a.b.Name): a column is the field of its place, counted from 1, and
/// `optional`, so that null is told from a default. boolean bool, bigint int64, double, text string, timestamp
/// google.protobuf.Timestamp, nested a message, a list repeated; date, numeric and json are strings. Errors: a name that
/// Protobuf does not take, a list of lists.
[[nodiscard]] expected<std::string> message_of_columns(std::string_view name,
                                                       const std::vector<data::field>& columns);

/// Appends a row of a batch as that message. `columns`: of the batch, in the order of its fields. False: a list has a null
/// among its elements, which Protobuf does not know; what was appended means nothing then.
[[nodiscard]] bool append_message(std::string& out, const data::batch& rows,
                                  const std::vector<std::size_t>& columns, std::size_t row);

}  // namespace millrace::sink
