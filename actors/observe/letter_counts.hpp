// Dead letters counted by stage and error: of the newest ones, so that a folder of gigabytes takes no longer than a small
// one. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/api/described.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace millrace::observe {

using api::json_of;
using api::read_json;

struct letters_of_error {
  std::string stage;
  std::string error;
  std::uint64_t letters = 0;
  std::string newest;  // id
  std::string time;    // the time of that one
  std::uint64_t replayed = 0;
  friend bool operator==(const letters_of_error&, const letters_of_error&) = default;
};
void members(auto& c, wire::like<letters_of_error> auto& l) {
  c("stage", "the stage at which they failed", l.stage);
  c("error", "the text of the error; empty: all errors that there was no room for", l.error);
  c("letters", "how many dead letters", l.letters);
  c("newest", "the id of the newest of them", l.newest);
  c("time", "the time of the newest of them", l.time);
  c("replayed", "how many of them were replayed", l.replayed);
}
struct letter_counts {
  std::uint64_t letters = 0;
  bool are_all = true;
  std::vector<letters_of_error> by_error;
  friend bool operator==(const letter_counts&, const letter_counts&) = default;
};
void members(auto& c, wire::like<letter_counts> auto& l) {
  c("letters", "how many dead letters were counted", l.letters);
  c("all", "false: there are older ones that were not counted", l.are_all);
  c("by_error", "the counts by stage and error, the most frequent first", l.by_error);
}

/// Adds `"replayed":true` to those of these ids.
[[nodiscard]] api::answers::dead_letters marked(api::answers::dead_letters page,
                                                const std::unordered_set<std::string>& replayed);

/// Errors that are told apart in one answer; texts may name values of records, so there may be as many as letters.
inline constexpr std::size_t most_errors = 1'000;
/// Bytes of letters that are counted.
inline constexpr std::size_t most_counted = std::size_t{16} << 20;

/// Reads pages from the newest on by `page_at` (0: the first) until they end, or enough is counted.
[[nodiscard]] expected<letter_counts>
count_letters(const std::function<expected<api::answers::dead_letters>(std::uint64_t)>& page_at);

}  // namespace millrace::observe
