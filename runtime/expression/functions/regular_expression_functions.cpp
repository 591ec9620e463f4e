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

constexpr text_view no_global = "the flag g belongs to regexp_replace alone; leave it out";

bool is_global(text_view flags) { return flags.find('g') != text_view::npos; }

/// Compiles a constant pattern (argument 1) with flags (argument Flags; 0: none but i where Fold). Global: g is for the
/// function.
template<std::size_t Flags, bool Fold = false, bool Global = false>
prepared_or prepare(constant_texts texts) {
  if (Flags != 0 && !Global && texts[Flags] && is_global(*texts[Flags]))
    return tl::unexpected(refused_argument{Flags, std::string(no_global)});
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

/// The same for functions that look for one match, or for all of them anyway.
const regular_expression* expression_without_g(row& r, text_view pattern, text_view flags) {
  if (is_global(flags)) {
    r.fail(std::string(no_global));
    return nullptr;
  }
  return expression_for(r, pattern, flags);
}

/// A trailing argument of a row, or what stands for it where the call has none.
template<class T>
T argument_or(std::span<const values> args, std::size_t i, const row& r, T otherwise) {
  return i < args.size() ? args[i].get<T>(r.index) : otherwise;
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
    const auto* e = expression_without_g(r, pattern, flags);
    return e && e->found_in(s);
  })>(c, args);
}

/// An empty text has offset 0, since its match may point elsewhere.
std::size_t offset_in(text_view s, text_view part) {
  return s.empty() ? 0 : static_cast<std::size_t>(part.data() - s.data());
}
/// Returns where the search goes on after a match: one character further after an empty one.
std::size_t next_from(text_view s, text_view whole) {
  const auto end = offset_in(s, whole) + whole.size();
  return whole.empty() ? end + (end < s.size() ? character_length(s, end) : 1) : end;
}

/// Bytes that the searches for all matches in one text may read together. RE2 needs 3 to 15 ns for each.
constexpr std::size_t most_bytes_read = 1U << 27U;

/// The matches of a text from a place on, one after another. The row fails where they would take too long: a bound of time
/// would depend on the machine, so it counts what the searches may have read.
class all_matches {
public:
  all_matches(row& r, const regular_expression& e, text_view s, std::size_t from)
      : r_(r), expression_(e), text_(s), from_(from) {}

  /// The next match in `m`; false where there is none, or the row has failed.
  bool next(match& m) {
    if (from_ > text_.size())
      return false;
    read_ += text_.size() - from_;
    if (read_ > most_bytes_read && !short_sighted_) {
      short_sighted_ = expression_.is_short_sighted();
      if (!short_sighted_)
        return r_.fail(fmt::format(
            "the pattern has too many matches in a text of {} bytes: the search for each may read to "
            "its end, and {} bytes are allowed together; let no repetition take what may "
            "come behind it, as <[^>]*> does",
            text_.size(), most_bytes_read));
    }
    if (!expression_.find(text_, from_, m))
      return false;
    from_ = next_from(text_, m[0]);
    return true;
  }

private:
  row& r_;
  const regular_expression& expression_;
  text_view text_;
  std::size_t from_;
  std::size_t read_ = 0;
  bool short_sighted_ = false;
};

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

/// Returns where a search begins: at a character, counted from 1. No value where the row failed.
std::optional<std::size_t> begin_of_search(row& r, text_view s, std::int64_t start) {
  if (start < 1)
    return r.fail(fmt::format("a search begins at character 1 or later, not at {}", start)), std::nullopt;
  const auto before = static_cast<std::size_t>(start - 1);
  return before > count_characters(s) ? s.size() + 1 : offset_of_character(s, before);
}

/// Replaces the n-th match of a search, or all where `nth` is 0.
text_view replaced(row& r, text_view s, text_view pattern, text_view by, std::int64_t start, std::int64_t nth,
                   text_view flags) {
  const auto* e = expression_for(r, pattern, flags);
  const auto begin = e ? begin_of_search(r, s, start) : std::nullopt;
  if (!begin)
    return s;
  if (nth < 0)
    return r.fail(
        fmt::format("matches are counted from 1, and 0 stands for all of them; there is no match {}", nth));
  all_matches found(r, *e, s, *begin);
  match m;
  for (std::int64_t skipped = 1; skipped < nth; ++skipped)
    if (!found.next(m))
      return s;
  if (!found.next(m))
    return s;
  std::string out;
  std::size_t copied = 0;
  do {
    const auto at = offset_in(s, m[0]);
    out += s.substr(copied, at - copied);
    append_replacement(out, by, m);
    copied = at + m[0].size();
    if (out.size() > longest_result)
      return r.fail(fmt::format("regexp_replace makes a text that is too long; at most {} bytes are allowed",
                                longest_result));
  } while (nth == 0 && found.next(m));
  return r.keep(out += s.substr(copied));
}
values replace(call& c, std::span<const values> args) {
  return each_wanted<text_view>(c, [&](row& r) {
    return replaced(r, args[0].get<text_view>(r.index), args[1].get<text_view>(r.index),
                    args[2].get<text_view>(r.index), argument_or<std::int64_t>(args, 3, r, 1),
                    argument_or<std::int64_t>(args, 4, r, 1), argument_or<text_view>(args, 5, r, {}));
  });
}
values replace_flags(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view pattern, text_view by, text_view flags) {
    return replaced(r, s, pattern, by, 1, is_global(flags) ? 0 : 1, flags);
  })>(c, args);
}

/// The groups, or the whole where there are none.
list_value groups_of(row& r, text_view s, text_view pattern, text_view flags) {
  const auto* e = expression_without_g(r, pattern, flags);
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
/// A group (0: the whole) of the n-th match of a search; without data where there is none or the row failed.
text_view part_of_match(row& r, text_view s, text_view pattern, std::int64_t start, std::int64_t nth,
                        text_view flags, std::int64_t group) {
  const auto* e = expression_without_g(r, pattern, flags);
  const auto begin = e ? begin_of_search(r, s, start) : std::nullopt;
  if (!begin)
    return {};
  if (nth < 1)
    return r.fail(fmt::format("matches are counted from 1; there is no match {}", nth));
  if (group < 0)
    return r.fail(
        fmt::format("groups are counted from 1, and 0 is the whole match; there is no group {}", group));
  all_matches found(r, *e, s, *begin);
  for (match m; found.next(m);)
    if (--nth == 0)
      return static_cast<std::size_t>(group) < m.size() ? m[static_cast<std::size_t>(group)] : text_view{};
  return {};
}

values whole_match(call& c, std::span<const values> args) {
  return each_wanted<text_view>(c, [&](row& r) -> text_view {
    const auto part =
        part_of_match(r, args[0].get<text_view>(r.index), args[1].get<text_view>(r.index),
                      argument_or<std::int64_t>(args, 2, r, 1), argument_or<std::int64_t>(args, 3, r, 1),
                      argument_or<text_view>(args, 4, r, {}), argument_or<std::int64_t>(args, 5, r, 0));
    return part.data() ? part : text_view(r.null());
  });
}

values place_of_match(call& c, std::span<const values> args) {
  return each_wanted<std::int64_t>(c, [&](row& r) -> std::int64_t {
    const auto s = args[0].get<text_view>(r.index);
    const auto behind = argument_or<std::int64_t>(args, 4, r, 0);
    if (behind != 0 && behind != 1)
      return r.fail(fmt::format(
          "regexp_instr takes 0 for where a match begins and 1 for where it ends, not {}", behind));
    const auto part =
        part_of_match(r, s, args[1].get<text_view>(r.index), argument_or<std::int64_t>(args, 2, r, 1),
                      argument_or<std::int64_t>(args, 3, r, 1), argument_or<text_view>(args, 5, r, {}),
                      argument_or<std::int64_t>(args, 6, r, 0));
    if (!part.data())
      return 0;
    const auto end = offset_in(s, part) + (behind == 1 ? part.size() : 0);
    return static_cast<std::int64_t>(count_characters(s.substr(0, end))) + 1;
  });
}

values count_matches(call& c, std::span<const values> args) {
  return each_wanted<std::int64_t>(c, [&](row& r) -> std::int64_t {
    const auto s = args[0].get<text_view>(r.index);
    const auto* e =
        expression_without_g(r, args[1].get<text_view>(r.index), argument_or<text_view>(args, 3, r, {}));
    const auto begin = e ? begin_of_search(r, s, argument_or<std::int64_t>(args, 2, r, 1)) : std::nullopt;
    if (!begin)
      return {};
    all_matches found(r, *e, s, *begin);
    std::int64_t count = 0;
    for (match m; found.next(m);)
      ++count;
    return count;
  });
}

/// Empty matches cut nothing at either end, and right after another match.
values split(call& c, std::span<const values> args) {
  return each_wanted<list_value>(c, [&](row& r) -> list_value {
    auto s = args[0].get<text_view>(r.index);
    const auto* e =
        expression_without_g(r, args[1].get<text_view>(r.index), argument_or<text_view>(args, 2, r, {}));
    if (!e)
      return {};
    std::vector<text_view> parts;
    std::size_t begin = 0;
    all_matches found(r, *e, s, 0);
    for (match m; found.next(m);) {
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
  });
}

/// PostgreSQL cuts the middle of three patterns out; RE2 has no equal for how short the first of them is.
prepared_or refuse_three_patterns(constant_texts) {
  return tl::unexpected(refused_argument{1, "substring(text similar pattern escape character) is not "
                                            "offered; use substring(text from pattern) with a "
                                            "regular expression, of which the first group is the result"});
}
values no_substring(call& c, std::span<const values>) {
  return each_wanted<text_view>(c, [](row& r) -> text_view { return r.null(); });
}

text_view similar(row& r, text_view pattern, text_view escape) {
  std::string out;
  if (count_characters(escape) > 1)
    return r.fail(
        fmt::format("'{}' is not an escape character; one character is expected", data::excerpt(escape)));
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
    entry("~", {text, text}, boolean, matches<false, false>, true, prepare<0>),
    entry("!~", {text, text}, boolean, matches<false, true>, true, prepare<0>),
    entry("~*", {text, text}, boolean, matches<true, false>, true, prepare<0, true>),
    entry("!~*", {text, text}, boolean, matches<true, true>, true, prepare<0, true>),
    entry("regexp_like", {text, text}, boolean, matches<false, false>, true, prepare<0>),
    entry("regexp_like", {text, text, text}, boolean, like_flags, true, prepare<2>),
    entry("regexp_replace", {text, text, text}, text, replace, true, prepare<0>),
    entry("regexp_replace", {text, text, text, text}, text, replace_flags, true, prepare<3, false, true>),
    entry("regexp_replace", {text, text, text, bigint}, text, replace, true, prepare<0>),
    entry("regexp_replace", {text, text, text, bigint, bigint}, text, replace, true, prepare<0>),
    entry("regexp_replace", {text, text, text, bigint, bigint, text}, text, replace, true,
          prepare<5, false, true>),
    entry("regexp_match", {text, text}, list, match_groups, true, prepare<0>),
    entry("regexp_match", {text, text, text}, list, match_groups_flags, true, prepare<2>),
    entry("regexp_substr", {text, text}, text, whole_match, true, prepare<0>),
    entry("regexp_substr", {text, text, bigint}, text, whole_match, true, prepare<0>),
    entry("regexp_substr", {text, text, bigint, bigint}, text, whole_match, true, prepare<0>),
    entry("regexp_substr", {text, text, bigint, bigint, text}, text, whole_match, true, prepare<4>),
    entry("regexp_substr", {text, text, bigint, bigint, text, bigint}, text, whole_match, true, prepare<4>),
    entry("regexp_instr", {text, text}, bigint, place_of_match, true, prepare<0>),
    entry("regexp_instr", {text, text, bigint}, bigint, place_of_match, true, prepare<0>),
    entry("regexp_instr", {text, text, bigint, bigint}, bigint, place_of_match, true, prepare<0>),
    entry("regexp_instr", {text, text, bigint, bigint, bigint}, bigint, place_of_match, true, prepare<0>),
    entry("regexp_instr", {text, text, bigint, bigint, bigint, text}, bigint, place_of_match, true,
          prepare<5>),
    entry("regexp_instr", {text, text, bigint, bigint, bigint, text, bigint}, bigint, place_of_match, true,
          prepare<5>),
    entry("regexp_count", {text, text}, bigint, count_matches, true, prepare<0>),
    entry("regexp_count", {text, text, bigint}, bigint, count_matches, true, prepare<0>),
    entry("regexp_count", {text, text, bigint, text}, bigint, count_matches, true, prepare<3>),
    entry("regexp_split_to_array", {text, text}, list, split, true, prepare<0>),
    entry("regexp_split_to_array", {text, text, text}, list, split, true, prepare<2>),
    entry("substring", {text, text}, text, substring, true, prepare<0>),
    entry("substring", {text, text, text}, text, no_substring, true, refuse_three_patterns),
    entry("similar_to_escape", {text}, text, similar_to, true),
    entry("similar_to_escape", {text, text}, text, similar_to_escape, true),
});

}  // namespace

std::span<const function> regular_expression_functions() { return entries; }

}  // namespace millrace::expression
