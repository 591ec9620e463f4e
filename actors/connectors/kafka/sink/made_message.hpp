// The Protobuf message that is made of columns, where the user has no schema of their own. Pure.
// Source: Protocol Buffers, "Language Guide (proto 3)".
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/data/type.hpp"

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

}  // namespace millrace::sink
