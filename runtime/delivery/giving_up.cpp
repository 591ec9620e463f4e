#include "runtime/delivery/giving_up.hpp"

#include <fmt/format.h>

#include <cstring>
#include <map>
#include <utility>

namespace millrace::delivery {
namespace {

/// This many records fail one after another, and none between them goes well: the fault is not theirs.
constexpr std::size_t most_in_a_row = 100;

}  // namespace

std::string place_of(const log_id& log, position at) {
  return fmt::format("the record of {} at position {}", log,
                     at.major == 0 ? std::to_string(at.minor) : fmt::format("{}:{}", at.major, at.minor));
}

expected<std::vector<verdict>> verdicts_on(const failing_records& failing, bool decides) {
  const auto records = failing.to_give_up();
  std::vector<verdict> out;
  for (const auto& r : records) {
    // A deterministic stage cannot fail on what it has worked on before; and receivers that have got the
    // record keep it, so that a dead letter would not be true.
    if (r.taken_before)
      return our_error(
          fmt::format("{} made the stage fail {} times ({}), although an earlier attempt went well and "
                      "was taken; nothing is lost: the same command goes on there",
                      place_of(r.log, r.at), r.failures, r.error));
    out.push_back(
        {r.log, r.at, fmt::format("made the stage fail {} times and was given up: {}", r.failures, r.error)});
  }
  if (decides && !out.empty() && failing.given_up_in_a_row() + out.size() > most_in_a_row)
    return our_error(fmt::format(
        "{} records in a row made the stage fail and were given up; the fault is hardly theirs "
        "(the last: {}, {}); see what the dead letters have in common; the same command "
        "goes on there",
        failing.given_up_in_a_row(), place_of(records.back().log, records.back().at), records.back().error));
  return out;
}

std::vector<verdict> verdicts_on_crashes(const std::vector<crash_on_records>& all) {
  std::vector<verdict> out;
  std::map<std::pair<log_id, position>, int> times;
  for (const auto& [records, how] : all)
    if (records.record && !records.taken_before &&
        ++times[{records.log, *records.record}] == failing_records::tries)
      out.push_back(
          {records.log, *records.record,
           fmt::format("has ended its process {} times and was given up: {}", failing_records::tries, how)});
  return out;
}

std::string name_of_signal(std::uint32_t signal) {
  const auto* const name = sigabbrev_np(static_cast<int>(signal));
  const auto* const text = sigdescr_np(static_cast<int>(signal));
  return signal == 0 || name == nullptr || text == nullptr
             ? "it was ended from outside, as by SIGKILL where memory has run out"
             : fmt::format("SIG{} ({})", name, text);
}

}  // namespace millrace::delivery
