#include "runtime/expression/formats/foreign_templates.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/timestamp_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace millrace::expression {
namespace {

bool is_letter_of_pattern(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char capital(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

struct directive {
  char letter;
  std::string_view field;
};
constexpr auto directives = std::to_array<directive>({
    {'Y', "YYYY"},     {'y', "YY"},      {'m', "MM"},         {'d', "DD"},         {'e', "FMDD"},
    {'H', "HH24"},     {'k', "HH24"},    {'I', "HH12"},       {'h', "HH12"},       {'M', "MI"},
    {'S', "SS"},       {'s', "SS"},      {'i', "MI"},         {'f', "US"},         {'p', "AM"},
    {'j', "DDD"},      {'a', "Dy"},      {'A', "FMDay"},      {'W', "FMDay"},      {'b', "Mon"},
    {'B', "FMMonth"},  {'z', "TZH:TZM"}, {'F', "YYYY-MM-DD"}, {'T', "HH24:MI:SS"}, {'R', "HH24:MI"},
    {'D', "MM/DD/YY"}, {'V', "IW"},      {'G', "IYYY"},       {'u', "ID"},
});

/// The directives of timestamp_pattern.hpp for the fields of a template.
constexpr auto of_strptime = std::to_array<directive>({
    {'Y', "YYYY"}, {'y', "YY"},  {'m', "MM"},    {'d', "DD"},  {'H', "HH24"}, {'I', "HH12"}, {'I', "HH"},
    {'M', "MI"},   {'S', "SS"},  {'f', "MS"},    {'f', "US"},  {'f', "FF1"},  {'f', "FF2"},  {'f', "FF3"},
    {'f', "FF4"},  {'f', "FF5"}, {'f', "FF6"},   {'p', "AM"},  {'p', "PM"},   {'j', "DDD"},  {'a', "DY"},
    {'A', "DAY"},  {'b', "MON"}, {'B', "MONTH"}, {'z', "TZH"}, {'z', "OF"},
});

bool has_directives(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    if (text[i] == '%' && std::ranges::find(directives, text[i + 1], &directive::letter) != directives.end())
      return true;
  return false;
}

/// A pattern of strftime, or of MySQL where it has %i.
std::string of_directives(std::string_view text) {
  const bool mysql = text.find("%i") != std::string_view::npos || text.find("%c") != std::string_view::npos;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool directs = text[i] == '%' && i + 1 < text.size();
    const char c = directs ? text[++i] : text[i];
    const auto* const found = std::ranges::find(directives, c, &directive::letter);
    if (directs && mysql && (c == 'M' || c == 'h'))
      out += c == 'M' ? "FMMonth" : "HH12";
    else if (directs && c == 'c')
      out += "FMMM";
    else if (directs && !mysql && (c == 'h'))
      out += "Mon";
    else if (directs && found != directives.end())
      out += found->field;
    else
      out += is_letter_of_pattern(c) ? fmt::format("\"{}\"", c) : std::string(1, c);
  }
  return out;
}

/// The fields of PostgreSQL's templates, a longer one before those that it begins with.
constexpr auto fields = std::to_array<std::string_view>(
    {"MONTH", "SSSSS", "Y,YYY", "A.D.", "A.M.", "B.C.", "P.M.", "HH24", "HH12", "IDDD", "IYYY", "SSSS",
     "YYYY",  "DAY",   "DDD",   "FF1",  "FF2",  "FF3",  "FF4",  "FF5",  "FF6",  "IYY",  "MON",  "TZH",
     "TZM",   "YYY",   "AD",    "AM",   "BC",   "CC",   "DD",   "DY",   "FM",   "FX",   "HH",   "ID",
     "IW",    "IY",    "MI",    "MM",   "MS",   "OF",   "PM",   "RM",   "SS",   "TM",   "TZ",   "US",
     "WW",    "YY",    "D",     "I",    "J",    "Q",    "W",    "Y"});

struct piece {
  std::string_view text;
  std::string_view field{};  // empty: no field
};

/// A run of one letter is a piece where Java has a field of it that PostgreSQL divides; else fields as PostgreSQL finds them.
std::vector<piece> pieces_of(std::string_view text) {
  std::vector<piece> out;
  const auto starts = [&](std::size_t at, std::string_view field) {
    return text.size() - at >= field.size() &&
           std::ranges::equal(text.substr(at, field.size()), field, {}, capital);
  };
  for (std::size_t i = 0; i < text.size();) {
    auto n = std::size_t{1};
    std::string_view field;
    if (text[i] == '"') {
      const auto end = text.find('"', i + 1);
      n = end == std::string_view::npos ? text.size() - i : end + 1 - i;
    } else if (text[i] == '\'') {
      const auto end = text.find('\'', i + 1);
      n = end == std::string_view::npos ? 1 : end + 1 - i;
    } else if (is_letter_of_pattern(text[i])) {
      const auto run = std::min(text.find_first_not_of(text[i], i), text.size()) - i;
      const bool of_java = (text[i] == 'M' && run > 2) || (text[i] == 'S' && run >= 3) || text[i] == 'E';
      const auto* const found = std::ranges::find_if(fields, [&](auto f) { return starts(i, f); });
      if (of_java && !starts(i, "SSSS") && !starts(i, "MMON")) {
        n = run;
      } else if (of_java && text[i] == 'S') {
        n = run;
        field = run >= 4 && run <= 5 ? "SSSSS" : "";
      } else if (found != fields.end()) {
        field = *found;
        n = field.size();
      } else {
        n = run;
      }
    }
    out.push_back({text.substr(i, n), field});
    i += n;
  }
  return out;
}

/// Reads a template for what is Java's in it.
class java_reader {
public:
  /// `sure`: it is a pattern of Java, not perhaps a template of PostgreSQL.
  java_reader(std::string_view text, bool sure) : sure_(sure), pieces_(pieces_of(text)) {
    for (const auto& p : pieces_)
      has_meridiem_ = has_meridiem_ || p.field == "AM" || p.field == "PM" || p.field == "A.M." ||
                      p.field == "P.M." || (p.field.empty() && p.text == "a");
    for (std::size_t i = 0; i < pieces_.size(); ++i)
      read(i);
  }
  [[nodiscard]] const std::string& fields() const { return out_; }
  [[nodiscard]] const std::string& why() const { return why_; }

private:
  [[nodiscard]] bool is_separator(std::size_t i) const {
    return i >= pieces_.size() ||
           (pieces_[i].field.empty() && !pieces_[i].text.empty() &&
            std::string_view(":./-, T").find(pieces_[i].text[0]) != std::string_view::npos);
  }
  [[nodiscard]] bool joins(std::size_t i) const {
    return i < pieces_.size() && pieces_[i].text.size() == 1 &&
           std::string_view(":./-").find(pieces_[i].text[0]) != std::string_view::npos;
  }
  /// A single letter between separators, of which one joins it to another field.
  [[nodiscard]] bool stands_alone(std::size_t i) const {
    const bool before = i == 0 || is_separator(i - 1);
    return before && is_separator(i + 1) && ((i > 0 && joins(i - 1)) || joins(i + 1));
  }
  [[nodiscard]] std::string_view field_before(std::size_t i) const {
    return i >= 2 && joins(i - 1) ? pieces_[i - 2].field : std::string_view();
  }

  void put(std::string_view field, std::string why) {
    out_ += field;
    if (why_.empty())
      why_ = std::move(why);
  }

  void read(std::size_t i) {
    const auto& p = pieces_[i];
    if (p.field.empty())
      return read_other(i);
    const bool hour_before =
        field_before(i).starts_with("HH") ||
        (i >= 2 && joins(i - 1) && (pieces_[i - 2].text == "H" || pieces_[i - 2].text == "h"));
    if (p.field == "HH" && !has_meridiem_)
      return put(p.text == "hh" && sure_ ? "HH12" : "HH24",
                 fmt::format("{} is the hour of a clock of 12 hours", p.text));
    if (p.field == "HH" && sure_ && p.text == "HH")
      return put("HH24", {});
    if (p.field == "MM" && (hour_before || (sure_ && p.text == "mm")))
      return put("MI", fmt::format("{} is the month, not the minutes", p.text));
    if (p.field == "SSSSS" && i > 0 && (pieces_[i - 1].text == "." || pieces_[i - 1].text == ","))
      return put("US", fmt::format("{} is the seconds of the day", p.text));
    if (p.field == "SS" && i > 0 && pieces_[i - 1].text == "." && i > 1 && pieces_[i - 2].field == "SS")
      return put("MS", fmt::format("{} behind the seconds is not a fraction", p.text));
    if (p.field == "D" && p.text == "d" && (sure_ || (stands_alone(i) && is_of_days(i))))
      return put("FMDD", "d is the day of the week, from 1");
    if (sure_ && p.field == "DDD" && p.text == "DDD")
      return put("DDD", {});
    if (sure_ && p.field == "DD" && p.text == "DD")
      return put("DDD", {});
    if (sure_ && p.field == "W")
      return put("WW", {});
    if (sure_ && p.field == "Y")
      return put("YYYY", {});
    for (const char c : p.text)
      out_ += p.field == "MON" || p.field == "MONTH" || p.field == "DY" || p.field == "DAY" || p.field == "FM"
                  ? c
                  : capital(c);
  }

  /// Whether a d beside a month or a year is meant.
  [[nodiscard]] bool is_of_days(std::size_t i) const {
    const auto is_date = [&](std::size_t k) {
      return k < pieces_.size() &&
             (pieces_[k].field == "MM" || pieces_[k].field == "MON" || pieces_[k].text == "M");
    };
    return (i >= 2 && is_date(i - 2)) || is_date(i + 2);
  }

  void read_other(std::size_t i) {
    const auto& p = pieces_[i];
    const char c = p.text.empty() ? '\0' : p.text[0];
    const auto n = p.text.size();
    const auto stays = [&](std::string_view field) {
      put(field, fmt::format("{} is not a field and stays as it is", p.text));
    };
    if (c == '\'') {
      const auto inner = n >= 2 ? p.text.substr(1, n - 2) : std::string_view();
      return put(inner.empty() ? std::string("''") : fmt::format("\"{}\"", inner),
                 n >= 2 ? fmt::format(
                              "single quotes stay as they are; a text stands in double quotes: \"{}\"", inner)
                        : std::string());
    }
    if (c == 'M' && n > 2)
      return put(n == 3 ? "Mon" : "FMMonth", fmt::format("{} is not a name of a month", p.text));
    if (c == 'S' && n >= 3)
      return put(n == 3 ? "MS" : "US", fmt::format("{} is the seconds again, not their fraction", p.text));
    if (c == 'E' && (n > 1 || sure_))
      return stays(n > 3 ? "FMDay" : "Dy");
    const bool alone = n == 1 && stands_alone(i);
    if (c == 'H' && n == 1 && (sure_ || alone))
      return stays("FMHH24");
    if (c == 'h' && n == 1 && (sure_ || alone))
      return stays("FMHH12");
    if (c == 'M' && n == 1 && (sure_ || alone))
      return stays("FMMM");
    if (c == 'm' && n == 1 && (sure_ || alone))
      return stays("FMMI");
    if (c == 's' && n == 1 && (sure_ || alone))
      return stays("FMSS");
    if (c == 'S' && n == 1 && i > 0 && pieces_[i - 1].text == ".")
      return stays("FF1");
    if (c == 'u' && n == 4)
      return stays("YYYY");
    const bool last = i + 1 == pieces_.size();
    if ((c == 'X' || c == 'x') && n <= 3 && (sure_ || last))
      return stays("TZH:TZM");
    if (c == 'T' && n == 1 && i > 0 && !pieces_[i - 1].field.empty() && i + 1 < pieces_.size() &&
        pieces_[i + 1].field.starts_with("HH"))
      return put("\"T\"", "TH behind a field is its ending, as in 24TH");
    if (c == 'a' && n == 1 && (sure_ || (last && i > 0 && pieces_[i - 1].text == " ")))
      return stays("AM");
    if (sure_ && (c == 'Z' || c == 'z' || c == 'V' || c == 'O'))
      return stays("TZH:TZM");
    if (sure_ && c == 'k')
      return stays("HH24");
    if (sure_ && c == 'K')
      return stays("HH12");
    out_ += p.text;
  }

  bool sure_;
  std::vector<piece> pieces_;
  bool has_meridiem_ = false;
  std::string out_;
  std::string why_;
};

/// A quote within a text of SQL is doubled.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    i += text.substr(i, 2) == "''" ? 1 : 0;
  }
  return out;
}

}  // namespace

std::string template_of_others(std::string_view pattern) {
  const auto text = unescaped(pattern);
  return has_directives(text) ? of_directives(text) : java_reader(text, true).fields();
}

std::optional<std::string> directives_of_others(std::string_view pattern) {
  // Java's letters for the numbers of a year or a day are small; the templates of PostgreSQL have no single quotes.
  const bool of_java = pattern.find_first_of("y'") != std::string_view::npos;
  auto fields = of_java ? java_reader(unescaped(pattern), true).fields() : std::string(pattern);
  // One directive reads a zone.
  constexpr std::string_view zone = "TZH:TZM";
  if (const auto at = fields.find(zone); at != std::string::npos)
    fields.replace(at, zone.size(), "OF");
  std::string out;
  for (const auto& p : pieces_of(fields)) {
    if (p.field == "FM")
      continue;
    if (p.field.empty()) {
      const auto text =
          p.text.size() >= 2 && p.text.front() == '"' ? p.text.substr(1, p.text.size() - 2) : p.text;
      if (text == p.text && std::ranges::any_of(text, is_letter_of_pattern) && text != "T")
        return std::nullopt;
      for (const char c : text)
        out += c == '%' ? std::string("%%") : std::string(1, c);
      continue;
    }
    const auto* const found = std::ranges::find_if(of_strptime, [&](const auto& d) {
      return std::ranges::equal(d.field, p.field, {}, capital, capital);
    });
    if (found == of_strptime.end())
      return std::nullopt;
    out += '%';
    out += found->letter;
  }
  return timestamp_pattern::compile(out) ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::string> mistaken_template(std::string_view text) {
  if (has_directives(text))
    return fmt::format("the template has no % of strftime; did you mean '{}'?",
                       data::excerpt(of_directives(text)));
  const java_reader read(text, false);
  if (read.why().empty())
    return std::nullopt;
  return fmt::format("the template may not mean what it says: {}; did you mean '{}'?", read.why(),
                     data::excerpt(read.fields()));
}

bool lacks_year(std::string_view text) {
  constexpr auto years = std::to_array<std::string_view>(
      {"YYYY", "Y,YYY", "YYY", "YY", "Y", "IYYY", "IYY", "IY", "I", "CC", "J"});
  constexpr auto days = std::to_array<std::string_view>({"MM", "MON", "MONTH", "RM", "DD", "DDD"});
  bool day = false;
  for (const auto& p : pieces_of(text)) {
    if (std::ranges::find(years, p.field) != years.end())
      return false;
    day = day || std::ranges::find(days, p.field) != days.end();
  }
  return day;
}

}  // namespace millrace::expression
