#include "actors/deployment/parsed_by.hpp"

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

std::string parsed_by_name(const std::string& lane) { return "parsed_by/" + lane; }

expected<std::optional<std::string>> parsed_by(const snapshot::value_reader& values,
                                               const std::string& lane) {
  return snapshot::find_value(values, parsed_by_name(lane));
}

}  // namespace millrace::deployment
