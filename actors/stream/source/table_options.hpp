// Options of sources that read a table whole, again and again, and what a feed makes of them.
#pragma once

#include "actors/stream/source/table_feed.hpp"
#include "config/catalog.hpp"

#include <string>
#include <vector>

namespace millrace::source {

/// key, every, deleted, first_time, max_rows. Where the key is not required it makes a table of the source; `with_key` says so in its doc.
[[nodiscard]] std::vector<config::option> table_options(bool key_is_required,
                                                        const std::string& with_key = {});
/// Checks them where there is a key.
void check_table_options(const config::values& options, const config::say& say);
/// All but form and longest_record. Options are checked.
[[nodiscard]] expected<table_feed_options> table_feed_options_of(const config::values& options,
                                                                 const std::string& in_logs);

}  // namespace millrace::source
