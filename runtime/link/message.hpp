// The messages that go over a link are those of edges, as bytes that the link does not look into.
#pragma once

#include "runtime/base/life.hpp"
#include "runtime/link/limits.hpp"
#include "runtime/link/piece.hpp"

#include <compare>
#include <functional>
#include <optional>

namespace millrace::link {

enum class kind : std::uint8_t {
  content,          // never joined and never left out: frames, output, questions and answers
  note,             // progress without content: joined to the note before it
  credit,           // a total under its stamp: a later one says all that an earlier one says
  acknowledgement,  // likewise
};
inline constexpr std::uint8_t kinds = 4;

/// The fence that a message goes under (delivery::fence has the same members): notes of different ones are
/// not joined, and credit gives way to that of a later one.
struct stamp {
  millrace::life life;
  std::uint64_t number = 0;
  friend auto operator<=>(const stamp&, const stamp&) = default;
};

struct message {
  edge_id edge = 0;
  link::stamp stamp;
  link::kind kind = kind::content;
  pieces bytes;
  /// The log of the edge that it is about, by a number of the sender's own; it does not go over the link. A
  /// note, credit or acknowledgement of one log says nothing about another.
  std::uint64_t about = 0;
};

/// A message that has arrived whole. Its bytes may lie in the packet that brought them: who keeps them for
/// long copies them.
struct delivered {
  edge_id edge = 0;
  link::kind kind = kind::content;
  piece bytes;
};

/// One note in the place of two of the same edge and stamp; nothing where they cannot be joined.
using note_joiner = std::function<std::optional<pieces>(const pieces& earlier, const pieces& later)>;

/// Says what became of a message that was to be sent.
enum class taken : std::uint8_t {
  queued,
  joined,      // joined with one that still waits
  no_room,     // the edge or the link has too much waiting: try again when the link says that there is room
  no_session,  // no session is open
  too_long,    // never goes over a link
};

}  // namespace millrace::link
