// Answers about a running topology as people read them. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/inside/explain.hpp"
#include "actors/inside/graph.hpp"
#include "actors/inside/key_state.hpp"
#include "actors/inside/ledger.hpp"
#include "actors/inside/trace.hpp"

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
[[nodiscard]] grid stages_of(const inside::graph& g);
[[nodiscard]] grid lanes_of(const inside::figures& f);
[[nodiscard]] grid shards_of(const inside::figures& f);
[[nodiscard]] grid sinks_of(const inside::figures& f);
[[nodiscard]] grid grid_of(const inside::whole_ledger& l);
/// The newest commits with rows.
[[nodiscard]] grid commits_of(const inside::figures& f);

[[nodiscard]] std::string text_of(const inside::graph& g);
[[nodiscard]] std::string text_of(const inside::explanation& e);
[[nodiscard]] std::string text_of(const inside::whole_ledger& l);
[[nodiscard]] std::string text_of(const inside::key_state& s);
[[nodiscard]] std::string text_of(const inside::trace& t);
[[nodiscard]] std::string text_of(const api::answers::replayed& r, const std::string& into);
[[nodiscard]] std::string lanes_text(const inside::figures& f);
[[nodiscard]] std::string shards_text(const inside::figures& f);
[[nodiscard]] std::string sinks_text(const inside::figures& f);
/// Shows whatever a stage has of lanes, shards and commits.
[[nodiscard]] std::string stage_text(const inside::figures& f);

}  // namespace millrace::console
