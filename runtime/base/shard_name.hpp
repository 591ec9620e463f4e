// The name of a shard: that of its actor and of the log of its output. Names are made and read here alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// A value. Names of stages have no '/', and no log of a lane begins with the name of a window.
struct shard_name {
  std::string window;            // the stage's name
  std::uint64_t generation = 0;  // the number of the run
  std::uint32_t shard = 0;       // its number among the window's
  friend bool operator==(const shard_name&, const shard_name&) = default;
};

/// Returns "WINDOW/GENERATION/SHARD".
[[nodiscard]] std::string to_string(const shard_name& n);
/// Takes what to_string() gives, and nothing else.
[[nodiscard]] std::optional<shard_name> parse_shard_name(std::string_view text);

/// Returns "WINDOW/SHARD": one shard's files in a state folder, and its series of metrics, go on over
/// generations.
[[nodiscard]] std::string lasting_name(const shard_name& n);
/// Likewise for the name of any actor; one that is no shard's is returned as it is.
[[nodiscard]] std::string lasting_name(const std::string& actor);
/// Returns "TOPOLOGY/ACTOR", as log lines and the list of nodes name an actor; a stage likewise. No topology:
/// the actor alone.
[[nodiscard]] std::string name_in_logs(const std::string& topology, const std::string& actor);
/// Returns the stage that the actor is of: a parser for a lane, a window for a shard, a sink.
[[nodiscard]] std::string stage_of_actor(const std::string& actor);
/// Returns `who` without "TOPOLOGY/" before it, as the list of nodes has actors of several topologies. A window may be
/// called as the topology is: a number alone, which would be left of its shard, is no name.
[[nodiscard]] std::string meant_actor(const std::string& topology, const std::string& who);
/// Returns whether the actor has this name, with or without its generation, or is of the stage of this name.
[[nodiscard]] bool is_meant_by(const std::string& who, const std::string& actor);
/// Takes what lasting_name() gives of a shard of this generation, and nothing else.
[[nodiscard]] std::optional<shard_name> parse_lasting_name(std::string_view text, std::uint64_t generation);

}  // namespace millrace
