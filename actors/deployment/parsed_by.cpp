#include "actors/deployment/parsed_by.hpp"

#include <utility>

namespace millrace::deployment {

expected<std::optional<config::state_fit>>
check_fit(const snapshot::value_reader& values, const config::topology& t, const config::state_place& where) {
  ASSIGN_OR_RETURN(const auto stored, snapshot::find_value(values, config::fingerprint_name));
  if (!stored)
    return std::optional<config::state_fit>();
  auto fit = config::compare_fingerprints(*stored, t.state_fingerprint);
  if (!fit.fits())
    return unexpected(config::does_not_fit(where, t.name, fit));
  return std::optional(std::move(fit));
}

std::string lane_parsed_by_name(const std::string& lane) { return std::string(parsed_by_name) + "/" + lane; }

expected<std::string> parsed_by(const snapshot::value_reader& values, const std::string& lane,
                                const std::string& before) {
  return snapshot::find_value(values, lane_parsed_by_name(lane)).map([&](std::optional<std::string>&& kept) {
    return std::move(kept).value_or(before);
  });
}

}  // namespace millrace::deployment
