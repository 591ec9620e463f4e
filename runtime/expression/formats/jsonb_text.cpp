#include "runtime/expression/formats/jsonb_text.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/json_items.hpp"
#include "runtime/expression/formats/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace millrace::expression {
namespace {

using json_items::after_blanks;
using json_items::after_string;

// PostgreSQL's numeric has so many digits before the point, and behind it.
constexpr std::size_t most_whole_digits = 131072;
constexpr std::size_t most_scale = 16383;
// An exponent that PostgreSQL takes is closer to 0.
constexpr std::int64_t exponent_limit = 1'073'741'823;

/// A number without its sign: digits with a point behind the first `whole` of them.
struct number_parts {
  std::string_view whole;
  std::string_view behind;
  std::int64_t exponent = 0;
};

number_parts parts_of(std::string_view number) {
  number_parts out;
  const auto letter = number.find_first_of("eE");
  if (letter != std::string_view::npos) {
    auto digits = number.substr(letter + 1);
    digits.remove_prefix(digits[0] == '+');
    if (std::from_chars(digits.data(), digits.data() + digits.size(), out.exponent).ec != std::errc{})
      out.exponent = exponent_limit;
    number = number.substr(0, letter);
  }
  const auto point = number.find('.');
  out.whole = number.substr(0, point);
  if (point != std::string_view::npos)
    out.behind = number.substr(point + 1);
  return out;
}

/// Appends it as numeric writes it; false where it has too many digits.
bool append_number(std::string& out, std::string_view number) {
  const bool negative = number[0] == '-';
  const auto digits = number.substr(negative ? 1 : 0);
  const bool is_zero =
      digits.substr(0, digits.find_first_of("eE")).find_first_not_of("0.") == std::string_view::npos;
  const auto [whole, behind, exponent] = parts_of(digits);
  if (exponent >= exponent_limit || exponent <= -exponent_limit)
    return false;
  const auto scale = std::max<std::int64_t>(static_cast<std::int64_t>(behind.size()) - exponent, 0);
  if (scale > static_cast<std::int64_t>(most_scale))
    return false;
  if (is_zero) {
    out += '0';
    if (scale > 0)
      out.append(1, '.').append(static_cast<std::size_t>(scale), '0');
    return true;
  }
  if (exponent == 0) {
    if (whole.size() > most_whole_digits)
      return false;
    out += number.substr(0, number.find_first_of("eE"));
    return true;
  }
  std::string all(whole);
  all += behind;
  const auto zeros = all.find_first_not_of('0');
  all.erase(0, zeros);
  const auto point = static_cast<std::int64_t>(whole.size()) + exponent - static_cast<std::int64_t>(zeros);
  if (point > static_cast<std::int64_t>(most_whole_digits))
    return false;
  if (negative)
    out += '-';
  const auto size = static_cast<std::int64_t>(all.size());
  if (point <= 0)
    out.append("0.").append(static_cast<std::size_t>(-point), '0').append(all);
  else if (point >= size)
    out.append(all).append(static_cast<std::size_t>(point - size), '0');
  else
    out.append(all, 0, static_cast<std::size_t>(point))
        .append(1, '.')
        .append(all, static_cast<std::size_t>(point));
  return true;
}

/// Writes a value of valid JSON as jsonb, from its front on. Members of the objects that are open stand on one stack, so that
/// an object needs no memory of its own.
class jsonb_writer {
public:
  jsonb_writer(std::string& out, std::string_view json, std::size_t most)
      : out_(out), s_(json), most_(most), at_(after_blanks(json, 0)) {
    members_.reserve(16);
  }

  jsonb_reading value(std::size_t depth = 0) {
    const char c = s_[at_];
    if (c == '{' || c == '[') {
      if (depth == deepest_json)
        return jsonb_reading::too_deep;
      return c == '{' ? object(depth) : array(depth);
    }
    const auto end = json_items::after_value(s_, at_);
    const auto scalar = s_.substr(at_, end - at_);
    at_ = end;
    if (c == '"') {
      if (!string(scalar.substr(1, scalar.size() - 2)))
        return jsonb_reading::no_text;
    } else if (c == 't' || c == 'f' || c == 'n') {
      out_ += scalar;
    } else if (!append_number(out_, scalar)) {
      return jsonb_reading::out_of_range;
    }
    return out_.size() > most_ ? jsonb_reading::too_long : jsonb_reading::ok;
  }

private:
  struct member {
    std::size_t name_at;
    std::size_t name_size;
    bool in_names;  // the name has escapes: it stands in names_
    std::size_t begin;
    std::size_t end;
  };

  [[nodiscard]] std::string_view name_of(const member& m) const {
    return (m.in_names ? std::string_view(names_) : s_).substr(m.name_at, m.name_size);
  }
  [[nodiscard]] bool comes_before(const member& a, const member& b) const {
    return a.name_size != b.name_size ? a.name_size < b.name_size : name_of(a) < name_of(b);
  }

  bool string(std::string_view body) {
    if (body.find('\\') == std::string_view::npos) {
      out_.append(1, '"').append(body).append(1, '"');
      return true;
    }
    plain_.clear();
    if (!append_unescaped(plain_, body))
      return false;
    append_jsonb_string(out_, plain_);
    return true;
  }

  jsonb_reading array(std::size_t depth) {
    out_ += '[';
    at_ = after_blanks(s_, at_ + 1);
    for (bool more = s_[at_] != ']'; more;) {
      if (const auto read = value(depth + 1); read != jsonb_reading::ok)
        return read;
      at_ = after_blanks(s_, at_);
      more = s_[at_] == ',';
      if (more) {
        out_ += ", ";
        at_ = after_blanks(s_, at_ + 1);
      }
    }
    ++at_;
    out_ += ']';
    return jsonb_reading::ok;
  }

  bool name() {
    const auto end = after_string(s_, at_);
    const auto body = s_.substr(at_ + 1, end - at_ - 2);
    member m{at_ + 1, body.size(), false, out_.size(), 0};
    if (!string(body))
      return false;
    if (body.find('\\') != std::string_view::npos) {
      m = {names_.size(), plain_.size(), true, m.begin, 0};
      names_ += plain_;
    }
    members_.push_back(m);
    at_ = after_blanks(s_, after_blanks(s_, end) + 1);  // the colon
    out_ += ": ";
    return true;
  }

  jsonb_reading object(std::size_t depth) {
    const auto first = members_.size();
    const auto first_name = names_.size();
    bool sorted = true;
    out_ += '{';
    at_ = after_blanks(s_, at_ + 1);
    for (bool more = s_[at_] != '}'; more;) {
      if (!name())
        return jsonb_reading::no_text;
      if (const auto read = value(depth + 1); read != jsonb_reading::ok)
        return read;
      members_.back().end = out_.size();
      const auto count = members_.size();
      sorted = sorted && (count == first + 1 || comes_before(members_[count - 2], members_[count - 1]));
      at_ = after_blanks(s_, at_);
      more = s_[at_] == ',';
      if (more) {
        out_ += ", ";
        at_ = after_blanks(s_, at_ + 1);
      }
    }
    if (!sorted)
      sort(first);
    members_.resize(first);
    names_.resize(first_name);
    ++at_;
    out_ += '}';
    return jsonb_reading::ok;
  }

  void sort(std::size_t first) {
    const auto begin = members_[first].begin;
    const auto written = out_.substr(begin);
    const auto from = members_.begin() + static_cast<std::ptrdiff_t>(first);
    std::stable_sort(from, members_.end(),
                     [&](const member& a, const member& b) { return comes_before(a, b); });
    out_.resize(begin);
    for (auto m = from; m != members_.end(); ++m) {
      if (m + 1 != members_.end() && !comes_before(*m, m[1]))
        continue;  // a later one has the same name
      if (out_.size() > begin)
        out_ += ", ";
      out_.append(written, m->begin - begin, m->end - m->begin);
    }
  }

  std::string& out_;
  std::string_view s_;
  std::size_t most_;
  std::size_t at_;
  std::string plain_;
  std::string names_;
  std::vector<member> members_;
};

void append_blanks_of_line(std::string& out, std::size_t depth) {
  out.append(1, '\n').append(4 * depth, ' ');
}

}  // namespace

jsonb_reading append_jsonb(std::string& out, std::string_view json, std::size_t most) {
  return jsonb_writer(out, json, most).value();
}

std::string why_no_jsonb(jsonb_reading how, std::string_view json) {
  const auto shown = data::excerpt(json);
  switch (how) {
  case jsonb_reading::no_text:
    return fmt::format(
        "'{}' cannot be jsonb: a string within holds \\u0000 or a lone surrogate, which no text can", shown);
  case jsonb_reading::out_of_range:
    return fmt::format(
        "'{}' cannot be jsonb: a number within has more than {} digits before the point, or {} behind it",
        shown, most_whole_digits, most_scale);
  case jsonb_reading::too_deep:
    return fmt::format("'{}' cannot be jsonb: it has more than {} levels", shown, deepest_json);
  default:
    return fmt::format("'{}' makes a jsonb that is too long", shown);
  }
}

void append_jsonb_string(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    constexpr std::string_view special = "\"\\\b\f\n\r\t";
    if (const auto i = special.find(c); i != std::string_view::npos) {
      out.append(1, '\\').append(1, "\"\\bfnrt"[i]);
    } else if (const auto code = static_cast<unsigned char>(c); code < 0x20) {
      out.append("\\u00").append(1, hex[code >> 4]).append(1, hex[code & 15]);
    } else {
      out += c;
    }
  }
  out += '"';
}

bool append_pretty(std::string& out, std::string_view jsonb, std::size_t most) {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < jsonb.size();) {
    const char c = jsonb[at];
    if (out.size() > most)
      return false;
    if (c == '"') {
      const auto end = after_string(jsonb, at);
      out += jsonb.substr(at, end - at);
      at = end;
      continue;
    }
    ++at;
    if (c == '}' || c == ']')
      append_blanks_of_line(out, --depth);
    out += c;
    if (c == ',') {
      append_blanks_of_line(out, depth);
      ++at;  // its blank
    } else if (c == '{' || c == '[') {
      ++depth;
      if (jsonb[at] != '}' && jsonb[at] != ']')
        append_blanks_of_line(out, depth);
    }
  }
  return out.size() <= most;
}

void append_without_nulls(std::string& out, std::string_view json, bool is_jsonb) {
  const std::string_view comma = is_jsonb ? ", " : ",";
  const std::string_view colon = is_jsonb ? ": " : ":";
  std::string plain;
  const auto string = [&](std::string_view raw) {
    if (is_jsonb || raw.find('\\') == std::string_view::npos) {
      out += raw;
      return;
    }
    plain.clear();
    (void)append_unescaped(plain, raw.substr(1, raw.size() - 2));
    append_jsonb_string(out, plain);
  };
  std::vector<bool> objects;  // by level: is it an object's?
  bool first = true;          // nothing of the innermost list or object is written yet
  for (auto at = after_blanks(json, 0); at < json.size(); at = after_blanks(json, at)) {
    const char c = json[at];
    if (c == ',') {
      ++at;
      continue;
    }
    if (c == '}' || c == ']') {
      out += c;
      ++at;
      objects.pop_back();
      first = false;
      continue;
    }
    if (!objects.empty() && objects.back()) {
      const auto end = after_string(json, at);
      const auto value = after_blanks(json, after_blanks(json, end) + 1);
      if (json[value] == 'n') {
        at = value + 4;
        continue;
      }
      out += first ? "" : comma;
      string(json.substr(at, end - at));
      out += colon;
      at = value;
    } else if (!first) {
      out += comma;
    }
    if (json[at] == '{' || json[at] == '[') {
      objects.push_back(json[at] == '{');
      out += json[at++];
      first = true;
      continue;
    }
    const auto end = json_items::after_value(json, at);
    if (json[at] == '"')
      string(json.substr(at, end - at));
    else
      out += json.substr(at, end - at);
    at = end;
    first = false;
  }
}

std::size_t levels_of(std::string_view json) {
  std::size_t depth = 0;
  std::size_t most = 0;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (c == '"')
      at = after_string(json, at) - 1;
    else if (c == '{' || c == '[')
      most = std::max(most, ++depth);
    else if (c == '}' || c == ']')
      --depth;
  }
  return most;
}

}  // namespace millrace::expression
