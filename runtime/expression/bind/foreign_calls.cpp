#include "runtime/expression/bind/foreign_calls.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/foreign_templates.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

namespace millrace::expression {
namespace {

/// Functions that share a note, whatever their arguments: by their names, or by what those begin with and `_`.
struct family {
  std::string_view begin;
  std::string_view names;
  std::string_view note;
};
constexpr auto families = std::to_array<family>({
    {"",
     " filter array_filter array_map list_filter list_transform any_match all_match none_match array_any ",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them"},
    {"", " generate_series generate_subscripts range ",
     "rows are made of a list, by unnest(array[1, 2, 3]) in the columns of a select"},
    {"st", " haversine haversine_distance great_circle_distance earth_distance ",
     "there are no functions of places; sin, cos, acos and sqrt compute a distance (docs/functions.md)"},
    {"h3", "",
     "there are no functions of places; sin, cos, acos and sqrt compute a distance (docs/functions.md)"},
    {"geo", " geohash geodistance geotoh3 ",
     "there are no functions of places; sin, cos, acos and sqrt compute a distance (docs/functions.md)"},
});

std::string_view note_of_family(std::string_view name) {
  const auto word = fmt::format(" {} ", name);
  for (const auto& f : families)
    if (f.names.find(word) != std::string_view::npos ||
        (!f.begin.empty() && name.size() > f.begin.size() && name.starts_with(f.begin) &&
         name[f.begin.size()] == '_'))
      return f.note;
  return {};
}

/// Longer arguments are not repeated in a remedy.
constexpr std::size_t longest_argument = 60;

struct unit_of_time {
  std::string_view written;
  std::string_view name;
  std::int64_t seconds;  // 0: they differ from one to the next
};
constexpr auto units = std::to_array<unit_of_time>({
    {"second", "second", 1},
    {"ss", "second", 1},
    {"minute", "minute", 60},
    {"mi", "minute", 60},
    {"hour", "hour", 3600},
    {"hh", "hour", 3600},
    {"day", "day", 86'400},
    {"dd", "day", 86'400},
    {"week", "week", 604'800},
    {"isoweek", "week", 604'800},
    {"month", "month", 0},
    {"mon", "month", 0},
    {"mm", "month", 0},
    {"quarter", "quarter", 0},
    {"year", "year", 0},
    {"yyyy", "year", 0},
    {"yy", "year", 0},
    {"millisecond", "millisecond", 0},
    {"microsecond", "microsecond", 0},
});

std::string_view without_quotes(std::string_view text) {
  const bool quoted =
      text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

const unit_of_time* unit_of(std::string_view text) {
  auto word = fold(without_quotes(text));
  if (word.starts_with("sql_tsi_"))
    word.erase(0, 8);
  const auto found = std::ranges::find_if(units, [&](const unit_of_time& u) {
    return word == u.written ||
           (word.size() == u.written.size() + 1 && word.back() == 's' && word.starts_with(u.written));
  });
  return found == units.end() ? nullptr : &*found;
}

/// Whether it can stand beside an operator without parentheses.
bool is_operand(std::string_view text) {
  if (text.empty() || (text.front() == '-' || text.front() == '+'))
    return false;
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    quoted = quoted != (c == '\'');
    if (quoted)
      continue;
    depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    const bool of_a_word = c == '_' || c == '.' || c == '"' || c == '\'' || c == '(' || c == ')' ||
                           c == '[' || c == ']' || c == ':' || static_cast<unsigned char>(c) >= 0x80 ||
                           (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (depth == 0 && !of_a_word)
      return false;
  }
  return true;
}

/// Names with dots between them: all else needs parentheses in front of a subscript.
bool is_path(std::string_view text) { return text.find_first_of("()[]':") == std::string_view::npos; }

/// Functions take the text, where others take its bytes.
std::string_view without_bytes(std::string_view text) {
  constexpr std::string_view cast = "::bytea";
  return text.ends_with(cast) ? text.substr(0, text.size() - cast.size()) : text;
}

/// '$.a.b' and '$["a"][0]' as '{a,b}' and '{a,0}'.
std::string path_of_json(std::string_view written) {
  auto path = without_quotes(written);
  if (path.size() == written.size() || !path.starts_with('$'))
    return "'{name}'";
  std::string out;
  for (const char c : path.substr(1)) {
    if (c == '.' || c == '[')
      out += out.empty() || out.back() == ',' ? "" : ",";
    else if (c == '*' || c == '{' || c == '}' || c == '?' || c == ',' || c == ' ')
      return "'{name}'";
    else if (c != ']' && c != '"' && c != '\'')
      out += c;
  }
  return fmt::format("'{{{}}}'", out);
}

std::string template_of(std::string_view written) {
  const auto text = without_quotes(written);
  return text.size() == written.size() ? "'YYYY-MM-DD HH24:MI:SS'"
                                       : fmt::format("'{}'", template_of_others(text));
}

using positions = std::unordered_map<std::string_view, std::vector<const foreign_call*>>;

/// The entries by the name without what an argument has to be.
const positions& by_name() {
  static const auto all = [] {
    positions out;
    for (const auto& c : foreign_calls())
      out[std::string_view(c.name).substr(0, c.name.find(' '))].push_back(&c);
    return out;
  }();
  return all;
}

bool fits(const foreign_call& c, std::span<const std::string> arguments) {
  if (c.arguments >= 0 && static_cast<std::size_t>(c.arguments) != arguments.size())
    return false;
  const auto blank = c.name.find(' ');
  if (blank == std::string::npos)
    return true;
  const auto wanted = std::string_view(c.name).substr(blank + 1);
  return std::ranges::any_of(arguments, [&](const std::string& a) {
    const auto* const unit = unit_of(a);
    return wanted == "interval" ? fold(std::string_view(a).substr(0, 8)) == wanted
           : wanted == "unit"   ? unit != nullptr
                                : unit != nullptr && unit->name == wanted;
  });
}

}  // namespace

bool is_foreign_call(std::string_view name) { return by_name().contains(name); }

bool is_unit_of_time(std::string_view word) { return unit_of(word) != nullptr; }

std::string filled_in(const foreign_call& call, std::span<const std::string> arguments) {
  std::string out;
  const auto remedy = call.remedy;
  for (std::size_t i = 0; i < remedy.size(); ++i) {
    const char sign = remedy[i];
    const char which = i + 1 < remedy.size() ? remedy[i + 1] : '\0';
    if (sign == '$' && which == '*') {
      out += fmt::format("{}", fmt::join(arguments, ", "));
      ++i;
      continue;
    }
    const auto n = static_cast<std::size_t>(which - '1');
    if (std::string_view("$@#~%&").find(sign) == std::string_view::npos || which < '1' ||
        n >= arguments.size()) {
      out += sign;
      continue;
    }
    ++i;
    const auto a = without_bytes(arguments[n]);
    const bool is_indexed = i + 1 < remedy.size() && remedy[i + 1] == '[';
    const auto* const unit = unit_of(a);
    if (sign == '$' || (sign == '@' && is_operand(a) && (!is_indexed || is_path(a))))
      out += a;
    else if (sign == '@')
      out += fmt::format("({})", a);
    else if (sign == '#')
      out += unit == nullptr ? std::string_view("hour") : unit->name;
    else if (sign == '~')
      out += std::to_string(unit == nullptr || unit->seconds == 0 ? 1 : unit->seconds);
    else
      out += sign == '%' ? path_of_json(a) : template_of(a);
  }
  return out;
}

std::string remedy_of_same_call(std::string_view name, std::span<const std::string> arguments) {
  const auto found = by_name().find(name);
  if (found == by_name().end())
    return {};
  const foreign_call* meant = nullptr;
  for (const auto* const c : found->second)
    if (fits(*c, arguments) && (meant == nullptr || c->name.size() > meant->name.size() ||
                                (c->name.size() == meant->name.size() && meant->arguments < 0)))
      meant = c;
  if (meant == nullptr || meant->remedy.empty())
    return meant == nullptr ? std::string() : std::string(meant->note);
  return fmt::format("write {}{}{}", filled_in(*meant, arguments), meant->note.empty() ? "" : "; ",
                     meant->note);
}

std::string remedy_of_foreign_call(std::string_view name, std::span<const std::string> arguments) {
  const auto found = by_name().find(name);
  if (auto same = remedy_of_same_call(name, arguments); !same.empty())
    return same;
  if (found == by_name().end())
    return std::string(note_of_family(name));
  // Another number of arguments: the remedy of the first entry, with letters in their places.
  const auto* const any = found->second.front();
  if (any->name.find(' ') != std::string::npos)
    return {};
  static const std::vector<std::string> letters{"x", "y", "z", "n", "m", "k", "l"};
  return any->remedy.empty()
             ? std::string(any->note)
             : fmt::format("write {}", filled_in(*any, std::span(letters).first(static_cast<std::size_t>(
                                                           std::max(0, any->arguments)))));
}

std::vector<std::string> written_arguments(std::string_view call) {
  std::vector<std::string> out;
  auto at = call.find('(');
  if (at == std::string_view::npos)
    return out;
  auto begin = ++at;
  int depth = 0;
  const auto add = [&](std::size_t end) {
    auto part = call.substr(begin, end - begin);
    while (!part.empty() && std::string_view(" \t\r\n").find(part.front()) != std::string_view::npos)
      part.remove_prefix(1);
    while (!part.empty() && std::string_view(" \t\r\n").find(part.back()) != std::string_view::npos)
      part.remove_suffix(1);
    if (part.empty() && out.empty() && depth < 0)
      return;
    out.push_back(part.size() > longest_argument || part.find('\n') != std::string_view::npos
                      ? std::string("...")
                      : std::string(part));
  };
  while (at < call.size() && depth >= 0) {
    const char c = call[at];
    if (const auto next = skip_blanks(call, at); next > at) {
      at = next;
      continue;
    }
    if (c == '\'' || c == '"') {
      const bool escapes = c == '\'' && at > 0 && (call[at - 1] == 'e' || call[at - 1] == 'E');
      for (++at; at < call.size() && call[at] != c; ++at)
        at += escapes && call[at] == '\\' ? 1 : 0;
    } else if (c == '(' || c == '[') {
      ++depth;
    } else if (c == ')' || c == ']') {
      if (--depth < 0)
        add(at);
    } else if (c == ',' && depth == 0) {
      add(at);
      begin = at + 1;
    }
    ++at;
  }
  return out;
}

}  // namespace millrace::expression
