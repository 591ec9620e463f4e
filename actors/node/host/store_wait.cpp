#include "actors/node/host/store_wait.hpp"

#include "actors/node/host/start_wait.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace millrace::host {
namespace {

constexpr std::chrono::milliseconds asks_again{500};
constexpr std::chrono::milliseconds looks_every{50};

}  // namespace

struct store_wait::state {
  std::mutex mutex;
  std::condition_variable changed;
  std::function<expected<void>()> ask;
  std::optional<error> failed;  // the last time
  bool is_over = false;         // it has answered, or never will
  bool is_ended = false;        // nobody waits any more

  void ask_until_over() {
    for (;;) {
      const auto answer = ask();
      std::unique_lock lock(mutex);
      failed = answer ? std::nullopt : std::optional(answer.error());
      is_over = !failed || !failed->retry;
      changed.notify_all();
      if (is_over || changed.wait_for(lock, asks_again, [this] { return is_ended; }))
        return;
    }
  }
};

store_wait::store_wait(std::function<expected<void>()> ask) : state_(std::make_shared<state>()) {
  state_->ask = std::move(ask);
}

store_wait::~store_wait() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_ended = true;
  }
  state_->changed.notify_all();
  if (thread_.joinable())
    thread_.join();
}

expected<void> store_wait::run(const std::string& shown, std::chrono::milliseconds patience,
                               const std::function<bool()>& cancelled) {
  thread_ = std::thread([s = state_] { s->ask_until_over(); });
  start_wait waits(start_wait::clock::now(), patience);
  std::unique_lock lock(state_->mutex);
  while (!state_->changed.wait_for(lock, looks_every, [this] { return state_->is_over; })) {
    if (cancelled())
      return user_error(ec::cancelled, "it was asked to end before its store has answered");
    const auto why = state_->failed ? state_->failed->message : shown + ": nothing is heard from it";
    switch (waits.look(start_wait::clock::now(), state_->failed.has_value())) {
    case start_wait::next::quiet:
      break;
    case start_wait::next::tell:
      spdlog::warn("the store does not answer; waiting for it up to {} s: {}", patience.count() / 1000, why);
      break;
    case start_wait::next::over:
      return outside_error(ec::unavailable,
                           fmt::format("the store has not answered within {} s (--start-timeout): {}",
                                       patience.count() / 1000, why));
    }
  }
  if (state_->failed)
    return unexpected(*state_->failed);
  if (waits.was_told())
    spdlog::info("the store answers: {}", shown);
  return {};
}

}  // namespace millrace::host
