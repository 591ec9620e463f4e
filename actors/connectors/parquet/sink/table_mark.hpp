// The mark in a table's folder on another machine says whose the table is. The record of the table lies in
// that owner's state folder; the mark keeps a second state from writing beside it unasked. It is JSON, for
// people too. Pure.
#pragma once

#include "actors/stream/sink/target_owner.hpp"

#include <string>
#include <string_view>

namespace millrace::sink {

/// Encodes the owner without its life: lives of one state exclude each other by the record.
[[nodiscard]] std::string encode_mark(const target_owner& o);
/// `target` is for texts. ec::corrupt for what is no mark.
[[nodiscard]] expected<target_owner> decode_mark(std::string_view text, std::string_view target);

/// Judges a mark as judge() judges a record's owner. There is nothing to adopt: what another state has staged
/// lies in its own folder.
[[nodiscard]] expected<ownership> judge_mark(const target_owner& mark, const claim& who,
                                             std::string_view target, at_start begin);

}  // namespace millrace::sink
