// Keeps who waits for the end of which replay. One is under way for a topology at a time; a client that asks
// for the same one meanwhile hears of its end, too. Nobody waits for long: after a while each is told that it
// goes on, and asks again. An end that nobody has heard of is kept for the next client that asks. No thread,
// no clock: the owner has both.
#pragma once

#include "actors/api/answers.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::replay {

class waiting_replays {
public:
  using clock = std::chrono::steady_clock;
  using give_answer = std::function<void(expected<api::answer>)>;

  /// True: the owner begins it, and calls ended(). Else the answer comes here, or has come.
  [[nodiscard]] bool ask(const api::requests::replay& what, give_answer to, clock::time_point now);
  void ended(const std::string& topology, const expected<api::answers::replayed>& with);
  /// Tells each replay whose time is over to ask again.
  void look(clock::time_point now);
  [[nodiscard]] std::size_t under_way() const;

private:
  struct waiting {
    give_answer to;
    clock::time_point until;
  };
  struct one {
    api::requests::replay what;
    std::vector<waiting> waits = {};
    bool is_under_way = true;
    std::optional<expected<api::answers::replayed>> untold = {};
  };
  std::map<std::string, one> all_;  // keyed by topology
};

}  // namespace millrace::replay
