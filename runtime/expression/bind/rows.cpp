// The binder's comparisons of rows, (a, b) = (c, d): they become comparisons of their members, with PostgreSQL's meaning of nulls. A row
// is nowhere a value.
#include "runtime/expression/bind/binder.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::expression {
namespace {

// Members of rows that in (...) or < compares are bound several times: each level of such comparisons would multiply that.
constexpr std::string_view within_a_row = "a comparison of rows by in (...) or < cannot stand within a row "
                                          "that in (...) or < compares; make it a column of its own";

}  // namespace

node_ptr binder::row_alone(const syntax& s) {
  return problem_at(
      s.offset, "a row of several values cannot be used in an expression here; compare it with another row "
                "by =, <>, <, <=, >, >=, in (...) or is distinct from, as in (a, b) = (c, d), or write one "
                "expression");
}

node_ptr binder::compared_rows(const syntax& s) {
  if (s.what == form::call)
    return row_comparison(s, s.text, s.args[0], s.args[1]);
  if (s.what == form::distinct_from)
    return row_comparison(s, "is distinct from", s.args[0], s.args[1]);
  if (repeats_members_)
    return problem_at(s.offset, std::string(within_a_row));
  repeats_members_ = true;
  std::vector<node_ptr> each;
  for (std::size_t i = 1; i < s.args.size(); ++i) {
    each.push_back(row_comparison(s, s.flag ? "<>" : "=", s.args[0], s.args[i]));
    if (!each.back())
      break;
  }
  repeats_members_ = false;
  return joined(s.flag ? op::all_of : op::any_of, std::move(each), s.offset);
}

node_ptr binder::row_comparison(const syntax& s, std::string_view with, const syntax& left,
                                const syntax& right) {
  if (!is_row(left) || !is_row(right))
    return row_alone(is_row(left) ? left : right);
  const auto size = left.args.size();
  if (size != right.args.size())
    return problem_at(
        s.offset, fmt::format("the rows have {} and {} values; they can be compared where they have as many",
                              size, right.args.size()));
  if (size == 0)
    return problem_at(s.offset, "rows without values cannot be compared");
  for (const auto* side : {&left, &right})
    if (const auto inner = std::ranges::find_if(side->args, is_row); inner != side->args.end())
      return problem_at(inner->offset, "a row cannot stand within a row; write its values beside the others");
  if (with == "<" || with == "<=" || with == ">" || with == ">=")
    return ordered_rows(s, with, left, right);
  const bool distinct = s.what == form::distinct_from;
  if (with != "=" && with != "<>" && !distinct)
    return problem_at(s.offset,
                      fmt::format("{} cannot be used between rows; expected =, <>, <, <=, > or >=", with));
  std::vector<node_ptr> pairs;
  for (std::size_t i = 0; i < size; ++i)
    pairs.push_back(bind_pair(s, with, left.args[i], right.args[i]));
  return joined(with == "=" || (distinct && s.flag) ? op::all_of : op::any_of, std::move(pairs), s.offset);
}

node_ptr binder::bind_pair(const syntax& s, std::string_view with, const syntax& left, const syntax& right) {
  syntax pair;
  pair.what = s.what == form::distinct_from ? s.what : form::call;
  pair.flag = s.flag;
  pair.offset = s.offset;
  pair.text = with;
  pair.args = {left, right};
  return bind(pair);
}

/// The first pair that is not equal decides, also where it is null:
/// case when (a = c) is not true then a < c else b < d end.
node_ptr binder::ordered_rows(const syntax& s, std::string_view with, const syntax& left,
                              const syntax& right) {
  if (repeats_members_)
    return problem_at(s.offset, std::string(within_a_row));
  repeats_members_ = true;
  const auto last = left.args.size() - 1;
  auto n = make(op::case_when, kind::boolean, s.offset);
  bool whole = true;
  for (std::size_t i = 0; i <= last; ++i) {
    if (i < last) {
      auto same = bind_pair(s, "=", left.args[i], right.args[i]);
      if (!same) {
        whole = false;  // the other comparison would say the same
        continue;
      }
      auto differ = make(op::is_boolean, kind::boolean, s.offset);
      differ->flag = true;
      differ->wanted_boolean = 1;
      differ->args.push_back(std::move(same));
      n->args.push_back(fold_constant(std::move(differ)));
    }
    auto before = bind_pair(s, i < last ? with.substr(0, 1) : with, left.args[i], right.args[i]);
    whole &= before != nullptr;
    n->args.push_back(std::move(before));
  }
  repeats_members_ = false;
  if (!whole)
    return nullptr;
  return n->args.size() == 1 ? std::move(n->args[0]) : fold_constant(std::move(n));
}

}  // namespace millrace::expression
