#include "actors/deployment/parsed_by.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace millrace::deployment {
namespace {

/// Says that a registry has given other columns than it gave the last run, where that may be why the state does not fit.
std::string of_subjects(const config::topology& t, const config::state_fit& fit) {
  std::string out;
  for (const auto& s : t.stages) {
    const auto is_asked =
        s.kind == config::stage_kind::parser && s.options.has("subject") && !s.options.has("schema");
    const auto begin = fmt::format("parser '{}': ", s.name);
    const auto note = std::ranges::find_if(fit.notes, [&](const auto& n) { return n.starts_with(begin); });
    if (!is_asked || note == fit.notes.end() || note->find("column") == std::string::npos)
      continue;
    out +=
        fmt::format("; the {} schema of the subject \"{}\" gives parser '{}' other columns than the last run "
                    "had ({}): say the former one in \"subject_version\", declare the columns in "
                    "\"schema\", or save the former schema and name it in \"schema_file\"",
                    s.options.has("subject_version") ? "chosen" : "newest", s.options.text("subject"), s.name,
                    note->substr(begin.size()));
  }
  return out;
}

}  // namespace

expected<std::optional<config::state_fit>>
check_fit(const snapshot::value_reader& values, const config::topology& t, const config::state_place& where) {
  ASSIGN_OR_RETURN(const auto stored, snapshot::find_value(values, config::fingerprint_name));
  if (!stored)
    return std::optional<config::state_fit>();
  auto fit = config::compare_fingerprints(*stored, t.state_fingerprint);
  if (!fit.fits()) {
    fit.refusal += of_subjects(t, fit);
    return unexpected(config::does_not_fit(where, t.name, fit));
  }
  return std::optional(std::move(fit));
}

std::string parsed_by_name(const std::string& lane) { return "parsed_by/" + lane; }

expected<std::optional<std::string>> parsed_by(const snapshot::value_reader& values,
                                               const std::string& lane) {
  return snapshot::find_value(values, parsed_by_name(lane));
}

}  // namespace millrace::deployment
