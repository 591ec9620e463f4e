#include "runtime/expression/bind/multiplying.hpp"

#include "runtime/expression/bind/node.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace millrace::expression {
namespace {

/// The functions that may give many times their arguments, and the argument that decides how many.
constexpr std::pair<std::string_view, std::size_t> deciding[] = {
    {"array_replace", 2}, {"format", 0},  {"lpad", 1}, {"regexp_replace", 2},
    {"repeat", 1},        {"replace", 2}, {"rpad", 1}};

bool is_decided_by_row(const node& n) {
  if (n.what != op::call)
    return false;
  const auto* const known = std::ranges::find(deciding, n.fn->name, [](const auto& d) { return d.first; });
  return known != std::end(deciding) && n.args[known->second]->what != op::constant;
}

bool contains_one(const node& n) {
  return is_decided_by_row(n) || std::ranges::any_of(n.args, [](const auto& a) { return contains_one(*a); });
}

}  // namespace

bool may_multiply(const bound& e) { return contains_one(e.code->root()); }

}  // namespace millrace::expression
