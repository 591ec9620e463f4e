#include "tools/cli/conclusion.hpp"

#include "actors/observe/ledger.hpp"
#include "actors/observe/report.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/refuse.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace millrace::cli {
namespace {

/// Rows that were given to a stage and have come out nowhere. A failed run says so itself, and may lack
/// counts.
void tell_imbalance(topology_run& r) {
  if (r.failure())
    return;
  const auto last = r.last_report();
  const auto l = observe::ledger_of(observe::report_text(r.topology(), last.parts, last.finished));
  if (!l)
    return;
  for (const auto& [stage, words] : observe::imbalances_of(*l))
    spdlog::warn("{}/{}: the ledger does not hold: {}", r.topology().name, stage, words);
}

}  // namespace

int conclude(topology_run& r, const std::vector<fail_rule>& rules) {
  const auto& name = r.topology().name;
  const auto letters = r.letters_lie_in();
  if (r.was_started()) {
    log_with(spdlog::level::info,
             fmt::format("'{}' {}: {}", name,
                         r.end().finished ? "has ended"
                         : r.failure()    ? "has failed"
                                          : "has stopped; the same command goes on. So far",
                         describe(r.topology(), r.counts(), letters)),
             members(r.counts(), letters));
    if (r.end().finished && r.counts().read == 0)
      spdlog::warn("'{}': no record was read: its input is empty (--fail-on empty ends such a run with 1)",
                   name);
    tell_imbalance(r);
  }
  if (r.failure())
    return refuse(*r.failure(), r.found_wrong() ? exit_wrong : exit_failed);
  if (const auto fails = failure_by(rules, r.counts(), letters, r.was_finished());
      fails && (r.was_started() || r.was_finished())) {
    complain(fmt::format("millrace: '{}': {}", name, *fails));
    return exit_failed;
  }
  return exit_done;
}

}  // namespace millrace::cli
