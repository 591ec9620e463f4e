// The order of rows by their keys' bytes, in which windows give them. A radix sort of the bits in which eight
// bytes of the keys differ, and comparisons for what is equal there. Pure; called where rows are formed.
#pragma once

#include "runtime/window/row_store.hpp"

#include <cstdint>
#include <vector>

namespace millrace::window {

/// Sorts row indices by their keys' bytes.
void sort_by_key(const row_store& store, std::vector<std::uint32_t>& of);

}  // namespace millrace::window
