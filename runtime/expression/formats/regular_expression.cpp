#include "runtime/expression/formats/regular_expression.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/pattern_sight.hpp"
#include "runtime/expression/formats/pattern_translator.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <re2/re2.h>

namespace millrace::expression {
namespace {

/// The neighbour of a match, as RE2 reads it; `none`: for the end of the text.
std::string neighbour_pattern(neighbour n, std::string_view none) {
  if (n == neighbour::any)
    return {};
  return n == neighbour::word ? fmt::format("[{}]", word_characters)
                              : fmt::format("(?:[^{}]{})", word_characters, none);
}

tl::unexpected<std::string> malformed(std::string_view pattern, std::string_view why) {
  return tl::unexpected(
      fmt::format("the regular expression '{}' cannot be used: {}", data::excerpt(pattern), why));
}

}  // namespace

regular_expression::regular_expression(std::unique_ptr<re2::RE2> compiled,
                                       std::unique_ptr<re2::RE2> at_beginning, bool has_before,
                                       bool is_within)
    : compiled_(std::move(compiled)), at_beginning_(std::move(at_beginning)), has_before_(has_before),
      is_within_(is_within),
      groups_(static_cast<std::size_t>(compiled_->NumberOfCapturingGroups()) - (is_within ? 1 : 0)) {}
regular_expression::regular_expression(regular_expression&&) noexcept = default;
regular_expression& regular_expression::operator=(regular_expression&&) noexcept = default;
regular_expression::~regular_expression() = default;

tl::expected<regular_expression, std::string> regular_expression::compile(std::string_view pattern,
                                                                          std::string_view flags) {
  pattern_flags taken;
  for (std::size_t i = 0; i < flags.size(); i += character_length(flags, i))
    if (!taken.take(flags[i]))
      return tl::unexpected(fmt::format("the flag '{}' of a regular expression is not offered; there are c, "
                                        "g, i, m, n, p, q, s, t, w and x",
                                        flags.substr(i, character_length(flags, i))));
  if (taken.is_literal && (taken.anchors_at_lines || taken.stops_at_lines || taken.is_expanded))
    return tl::unexpected(
        std::string("the flag q takes a pattern as a plain text, beside which n, p, w and x "
                    "have no meaning; leave them out"));
  auto t = translate(pattern, taken);
  if (!t)
    return malformed(pattern, t.error());
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_case_sensitive(!t->folds);
  options.set_longest_match(!t->is_lazy);
  const bool is_within = t->before != neighbour::any || t->after != neighbour::any;
  const auto core =
      is_within ? fmt::format("({}){}", t->text, neighbour_pattern(t->after, "|\\z")) : std::move(t->text);
  auto compiled = std::make_unique<re2::RE2>(neighbour_pattern(t->before, "") + core, options);
  if (!compiled->ok())
    return malformed(pattern, compiled->error());
  return regular_expression(std::move(compiled),
                            t->before == neighbour::no_word ? std::make_unique<re2::RE2>(core, options)
                                                            : nullptr,
                            t->before != neighbour::any, is_within);
}

bool regular_expression::find(std::string_view text, std::size_t from, match& out) const {
  std::vector<re2::StringPiece> parts(groups_ + (is_within_ ? 2 : 1));
  if (text.empty())
    text = "";  // a group in an empty text must differ from one that is none
  if (from > text.size())
    return false;
  const auto matches = [&](const re2::RE2& e, std::size_t begin, re2::RE2::Anchor anchor) {
    return e.Match({text.data(), text.size()}, begin, text.size(), anchor, parts.data(),
                   static_cast<int>(parts.size()));
  };
  const bool is_at_beginning =
      at_beginning_ && from == 0 && matches(*at_beginning_, 0, re2::RE2::ANCHOR_START);
  if (!is_at_beginning &&
      !matches(*compiled_, has_before_ ? begin_of_character_before(text, from) : from, re2::RE2::UNANCHORED))
    return false;
  out.clear();
  for (std::size_t i = is_within_ ? 1 : 0; i < parts.size(); ++i)
    out.emplace_back(parts[i].data(), parts[i].size());
  return true;
}

bool regular_expression::found_in(std::string_view text) const {
  const auto is_found = [&](const re2::RE2& e, re2::RE2::Anchor anchor) {
    return e.Match({text.data(), text.size()}, 0, text.size(), anchor, nullptr, 0);
  };
  return (at_beginning_ && is_found(*at_beginning_, re2::RE2::ANCHOR_START)) ||
         is_found(*compiled_, re2::RE2::UNANCHORED);
}

bool regular_expression::is_short_sighted() const { return expression::is_short_sighted(*compiled_); }

bool from_similar(std::string_view pattern, std::string_view escape, std::string& out) {
  out = "^(?:";
  bool in_bracket = false;
  for (std::size_t i = 0; i < pattern.size(); i += character_length(pattern, i)) {
    auto character = pattern.substr(i, character_length(pattern, i));
    if (!escape.empty() && character == escape) {
      i += character.size();
      if (i >= pattern.size())
        return false;
      character = pattern.substr(i, character_length(pattern, i));
      out.append("\\").append(character);
      continue;
    }
    const char c = character.front();
    if (in_bracket) {
      in_bracket = c != ']';
      out.append(c == '\\' ? "\\\\" : character);
    } else if (c == '[') {
      in_bracket = true;
      out += c;
    } else if (c == '%') {
      out += ".*";
    } else if (c == '_') {
      out += '.';
    } else if (c == '(') {
      out += "(?:";
    } else if (c == '\\' || c == '.' || c == '^' || c == '$') {
      out += '\\';
      out += c;
    } else {
      out += character;
    }
  }
  out += ")$";
  return true;
}

}  // namespace millrace::expression
