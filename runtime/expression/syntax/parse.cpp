// Wraps an expression into a statement for libpg_query, refuses what is more than one expression, and maps
// places and errors back to the user's text.
#include "runtime/expression/statements/foreign_expressions.hpp"
#include "runtime/expression/syntax/parser_thread.hpp"
#include "runtime/expression/syntax/source_text.hpp"
#include "runtime/expression/syntax/syntax.hpp"
#include "runtime/expression/syntax/tree_converter.hpp"

#include <fmt/format.h>
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>

namespace millrace::expression {
namespace {

constexpr std::string_view prefix = "SELECT ";

template<auto Free>
struct freed {
  template<class T>
  void operator()(T* p) const {
    Free(p, nullptr);
  }
};

std::optional<problem> more_than_an_expression(const PgQuery__ParseResult& parsed, std::string_view text) {
  const auto one = [](std::size_t at, std::string_view found) {
    return problem{at, fmt::format("expected one expression and nothing else, found {}", found)};
  };
  if (parsed.n_stmts == 0)
    return problem{0, "the expression is empty"};
  const auto* statement = parsed.stmts[0];
  if (parsed.n_stmts > 1 || statement->stmt_len != 0)
    return one(
        std::min<std::size_t>(text.size(), static_cast<std::size_t>(statement->stmt_len) - prefix.size()),
        "\";\"");
  const auto* s =
      statement->stmt->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? statement->stmt->select_stmt : nullptr;
  if (!s || s->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
    return one(0, "a query");
  if (s->n_distinct_clause != 0 || s->into_clause || s->n_from_clause != 0 || s->where_clause ||
      s->n_group_clause != 0 || s->having_clause || s->n_window_clause != 0 || s->n_values_lists != 0 ||
      s->n_sort_clause != 0 || s->limit_offset || s->limit_count || s->n_locking_clause != 0 ||
      s->with_clause || fold(word_at(text, skip_blanks(text, 0))) == "all")
    return one(0, "a clause of a query (from, where, order by ...)");
  if (s->n_target_list == 0)
    return problem{0, "the expression is empty"};
  const auto at = [&](std::size_t i) {
    const auto location = s->target_list[i]->res_target->location;
    return std::min<std::size_t>(text.size(), static_cast<std::size_t>(location) - prefix.size());
  };
  if (s->n_target_list > 1)
    return one(at(1), "a second one after a comma");
  const auto* target = s->target_list[0]->res_target;
  if (target->name && *target->name != 0) {
    const auto words = sql::scan(text).all;
    if (auto unit = sql::unit_as_name(sql::mistaken(words, text, text.size())))
      return unit;
    return one(at(0), fmt::format("the name \"{}\" after it; names are the keys of the map", target->name));
  }
  return std::nullopt;
}

problem syntax_error(const PgQueryError& e, std::string_view text, const data::schema* columns) {
  // cursorpos counts characters from 1
  std::size_t at = 0;
  for (auto characters = e.cursorpos - 1 - static_cast<int>(prefix.size());
       characters > 0 && at < text.size(); --characters)
    at += std::max<std::size_t>(1, character_length(text, at));
  at = std::min(at, text.size());
  auto message = std::string(e.message ? e.message : "syntax error");
  if (message.find("memory exhausted") != std::string::npos)
    return {at, "the expression nests too deeply; split it into several columns"};
  const auto words = sql::scan(text).all;
  if (auto foreign = sql::foreign_expression(sql::mistaken(words, text, at), columns))
    return *std::move(foreign);
  return {at, std::move(message)};
}

bound_or<syntax> parse_here(std::string_view text, const data::schema* columns) {
  const auto statement = std::string(prefix) + std::string(text);
  struct result {
    PgQueryProtobufParseResult r;
    ~result() { pg_query_free_protobuf_parse_result(r); }
  } parsed{pg_query_parse_protobuf(statement.c_str())};
  if (parsed.r.error)
    return tl::unexpected(problems{syntax_error(*parsed.r.error, text, columns)});
  const std::unique_ptr<PgQuery__ParseResult, freed<pg_query__parse_result__free_unpacked>> unpacked(
      pg_query__parse_result__unpack(nullptr, parsed.r.parse_tree.len,
                                     reinterpret_cast<const std::uint8_t*>(parsed.r.parse_tree.data)));
  if (!unpacked)
    return tl::unexpected(problems{{0, "the expression nests too deeply; split it into several columns"}});
  if (auto p = more_than_an_expression(*unpacked, text))
    return tl::unexpected(problems{*std::move(p)});
  return convert_tree(unpacked->stmts[0]->stmt->select_stmt->target_list[0]->res_target->val, text,
                      prefix.size());
}

}  // namespace

bound_or<syntax> parse(std::string_view text, const data::schema* columns) {
  const auto refuse = [](std::size_t at, std::string message) {
    return tl::unexpected(problems{{at, std::move(message)}});
  };
  if (text.size() > longest_text)
    return refuse(
        0, fmt::format("the expression is {} bytes long; at most {} are allowed", text.size(), longest_text));
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    return refuse(nul, "the expression holds a NUL byte");
  if (const auto bad = first_invalid_utf8(text); bad != std::string_view::npos)
    return refuse(bad, "the expression is not valid UTF-8 here");
  bound_or<syntax> out = refuse(0, "no thread could be started to parse the expression; free some memory");
  const bool ran =
      run_on_parser_thread(parser_stack_for(longest_text), [&] { out = parse_here(text, columns); });
  (void)ran;  // `out` says so where it did not
  return out;
}

}  // namespace millrace::expression
