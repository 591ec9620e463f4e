#include "runtime/expression/formats/pattern_translator.hpp"

#include "runtime/base/scan.hpp"
#include "runtime/expression/formats/character_sets.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <re2/re2.h>

namespace millrace::expression {
namespace {

/// PostgreSQL bounds repetitions by this.
constexpr int most_repetitions = 255;

// Classes within [...] have letters, digits and spaces of all scripts, as under a UTF-8 locale. There,
// [:digit:] has only the digits of ASCII, and spaces that do not break are none.
constexpr std::string_view letters = "\\pL\\p{Nl}";
constexpr std::string_view letters_and_digits = "\\pL\\p{Nl}\\p{Nd}";
constexpr std::string_view spaces =
    "[:space:]\\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{2028}\\x{2029}\\x{205f}\\x{3000}";

/// Gives the characters that [:name:] stands for; where case does not count, those of either case are all letters.
std::string members_of(std::string_view name, bool folds) {
  if (folds && (name == "upper" || name == "lower"))
    return std::string(letters);
  constexpr std::pair<std::string_view, std::string_view> known[] = {
      {"alpha", letters}, {"alnum", letters_and_digits}, {"word", word_characters},
      {"space", spaces},  {"upper", "\\p{Lu}"},          {"lower", "\\p{Ll}"}};
  for (const auto& [known_name, members] : known)
    if (known_name == name)
      return std::string(members);
  return fmt::format("[:{}:]", name);
}

/// The same beyond these, for \W and \S within [...].
const std::string& members_beyond_class(char escape) {
  const auto beyond = [](std::string_view members) {
    const re2::RE2 runs(fmt::format("[{}]+", members));
    return members_beyond(all_characters().among(runs));
  };
  static const auto no_word = beyond(word_characters);
  static const auto no_space = beyond(spaces);
  return escape == 'W' ? no_word : no_space;
}

bool takes(const re2::RE2& set, std::string_view character) {
  return re2::RE2::FullMatch({character.data(), character.size()}, set);
}
bool is_of_word(std::string_view character) {
  static const re2::RE2 set(fmt::format("[{}]", word_characters));
  return takes(set, character);
}

/// Groups may stand within each other so deep: the walk over them is recursive.
constexpr std::size_t deepest_groups = 500;

/// No character at all, where a word never begins or ends.
constexpr std::string_view no_character = "[^\\x{0}-\\x{10ffff}]";

/// Thrown inside this file only, to leave the walk over a pattern.
struct refused {
  std::string why;
};

/// Writes RE2's spelling of a pattern, and learns what decides which match is taken.
class translator {
public:
  translator(std::string_view pattern, pattern_flags flags) : all_(pattern), rest_(pattern), flags_(flags) {}

  translated_pattern translate() {
    read_beginning();
    open_groups_.push_back(pattern_part{.is = pattern_part::kind::group, .branches = {{}}});
    while (skip_blanks(), !rest_.empty())
      flags_.is_literal ? literal(take_character()) : step();
    if (open_groups_.size() > 1)
      throw refused{"a group ( has no end"};
    if (lazy_ && greedy_)
      throw refused{
          "greedy and non-greedy repetitions in one pattern: there the first one decides for all in "
          "PostgreSQL; make them alike"};
    if (lazy_ && choice_)
      throw refused{"a choice (|) beside a non-greedy repetition is not offered"};
    translated_pattern out{std::move(out_), flags_.folds, lazy_};
    if (has_boundaries_)
      place_boundaries(out);
    return out;
  }

private:
  char take() {
    if (rest_.empty())
      throw refused{"it ends too early"};
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  std::string_view take_character() {
    if (rest_.empty())
      throw refused{"it ends too early"};
    const auto c = rest_.substr(0, character_length(rest_, 0));
    rest_.remove_prefix(c.size());
    return c;
  }
  bool take_if(std::string_view text) {
    const bool is_next = rest_.starts_with(text);
    rest_.remove_prefix(is_next ? text.size() : 0);
    return is_next;
  }

  /// A director (***: and ***=) and options, as in (?xi).
  void read_beginning() {
    if (flags_.is_literal)
      return;
    if (take_if("***=")) {
      flags_ = {.folds = flags_.folds, .is_literal = true};
      return;
    }
    if (!take_if("***:") && rest_.starts_with("***"))
      throw refused{"of directors there are ***: and ***= alone"};
    if (!rest_.starts_with("(?") || rest_.size() < 3 || !is_letter(rest_[2]))
      return;
    rest_.remove_prefix(2);
    for (char c = take(); c != ')'; c = take())
      if (c == 'g' || !flags_.take(c))
        throw refused{fmt::format("of options there are c, i, m, n, p, q, s, t, w and x, and no {}", c)};
    if (flags_.is_literal)
      flags_ = {.folds = flags_.folds, .is_literal = true};
  }

  /// Expanded syntax has blanks and comments between its pieces.
  void skip_blanks() {
    static const re2::RE2 blanks(fmt::format("(?:[{}]|#[^\\n]*)+", spaces));
    if (!flags_.is_expanded)
      return;
    re2::StringPiece left(rest_.data(), rest_.size());
    re2::RE2::Consume(&left, blanks);
    rest_.remove_prefix(rest_.size() - left.size());
  }

  std::vector<pattern_part>& branch() { return open_groups_.back().branches.back(); }

  /// Adds what was written from there on as a piece that takes one character.
  void add_character(std::size_t from, unsigned takes = pattern_part::unknown) {
    branch().push_back({.takes = takes, .text = out_.substr(from)});
  }

  void step() {
    const auto from = out_.size();
    switch (rest_.front()) {
    case '\\':
      take();
      return escape();
    case '[':
      return bracket();
    case '(':
      return group();
    case ')':
      return end_of_group();
    case '|':
      out_ += take();
      choice_ = true;
      open_groups_.back().branches.emplace_back();
      return;
    case '*':
    case '+':
    case '?': {
      const char c = take();
      return repeat(std::string(1, c), c != '+', c != '?');
    }
    case '{':
      return bound();
    case '^':
      take();
      return edge(pattern_part::kind::beginning, flags_.anchors_at_lines ? "(?m:^)" : "^");
    case '$':
      take();
      return edge(pattern_part::kind::end, flags_.anchors_at_lines ? "(?m:$)" : "$");
    case '.':
      take();
      out_ += flags_.stops_at_lines ? "[^\\n]" : ".";
      return add_character(from, pattern_part::of_word | pattern_part::of_no_word);
    default:
      return literal(take_character());
    }
  }

  void literal(std::string_view character) {
    const auto from = out_.size();
    out_ += re2::RE2::QuoteMeta({character.data(), character.size()});
    // beyond ASCII, a letter may be alike to a mark: ι and U+0345
    if (flags_.folds && character.size() > 1)
      return add_character(from);
    add_character(from, is_of_word(character) ? pattern_part::of_word : pattern_part::of_no_word);
  }

  void edge(pattern_part::kind is, std::string_view text) {
    out_ += text;
    branch().push_back({.is = is});
  }

  void boundary(char which, std::string_view rest_with_it) {
    has_boundaries_ = true;
    const auto place = all_.size() - rest_with_it.size();
    branch().push_back(
        {.is = pattern_part::kind::boundary, .boundary = which, .place = place, .written = out_.size()});
  }

  void group() {
    take();
    auto text = "(";
    if (take_if("?")) {
      if (take_if("#")) {
        const auto end = rest_.find(')');
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        return;
      }
      for (const auto* around : {"=", "!", "<=", "<!"})
        if (rest_.starts_with(around))
          throw refused{fmt::format("(?{} ... ) looks {}, and there is no looking ahead or behind", around,
                                    around[0] == '<' ? "behind" : "ahead")};
      if (!take_if(":"))
        throw refused{
            "of groups with (? there are (?: ... ), comments (?# ... ), and options such as (?i) at the "
            "beginning"};
      text = "(?:";
    } else {
      ++groups_;
    }
    if (open_groups_.size() > deepest_groups)
      throw refused{fmt::format("more than {} groups stand within each other", deepest_groups)};
    out_ += text;
    open_groups_.push_back(pattern_part{.is = pattern_part::kind::group, .branches = {{}}});
  }

  void end_of_group() {
    take();
    if (open_groups_.size() == 1)
      throw refused{"a ) ends no group"};
    out_ += ')';
    auto done = std::move(open_groups_.back());
    open_groups_.pop_back();
    branch().push_back(std::move(done));
  }

  std::size_t bound_number() {
    std::size_t out = 0;
    bool has_digits = false;
    for (; skip_blanks(), !rest_.empty() && is_digit(rest_.front()); has_digits = true) {
      out = out * 10 + static_cast<std::size_t>(take() - '0');
      if (out > most_repetitions)
        throw refused{fmt::format("a repetition of more than {} is not offered", most_repetitions)};
    }
    if (!has_digits)
      throw refused{"a repetition {...} is malformed"};
    return out;
  }

  void bound() {
    take();
    skip_blanks();
    if (rest_.empty() || !is_digit(rest_.front()))
      return literal("{");
    const auto least = bound_number();
    if (take_if("}"))
      return repeat(fmt::format("{{{}}}", least), least == 0, least > 1, true);
    if (!take_if(","))
      throw refused{"a repetition {...} is malformed"};
    skip_blanks();
    if (take_if("}"))
      return repeat(fmt::format("{{{},}}", least), least == 0, true);
    const auto most = bound_number();
    if (!take_if("}") || most < least)
      throw refused{"a repetition {...} is malformed"};
    repeat(fmt::format("{{{},{}}}", least, most), least == 0, most > 1);
  }

  /// `exact`: {n} has nothing to prefer.
  void repeat(std::string_view text, bool may_be_absent, bool may_be_many, bool exact = false) {
    using enum pattern_part::kind;
    if (branch().empty() || (branch().back().is != character && branch().back().is != group))
      throw refused{fmt::format("the repetition {} stands behind nothing that can be repeated", text)};
    out_ += text;
    const bool lazy = take_if("?");
    if (lazy)
      out_ += '?';
    if (lazy || !exact)
      (lazy ? lazy_ : greedy_) = true;
    pattern_part repeated{.is = repetition, .may_be_absent = may_be_absent, .may_be_many = may_be_many};
    repeated.branches.emplace_back();
    repeated.branches.back().push_back(std::move(branch().back()));
    branch().back() = std::move(repeated);
  }

  void code_point(std::uint32_t value) {
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
      throw refused{"an escape names no character"};
    out_ += fmt::format("\\x{{{:x}}}", value);
  }

  /// Reads digits of an escape. As in PostgreSQL, more than 32 bits run over.
  std::uint32_t digits(int base, std::size_t least, std::size_t most) {
    std::uint32_t value = 0;
    std::size_t n = 0;
    for (; n < most && n < rest_.size(); ++n) {
      const auto digit = hex_value(rest_[n]);
      if (digit < 0 || digit >= base)
        break;
      value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
    }
    if (n < least)
      throw refused{"an escape has too few digits"};
    rest_.remove_prefix(n);
    return value;
  }

  /// Writes an escape that stands for one character; false, with nothing taken, for another.
  bool escaped_character() {
    const auto before = rest_;
    const auto character = take_character();
    const char c = character.front();
    if (!is_letter(c) && !is_digit(c)) {
      out_ += re2::RE2::QuoteMeta({character.data(), character.size()});
      return true;
    }
    switch (c) {
    case 'a':
    case 'f':
    case 'n':
    case 'r':
    case 't':
    case 'v':
      out_ += '\\';
      out_ += c;
      return true;
    case 'b':
      return code_point(8), true;
    case 'B':
      out_ += "\\\\";
      return true;
    case 'c':
      // the lowest bits of a code point are those of its last byte
      return code_point(static_cast<unsigned char>(take_character().back()) & 0x1FU), true;
    case 'e':
      return code_point(27), true;
    case 'u':
      return code_point(digits(16, 4, 4)), true;
    case 'U':
      return code_point(digits(16, 8, 8)), true;
    case 'x':
      return code_point(digits(16, 1, most_repetitions)), true;
    default:
      break;
    }
    rest_ = before;
    if (!is_digit(c))
      return false;
    if (c != '0') {  // PostgreSQL takes it for an octal number where there are fewer groups
      const auto number = digits(10, 1, most_repetitions);
      if (before.size() - rest_.size() == 1 || (number > 0 && number <= groups_))
        throw refused{fmt::format("\\{} is a back reference, and those are not offered",
                                  before.substr(0, before.size() - rest_.size()))};
      rest_ = before;
    }
    return code_point(digits(8, 1, 3)), true;
  }

  void escape() {
    const auto from = out_.size();
    const auto with_it = all_.substr(all_.size() - rest_.size() - 1);
    if (escaped_character())
      return add_character(from);
    const char c = take();
    const auto put = [&](std::string_view text, unsigned takes) {
      out_ += text;
      add_character(from, takes);
    };
    switch (c) {
    case 'd':
      return put("\\d", pattern_part::of_word);
    case 'D':
      return put("\\D", pattern_part::of_word | pattern_part::of_no_word);
    case 's':
      return put(fmt::format("[{}]", spaces), pattern_part::of_no_word);
    case 'S':
      return put(fmt::format("[^{}]", spaces), pattern_part::of_word | pattern_part::of_no_word);
    case 'w':
      return put(fmt::format("[{}]", word_characters), pattern_part::of_word);
    case 'W':
      return put(fmt::format("[^{}]", word_characters), pattern_part::of_no_word);
    case 'A':
      return edge(pattern_part::kind::beginning, "\\A");
    case 'Z':
      return edge(pattern_part::kind::end, "\\z");
    case 'm':
    case 'M':
    case 'y':
    case 'Y':
      return boundary(c, with_it);
    default:
      throw refused{fmt::format("there is no escape \\{}", c)};
    }
  }

  void bracket() {
    for (const char* word : {"[[:<:]]", "[[:>:]]"}) {
      const auto with_it = rest_;
      if (take_if(word))
        return boundary(word[3] == '<' ? 'm' : 'M', with_it);
    }
    const auto from = out_.size();
    out_ += take();
    if (take_if("^"))
      out_ += flags_.stops_at_lines ? "^\\n" : "^";
    for (bool first = true; first || !rest_.starts_with(']'); first = false) {
      if (!first && rest_.starts_with('-') && !rest_.starts_with("-]"))
        throw refused{"a - within [...] stands between no two characters; write it first or last"};
      if (bracket_element() && rest_.starts_with('-') && !rest_.starts_with("-]")) {
        out_ += take();
        if (rest_.starts_with(']') || !bracket_element())
          throw refused{"a range within [...] ends with no character"};
      }
    }
    out_ += take();
    add_character(from);
  }

  /// True for one character, false for a class of them.
  bool bracket_element() {
    if (take_if("\\")) {
      if (escaped_character())
        return true;
      const char c = take();
      if (c == 'W' || c == 'S')
        out_ += members_beyond_class(c);
      else if (c == 'w' || c == 's')
        out_ += c == 'w' ? word_characters : spaces;
      else if (c == 'd' || c == 'D')
        out_ += c == 'd' ? "\\d" : "\\D";
      else
        throw refused{fmt::format("there is no escape \\{} within [...]", c)};
      return false;
    }
    if (rest_.starts_with("[.") || rest_.starts_with("[="))
      throw refused{"within [...] only classes such as [:alpha:] are offered"};
    if (take_if("[:")) {
      const auto name = rest_.substr(0, rest_.find(":]"));
      if (name.size() == rest_.size() || !std::all_of(name.begin(), name.end(), is_letter))
        throw refused{"within [...] only classes such as [:alpha:] are offered"};
      rest_.remove_prefix(name.size() + 2);
      out_ += members_of(name, flags_.folds);
      return false;
    }
    const auto character = take_character();
    out_ += re2::RE2::QuoteMeta({character.data(), character.size()});
    return true;
  }

  void place_boundaries(translated_pattern& out) {
    auto places = decide_word_places(std::move(open_groups_.back()), all_, flags_.folds);
    if (!places.refused.empty())
      throw refused{std::move(places.refused)};
    for (auto at = places.never.rbegin(); at != places.never.rend(); ++at)
      out.text.insert(*at, no_character);
    out.before = places.before;
    out.after = places.after;
  }

  std::string_view all_;
  std::string_view rest_;
  pattern_flags flags_;
  std::string out_;
  std::vector<pattern_part> open_groups_;
  std::size_t groups_ = 0;  // that capture
  bool has_boundaries_ = false;
  bool greedy_ = false;
  bool lazy_ = false;
  bool choice_ = false;
};

}  // namespace

bool pattern_flags::take(char flag) {
  switch (flag) {
  case 'c':
  case 'i':
    folds = flag == 'i';
    return true;
  case 'm':
  case 'n':
  case 's':
    anchors_at_lines = stops_at_lines = flag != 's';
    return true;
  case 'p':
  case 'w':
    anchors_at_lines = flag == 'w';
    stops_at_lines = flag == 'p';
    return true;
  case 't':
  case 'x':
    is_expanded = flag == 'x';
    return true;
  case 'q':
    is_literal = true;
    return true;
  default:
    return flag == 'g';
  }
}

tl::expected<translated_pattern, std::string> translate(std::string_view pattern, pattern_flags flags) {
  try {
    return translator(pattern, flags).translate();
  } catch (const refused& r) {
    return tl::unexpected(r.why);
  }
}

}  // namespace millrace::expression
