// Knows the lives on other nodes that this node's actors were introduced to, and the stand-ins by which they reach
// them. Pure: each call gives what is to be said, in order.
#pragma once

#include "actors/node/host/messages.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace millrace::host {

/// A life of an actor elsewhere, as a local actor is introduced to it.
struct introduced {
  std::string node;
  std::string to;             // the local actor
  std::uint32_t index = 0;    // a receiver's index
  std::optional<log_id> log;  // the log of a sender of output; none: it is a receiver
  life remote;
};

/// The local actor that a message is for.
struct told_actor {
  std::string to;
  std::variant<messages::receiver_up, messages::receiver_down, messages::sender_up> what;
};
using remote_effect = std::variant<told_actor, introduce_remote, forget_remote>;
using remote_effect_list = std::vector<remote_effect>;

class remote_ends {
public:
  /// Nobody is introduced on that edge: forget() comes first.
  [[nodiscard]] remote_effect_list introduce(link::edge_id edge, introduced who);
  [[nodiscard]] remote_effect_list forget(link::edge_id edge);
  /// The local actor's life is over.
  [[nodiscard]] remote_effect_list forget_all_of(const std::string& actor);

  // News of the link to `peer`. News of another life, or of another node, is dropped.
  [[nodiscard]] remote_effect_list up(const std::string& peer, const link::stand_in_up& m);
  [[nodiscard]] remote_effect_list down(const std::string& peer, const link::stand_in_down& m);
  /// Senders need not know: a receiver hears nothing from a node that is silent.
  [[nodiscard]] remote_effect_list standing(const std::string& peer, bool is_alive) const;
  [[nodiscard]] remote_effect_list unlinked(const std::string& peer);

private:
  struct met {
    introduced who;
    std::optional<link::stand_in> handle;  // set while there is one
    std::uint64_t number = 0;              // the stand-in's
  };
  met* find(const std::string& peer, link::edge_id edge, const life& remote);
  static remote_effect tell_of(const met& m);
  static void make_void(met& m, remote_effect_list& out);

  std::map<link::edge_id, met> met_;
  std::uint64_t stand_ins_ = 0;  // as many as have come
};

}  // namespace millrace::host
