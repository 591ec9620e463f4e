// Says what to write in the place of statements of other products' SQL that PostgreSQL's grammar does not have. Pure.
#pragma once

#include "runtime/expression/statements/mistaken.hpp"

namespace millrace::sql {

/// The first such words of a statement that does not parse, if the parser gave up at them, with what is written here instead.
[[nodiscard]] std::optional<expression::problem> foreign_words(const mistaken& m);

}  // namespace millrace::sql
