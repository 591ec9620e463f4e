// Finds what has come since a bounded log of files was read to its end: files with later names (of a parallel
// glob: any), and lines appended to the last one. It looks at files only; the caller keeps the result when it
// begins the next run.
#pragma once

#include "actors/connectors/file/source/file_list.hpp"
#include "actors/stream/source/source.hpp"
#include "runtime/base/error.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

/// `ended` is the identity that was kept. New records begin at the major after the last one of their
/// partition. Files that are gone were read, and are not missed. ec::mismatch with fault::user: a file has
/// changed otherwise than a log may grow; the text says how and the remedy. `readers`: how each parser reads the files; those
/// by another encoding than UTF-8 and those of containers have positions that are no lengths.
[[nodiscard]] expected<continuation> continue_files(std::string_view ended, const std::string& pattern,
                                                    bool parallel, file_order order = file_order::natural,
                                                    std::span<const wants> readers = {});

}  // namespace millrace::source
