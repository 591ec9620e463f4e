// ~ and its like, similar to, and the functions by the name of regexp_*. A constant pattern is compiled once,
// when the expression is bound.
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/regular_expression.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/functions/list_values.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;
using match = regular_expression::match;

/// Compiles a constant pattern (argument 1) with flags (argument Flags; 0: none but what Fixed says).
template<std::size_t Flags, bool Fold>
prepared_or prepare(constant_texts texts) {
  if (!texts[1] || (Flags != 0 && !texts[Flags]))
    return nullptr;
  auto compiled = regular_expression::compile(*texts[1], Fold         ? "i"
                                                         : Flags != 0 ? *texts[Flags]
                                                                      : text_view{});
  if (!compiled)
    return tl::unexpected(refused_argument{1, std::move(compiled.error())});
  return std::make_shared<const regular_expression>(*std::move(compiled));
}

/// The expression of a row: prepared, or compiled and kept for the rows that follow. Null where the row
/// failed.
const regular_expression* expression_for(row& r, text_view pattern, text_view flags) {
  if (const auto* e = r.prepared<regular_expression>())
    return e;
  thread_local std::string kept_pattern;
  thread_local std::string kept_flags;
  thread_local std::optional<regular_expression> kept;
  if (!kept || pattern != kept_pattern || flags != kept_flags) {
    kept.reset();
    auto compiled = regular_expression::compile(pattern, flags);
    if (!compiled) {
      r.fail(std::move(compiled.error()));
      return nullptr;
    }
    kept_pattern = pattern;
    kept_flags = flags;
    kept = *std::move(compiled);
  }
  return &*kept;
}

template<bool Fold, bool Negated>
values matches(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view pattern) {
    const auto* e = expression_for(r, pattern, Fold ? "i" : "");
    return e && e->found_in(s) != Negated;
  })>(c, args);
}
values like_flags(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view pattern, text_view flags) {
    const auto* e = expression_for(r, pattern, flags);
    return e && e->found_in(s);
  })>(c, args);
}

/// An empty text has offset 0, since its match may point elsewhere.
std::size_t offset_in(text_view s, text_view part) {
  return s.empty() ? 0 : static_cast<std::size_t>(part.data() - s.data());
}
/// Where the search goes on behind a match: one character further behind an empty one.
std::size_t next_from(text_view s, text_view whole) {
  const auto end = offset_in(s, whole) + whole.size();
  return whole.empty() ? end + (end < s.size() ? character_length(s, end) : 1) : end;
}

/// \1 to \9 and \& stand for what was matched.
void append_replacement(std::string& out, text_view by, const match& m) {
  for (std::size_t i = 0; i < by.size(); ++i) {
    const char next = by[i] == '\\' && i + 1 < by.size() ? by[i + 1] : '\0';
    const auto group = next == '&' ? 0U : static_cast<unsigned>(next - '0');
    if (next == '&' || (next >= '1' && next <= '9')) {
      if (group < m.size())
        out += m[group];
      ++i;
    } else if (next == '\\') {
      out += '\\';
      ++i;
    } else {
      out += by[i];
    }
  }
}

text_view replaced(row& r, text_view s, text_view pattern, text_view by, text_view flags) {
  const auto* e = expression_for(r, pattern, flags);
  match m;
  if (!e || !e->find(s, 0, m))
    return s;
  const bool all = flags.find('g') != text_view::npos;
  std::string out;
  std::size_t copied = 0;
  do {
    const auto begin = offset_in(s, m[0]);
    out += s.substr(copied, begin - copied);
    append_replacement(out, by, m);
    copied = begin + m[0].size();
    if (out.size() > longest_result)
      return r.fail(fmt::format("regexp_replace makes a text that is too long; at most {} bytes are allowed",
                                longest_result));
  } while (all && e->find(s, next_from(s, m[0]), m));
  return r.keep(out += s.substr(copied));
}
values replace(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view pattern, text_view by) {
    return replaced(r, s, pattern, by, {});
  })>(c, args);
}
values replace_flags(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view pattern, text_view by, text_view flags) {
    return replaced(r, s, pattern, by, flags);
  })>(c, args);
}

/// The groups, or the whole where there are none.
list_value groups_of(row& r, text_view s, text_view pattern, text_view flags) {
  if (flags.find('g') != text_view::npos)
    return r.fail("regexp_match gives one match; it does not take the flag g");
  const auto* e = expression_for(r, pattern, flags);
  match m;
  if (!e)
    return {};
  if (!e->find(s, 0, m))
    return r.null();
  std::vector<const text_view*> parts;
  for (std::size_t i = e->groups() > 0 ? 1 : 0; i < m.size(); ++i)
    parts.push_back(m[i].data() ? &m[i] : nullptr);
  return list_of_texts(*r.c.memory, parts);
}
values match_groups(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view pattern) { return groups_of(r, s, pattern, {}); })>(c, args);
}
values match_groups_flags(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view pattern, text_view flags) {
    return groups_of(r, s, pattern, flags);
  })>(c, args);
}

/// The first group, or the whole where there is none.
values substring(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view pattern) -> text_view {
    const auto* e = expression_for(r, pattern, {});
    match m;
    if (!e)
      return {};
    if (!e->find(s, 0, m))
      return r.null();
    const auto part = m[e->groups() > 0 ? 1 : 0];
    return part.data() ? part : text_view(r.null());
  })>(c, args);
}
values whole_match(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view pattern) -> text_view {
    const auto* e = expression_for(r, pattern, {});
    match m;
    if (!e)
      return {};
    return e->find(s, 0, m) ? m[0] : text_view(r.null());
  })>(c, args);
}
values place_of_match(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view pattern) -> std::int64_t {
    const auto* e = expression_for(r, pattern, {});
    match m;
    if (!e || !e->find(s, 0, m))
      return 0;
    return static_cast<std::int64_t>(count_characters(s.substr(0, offset_in(s, m[0])))) + 1;
  })>(c, args);
}
values count_matches(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view pattern) -> std::int64_t {
    const auto* e = expression_for(r, pattern, {});
    std::int64_t count = 0;
    match m;
    for (std::size_t from = 0; e && e->find(s, from, m); from = next_from(s, m[0]))
      ++count;
    return count;
  })>(c, args);
}

/// Empty matches at either end, or right behind another match, cut nothing.
values split(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view pattern) -> list_value {
    const auto* e = expression_for(r, pattern, {});
    if (!e)
      return {};
    std::vector<text_view> parts;
    std::size_t begin = 0;
    match m;
    for (std::size_t from = 0; e->find(s, from, m); from = next_from(s, m[0])) {
      const auto at = offset_in(s, m[0]);
      const auto end = at + m[0].size();
      if (at >= s.size() || end <= begin)
        continue;
      parts.push_back(s.substr(begin, at - begin));
      begin = end;
    }
    parts.push_back(s.substr(begin));
    std::vector<const text_view*> pointers;
    for (const auto& p : parts)
      pointers.push_back(&p);
    return list_of_texts(*r.c.memory, pointers);
  })>(c, args);
}

text_view similar(row& r, text_view pattern, text_view escape) {
  std::string out;
  if (count_characters(escape) > 1)
    return r.fail(
        fmt::format("'{}' is no escape character; one character is expected", data::excerpt(escape)));
  if (!from_similar(pattern, escape, out))
    return r.fail(fmt::format("the pattern '{}' ends with its escape character", data::excerpt(pattern)));
  return r.keep(out);
}
values similar_to(call& c, std::span<const values> args) {
  return each<([](row& r, text_view pattern) { return similar(r, pattern, "\\"); })>(c, args);
}
values similar_to_escape(call& c, std::span<const values> args) {
  return each<([](row& r, text_view pattern, text_view escape) { return similar(r, pattern, escape); })>(
      c, args);
}

constexpr auto entries = std::to_array<function>({
    entry("~", {text, text}, boolean, matches<false, false>, true, prepare<0, false>),
    entry("!~", {text, text}, boolean, matches<false, true>, true, prepare<0, false>),
    entry("~*", {text, text}, boolean, matches<true, false>, true, prepare<0, true>),
    entry("!~*", {text, text}, boolean, matches<true, true>, true, prepare<0, true>),
    entry("regexp_like", {text, text}, boolean, matches<false, false>, true, prepare<0, false>),
    entry("regexp_like", {text, text, text}, boolean, like_flags, true, prepare<2, false>),
    entry("regexp_replace", {text, text, text}, text, replace, true, prepare<0, false>),
    entry("regexp_replace", {text, text, text, text}, text, replace_flags, true, prepare<3, false>),
    entry("regexp_match", {text, text}, list, match_groups, true, prepare<0, false>),
    entry("regexp_match", {text, text, text}, list, match_groups_flags, true, prepare<2, false>),
    entry("regexp_substr", {text, text}, text, whole_match, true, prepare<0, false>),
    entry("regexp_instr", {text, text}, bigint, place_of_match, true, prepare<0, false>),
    entry("regexp_count", {text, text}, bigint, count_matches, true, prepare<0, false>),
    entry("regexp_split_to_array", {text, text}, list, split, true, prepare<0, false>),
    entry("substring", {text, text}, text, substring, true, prepare<0, false>),
    entry("similar_to_escape", {text}, text, similar_to, true),
    entry("similar_to_escape", {text, text}, text, similar_to_escape, true),
});

}  // namespace

std::span<const function> regular_expression_functions() { return entries; }

}  // namespace millrace::expression
