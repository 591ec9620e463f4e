#include "actors/stream/sink/commit_clock.hpp"

#include <algorithm>

namespace millrace::sink {
namespace {

/// Progress without rows is committed this often, or when it frees so much of what senders keep.
constexpr std::chrono::milliseconds progress_every{1'000};
constexpr std::size_t progress_bytes{4U << 20U};
/// Rows that come after a pause wait for others this long.
constexpr std::chrono::milliseconds gather{5};

}  // namespace

commit_clock::answer commit_clock::look(clock::time_point now, const uncommitted& what) {
  if (what.rows_since && commit_every_ == clock::duration::zero())
    return {false, in(now, clock::duration::zero())};  // one commit for all that waits in the mailbox
  auto due = what.last_commit + progress_every;
  if (what.rows_since) {
    due = *what.rows_since + std::min(commit_every_, clock::duration(gather));
    if (!what.is_first)
      due = std::max(due, what.last_commit + commit_every_);
  }
  const bool frees_much = !what.rows_since && what.bytes >= progress_bytes;
  if (now >= due || frees_much || what.all_ended)
    return {true, std::nullopt};
  return {false, in(now, due - now)};
}

std::optional<bool> commit_clock::arrived(std::uint64_t number) {
  if (number != ticks_)
    return std::nullopt;
  tick_at_ = clock::time_point::max();
  return commit_every_ == clock::duration::zero();
}

std::optional<commit_clock::tick> commit_clock::in(clock::time_point now, clock::duration wait) {
  if (now + wait >= tick_at_)
    return std::nullopt;
  tick_at_ = now + wait;
  return tick{++ticks_, wait};
}

}  // namespace millrace::sink
