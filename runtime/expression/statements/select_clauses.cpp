#include "runtime/expression/statements/select_clauses.hpp"

#include <algorithm>
#include <array>

namespace millrace::sql {
namespace {

/// Words that begin a clause, or end the SELECT, where they stand in no parentheses.
constexpr std::array<std::string_view, 16> clause_words{
    "from",  "where", "group", "having",    "window", "order", "limit", "offset",
    "fetch", "for",   "union", "intersect", "except", "into",  "on",    "with"};

bool is_clause(const tokens& all, std::size_t i) {
  const auto& word = all[i].word;
  if (word.empty() || std::ranges::find(clause_words, word) == clause_words.end())
    return false;
  const auto next = i + 1 < all.size() ? std::string_view(all[i + 1].word) : std::string_view();
  if (is_name_by_place(all, i))
    return false;
  if (word == "from")  // but for IS DISTINCT FROM
    return all[i - 1].word != "distinct" || is_name_by_place(all, i - 1);
  if (word == "group" || word == "order")
    return next == "by";
  if (word == "on")
    return next == "conflict";
  if (word == "with")
    return next == "no" || next == "data" || next == "check" || next == "cascaded" || next == "local";
  return true;
}

struct clause {
  std::string_view word;
  token_range body;  // behind the word
};

/// The clauses behind SELECT, the first one being its items. `at` becomes the index of the token that ends them.
std::vector<clause> split(const tokens& all, std::size_t& at) {
  std::vector<clause> out;
  std::size_t begin = at + 1;
  std::string_view word = "select";
  int depth = 0;
  const auto close = [&](std::size_t end) {
    out.push_back({word, token_range(all).subspan(begin, end - begin)});
    at = end;
  };
  for (auto i = begin; i < all.size(); ++i) {
    if (depth == 0 && (all[i].sign == ')' || all[i].sign == ';')) {
      close(i);
      return out;
    }
    if (depth == 0 && is_clause(all, i)) {
      close(i);
      word = all[i].word;
      begin = i + 1;
      if (word == "union" || word == "intersect" || word == "except" || word == "with" || word == "on")
        return out;
    }
    depth += depth_of(all[i]);
  }
  close(all.size());
  return out;
}

token_range without_first(token_range r, std::string_view word) {
  return !r.empty() && r.front().word == word ? r.subspan(1) : r;
}

}  // namespace

std::size_t select_before(const tokens& all, std::size_t inside) {
  int depth = 0;
  for (auto i =
           static_cast<std::size_t>(std::ranges::lower_bound(all, inside, {}, &token::begin) - all.begin());
       i-- > 0;) {
    depth = std::max(0, depth - depth_of(all[i]));
    if (depth == 0 && all[i].word == "select")
      return i;
  }
  return std::string::npos;
}

std::vector<token_range> divided(token_range all) {
  std::vector<token_range> out;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (depth == 0 && all[i].sign == ',') {
      out.push_back(all.subspan(begin, i - begin));
      begin = i + 1;
    }
    depth += depth_of(all[i]);
  }
  if (begin < all.size())
    out.push_back(all.subspan(begin));
  return out;
}

slice slice_of(token_range r) { return r.empty() ? slice{} : slice{r.front().begin, r.back().end}; }

token_range without_name(token_range output) {
  // A name in double quotes with escapes may have UESCAPE 'c' behind it.
  const std::size_t escape = output.size() > 3 && output.back().is_text ? 2 : 0;
  auto out = output.first(output.size() - std::min<std::size_t>(1 + escape, output.size()));
  if (out.size() > 1 && out.back().word == "as" && !is_name_by_place(out, out.size() - 1))
    out = out.first(out.size() - 1);
  return out;
}

token_range without_order(token_range item) {
  const auto is_word = [&](std::size_t from_end, std::string_view word) {
    return item.size() > from_end && item[item.size() - from_end].word == word &&
           !is_name_by_place(item, item.size() - from_end);
  };
  if (is_word(2, "nulls") && (is_word(1, "first") || is_word(1, "last")))
    item = item.first(item.size() - 2);
  if (is_word(1, "asc") || is_word(1, "desc"))
    item = item.first(item.size() - 1);
  return item;
}

namespace {

/// Takes the clauses behind the items.
void take(const clause& c, select_clauses& out) {
  if (c.word == "from")
    out.from = c.body;
  else if (c.word == "where")
    out.where = c.body;
  else if (c.word == "group") {
    const auto items = without_first(c.body, "by");
    out.group_by = divided(without_first(without_first(items, "all"), "distinct"));
  } else if (c.word == "having")
    out.having = c.body;
  else if (c.word == "order")
    out.orders.push_back(divided(without_first(c.body, "by")));
  else if (c.word == "limit" || c.word == "fetch")
    out.limits.push_back(c.body);
}

}  // namespace

select_clauses clauses_of(const tokens& all, std::size_t at) {
  select_clauses out;
  for (const auto& c : split(all, at)) {
    if (c.word != "select") {
      take(c, out);
      continue;
    }
    auto items = without_first(c.body, "all");
    if (!items.empty() && items.front().word == "distinct") {
      items = items.subspan(1);
      if (items.size() > 1 && items[0].word == "on" && items[1].sign == '(') {
        int depth = 0;
        std::size_t end = 1;
        do
          depth += depth_of(items[end++]);
        while (depth > 0 && end < items.size());
        out.distinct_on = divided(items.subspan(2, end - 3));
        items = items.subspan(end);
      }
    }
    out.outputs = divided(items);
  }
  // (SELECT ...) ORDER BY ... LIMIT ...
  while (at + 1 < all.size() && all[at].sign == ')') {
    const bool goes_on = all[at + 1].sign == ')' || is_clause(all, at + 1);
    if (!goes_on)
      break;
    for (const auto& c : split(all, at))
      if (c.word == "order" || c.word == "limit" || c.word == "fetch")
        take(c, out);
  }
  return out;
}

}  // namespace millrace::sql
