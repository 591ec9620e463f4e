#include "actors/deployment/verdicts_between_lives.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

namespace millrace::deployment {

expected<std::shared_ptr<const delivery::verdicts>>
verdicts_for_next_life(const lane::lane_options& lane, delivery::failing_records& failing, const life& next,
                       control::verdict_book& book, const messages::supervisor& supervisor) {
  const bool decides = !lane.plan->parsing().fail_on_error;
  auto given_up = delivery::verdicts_on(failing, decides);
  if (!given_up) {
    given_up.error().stage = lane.plan->parser->name;
    return unexpected(std::move(given_up.error()));
  }
  if (given_up->empty())
    return book.all();
  if (!decides) {
    // The run ends at the record, and the next one may have mended the stage.
    auto all = std::make_shared<delivery::verdicts>(*book.all());
    for (const auto& v : *given_up)
      all->add(v);
    return all;
  }
  // Without room for the decision, a next life would fail on the record like those before it.
  if (const auto kept = book.give_up(*given_up, failing.settled()); !kept)
    return unexpected(kept.error());
  for (const auto& v : *given_up) {
    spdlog::error("{}: {} {}; it goes to the dead letters", lane.plan->parser->name,
                  delivery::place_of(v.log, v.at), v.error);
    failing.give_up(v.log, v.at);
  }
  caf::anon_send(supervisor, messages::recovered{lane.name, next});
  return book.all();
}

expected<void> heed_crashes(const lane::lane_options& lane,
                            const std::vector<delivery::crash_on_records>& crashes,
                            delivery::failing_records& failing, control::verdict_book& book) {
  for (const auto& c : crashes)
    failing.suspect(c.records);
  if (!lane.plan->parsing().gives_up_crashes)
    return {};
  auto given_up = delivery::verdicts_on_crashes(crashes);
  std::erase_if(given_up, [&](const auto& v) { return book.all()->find(v.log, v.at) != nullptr; });
  for (const auto& v : given_up)
    spdlog::error("{}: {} {}; it goes to the dead letters", lane.plan->parser->name,
                  delivery::place_of(v.log, v.at), v.error);
  return given_up.empty() ? expected<void>() : book.give_up(given_up, {});
}

}  // namespace millrace::deployment
