#include "actors/observe/health.hpp"

#include <fmt/format.h>

#include <set>

namespace millrace::observe {
namespace {

class complaints {
public:
  explicit complaints(bool several) : several_(several) {}
  void of(const running_topology& t) { topology_ = t.topology->name; }
  void add(const std::string& text) { all_ += (several_ ? topology_ + ": " : std::string()) + text + "\n"; }
  [[nodiscard]] health answer() const { return all_.empty() ? health{true, "ok\n"} : health{false, all_}; }

private:
  bool several_;
  std::string topology_;
  std::string all_;
};

using code = trouble_code;

/// The texts of those troubles of a topology that the probe tells of.
void add(complaints& out, const running_topology& t, const std::set<code>& told,
         flow_meter::clock::time_point now) {
  if (!t.runs)
    return;
  out.of(t);
  for (const auto& x : troubles_of(t.seen(system_clock().now()), now))
    if (told.contains(x.code))
      out.add(x.text);
}

}  // namespace

health is_alive(flow_meter::clock::duration since_sampled) {
  if (since_sampled <= taken_for_stuck_after)
    return {true, "ok\n"};
  return {false, fmt::format("stuck: nothing has moved for {} s\n",
                             std::chrono::duration_cast<std::chrono::seconds>(since_sampled).count())};
}

health is_healthy(const std::vector<running_topology>& all, flow_meter::clock::time_point now) {
  complaints out(all.size() > 1);
  for (const auto& t : all)
    add(out, t,
        {code::source_unreached, code::source_away, code::target_unreached, code::target_away,
         code::target_stalled},
        now);
  return out.answer();
}

health is_ready(const std::vector<running_topology>& all, bool stopping,
                const api::answers::topologies& known) {
  complaints out(all.size() > 1);
  for (const auto& t : all)
    add(out, t,
        {code::source_unreached, code::source_away, code::target_unreached, code::spool_full,
         code::window_stalled},
        flow_meter::clock::now());
  if (stopping)
    return {false, "stopping\n"};
  auto answer = out.answer();
  for (const auto& t : known.all)
    if (t.state == api::topology_state::failed)
      answer = {false, fmt::format("{}{} has failed; `millrace list` says why\n",
                                   answer.good ? "" : answer.text, t.name)};
  return answer;
}

}  // namespace millrace::observe
