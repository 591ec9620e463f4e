// RSVPs to meetings as a public stream sent them, with everything that is odd about them: venues, states,
// photos and times that are missing, integers among decimals, members that nobody declared, the same rsvp_id
// again, `\/` escapes, blanks at the edges of names, emoji.
#pragma once

#include "actors/connectors/generator/records.hpp"

namespace millrace::source {

/// Groups that meet, each with an event.
inline constexpr std::uint64_t rsvp_groups = 60;

void append_rsvp(std::string& out, const generated& g, std::uint64_t number);

}  // namespace millrace::source
