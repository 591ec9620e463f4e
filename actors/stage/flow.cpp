#include "actors/stage/flow.hpp"

namespace millrace::stage {
namespace {

bool has_less(const delivery::stage_counts& now, const delivery::stage_counts& before) {
  return now.in < before.in || now.out < before.out || now.filtered < before.filtered ||
         now.late < before.late || now.dead < before.dead;
}

}  // namespace

void flow::gained(const delivery::ledger& before, const delivery::ledger& now) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, c] : now.stages()) {
    const auto b = before.of(name);
    if (c == b || has_less(c, b))
      continue;
    by_stage_[name] +=
        {c.in - b.in, c.out - b.out, c.filtered - b.filtered, c.late - b.late, c.dead - b.dead};
  }
}

delivery::ledger::entries flow::all() const {
  const std::lock_guard lock(mutex_);
  return by_stage_;
}

}  // namespace millrace::stage
