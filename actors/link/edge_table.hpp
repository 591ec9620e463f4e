// The lives at the two ends of each edge of a link. They decide when a stand-in is made and is void, and whom
// an arrived message is for. Pure; the link actor does what it says, in order.
//
// An edge has one end here at a time: a pair of lives, the local actor's and the remote one's, in one
// session. A stand-in is void once one of the three is over, and the edge gets its next end only after the
// former one has given away all that it had: so every message of an old session is with the local actor
// before its owner hears that the stand-in is void.
#pragma once

#include "actors/link/edge_header.hpp"
#include "runtime/link/limits.hpp"
#include "runtime/link/message.hpp"

#include <deque>
#include <map>
#include <optional>
#include <variant>
#include <vector>

namespace millrace::link {

/// An end of an edge in this process, for as long as it lasts; no number is used twice.
using end_number = std::uint64_t;

namespace edge_effects {

struct begin {  // an end; `of`: as it sends
  edge_id edge = 0;
  end_number end = 0;
  lives of;
};
struct stop {  // it gives away what it has, and is over: edge_table::is_over() is called then
  end_number end = 0;
};
struct deliver {
  end_number end = 0;
  piece message;
};
/// The owner introduced this life of the remote actor, and a stand-in for it is there: the end.
struct tell_up {
  edge_id edge = 0;
  end_number end = 0;
  life remote;
};
/// The stand-in is void, and all that has come by it is with the local actor.
struct tell_down {
  edge_id edge = 0;
  life remote;
};

}  // namespace edge_effects

using edge_effect = std::variant<edge_effects::begin, edge_effects::stop, edge_effects::deliver,
                                 edge_effects::tell_up, edge_effects::tell_down>;
using edge_effect_list = std::vector<edge_effect>;

class edge_table {
public:
  /// Bounds the messages that wait for an introduction, with `limits::each_message` for each.
  static constexpr std::size_t most_held = std::size_t{8} << 20;

  explicit edge_table(const limits& l, std::size_t held = most_held) : limits_(l), most_held_(held) {}

  /// The local actor's life begins. `hears_first`: the remote actor introduces itself by its first message (it
  /// asks, or resumes), as lanes do to their receivers and receivers of output to shards; else remote_up() does.
  void local_up(edge_id edge, const life& now, bool hears_first, edge_effect_list& out);
  void local_down(edge_id edge, const life& last, edge_effect_list& out);
  /// The owner introduces a life of the remote actor, or says that it is over. A lower one than is known counts
  /// for nothing.
  void remote_up(edge_id edge, const life& now, edge_effect_list& out);
  void remote_down(edge_id edge, const life& last, edge_effect_list& out);

  void session_opened(edge_effect_list& out);
  void session_ended(edge_effect_list& out);
  /// The end has stopped, or failed.
  void is_over(end_number end, edge_effect_list& out);

  /// A message has come: it is delivered; or dropped, being from or for a life that is over; or waits for the
  /// introduction of a higher one. Errors: ec::corrupt, also when more waits than may; the session cannot go on.
  [[nodiscard]] expected<void> arrived(edge_id edge, const piece& bytes, edge_effect_list& out);

  /// It is an end, of the edge, that goes on.
  [[nodiscard]] bool is_current(edge_id edge, end_number end) const;
  [[nodiscard]] std::size_t held() const { return held_; }

private:
  struct present_end {
    end_number number = 0;
    lives of;
    bool stopping = false;
    bool told_up = false;
  };
  struct entry {
    std::optional<life> local, remote;  // the highest that are known, whether they go on or not
    bool local_goes_on = false;
    bool remote_goes_on = false;
    bool hears_first = false;
    std::optional<present_end> end;
    std::deque<piece> held;
  };
  enum class fate : std::uint8_t { delivered, dropped, held };

  void settle(edge_id edge, entry& e, edge_effect_list& out);
  [[nodiscard]] fate offer(edge_id edge, entry& e, const opened_message& m, edge_effect_list& out);
  void offer_held(edge_id edge, entry& e, edge_effect_list& out);
  void drop_held(entry& e);

  limits limits_;
  std::size_t most_held_;
  std::map<edge_id, entry> edges_;
  std::map<end_number, edge_id> ends_;
  end_number last_end_ = 0;
  std::size_t held_ = 0;
  bool open_ = false;
};

}  // namespace millrace::link
