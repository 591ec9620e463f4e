#include "runtime/expression/formats/regular_expression.hpp"

#include "runtime/base/scan.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/pattern_sight.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <re2/re2.h>

namespace millrace::expression {
namespace {

/// PostgreSQL bounds repetitions by this.
constexpr int most_repetitions = 255;

// Classes within [...] have letters, digits and spaces of all scripts, as under a UTF-8 locale. There,
// [:digit:] has only the digits of ASCII, and spaces that do not break are none.
constexpr std::string_view letters = "\\pL\\p{Nl}";
constexpr std::string_view letters_and_digits = "\\pL\\p{Nl}\\p{Nd}";
constexpr std::string_view word = "\\pL\\p{Nl}\\p{Nd}_";
constexpr std::string_view spaces =
    "[:space:]\\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{2028}\\x{2029}\\x{205f}\\x{3000}";

/// Gives the characters that [:name:] stands for; where case does not count, those of either case are all letters.
std::string members_of(std::string_view name, bool folds) {
  if (folds && (name == "upper" || name == "lower"))
    return std::string(letters);
  constexpr std::pair<std::string_view, std::string_view> known[] = {
      {"alpha", letters}, {"alnum", letters_and_digits}, {"word", word},
      {"space", spaces},  {"upper", "\\p{Lu}"},          {"lower", "\\p{Ll}"}};
  for (const auto& [known_name, members] : known)
    if (known_name == name)
      return std::string(members);
  return fmt::format("[:{}:]", name);
}

/// Thrown inside this file only, to leave the walk over a pattern.
struct refused {
  std::string why;
};

/// Writes RE2's spelling of a pattern, and learns what decides which match is taken.
class translator {
public:
  translator(std::string_view pattern, bool folds) : rest_(pattern), folds_(folds) {}

  std::string translate() {
    if (rest_.starts_with("***"))
      throw refused{"a director (***) is not offered"};
    while (!rest_.empty())
      step();
    if (lazy_ && greedy_)
      throw refused{
          "greedy and non-greedy repetitions in one pattern: there the first one decides for all in "
          "PostgreSQL; make them alike"};
    if (lazy_ && choice_)
      throw refused{"a choice (|) beside a non-greedy repetition is not offered"};
    return std::move(out_);
  }
  [[nodiscard]] bool lazy() const { return lazy_; }

private:
  char take() {
    if (rest_.empty())
      throw refused{"it ends too early"};
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  void step() {
    const char c = take();
    switch (c) {
    case '\\':
      return escape(false);
    case '[':
      return bracket();
    case '(':
      return group();
    case '|':
      choice_ = true;
      break;
    case '*':
    case '+':
    case '?':
      out_ += c;
      return repetition();
    case '{':
      if (!rest_.empty() && is_digit(rest_.front()))
        return bound();
      out_ += "\\{";
      return;
    default:
      break;
    }
    out_ += c;
  }

  void group() {
    out_ += '(';
    if (!rest_.starts_with('?'))
      return;
    if (rest_.starts_with("?:")) {
      out_ += "?:";
      rest_.remove_prefix(2);
      return;
    }
    if (out_ == "(" && rest_.starts_with("?i)")) {
      out_ += "?i)";
      rest_.remove_prefix(3);
      return;
    }
    throw refused{
        "of groups with (? only (?: ... ), and (?i) at the beginning, are offered; there is no looking "
        "ahead or behind"};
  }

  void bound() {
    const auto end = rest_.find('}');
    const auto text = rest_.substr(0, end);
    if (end == std::string_view::npos || text.find_first_not_of("0123456789,") != std::string_view::npos)
      throw refused{"a repetition {...} is malformed"};
    const auto comma = text.find(',');
    for (const auto number :
         {text.substr(0, comma), comma == std::string_view::npos ? text : text.substr(comma + 1)})
      if (number.size() > 3 || (!number.empty() && std::stoi(std::string(number)) > most_repetitions))
        throw refused{fmt::format("a repetition of more than {} is not offered", most_repetitions)};
    rest_.remove_prefix(end + 1);
    out_ += fmt::format("{{{}}}", text);
    // {n} has nothing to prefer
    repetition(comma == std::string_view::npos);
  }

  void repetition(bool exact = false) {
    const bool lazy = rest_.starts_with('?');
    if (lazy)
      out_ += take();
    if (exact && !lazy)
      return;
    (lazy ? lazy_ : greedy_) = true;
  }

  void code_point(unsigned value) {
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
      throw refused{"an escape names no character"};
    out_ += fmt::format("\\x{{{:x}}}", value);
  }

  unsigned hex_digits(std::size_t least, std::size_t most) {
    std::size_t n = 0;
    while (n < most && n < rest_.size() && std::isxdigit(static_cast<unsigned char>(rest_[n])) != 0)
      ++n;
    if (n < least)
      throw refused{"an escape has too few hexadecimal digits"};
    const auto value = std::stoul(std::string(rest_.substr(0, n)), nullptr, 16);
    rest_.remove_prefix(n);
    return static_cast<unsigned>(value);
  }

  void escape(bool in_bracket) {
    const char c = take();
    if (!is_letter(c) && !is_digit(c)) {
      out_ += '\\';
      out_ += c;
      if (static_cast<unsigned char>(c) >= 0x80)
        out_.erase(out_.size() - 2, 1);  // a character of several bytes is itself
      return;
    }
    if (is_digit(c))
      throw refused{"back references are not offered"};
    const auto put = [&](std::string_view text) { out_ += text; };
    switch (c) {
    case 'a':
    case 'f':
    case 'n':
    case 'r':
    case 't':
    case 'v':
    case 'd':
      out_ += '\\';
      out_ += c;
      return;
    case 's':
    case 'w':
      return put(fmt::format(fmt::runtime(in_bracket ? "{}" : "[{}]"), c == 's' ? spaces : word));
    case 'b':
      return code_point(8);
    case 'e':
      return code_point(27);
    case 'u':
      return code_point(hex_digits(4, 4));
    case 'U':
      return code_point(hex_digits(8, 8));
    case 'x':
      return code_point(hex_digits(1, 8));
    default:
      break;
    }
    if (!in_bracket) {
      switch (c) {
      case 'D':
      case 'A':
        out_ += '\\';
        out_ += c;
        return;
      case 'S':
      case 'W':
        return put(fmt::format("[^{}]", c == 'S' ? spaces : word));
      case 'Z':
        return put("\\z");
      default:
        break;
      }
    }
    throw refused{fmt::format("the escape \\{} is not offered{}", c, in_bracket ? " within [...]" : "")};
  }

  void bracket() {
    out_ += '[';
    if (rest_.starts_with('^'))
      out_ += take();
    for (bool first = true;; first = false) {
      const char c = take();
      if (c == ']' && !first) {
        out_ += ']';
        return;
      }
      if (c == '\\') {
        escape(true);
      } else if (c == '[' && !rest_.empty() &&
                 (rest_.front() == ':' || rest_.front() == '.' || rest_.front() == '=')) {
        const auto end = rest_.find(":]");
        if (rest_.front() != ':' || end == std::string_view::npos || end < 2 || rest_[1] == '<' ||
            rest_[1] == '>')
          throw refused{"within [...] only classes such as [:alpha:] are offered"};
        out_ += members_of(rest_.substr(1, end - 1), folds_);
        rest_.remove_prefix(end + 2);
      } else if (c == '[' || c == ']') {
        out_ += '\\';
        out_ += c;
      } else {
        out_ += c;
      }
    }
  }

  std::string_view rest_;
  bool folds_;
  std::string out_;
  bool greedy_ = false;
  bool lazy_ = false;
  bool choice_ = false;
};

tl::unexpected<std::string> malformed(std::string_view pattern, std::string_view why) {
  return tl::unexpected(
      fmt::format("the regular expression '{}' cannot be used: {}", data::excerpt(pattern), why));
}

}  // namespace

regular_expression::regular_expression(std::unique_ptr<re2::RE2> compiled)
    : compiled_(std::move(compiled)),
      groups_(static_cast<std::size_t>(compiled_->NumberOfCapturingGroups())) {}
regular_expression::regular_expression(regular_expression&&) noexcept = default;
regular_expression& regular_expression::operator=(regular_expression&&) noexcept = default;
regular_expression::~regular_expression() = default;

tl::expected<regular_expression, std::string> regular_expression::compile(std::string_view pattern,
                                                                          std::string_view flags) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  for (const char f : flags) {
    if (f == 'i')
      options.set_case_sensitive(false);
    else if (f == 'c')
      options.set_case_sensitive(true);
    else if (f != 'g' && f != 's')
      return tl::unexpected(
          fmt::format("the flag '{}' of a regular expression is not offered; there are i, c and g", f));
  }
  std::string translated;
  try {
    translator t(pattern, !options.case_sensitive());
    translated = t.translate();
    options.set_longest_match(!t.lazy());
  } catch (const refused& r) {
    return malformed(pattern, r.why);
  }
  auto compiled = std::make_unique<re2::RE2>(translated, options);
  if (!compiled->ok())
    return malformed(pattern, compiled->error());
  return regular_expression(std::move(compiled));
}

bool regular_expression::find(std::string_view text, std::size_t from, match& out) const {
  std::vector<re2::StringPiece> parts(groups_ + 1);
  if (text.empty())
    text = "";  // a group in an empty text must differ from one that is none
  if (from > text.size() ||
      !compiled_->Match({text.data(), text.size()}, from, text.size(), re2::RE2::UNANCHORED, parts.data(),
                        static_cast<int>(parts.size())))
    return false;
  out.clear();
  for (const auto& p : parts)
    out.emplace_back(p.data(), p.size());
  return true;
}

bool regular_expression::found_in(std::string_view text) const {
  return compiled_->Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
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
