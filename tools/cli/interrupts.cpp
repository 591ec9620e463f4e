#include "tools/cli/interrupts.hpp"

#include <chrono>
#include <thread>

namespace millrace::cli {
namespace {

constexpr std::chrono::milliseconds again_after{50};
/// An interrupted run ends at once, as a rule, and within this.
constexpr std::chrono::seconds limit{10};

std::atomic<bool> came{false};

}  // namespace

bool interrupted() { return came; }

interrupt_watch::interrupt_watch(std::function<void()> interrupt)
    : end_(limit, [this, interrupt = std::move(interrupt)] {
        came = true;
        // Again and again until the end: one that comes while nothing runs would be forgotten.
        for (; !done_; std::this_thread::sleep_for(again_after))
          interrupt();
      }) {}

}  // namespace millrace::cli
