#include "actors/deployment/verdicts_between_lives.hpp"

#include <caf/send.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace millrace::deployment {
namespace {

/// So many records one after another, and none between them that goes well: the fault is not theirs.
constexpr std::size_t most_in_a_row = 100;

std::string place(const delivery::failing_records::failing_record& r) {
  return fmt::format("the record of {} at position {}", r.log,
                     r.at.major == 0 ? std::to_string(r.at.minor)
                                     : fmt::format("{}:{}", r.at.major, r.at.minor));
}

unexpected not_its_fault(const lane::lane_options& lane, std::string text) {
  return unexpected(error{ec::internal, fault::ours, false, std::move(text), lane.plan->parser->name});
}

}  // namespace

expected<std::shared_ptr<const delivery::verdicts>>
verdicts_for_next_life(const lane::lane_options& lane, delivery::failing_records& failing, const life& next,
                       control::verdict_book& book, const messages::supervisor& supervisor) {
  const auto records = failing.to_give_up();
  if (records.empty())
    return book.all();
  std::vector<delivery::verdict> new_ones;
  for (const auto& r : records) {
    // A deterministic stage cannot fail on what it has worked on before; and whoever has got the record keeps
    // it, so that a dead letter would not be true.
    if (r.taken_before)
      return not_its_fault(
          lane, fmt::format("{} made the stage fail {} times ({}), although an earlier attempt went well and "
                            "was taken; nothing is lost: the same command goes on there",
                            place(r), r.failures, r.error));
    new_ones.push_back(
        {r.log, r.at, fmt::format("made the stage fail {} times and was given up: {}", r.failures, r.error)});
  }
  if (lane.plan->parsing().fail_on_error) {
    // Not a decision: the run ends at the record, and the next one may have mended the stage.
    auto all = std::make_shared<delivery::verdicts>(*book.all());
    for (const auto& v : new_ones)
      all->add(v);
    return all;
  }
  if (failing.given_up_in_a_row() + new_ones.size() > most_in_a_row)
    return not_its_fault(
        lane,
        fmt::format("{} records in a row made the stage fail and were given up; the fault is hardly theirs "
                    "(the last: {}, {}); see what the dead letters have in common; the same command "
                    "goes on there",
                    failing.given_up_in_a_row(), place(records.back()), records.back().error));
  // Without room for the decision, a next life would fail on the record like those before it.
  if (const auto kept = book.give_up(new_ones, failing.settled()); !kept)
    return unexpected(kept.error());
  for (const auto& r : records) {
    spdlog::error("{}: {} goes to the dead letters after {} failures: {}", lane.plan->parser->name, place(r),
                  r.failures, r.error);
    failing.give_up(r.log, r.at);
  }
  caf::anon_send(supervisor, messages::recovered{lane.name, next});
  return book.all();
}

}  // namespace millrace::deployment
