// Answers about a running topology as people read them. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/observe/explain.hpp"
#include "actors/observe/graph.hpp"
#include "actors/observe/key_state.hpp"
#include "actors/observe/ledger.hpp"
#include "actors/observe/trace.hpp"

#include <string>
#include <vector>

namespace millrace::console {

/// The lines of a text, without their ends.
[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);

/// A table before it is drawn.
struct grid {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;  // each as long as the head; without control characters
};
[[nodiscard]] grid stages_of(const observe::graph& g);
[[nodiscard]] grid lanes_of(const observe::figures& f);
[[nodiscard]] grid shards_of(const observe::figures& f);
[[nodiscard]] grid sinks_of(const observe::figures& f);
[[nodiscard]] grid grid_of(const observe::whole_ledger& l);
/// The newest commits with rows.
[[nodiscard]] grid commits_of(const observe::figures& f);

[[nodiscard]] std::string text_of(const observe::graph& g);
[[nodiscard]] std::string text_of(const observe::explanation& e);
[[nodiscard]] std::string text_of(const observe::whole_ledger& l);
[[nodiscard]] std::string text_of(const observe::key_state& s);
[[nodiscard]] std::string text_of(const observe::trace& t);
[[nodiscard]] std::string text_of(const api::answers::replayed& r, const std::string& into);
[[nodiscard]] std::string lanes_text(const observe::figures& f);
[[nodiscard]] std::string shards_text(const observe::figures& f);
[[nodiscard]] std::string sinks_text(const observe::figures& f);
/// Shows a stage's lanes, shards and commits.
[[nodiscard]] std::string stage_text(const observe::figures& f);

}  // namespace millrace::console
