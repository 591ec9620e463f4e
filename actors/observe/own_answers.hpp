// Answers of one process by its board, the same in `run` and on nodes.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/observe/key_state.hpp"
#include "actors/observe/metrics.hpp"
#include "actors/observe/running.hpp"
#include "actors/observe/tap.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::observe {

/// Answers a request for metrics or a probe; nothing where something else is asked for. `cluster`: what metrics and /readyz say
/// of all topologies.
[[nodiscard]] std::optional<api::answers::page>
page_of_process(const api::request& r, const running_topologies& board, const cluster_standing& cluster);

/// Rows as they pass on an edge in this process, which is called `node`. `after`: a cursor. ec::unavailable where the
/// topology has yet to begin.
[[nodiscard]] expected<tapped> tapped_at(const running_topology& t, std::string_view edge,
                                         const std::string& node, std::string_view after);

/// A key, and its shard: its answer to `question` is what key_answer() takes.
struct key_look_up {
  found_key at;
  shard::open_shard shard;  // it lives
  shard::look_up_key question;
};
/// Errors of find_key(); ec::unavailable where the shard does not live in this process just now.
[[nodiscard]] expected<key_look_up> look_up_key(const running_topology& t, const std::string& stage,
                                                std::string_view key);
[[nodiscard]] api::answer key_answer(const config::topology& t, const std::string& stage, const found_key& at,
                                     const shard::key_found& found, const std::string& node);

/// The topology whose dead letters a request is about; null: it is about something else.
[[nodiscard]] const std::string* asks_for_letters(const api::request& r);
/// Gives a page of dead letters; 0 is the first. It may block.
using page_of_letters = std::function<expected<api::answers::dead_letters>(std::uint64_t page)>;
/// Answers such a request by their pages, the oldest or the newest letters first.
[[nodiscard]] expected<api::answer> letters_answer(const api::request& r, const page_of_letters& oldest,
                                                   const page_of_letters& newest);

}  // namespace millrace::observe
