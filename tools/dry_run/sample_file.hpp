// A file of records, a line each (of csv, several within quotes), plain or gzip: what `--sample` and {"file": ...} name. Blocking; read
// whole, up to a bound.
#pragma once

#include "actors/stream/source/written_record.hpp"
#include "config/plan.hpp"
#include "runtime/base/error.hpp"

#include <string>
#include <vector>

namespace millrace::dry_run {

/// Bytes of a sample, inflated. It is held in memory, some times over.
inline constexpr std::size_t largest_sample = std::size_t{64} << 20U;

/// The records of a source of the topology, taken apart as its parser wants them. Blank lines are no records; an unterminated
/// last line is one. fault::user with the remedy.
[[nodiscard]] expected<std::vector<source::written_record>>
read_sample(const std::string& file, const config::topology& t, const std::string& source);

/// The first of those records is the header line of a file of csv: `run` counts it as none.
[[nodiscard]] bool begins_with_header(const config::topology& t, const std::string& source);

}  // namespace millrace::dry_run
