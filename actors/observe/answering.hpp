// From a question about a running topology to its answer, the same in `run` and on nodes: whoever is asked has the plan
// and what its actors show. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/observe/figures.hpp"
#include "config/plan.hpp"

#include <string>

namespace millrace::observe {

/// The topology that a request for figures, or for what follows from them, is about; empty for other requests, and for
/// own_figures.
[[nodiscard]] std::string asks_inside(const api::request& r);

/// Answers such a request. ec::not_found where the topology has no such stage.
[[nodiscard]] expected<api::answer> answer_of(const api::request& r, const config::topology& t,
                                              const figures& f);

/// Makes the ledger of a topology's report.
[[nodiscard]] expected<api::answer> ledger_answer(std::string_view report);

}  // namespace millrace::observe
