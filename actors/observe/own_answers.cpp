#include "actors/observe/own_answers.hpp"

#include "actors/observe/answering.hpp"
#include "actors/observe/health.hpp"
#include "actors/observe/letter_counts.hpp"
#include "actors/observe/metrics.hpp"

#include <type_traits>
#include <utility>
#include <variant>

namespace millrace::observe {

namespace {

struct page_maker {
  using page = std::optional<api::answers::page>;
  const running_topologies& board;
  const cluster_standing& cluster;

  static page of(const health& h) { return api::answers::page{h.good, h.text}; }
  page operator()(const api::requests::metrics&) const {
    return api::answers::page{true, metrics_text(board.all(), cluster)};
  }
  page operator()(const api::requests::healthz&) const { return of(is_healthy(board.all())); }
  page operator()(const api::requests::readyz&) const {
    return of(is_ready(board.all(), board.is_stopping(), cluster.topologies));
  }
  page operator()(const api::requests::livez&) const {
    return of(is_alive(flow_meter::clock::now() - board.sampled_at()));
  }
  page operator()(const auto&) const { return std::nullopt; }
};

}  // namespace

std::optional<api::answers::page> page_of_process(const api::request& r, const running_topologies& board,
                                                  const cluster_standing& cluster) {
  return std::visit(page_maker{board, cluster}, r);
}

expected<tapped> tapped_at(const running_topology& t, std::string_view edge, const std::string& node,
                           std::string_view after) {
  if (!t.gauges.taps)
    return outside_error(ec::unavailable, "the topology has not begun; ask again");
  return tapped_at(*t.gauges.taps, *t.topology, edge, node, after).map([&](tapped&& x) {
    x.is_over = x.is_over || !t.runs;
    return std::move(x);
  });
}

expected<key_look_up> look_up_key(const running_topology& t, const std::string& stage, std::string_view key) {
  ASSIGN_OR_RETURN(auto at, find_key(*t.topology, stage, key));
  auto shard = deployment::find_shard(t.gauges, at.shard);
  if (!shard)
    return no_shard(t.topology->name, at.shard);
  shard::look_up_key question{at.key, most_open_windows};
  return key_look_up{std::move(at), std::move(shard), std::move(question)};
}

api::answer key_answer(const config::topology& t, const std::string& stage, const found_key& at,
                       const shard::key_found& found, const std::string& node) {
  auto out = state_of(t, stage, at, found.windows, found.watermark, found.fired);
  out.node = node;
  return document(out);
}

const std::string* asks_for_letters(const api::request& r) {
  namespace asked = api::requests;
  return std::visit(
      []<class R>(const R& one) -> const std::string* {
        if constexpr (std::is_same_v<R, asked::dead_letters> || std::is_same_v<R, asked::newest_letters> ||
                      std::is_same_v<R, asked::letter_counts>)
          return &one.topology;
        else
          return nullptr;
      },
      r);
}

expected<api::answer> letters_answer(const api::request& r, const page_of_letters& oldest,
                                     const page_of_letters& newest) {
  const auto whole = [](api::answers::dead_letters&& page) { return api::answer(std::move(page)); };
  if (const auto* const d = std::get_if<api::requests::dead_letters>(&r))
    return oldest(d->page).map(whole);
  if (const auto* const n = std::get_if<api::requests::newest_letters>(&r))
    return newest(n->page).map(whole);
  return count_letters(newest).map(document<letter_counts>);
}

}  // namespace millrace::observe
