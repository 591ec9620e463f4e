// Joins progress without content: what two messages that follow each other say, one says. Pure.
#pragma once

#include "runtime/link/message.hpp"
#include "runtime/messages/message_format.hpp"

#include <optional>

namespace millrace::link {

/// Progress of one log, under one fence or of one life of a shard, without content. A source's being idle is
/// an event of its own and no such progress.
[[nodiscard]] bool is_note(const messages::edge_message& m);
/// One for both; nothing where the later one does not begin where the earlier one ends.
[[nodiscard]] std::optional<messages::edge_message> join_notes(const messages::edge_message& earlier,
                                                               const messages::edge_message& later);
/// The same of messages with their headers, as a link has them: its link::note_joiner.
[[nodiscard]] std::optional<pieces> join_note_bytes(const pieces& earlier, const pieces& later);

}  // namespace millrace::link
