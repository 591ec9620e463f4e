// The records of a spool's chain in the store of a cluster: its segments, the newest of which grows by a record a group.
// A base holds all of them; a segment that is full lies in a chain of its own, and the base has that one's number. Pure.
#pragma once

#include "runtime/chain/chain.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::spool {

struct stored_segment {
  std::uint64_t base = 0;
  std::uint64_t slot = 0;  // the number of the chain that it lies in; 0: its bytes are here
  std::string bytes;       // header and frames
  friend bool operator==(const stored_segment&, const stored_segment&) = default;
};

struct chain_record {
  enum class what : std::uint8_t {
    all = 1,       // the segments
    begun = 2,     // one segment, which is the newest from here on
    appended = 3,  // one, whose bytes are to be added to the newest
  };
  what kind = what::all;
  std::vector<stored_segment> segments;
  friend bool operator==(const chain_record&, const chain_record&) = default;
};
[[nodiscard]] std::string encode_record(const chain_record& r);
/// Never trusts the bytes: ec::corrupt, or ec::unsupported of a later version.
[[nodiscard]] expected<chain_record> decode_record(std::string_view bytes);

/// Returns the segments that the records add up to, ascending. ec::corrupt where they do not fit each other.
[[nodiscard]] expected<std::vector<stored_segment>> segments_of(chain::contents found);

/// No name of a stage has a colon, so these are apart from all actors.
[[nodiscard]] std::string name_of_spool(std::string_view source);
[[nodiscard]] std::string name_of_slot(std::string_view source, std::uint64_t slot);

}  // namespace millrace::spool
