// Explains why a stage gives no rows just now, and what would change that: words and codes made of a
// topology's plan and of what its actors show. Pure.
#pragma once

#include "actors/observe/figures.hpp"
#include "config/plan.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::observe {

struct cause {
  std::string code;
  std::string stage;
  std::string text;
  std::optional<double> since_seconds;
  std::string remedy;
  friend bool operator==(const cause&, const cause&) = default;
};
void members(auto& c, wire::like<cause> auto& x) {
  c("code", "the same in one word, for scripts", x.code);
  c("stage", "where it lies", x.stage);
  c("text", "in words", x.text);
  c("since_seconds", "for how long; null: unknown", x.since_seconds);
  c("remedy", "what would change it; empty: nothing needs to change", x.remedy);
}

struct explanation {
  std::string stage;
  std::string kind;
  bool is_waiting = false;
  std::string summary;
  event_time next_end;
  event_time waits_for;
  std::vector<cause> causes;
  std::vector<std::string> missing;
  friend bool operator==(const explanation&, const explanation&) = default;
};
void members(auto& c, wire::like<explanation> auto& e) {
  c("stage", "its name", e.stage);
  c("kind", "source, parser, transform, window or sink", e.kind);
  c("waiting", "whether it gives no rows at the moment, or something holds it up", e.is_waiting);
  c("summary", "the answer in one sentence", e.summary);
  c("next_end", "of a window: the end of the first that is open", e.next_end);
  c("waits_for", "the watermark at which that window fires", e.waits_for);
  c("causes", "why, the nearest cause first", e.causes);
  c("missing", "nodes that have actors of the topology and did not answer", e.missing);
}

/// ec::not_found where the topology has no such stage.
[[nodiscard]] expected<explanation> explain(const config::topology& t, const figures& f,
                                            const std::string& stage);

}  // namespace millrace::observe
