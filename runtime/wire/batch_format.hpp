// A batch as bytes, for snapshots, spilled output and remote edges: schema, row count, then Arrow's buffers
// column by column. Drawn in docs/formats.md, covered by a golden file and a fuzzer. Columns that were
// projected away (null pointers) stay null pointers.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/wire/bytes.hpp"

namespace millrace::wire {

/// Types nest no deeper, so that bytes from outside cannot exhaust the stack.
inline constexpr int max_type_depth = 64;

/// Columns under the schema may be null pointers, nested ones may not.
void encode_batch(writer& out, const data::batch& b);
/// Never trusts the bytes: every length, offset and UTF-8-independent invariant is checked before use
/// (ec::corrupt).
[[nodiscard]] expected<data::batch> decode_batch(reader& in);
void encode_type(writer& out, const data::type& t);
[[nodiscard]] expected<data::type> decode_type(reader& in);

}  // namespace millrace::wire
