#include "tests/simulation/shrink.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::simulation {
namespace {

class shrinking {
public:
  shrinking(scenario s, const std::function<bool(const scenario&)>& fails)
      : now_(std::move(s)), fails_(fails) {}

  scenario run() {
    for (bool any = true; any;) {
      any = faults();
      any |= features();
      any |= streams();
    }
    return std::move(now_);
  }

private:
  bool attempt(const std::function<void(scenario&)>& change) {
    auto smaller = now_;
    change(smaller);
    // A topic that has no partition at first is refused by every server.
    if (smaller.streams.front().found_later || !fails_(smaller))
      return false;
    now_ = std::move(smaller);
    return true;
  }

  bool faults() {
    bool any = false;
    for (auto n = now_.faults.size(); n > 0; n /= 2)
      for (std::size_t at = 0; at < now_.faults.size();) {
        const auto end = std::min(at + n, now_.faults.size());
        const bool gone = attempt([&](scenario& s) {
          s.faults.erase(s.faults.begin() + static_cast<std::ptrdiff_t>(at),
                         s.faults.begin() + static_cast<std::ptrdiff_t>(end));
        });
        any |= gone;
        if (!gone)
          at = end;
      }
    return any;
  }

  bool features() {
    bool any = false;
    const auto off = [&](bool is_on, const std::function<void(scenario&)>& change) {
      if (is_on)
        any |= attempt(change);
    };
    off(now_.behind.has_value(), [](scenario& s) { s.behind.reset(); });
    off(now_.second_sink, [](scenario& s) { s.second_sink = false; });
    off(now_.late_sink, [](scenario& s) { s.late_sink = false; });
    off(now_.raw_sink && now_.window, [](scenario& s) { s.raw_sink = false; });
    off(now_.ordered, [](scenario& s) { s.ordered = false; });
    off(now_.refuses, [](scenario& s) { s.refuses = false; });
    off(now_.unnests, [](scenario& s) { s.unnests = false; });
    off(now_.select, [](scenario& s) { s.select = false; });
    off(now_.csv, [](scenario& s) { s.csv = false; });
    off(now_.retain_memory.has_value(), [](scenario& s) { s.retain_memory.reset(); });
    off(now_.max_drift.has_value(), [](scenario& s) { s.max_drift.reset(); });
    off(now_.rate.has_value(), [](scenario& s) { s.rate.reset(); });
    off(now_.idle_timeout.has_value(), [](scenario& s) { s.idle_timeout.reset(); });
    off(now_.parse_helpers != 0, [](scenario& s) { s.parse_helpers = 0; });
    off(now_.threads > 1, [](scenario& s) { s.threads = 1; });
    off(now_.frame_rows.size() > 1, [](scenario& s) { s.frame_rows = {8192}; });
    if (now_.window) {
      off(!now_.window->aggregates.empty(), [](scenario& s) { s.window->aggregates.clear(); });
      off(now_.window->least_count.has_value(), [](scenario& s) { s.window->least_count.reset(); });
      off(now_.window->most_count.has_value(), [](scenario& s) { s.window->most_count.reset(); });
      off(now_.window->least_value.has_value(), [](scenario& s) { s.window->least_value.reset(); });
      off(now_.window->lateness.count() != 0, [](scenario& s) { s.window->lateness = micros(0); });
      off(now_.window->shards > 1, [](scenario& s) { s.window->shards = 1; });
      off(now_.window->keyed && !now_.behind, [](scenario& s) { s.window->keyed = false; });
    }
    return any;
  }

  bool streams() {
    bool any = false;
    for (std::size_t i = 0; now_.streams.size() > 1 && i < now_.streams.size();)
      if (attempt([&](scenario& s) { s.streams.erase(s.streams.begin() + static_cast<std::ptrdiff_t>(i)); }))
        any = true;
      else
        ++i;
    for (std::size_t i = 0; i < now_.streams.size(); ++i)
      for (auto n = now_.streams[i].clicks.size(); n > 0; n /= 2)
        for (std::size_t at = 0; at < now_.streams[i].clicks.size();) {
          const auto end = std::min(at + n, now_.streams[i].clicks.size());
          const bool gone = attempt([&](scenario& s) {
            auto& clicks = s.streams[i].clicks;
            clicks.erase(clicks.begin() + static_cast<std::ptrdiff_t>(at),
                         clicks.begin() + static_cast<std::ptrdiff_t>(end));
          });
          any |= gone;
          if (!gone)
            at = end;
        }
    return any;
  }

  scenario now_;
  const std::function<bool(const scenario&)>& fails_;
};

}  // namespace

scenario shrink(scenario s, const std::function<bool(const scenario&)>& fails) {
  return shrinking(std::move(s), fails).run();
}

std::string describe_scenario(const scenario& s) {
  auto out = topology_text(s) + "\n";
  out += fmt::format(
      "lane credit {} bytes, chunks of {} records, {} helpers a lane, a step takes {} us, frames "
      "of {} rows, {} threads",
      s.lane_credit, s.chunk_records, s.parse_helpers, s.step_time.count(), s.frame_rows.front(), s.threads);
  for (const auto& p : s.streams) {
    out += fmt::format("\n{} {}{}, {} records:", p.source, p.partition,
                       p.found_later ? fmt::format(", made behind {} others", p.made_after) : "",
                       p.clicks.size());
    for (const auto at : p.rests)
      out += fmt::format("\n  rests before record {}", at);
    for (const auto& c : p.clicks)
      out += "\n  " + record_text(s, c);
  }
  for (const auto& f : s.faults)
    out += fmt::format(
        "\nstep {}{}: {} of {}{} (who {}, size {})", f.step,
        f.when == fault::moment::none ? "" : fmt::format(", {} steps after {}", f.after, to_string(f.when)),
        to_string(f.what), to_string(f.of), f.damage ? ", a snapshot is damaged" : "", f.who, f.size);
  return out + "\n";
}

}  // namespace millrace::simulation
