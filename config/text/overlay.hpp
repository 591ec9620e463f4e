// Lays overlays over a topology file: `--with FILE` (JSON merge patch, RFC 7386), `--set PATH=VALUE`. Each
// value keeps the location where it was written.
#pragma once

#include "config/text/node.hpp"
#include "config/text/report.hpp"

#include <string>

namespace millrace::config {

/// The file name that findings about `--set` carry.
inline constexpr std::string_view set_file = "--set";

/// RFC 7386: maps are merged, null removes, everything else replaces.
void merge(node& target, node patch);

/// Applies one `stages.clicks.rate=10/s`. The value is JSON where it parses as such, else text; null removes.
/// A key that holds a dot stands in double quotes. Every map but the last key's must be there already, except
/// below a stage.
void apply_set(node& target, const std::string& argument, report& out);

}  // namespace millrace::config
