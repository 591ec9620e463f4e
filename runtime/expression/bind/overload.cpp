#include "runtime/expression/bind/overload.hpp"

#include <algorithm>

namespace millrace::expression {
namespace {

using candidates = std::vector<const function*>;

bool takes_exactly(const function& f, std::span<const kind> kinds) {
  return f.arity == kinds.size() && std::equal(kinds.begin(), kinds.end(), f.takes.begin());
}

bool takes_by_casts(const function& f, std::span<const kind> kinds) {
  if (f.arity != kinds.size())
    return false;
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (!converts_implicitly(kinds[i], f.takes[i]))
      return false;
  return true;
}

/// Keeps the candidates with the highest score.
template<class Score>
void keep_best(candidates& from, Score score) {
  std::size_t best = 0;
  for (const auto* f : from)
    best = std::max(best, score(*f));
  std::erase_if(from, [&](const function* f) { return score(*f) < best; });
}

void decide_by_literals(candidates& left, std::span<const kind> kinds) {
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] != kind::unknown)
      continue;
    const bool text =
        std::any_of(left.begin(), left.end(), [&](const function* f) { return f->takes[i] == kind::text; });
    const char wanted = text ? category(kind::text) : category(left.front()->takes[i]);
    if (!text && !std::all_of(left.begin(), left.end(),
                              [&](const function* f) { return category(f->takes[i]) == wanted; }))
      return;  // undecided
    std::erase_if(left, [&](const function* f) { return category(f->takes[i]) != wanted; });
    if (std::any_of(left.begin(), left.end(), [&](const function* f) { return is_preferred(f->takes[i]); }))
      std::erase_if(left, [&](const function* f) { return !is_preferred(f->takes[i]); });
  }
}

/// Where all values with a kind have the same one, the literals are tried as that kind, too.
void decide_by_known_kind(candidates& left, std::span<const kind> kinds) {
  const auto is_known = [](kind k) { return k != kind::unknown; };
  const auto known = std::ranges::find_if(kinds, is_known);
  if (known == kinds.end() || std::ranges::any_of(kinds, [&](kind k) { return is_known(k) && k != *known; }))
    return;
  const std::vector<kind> all(kinds.size(), *known);
  candidates taking;
  for (const auto* f : left)
    if (takes_by_casts(*f, all))
      taking.push_back(f);
  if (taking.size() == 1)
    left = std::move(taking);
}

/// A literal that may be json or jsonb in the same call is json, as it was before there was jsonb.
void prefer_json(candidates& left, std::span<const kind> kinds) {
  const auto is_of_json = [](const function* f) {
    return f->takes[0] == kind::json || f->takes[0] == kind::jsonb;
  };
  if (!kinds.empty() && kinds[0] == kind::unknown && std::ranges::all_of(left, is_of_json) &&
      std::ranges::any_of(left, [](const function* f) { return f->takes[0] == kind::json; }))
    std::erase_if(left, [](const function* f) { return f->takes[0] == kind::jsonb; });
}

}  // namespace

const function* choose(const std::vector<const function*>& overloads, std::span<const kind> kinds) {
  candidates left;
  for (const auto* f : overloads) {
    if (takes_exactly(*f, kinds))
      return f;
    if (takes_by_casts(*f, kinds))
      left.push_back(f);
  }
  // a literal beside one value is first tried as that value's kind
  if (kinds.size() == 2 && (kinds[0] == kind::unknown) != (kinds[1] == kind::unknown)) {
    const auto known = kinds[0] == kind::unknown ? kinds[1] : kinds[0];
    const std::array both{known, known};
    for (const auto* f : left)
      if (takes_exactly(*f, both))
        return f;
  }
  keep_best(left, [&](const function& f) {
    std::size_t n = 0;
    for (std::size_t i = 0; i < kinds.size(); ++i)
      n += kinds[i] == f.takes[i];
    return n;
  });
  keep_best(left, [&](const function& f) {
    std::size_t n = 0;
    for (std::size_t i = 0; i < kinds.size(); ++i)
      n += kinds[i] != kind::unknown && (kinds[i] == f.takes[i] || is_preferred(f.takes[i]));
    return n;
  });
  if (left.size() > 1)
    decide_by_literals(left, kinds);
  if (left.size() > 1)
    decide_by_known_kind(left, kinds);
  if (left.size() > 1)
    prefer_json(left, kinds);
  return left.size() == 1 ? left.front() : nullptr;
}

std::string signatures(const std::vector<const function*>& overloads) {
  std::string out;
  for (const auto* f : overloads) {
    if (!out.empty())
      out += ", ";
    out.append(f->name).append("(");
    for (std::size_t i = 0; i < f->arity; ++i)
      out.append(i == 0 ? "" : ", ").append(name_of(f->takes[i]));
    out += f->any_types ? "...)" : ")";
  }
  return out;
}

std::optional<kind> common_kind(std::span<const kind> kinds) {
  auto out = kind::unknown;
  for (const auto k : kinds) {
    if (k == kind::unknown || k == out)
      continue;
    const bool first = out == kind::unknown;
    const bool other_world =
        category(k) != category(out) || k == kind::list || category(k) == category(kind::json);
    if (first || (!other_world && converts_implicitly(out, k)))
      out = k;
    else if (other_world || !converts_implicitly(k, out))
      return std::nullopt;
  }
  return out == kind::unknown ? kind::text : out;
}

}  // namespace millrace::expression
