#include "actors/observe/answering.hpp"

#include "actors/observe/explain.hpp"
#include "actors/observe/graph.hpp"
#include "actors/observe/ledger.hpp"
#include "actors/observe/topology_walk.hpp"
#include "actors/observe/trace.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::observe {
namespace {

expected<figures> of_stage(const config::topology& t, const figures& f, const std::string& stage) {
  RETURN_IF_ERROR(find_stage(t, stage));
  auto out = f;
  std::erase_if(out.sources, [&](const auto& s) { return s.name != stage; });
  std::erase_if(out.lanes, [&](const auto& l) { return l.source != stage && l.parser != stage; });
  std::erase_if(out.shards, [&](const auto& s) { return s.window != stage; });
  std::erase_if(out.sinks, [&](const auto& s) { return s.name != stage; });
  std::erase_if(out.losses, [&](const auto& l) { return l.first != stage; });
  std::erase_if(out.flow, [&](const auto& x) { return x.first != stage; });
  return out;
}

struct answerer {
  const config::topology& t;
  const figures& f;

  expected<api::answer> operator()(const api::requests::graph&) const { return document(graph_of(t, f)); }
  expected<api::answer> operator()(const api::requests::figures&) const { return document(f); }
  expected<api::answer> operator()(const api::requests::stage_figures& r) const {
    return of_stage(t, f, r.stage).map([](const figures& x) { return document(x); });
  }
  expected<api::answer> operator()(const api::requests::explain& r) const {
    return explain(t, f, r.stage).map([](const explanation& x) { return document(x); });
  }
  expected<api::answer> operator()(const api::requests::trace& r) const {
    return read_traced_record(r.record)
        .and_then([&](const traced_record& x) { return trace_of(t, f, r.stage, x, f.at.at); })
        .map([](const trace& x) { return document(x); });
  }
  expected<api::answer> operator()(const auto&) const {
    return our_error("a request was taken for one about figures");
  }
};

}  // namespace

std::string asks_inside(const api::request& r) {
  return std::visit(
      []<class R>(const R& one) {
        namespace asked = api::requests;
        if constexpr (std::is_same_v<R, asked::graph> || std::is_same_v<R, asked::stage_figures> ||
                      std::is_same_v<R, asked::explain> || std::is_same_v<R, asked::figures> ||
                      std::is_same_v<R, asked::trace>)
          return one.topology;
        else
          return std::string();
      },
      r);
}

expected<api::answer> answer_of(const api::request& r, const config::topology& t, const figures& f) {
  return std::visit(answerer{t, f}, r);
}

expected<api::answer> report_answer(const api::requests::report&, const std::string& report) {
  return api::answer(api::answers::document{report});
}

expected<api::answer> report_answer(const api::requests::ledger&, const std::string& report) {
  const auto l = ledger_of(report);
  if (!l)
    return our_error("the report is none that a ledger can be made of");
  return document(*l);
}

bool is_over(const api::answers::topology& t) {
  return t.state == api::topology_state::ended || t.state == api::topology_state::stopped ||
         t.state == api::topology_state::failed;
}

}  // namespace millrace::observe
