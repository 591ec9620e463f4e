#include "runtime/chain/rules.hpp"

#include <algorithm>

namespace millrace::chain {

bool is_void(life of, life highest_before) { return of < highest_before; }

std::uint64_t next_place(const sight& s) { return std::max(s.mark, s.last) + 1; }

bool must_give_up(life mine, life highest) { return highest > mine; }

life above_earlier(life mine, life highest) {
  constexpr std::uint32_t step = 1024;  // 16,384 openings under one term; a raise looks first who is there
  if (highest.term == mine.term && highest.count >= mine.count)
    mine.count = highest.count + step;
  return mine;
}

life chosen_above(life highest, std::uint32_t random) {
  return {highest.term + 1, random & (first_raised_count - 1)};
}

bool is_taken(life chosen, life highest) { return highest.term >= chosen.term && highest != chosen; }

bool counts(const sight& s, std::uint64_t place) {
  if (!s.is_mine_there || s.mark >= place)
    return false;
  if (s.is_mine_sealed)
    return false;
  return s.last == place;
}

std::uint64_t mark_before(std::uint64_t previous_base) { return previous_base == 0 ? 0 : previous_base - 1; }

bool is_passed_by(const link& tail, const std::optional<link>& next) { return next && *next == tail; }

bool has_hole(std::uint64_t mark, const std::vector<std::uint64_t>& places) {
  auto wanted = mark;
  for (const auto place : places)
    if (place > mark && place != ++wanted)
      return true;
  return wanted == mark && mark != 0;
}

}  // namespace millrace::chain
