// Targets of sinks in memory: rows and progress move in one step, a claim of a newer life refuses older ones,
// a topology that begins anew replaces what another state has left,
// rows may be refused, and the answer to a commit may be lost. memory_writer is the connector.
#pragma once

#include "actors/stream/sink/sink.hpp"
#include "actors/stream/sink/target_owner.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::simulation {

struct memory_target {
  struct committed {
    std::vector<std::string> rows;  // rows as JSON
    std::uint64_t batch = 0;
  };
  std::vector<committed> commits;  // commits with rows
  std::optional<sink::progress> progress;
  std::vector<sink::rejected_row> rejected;
  std::uint64_t rejections = 0;
  incarnation claimed = 0;
  sink::target_owner owner;  // the last claimant; no topology: nobody
  bool refuses = false;      // some rows: is_refused()

  bool away = false;
  bool throws = false;                  // fails the next call
  std::optional<bool> loses_an_answer;  // loses the answer of the next commit, which happens or not

  void empty();
  [[nodiscard]] std::vector<std::string> rows() const;
};

class memory_targets {
public:
  memory_target& operator[](const std::string& sink) { return targets_[sink]; }
  [[nodiscard]] std::map<std::string, memory_target>& all() { return targets_; }
  /// Everything that there is has been committed everywhere: the run comes to its end.
  [[nodiscard]] bool have_all() const;
  /// `gone`: the process whose writer it is, is dead.
  [[nodiscard]] std::unique_ptr<sink::writer> make_writer(const std::string& sink,
                                                          std::shared_ptr<const bool> gone);

private:
  std::map<std::string, memory_target> targets_;
};

}  // namespace millrace::simulation
