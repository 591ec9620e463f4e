#include "actors/stream/stage/flow.hpp"

#include <utility>

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

void flow::stands(const std::string& actor, delivery::ledger now) {
  const std::lock_guard lock(mutex_);
  by_actor_[actor] = std::move(now);
}

delivery::ledger flow::standing(const std::function<bool(const std::string&)>& is_here) const {
  const std::lock_guard lock(mutex_);
  delivery::ledger out;
  for (const auto& [actor, ledger] : by_actor_)
    if (is_here(actor))
      out.add(ledger);
  return out;
}

}  // namespace millrace::stage
