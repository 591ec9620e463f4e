// Answers of one process about a topology on its board, the same in `run` and on nodes.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/observe/key_state.hpp"
#include "actors/observe/running.hpp"
#include "actors/observe/tap.hpp"

#include <string>
#include <string_view>

namespace millrace::observe {

/// Rows as they pass on an edge in this process, which is called `node`. `after`: a cursor. ec::unavailable where the
/// topology has yet to begin.
[[nodiscard]] expected<tapped> tapped_at(const running_topology& t, std::string_view edge,
                                         const std::string& node, std::string_view after);

/// A key, and its shard: whoever asks that for `question` gets what key_answer() takes.
struct key_look_up {
  key_place at;
  shard::open_shard shard;  // it lives
  shard::look_up_key question;
};
/// Errors of place_of_key(); ec::unavailable where the shard does not live in this process just now.
[[nodiscard]] expected<key_look_up> look_up_key(const running_topology& t, const std::string& stage,
                                                std::string_view key);
[[nodiscard]] api::answer key_answer(const config::topology& t, const std::string& stage, const key_place& at,
                                     const shard::key_found& found, const std::string& node);

}  // namespace millrace::observe
