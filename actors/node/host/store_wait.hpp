// Waits at the start of a node until its store answers. A store that hangs is asked on a thread of its own, so that it
// holds up neither the end of the patience nor a stop.
#pragma once

#include "runtime/base/error.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace millrace::host {

class store_wait {
public:
  /// `ask` is called on a thread of its own until it succeeds or fails without `retry`.
  explicit store_wait(std::function<expected<void>()> ask);
  /// Waits for a call that has not come back: the end of the process has a limit of its own.
  ~store_wait();
  store_wait(const store_wait&) = delete;
  store_wait& operator=(const store_wait&) = delete;

  /// Blocks, once. `shown`: the store, for lines of the log. Errors: ec::unavailable with the store's last error where the patience is
  /// over, ec::cancelled, the store's own where waiting does not mend it.
  [[nodiscard]] expected<void> run(const std::string& shown, std::chrono::milliseconds patience,
                                   const std::function<bool()>& cancelled);

private:
  struct state;
  std::shared_ptr<state> state_;
  std::thread thread_;
};

}  // namespace millrace::host
