#include "runtime/expression/syntax/keywords.hpp"

#include "runtime/base/scan.hpp"
#include "runtime/data/quoted.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <unordered_set>

namespace millrace::expression {
namespace {

/// Each token's name, of which those of keywords are scanned as such: NULL_P is the keyword null.
std::string names_of_tokens() {
  std::string out;
  const auto& tokens = pg_query__token__descriptor;
  for (unsigned i = 0; i < tokens.n_values; ++i) {
    auto name = fold(tokens.values[i].name);
    if (name.ends_with("_p"))
      name.resize(name.size() - 2);
    out += name + ' ';
  }
  return out;
}

std::unordered_set<std::string> scanned_keywords() {
  std::unordered_set<std::string> out;
  const auto text = names_of_tokens();
  auto result = pg_query_scan(text.c_str());
  if (auto* const scan =
          result.error != nullptr
              ? nullptr
              : pg_query__scan_result__unpack(nullptr, result.pbuf.len,
                                              reinterpret_cast<const std::uint8_t*>(result.pbuf.data))) {
    for (std::size_t i = 0; i < scan->n_tokens; ++i) {
      const auto& token = *scan->tokens[i];
      if (token.keyword_kind != PG_QUERY__KEYWORD_KIND__NO_KEYWORD &&
          token.keyword_kind != PG_QUERY__KEYWORD_KIND__UNRESERVED_KEYWORD)
        out.emplace(text, static_cast<std::size_t>(token.start),
                    static_cast<std::size_t>(token.end - token.start));
    }
    pg_query__scan_result__free_unpacked(scan, nullptr);
  }
  pg_query_free_scan_result(result);
  return out;
}

/// Keywords that are no name without quotes everywhere.
bool is_taken(std::string_view word) {
  static const auto taken = scanned_keywords();
  return taken.contains(std::string(word));
}

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

}  // namespace

std::string quoted_label(std::string_view name) {
  const bool plain = !name.empty() && is_plain(name[0]) &&
                     std::ranges::all_of(name, [](char c) { return is_plain(c) || is_digit(c); });
  return plain ? std::string(name) : data::in_quotes(name, '"');
}

std::string quoted_identifier(std::string_view name) {
  return is_taken(name) ? data::in_quotes(name, '"') : quoted_label(name);
}

}  // namespace millrace::expression
