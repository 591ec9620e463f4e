// Writers that run one at a time and stop before each step at a store. Each has a thread; only the one that
// was given a turn runs, so a schedule is a function of its seed.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace millrace::chain::trial {

/// Thrown in a writer that is to die where it stands.
struct killed {};

class baton {
public:
  void release() {
    const std::lock_guard lock(mutex_);
    is_here_ = true;
    came_.notify_one();
  }
  void acquire() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return is_here_; });
    is_here_ = false;
  }

private:
  std::mutex mutex_;
  std::condition_variable came_;
  bool is_here_ = false;
};

class turns {
public:
  explicit turns(std::function<void()> body)
      : thread_([this, body = std::move(body)] {
          mine_.acquire();
          try {
            if (!dies_)
              body();
          } catch (const killed&) {
          }
          is_over_ = true;
          back_.release();
        }) {}
  ~turns() {
    dies_ = true;
    while (!is_over_)
      go();
    thread_.join();
  }

  /// The scheduler calls this: the writer runs to its next step, or to its end.
  void go() {
    mine_.release();
    back_.acquire();
  }
  void die() { dies_ = true; }
  [[nodiscard]] bool is_over() const { return is_over_; }

  /// The writer calls this.
  void stop() {
    if (dies_ && std::uncaught_exceptions() > 0)
      return;
    back_.release();
    mine_.acquire();
    if (dies_)
      throw killed();
  }

private:
  baton mine_, back_;
  bool dies_ = false;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace millrace::chain::trial
