#include "runtime/expression/statements/token_list.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <memory>

namespace millrace::sql {
namespace {

/// The scanner is begun anew behind so many places that it cannot take.
constexpr std::size_t most_broken = 20;

expression::bound_or<tokens> tokens_of(std::string_view text) {
  const std::string copy(text);
  struct result {
    PgQueryScanResult r;
    ~result() { pg_query_free_scan_result(r); }
  } scanned{pg_query_scan(copy.c_str())};
  const auto refused = [](std::size_t at, std::string message) {
    return tl::unexpected(expression::problems{{at, std::move(message)}});
  };
  if (scanned.r.error)
    return refused(expression::offset_of_character(
                       text, static_cast<std::size_t>(std::max(1, scanned.r.error->cursorpos)) - 1),
                   scanned.r.error->message);
  const auto free = [](PgQuery__ScanResult* r) { pg_query__scan_result__free_unpacked(r, nullptr); };
  const std::unique_ptr<PgQuery__ScanResult, decltype(free)> unpacked(
      pg_query__scan_result__unpack(nullptr, scanned.r.pbuf.len,
                                    reinterpret_cast<const std::uint8_t*>(scanned.r.pbuf.data)),
      free);
  if (!unpacked)
    return refused(0, "there is no memory to read the text");
  tokens out;
  out.reserve(unpacked->n_tokens);
  for (std::size_t i = 0; i < unpacked->n_tokens; ++i) {
    const auto& t = *unpacked->tokens[i];
    if (t.token == PG_QUERY__TOKEN__SQL_COMMENT || t.token == PG_QUERY__TOKEN__C_COMMENT)
      continue;
    token made{static_cast<std::size_t>(t.start), static_cast<std::size_t>(t.end)};
    if (t.token == PG_QUERY__TOKEN__USCONST || t.token == PG_QUERY__TOKEN__UIDENT) {
      // The scanner gives no end of U&'text' and U&"name": only blanks stand between it and what follows.
      const auto next =
          i + 1 < unpacked->n_tokens ? static_cast<std::size_t>(unpacked->tokens[i + 1]->start) : text.size();
      made.end = text.find_last_not_of(" \t\n\r\f", next - 1) + 1;
    }
    const auto spelt = text.substr(made.begin, made.end - made.begin);
    if (t.token == PG_QUERY__TOKEN__SCONST || t.token == PG_QUERY__TOKEN__USCONST)
      made.is_text = true;
    else if (t.keyword_kind != PG_QUERY__KEYWORD_KIND__NO_KEYWORD ||
             (t.token == PG_QUERY__TOKEN__IDENT && !spelt.starts_with('"')))
      made.word = expression::fold(spelt);
    else if (t.token == PG_QUERY__TOKEN__UIDENT || spelt.starts_with('"'))
      made.is_quoted = true;
    else if (spelt.size() == 1)
      made.sign = spelt.front();
    out.push_back(std::move(made));
  }
  return out;
}

/// The place at which a row of signs begins in which comments are opened again and again; npos: nowhere. The scanner looks at what is left of
/// it for each of them.
std::size_t opened_again(std::string_view text) {
  constexpr std::string_view signs = "~!@#^&|`?+-*/%<>=";
  constexpr std::size_t longest = 300;
  for (auto at = text.find("/*"); at != std::string_view::npos;) {
    const auto end = std::min(text.find_first_not_of(signs, at), text.size());
    if (end - at > longest && text.substr(at + 1, end - at - 1).find("/*") != std::string_view::npos)
      return at;
    at = text.find("/*", end);
  }
  return std::string_view::npos;
}

/// Where the word that begins at `at` ends: digits and letters.
std::size_t behind_word(std::string_view text, std::size_t at) {
  const auto continues = [](char c) {
    return c == '_' || c == '$' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
  };
  while (at < text.size() && continues(text[at]))
    ++at;
  return at;
}

}  // namespace

scanned scan(std::string_view text) {
  scanned out;
  if (const auto again = opened_again(text); again != std::string_view::npos) {
    out.problems.push_back({again, "comments are opened here again and again"});
    return out;
  }
  const auto append = [&](tokens found, std::size_t by) {
    for (auto& t : found) {
      t.begin += by;
      t.end += by;
      out.all.push_back(std::move(t));
    }
  };
  for (std::size_t begin = 0;;) {
    const auto rest = text.substr(begin);
    auto found = tokens_of(rest);
    if (found) {
      append(*std::move(found), begin);
      return out;
    }
    const auto wrong = std::move(found.error().front());
    if (auto before = tokens_of(rest.substr(0, wrong.offset)))
      append(*std::move(before), begin);
    const auto at = begin + wrong.offset;
    // "" is no name.
    const bool empty_name =
        wrong.message.starts_with("zero-length delimited identifier") && text.substr(at, 2) == "\"\"";
    const auto end = empty_name ? at + 2 : behind_word(text, at);
    std::string message = wrong.message.substr(0, wrong.message.find(" at or near "));
    const bool goes_on = (empty_name || message.starts_with("trailing junk")) && end > at &&
                         out.problems.size() + 1 < most_broken;
    if (message.starts_with("trailing junk"))
      message = fmt::format("{0} is not a number; a text stands in single quotes: '{0}'",
                            data::excerpt(text.substr(at, end - at)));
    else if (empty_name)
      message = "\"\" is not a name";
    else if (message == "unterminated quoted string")
      message = "the text that begins here has no end; a single quote within a text is written twice";
    else if (message == "unterminated quoted identifier")
      message = "the name in double quotes that begins here has no end";
    out.problems.push_back({at, std::move(message)});
    begin = goes_on ? end : text.size();
    out.all.push_back({.begin = at, .end = begin, .is_broken = true});
    if (!goes_on)
      return out;
  }
}

bool is_name_by_place(std::span<const token> all, std::size_t i) {
  // The second of the words "as as as" in a row is the name.
  std::size_t row = 0;
  while (row < i && all[i - row - 1].word == "as")
    ++row;
  const auto first = i - row;
  const bool first_is_name = first > 0 && all[first - 1].sign == '.';
  if (row == 0)
    return first_is_name;
  return (row % 2 == 1) != first_is_name;
}

}  // namespace millrace::sql
