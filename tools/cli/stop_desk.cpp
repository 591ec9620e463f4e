#include "tools/cli/stop_desk.hpp"

#include <spdlog/spdlog.h>

namespace millrace::cli {

void stop_desk::stop() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(asked_, true))
    return;
  spdlog::info("stopping: committing what was taken");
  if (on_stop_)
    on_stop_();
}

void stop_desk::report() {
  const std::lock_guard lock(mutex_);
  if (on_report_)
    on_report_();
}

bool stop_desk::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void stop_desk::attach(std::function<void()> on_stop, std::function<void()> on_report) {
  const std::lock_guard lock(mutex_);
  on_stop_ = std::move(on_stop);
  on_report_ = std::move(on_report);
  if (asked_ && on_stop_)
    on_stop_();
}

}  // namespace millrace::cli
