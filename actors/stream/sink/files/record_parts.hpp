// The records of sinks with a side file have these parts in common, as bytes: the version at the front, whose
// the target is, the progress. Each record says in its own head where they stand.
//   owner: strings state id, topology, sink | varint life
//   progress: string, where the record's flags say that there is one
#pragma once

#include "actors/stream/sink/sink.hpp"
#include "actors/stream/sink/target_owner.hpp"
#include "runtime/wire/bytes.hpp"

#include <optional>

namespace millrace::sink {

/// Reads the version; ec::unsupported for any but this one.
[[nodiscard]] expected<void> read_version(wire::reader& in, std::uint64_t version);

void put(wire::writer& out, const target_owner& owner);
[[nodiscard]] target_owner read_owner(wire::reader& in);

/// Writes nothing where there is no progress; `there` is what the record's flags say.
void put(wire::writer& out, const std::optional<progress>& at);
[[nodiscard]] expected<std::optional<progress>> read_progress(wire::reader& in, bool there);

/// Checks that the record ends after its last part: ec::corrupt where it was too short or goes on.
[[nodiscard]] expected<void> read_end(const wire::reader& in);

}  // namespace millrace::sink
