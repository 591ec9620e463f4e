// Lives of an actor as the chain protocol orders them; its records hold their numbers.
#pragma once

#include "runtime/base/life.hpp"

namespace millrace::chain {

using millrace::life;
using millrace::life_of;
using millrace::most_counts;
using millrace::number_of;

/// A life that chooses its own term begins with a random count below this, and can raise it as often.
inline constexpr std::uint32_t first_raised_count = std::uint32_t{1} << (millrace::count_bits - 1);

}  // namespace millrace::chain
