// Finds which columns of each parser any later stage reads, computed backwards through the graph: a parser
// need not build the others. Internal to config.
#pragma once

#include "config/plan/draft.hpp"

namespace millrace::config {

/// Fills in parser_plan::used of all parsers. The stages must be planned without errors; `order` as order_of
/// gave it.
void mark_used_columns(drafts& all, const std::vector<std::size_t>& order);

}  // namespace millrace::config
