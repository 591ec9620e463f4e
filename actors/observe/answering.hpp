// Answers a question about a running topology, the same in `run` and on nodes: the answering side has the
// plan and what its actors show. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/api/described.hpp"
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

/// Gives a report (observe/report.hpp) as it is, and the ledger that is made of it.
[[nodiscard]] expected<api::answer> report_answer(const api::requests::report& r, const std::string& report);
[[nodiscard]] expected<api::answer> report_answer(const api::requests::ledger& r, const std::string& report);

/// The topology has ended, was stopped or has failed: clients that wait for it are answered.
[[nodiscard]] bool is_over(const api::answers::topology& t);

/// `v` names its members (api/described.hpp).
template<class T>
[[nodiscard]] api::answer document(const T& v) {
  return api::answers::document{api::json_of(v) + '\n'};
}

}  // namespace millrace::observe
