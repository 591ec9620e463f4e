#include "tests/simulation/outside_faults.hpp"

#include <iterator>

namespace millrace::simulation {

using k = fault::kind;

bool happens_outside(const fault& f, const outside& o) {
  auto& target =
      std::next(o.targets.all().begin(), static_cast<std::ptrdiff_t>(f.who % o.targets.all().size()))->second;
  const auto at_most = [&](std::int64_t millis) {
    return std::chrono::milliseconds(f.size % static_cast<std::uint64_t>(millis));
  };
  switch (f.what) {
  case k::source_throws:
    o.logs.throw_at_next_read();
    return true;
  case k::writer_throws:
    target.throws = true;
    return true;
  case k::source_away:
    o.logs.set_away(true);
    o.later(at_most(3'000), [logs = &o.logs] { logs->set_away(false); });
    return true;
  case k::sink_away:
    target.away = true;
    o.later(at_most(5'000), [t = &target] { t->away = false; });
    return true;
  case k::commit_unknown:
    target.loses_an_answer = f.size % 2 == 0;
    return true;
  default:
    return false;
  }
}

bool makes_actor_fail(const fault& f) {
  return f.what == k::child_fails || f.what == k::source_throws || f.what == k::writer_throws ||
         f.what == k::zombie || f.what == k::restart;
}

}  // namespace millrace::simulation
