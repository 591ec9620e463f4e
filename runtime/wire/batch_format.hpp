// A batch as bytes, for snapshots, spilled output and remote edges: schema, row count, then Arrow's buffers
// column by column. Drawn in docs/development/formats.md, covered by a golden file and a fuzzer. Columns that were
// projected away (null pointers) stay null pointers.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/wire/bytes.hpp"

namespace millrace::wire {

/// Types nest no deeper, so that bytes from outside cannot exhaust the stack.
inline constexpr int max_type_depth = 64;
/// Values of a batch that no byte stands for (see decode_batch).
inline constexpr std::size_t max_unbacked = std::size_t{1} << 20;

/// Columns under the schema may be null pointers, nested ones may not. All of them may be where there are at
/// most `max_unbacked` rows; windows give theirs two bounds, and no sink stores rows without a column.
void encode_batch(writer& out, const data::batch& b);
/// Never trusts the bytes: every length, offset and UTF-8-independent invariant is checked before use
/// (ec::corrupt). Its batch takes no longer to read than its bytes to store: each value has at least a bit of
/// its own. Rows without any column are at most as many as the bytes have bits, or `max_unbacked`. So every
/// batch that encode_batch() makes comes back.
[[nodiscard]] expected<data::batch> decode_batch(reader& in);
void encode_type(writer& out, const data::type& t);
[[nodiscard]] expected<data::type> decode_type(reader& in);

}  // namespace millrace::wire
