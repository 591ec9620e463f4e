// The messages of edges as bytes, for lanes, shards and sinks that live in different processes; drawn in
// docs/development/formats.md. Handles of actors stay out: the carrier of the bytes knows sender and receiver by
// (topology, actor, life), and puts its own stand-in for the sender in `from`.
#pragma once

#include "runtime/messages/messages.hpp"
#include "runtime/window/partials_format.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace millrace::messages {

/// All that passes between lanes, shards and sinks. The order is the format: new ones go to the end.
using edge_message =
    std::variant<ask_position, take_frame, position_answered, credit_returned, ask_again, acknowledged,
                 output, resume_output, furthest_known, output_resumed, output_acknowledged, output_taken>;

[[nodiscard]] std::string encode_message(const edge_message& m);

/// Reads the messages of one edge. One thread at a time.
class message_reader {
public:
  /// `window`: of the shard that the edge leads to; nothing where it leads to a sink, or back.
  explicit message_reader(const std::optional<window::definition>& window = std::nullopt);
  /// Never trusts the bytes. Errors: ec::corrupt; ec::unsupported for another version.
  [[nodiscard]] expected<edge_message> read(std::string_view bytes) const;

private:
  std::optional<window::partials_reader> partials_;
};

}  // namespace millrace::messages
