// The records of sinks with a side file have a head and a tail in common, as bytes, and a claim finds them all alike.
//   varint version | owner: strings state id, topology, sink, varint life | the record's own | progress: string, where the
//   record's flags say that there is one
#pragma once

#include "actors/stream/sink/sink.hpp"
#include "actors/stream/sink/target_owner.hpp"
#include "runtime/wire/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::sink {

/// Writes the version and the owner, with which each record begins.
void put_head(wire::writer& out, std::uint64_t version, const target_owner& owner);
/// Reads them; ec::unsupported for any version but this one.
[[nodiscard]] expected<void> read_head(wire::reader& in, std::uint64_t version, target_owner& owner);

/// Writes nothing where there is no progress.
void put(wire::writer& out, const std::optional<progress>& at);
/// Reads the progress, where the record's flags say that it is `there`, and the end of the record: ec::corrupt where that was
/// too short or goes on.
[[nodiscard]] expected<void> read_tail(wire::reader& in, bool there, std::optional<progress>& at);

/// A record as a claim finds it.
template<class Record>
struct taken_over {
  Record record;                   // the new life's, not stored yet
  bool first = false;              // there was none before
  std::optional<Record> replaced;  // the record of another state, in whose place the claim begins
};
/// Checks the record in `bytes`, if there is one, against the claim. `target` and `place`, where the record lies, are for
/// texts. ec::fenced for an older life, ec::mismatch for another state, or for progress that should be there and is not.
template<class Record>
[[nodiscard]] expected<taken_over<Record>>
take_over(const std::optional<std::string>& bytes, expected<Record> (*decode)(std::string_view),
          const claim& who, std::string_view target, std::string_view place, at_start begin) {
  taken_over<Record> t;
  t.first = !bytes;
  if (bytes) {
    auto old = decode(*bytes);
    if (!old) {
      old.error().message.insert(0, std::string(place) + ": ");
      return unexpected(std::move(old.error()));
    }
    ASSIGN_OR_RETURN(const auto owned, judge(old->owner, who, target, begin));
    if (owned == ownership::ours)
      t.record = std::move(*old);
    else
      t.replaced = std::move(*old);
  }
  t.record.owner = {who.state_id, who.topology, who.sink, who.life};
  if (who.expects_progress && !t.record.at)
    return progress_missing(target, place);
  return t;
}

}  // namespace millrace::sink
