// Decides whether the state that an earlier topology made fits a changed one: compares their fingerprints
// stage by stage (fingerprint.hpp says what stands in them), and says what comes of it. `run`, `check --state`,
// `replay` and the `apply` of a cluster ask it, so that they say the same.
#pragma once

#include "runtime/base/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// The name that the fingerprint of the topology has among the values of its state.
inline constexpr std::string_view fingerprint_name = "fingerprint";

struct state_fit {
  /// Changes that the state survives, for people: one clause each.
  std::vector<std::string> notes;
  /// The former and the present version of tzdata, as a clause for people, where it has changed and windows
  /// go by the clocks of zones.
  std::string zones;
  /// The first change that it does not survive: which stage, what it was, what it is. Empty: it fits.
  std::string refusal;
  /// The hash of the model that the state was made with, where a changed model is the reason. A caller that
  /// keeps copies says where.
  std::string former_model;

  [[nodiscard]] bool fits() const { return refusal.empty(); }
  /// Records are parsed otherwise than when the state was made.
  [[nodiscard]] bool parses_otherwise() const { return !notes.empty(); }
};

/// Where a state lies, for people.
struct state_place {
  std::string name;           // "the state in DIR"
  std::string ways_out;       // where it does not fit, a list: "run the old topology, ..."
  bool keeps_models = false;  // it has copies of its models, models/HASH.json
};

/// Says whether a state of the topology that wrote `stored` goes on with the one that writes `now`.
[[nodiscard]] state_fit compare_fingerprints(std::string_view stored, std::string_view now);
/// The state is another topology's than this one: what differs, and the ways out.
[[nodiscard]] error does_not_fit(const state_place& where, const std::string& topology, const state_fit& fit);
/// Tells in one line what has changed for a state that fits; empty where nothing has.
[[nodiscard]] std::string fits_with_notes(const state_fit& fit);

}  // namespace millrace::config
