// Answers of a node's API as people read them. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/observe/history.hpp"

#include <string>
#include <vector>

namespace millrace::remote {

/// Rows of cells below a head, in columns two blanks apart, a line each.
[[nodiscard]] std::string table(const std::vector<std::string>& head,
                                const std::vector<std::vector<std::string>>& rows);

/// The time from which on it stands as it does, without its fraction; empty: it is healthy.
[[nodiscard]] std::string since_text(const api::answers::topology& t);
[[nodiscard]] std::string table_of(const api::answers::topologies& t);
[[nodiscard]] std::string table_of(const api::answers::nodes& n);
/// Time, kind and sentence.
[[nodiscard]] std::vector<std::string> cells_of(const observe::event& e);
[[nodiscard]] std::string table_of(const std::vector<observe::event>& all);

}  // namespace millrace::remote
