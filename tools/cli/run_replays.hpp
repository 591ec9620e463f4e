// Replays of dead letters that the API of `millrace run` was asked for: one for each topology at a time, each on a thread
// of its own, since files may be long and a source has to be asked. Their batches lie in the state folder, where the run
// finds them by itself.
#pragma once

#include "actors/api/cluster_view.hpp"
#include "actors/replay/waiting_replays.hpp"
#include "config/plan.hpp"

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace millrace::cli {

class run_replays {
public:
  /// Ends what is under way: letters that have not gone in do so when it is asked for again.
  ~run_replays();

  struct job {
    std::shared_ptr<const config::topology> topology;
    std::string folder;  // --state
    bool runs = false;   // it takes in what comes
  };
  /// Any thread may call.
  void ask(const api::requests::replay& what, job j, const api::reply& to);
  /// Tells whoever has waited for long to ask again; called some times a second.
  void look();

private:
  struct worker {
    std::thread thread;
    bool is_over = false;
  };
  void join_ended();

  std::mutex mutex_;  // guards what follows
  replay::waiting_replays waits_;
  std::list<worker> workers_;
  std::atomic<bool> is_cancelled_ = false;
};

}  // namespace millrace::cli
