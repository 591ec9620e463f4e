// Fences lives of one process among themselves, before they meet on disk.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/base/life.hpp"

#include <mutex>
#include <string_view>

namespace millrace::snapshot {

/// The newest incarnation of an actor in this process. Writers hold the mutex while they change files that a
/// newer incarnation would read.
struct life_fence {
  std::mutex mutex;
  incarnation newest = 0;

  /// Returns ec::fenced when `life` is not the newest of the actor's. The caller holds the mutex.
  [[nodiscard]] expected<void> check(incarnation life, std::string_view actor) const;
};

/// The error of a life that a newer one has taken over from: ec::fenced. ec::corrupt where nobody can have given that
/// one (most_terms), so that no new term is tried in vain.
[[nodiscard]] unexpected superseded(incarnation life, std::string_view actor, incarnation by);
/// ec::corrupt: the chain of the actor holds a life that nobody can have given.
[[nodiscard]] unexpected not_given(std::string_view actor, incarnation term);

}  // namespace millrace::snapshot
