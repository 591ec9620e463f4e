#include "runtime/expression/statements/read_statements.hpp"

#include "runtime/expression/statements/foreign_expressions.hpp"
#include "runtime/expression/statements/foreign_words.hpp"
#include "runtime/expression/statements/plain_mistakes.hpp"
#include "runtime/expression/statements/statement_converter.hpp"
#include "runtime/expression/syntax/parser_thread.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <memory>

namespace millrace::sql {
namespace {

using expression::problem;

struct reader {
  std::string_view text;
  statements out{};

  /// Remembers what the statement would have made: CREATE ... TABLE, VIEW, TYPE and the like, and the name behind.
  void note(std::span<const token> words) {
    if (words.empty() || words.front().word != "create")
      return;
    constexpr std::string_view kinds[] = {"table", "view", "source", "sink", "stream", "type", "function"};
    for (std::size_t i = 1; i + 1 < words.size() && i < 5; ++i) {
      if (std::ranges::find(kinds, words[i].word) == std::end(kinds))
        continue;
      auto at = i + 1;
      while (at + 1 < words.size() &&
             (words[at].word == "if" || words[at].word == "not" || words[at].word == "exists"))
        ++at;
      const auto& name = words[at];
      const auto spelt = text.substr(name.begin, name.end - name.begin);
      const bool quoted = spelt.size() > 2 && (spelt.front() == '"' || spelt.front() == '`');
      out.unreadable.emplace_back(quoted ? std::string(spelt.substr(1, spelt.size() - 2)) : name.word);
      return;
    }
  }

  void say(std::size_t at, std::string message) { out.problems.push_back({at, std::move(message)}); }

  /// `words`: of the statement alone, without its semicolon, with offsets in the whole text.
  void read(std::span<const token> words) {
    const auto before = out.problems.size();
    words = without_comments(words);
    if (words.empty())
      return;
    const bool broken = std::ranges::any_of(words, &token::is_broken);  // which is told already
    if (!broken)
      read_one(words);
    if (broken || out.problems.size() > before)
      note(words);
  }

  /// Tells of comments as shells have them, in front of a statement, and leaves these lines out.
  std::span<const token> without_comments(std::span<const token> words) {
    while (!words.empty() && text[words.front().begin] == '#') {
      const auto at = words.front().begin;
      say(at, "a comment begins with -- here");
      const auto line = std::min(text.find('\n', at), text.size());
      const auto next = std::ranges::lower_bound(words, line, {}, &token::begin);
      words = words.subspan(static_cast<std::size_t>(next - words.begin()));
    }
    return words;
  }

  void read_one(std::span<const token> words) {
    const auto begin = words.front().begin;
    const auto end = words.back().end;
    if (end - begin > longest_statement)
      return say(begin, fmt::format(
                            "the statement is {} bytes long; at most {} are allowed: make views of its parts",
                            end - begin, longest_statement));
    tokens own(words.begin(), words.end());
    for (auto& t : own) {
      t.begin -= begin;
      t.end -= begin;
    }
    const auto part = text.substr(begin, end - begin);
    const std::string copy(part);
    struct result {
      PgQueryProtobufParseResult r;
      ~result() { pg_query_free_protobuf_parse_result(r); }
    } parsed{pg_query_parse_protobuf(copy.c_str())};
    if (parsed.r.error)
      return say_wrong(*parsed.r.error, part, own, begin);
    const auto free = [](PgQuery__ParseResult* r) { pg_query__parse_result__free_unpacked(r, nullptr); };
    const std::unique_ptr<PgQuery__ParseResult, decltype(free)> unpacked(
        pg_query__parse_result__unpack(nullptr, parsed.r.parse_tree.len,
                                       reinterpret_cast<const std::uint8_t*>(parsed.r.parse_tree.data)),
        free);
    if (!unpacked || unpacked->n_stmts != 1)
      return say(begin, "the statement nests too deeply; make views of its parts");
    auto made = convert_statement(unpacked->stmts[0]->stmt, part, own, begin);
    if (made)
      out.all.push_back(*std::move(made));
    else
      std::ranges::move(made.error(), std::back_inserter(out.problems));
  }

  void say_wrong(const PgQueryError& e, std::string_view part, const tokens& own, std::size_t begin) {
    // cursorpos counts characters from 1
    const auto at =
        expression::offset_of_character(part, static_cast<std::size_t>(std::max(1, e.cursorpos)) - 1);
    const std::string_view message = e.message == nullptr ? "syntax error" : e.message;
    if (message.find("memory exhausted") != std::string::npos)
      return say(at + begin, "the statement nests too deeply; make views of its parts");
    const mistaken m(own, part, at);
    auto found = foreign_words(m);
    if (!found)
      found = foreign_expression(m);
    if (!found)
      found = plain_mistake(m);
    if (!found)
      found = syntax_mistake(m, message);
    say(found->offset + begin, std::move(found->message));
  }

  void read_all() {
    auto scanned = scan(text);
    out.words = std::move(scanned.all);
    out.problems = std::move(scanned.problems);
    const auto& words = out.words;
    std::size_t begin = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i <= words.size(); ++i) {
      if (i < words.size() && !(words[i].sign == ';' && !in_body(words, begin, i)))
        continue;
      if (i > begin && ++count > most_statements)
        return say(words[begin].begin, fmt::format("there are more than {} statements", most_statements));
      if (i > begin)
        read(std::span(words).subspan(begin, i - begin));
      begin = i + 1;
    }
    std::ranges::stable_sort(out.problems, {}, &problem::offset);
  }

  /// A semicolon ends no statement between BEGIN ATOMIC and END of CREATE FUNCTION. `i` grows from call to call.
  bool in_body(const tokens& words, std::size_t begin, std::size_t i) {
    for (body_.at = std::max(body_.at, begin); body_.at < i; ++body_.at) {
      const auto& word = words[body_.at].word;
      if (body_.depth == 0 && word == "atomic" && body_.at > begin && words[body_.at - 1].word == "begin" &&
          words[begin].word == "create")
        body_.depth = 1;
      else if (body_.depth > 0 && word == "case")
        ++body_.depth;
      else if (body_.depth > 0 && word == "end")
        --body_.depth;
    }
    return body_.depth > 0;
  }

  struct {
    std::size_t at = 0;
    std::size_t depth = 0;
  } body_{};
};

}  // namespace

statements read_statements(std::string_view text) {
  reader r{text};
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    r.say(nul, "the text holds a NUL byte");
    return r.out;
  }
  if (const auto bad = expression::first_invalid_utf8(text); bad != std::string_view::npos) {
    r.say(bad, "the text is not valid UTF-8 here");
    return r.out;
  }
  if (!expression::run_on_parser_thread(expression::parser_stack_for(longest_statement),
                                        [&] { r.read_all(); }))
    r.say(0, "no thread could be started to parse the text; free some memory");
  return r.out;
}

}  // namespace millrace::sql
