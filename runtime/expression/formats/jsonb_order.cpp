#include "runtime/expression/formats/jsonb_order.hpp"

#include "runtime/expression/formats/json_items.hpp"
#include "runtime/expression/formats/json_text.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace millrace::expression {
namespace {

using json_items::after_string;
using json_items::after_value;

// Bytes that one @> reads at most, again and again for lists within lists: a quarter of a second.
constexpr std::size_t most_bytes_read = 256U << 20U;
// Fewer elements are looked for one after the other.
constexpr std::size_t few_elements = 8;

int sign_of(int order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

/// PostgreSQL's order of types: null, text, number, boolean, list, object.
int rank(char head) {
  switch (head) {
  case 'n':
    return 0;
  case '"':
    return 1;
  case 't':
  case 'f':
    return 3;
  case '[':
    return 4;
  case '{':
    return 5;
  default:
    return 2;
  }
}

/// The bytes that a string between its quotes stands for, one by one; -1 behind the last.
class plain_bytes {
public:
  explicit plain_bytes(std::string_view escaped) : s_(escaped) {}
  int next() {
    if (at_ == s_.size())
      return -1;
    const char c = s_[at_++];
    if (c != '\\')
      return static_cast<unsigned char>(c);
    const char letter = s_[at_++];
    if (letter != 'u')
      return "\"\\\b\f\n\r\t"[std::string_view("\"\\bfnrt").find(letter)];
    at_ += 4;  // a jsonb writes control characters alone so
    return hex_value(s_[at_ - 2]) * 16 + hex_value(s_[at_ - 1]);
  }

private:
  std::string_view s_;
  std::size_t at_ = 0;
};

bool has_escapes(std::string_view s) { return s.find('\\') != std::string_view::npos; }

int compare_strings(std::string_view a, std::string_view b) {
  if (!has_escapes(a) && !has_escapes(b))
    return sign_of(a.compare(b));
  plain_bytes x(a);
  plain_bytes y(b);
  for (;;) {
    const int c = x.next();
    const int d = y.next();
    if (c != d)
      return c < d ? -1 : 1;
    if (c < 0)
      return 0;
  }
}

std::size_t plain_size(std::string_view escaped) {
  if (!has_escapes(escaped))
    return escaped.size();
  std::size_t n = 0;
  for (plain_bytes bytes(escaped); bytes.next() >= 0;)
    ++n;
  return n;
}

/// Numbers without exponents, as a jsonb has them.
int compare_numbers(std::string_view a, std::string_view b) {
  const bool negative = a[0] == '-';
  if (negative != (b[0] == '-'))
    return negative ? -1 : 1;
  if (negative)
    std::swap(a, b);
  a.remove_prefix(negative);
  b.remove_prefix(negative);
  const auto whole_a = std::min(a.find('.'), a.size());
  const auto whole_b = std::min(b.find('.'), b.size());
  if (whole_a != whole_b)
    return whole_a < whole_b ? -1 : 1;
  if (const auto order = a.substr(0, whole_a).compare(b.substr(0, whole_b)); order != 0)
    return sign_of(order);
  const auto places = [](std::string_view s, std::size_t whole) {
    s.remove_prefix(std::min(whole + 1, s.size()));
    while (s.ends_with('0'))
      s.remove_suffix(1);
    return s;
  };
  return sign_of(places(a, whole_a).compare(places(b, whole_b)));
}

int compare_scalars(std::string_view a, std::string_view b) {
  if (const auto x = rank(a[0]), y = rank(b[0]); x != y)
    return x < y ? -1 : 1;
  switch (rank(a[0])) {
  case 0:
    return 0;
  case 1:
    return compare_strings(a.substr(1, a.size() - 2), b.substr(1, b.size() - 2));
  case 2:
    return compare_numbers(a, b);
  default:
    return (a[0] == 't') - (b[0] == 't');
  }
}

/// How many commas follow on each of the levels that are open at `at`, the innermost first.
std::vector<std::size_t> commas_behind(std::string_view s, std::size_t at, std::size_t levels) {
  std::vector<std::size_t> out(levels);
  std::size_t within = 0;
  for (std::size_t level = 0; level < levels; ++at) {
    const char c = s[at];
    if (c == '"')
      at = after_string(s, at) - 1;
    else if (c == '{' || c == '[')
      ++within;
    else if ((c == '}' || c == ']') && within == 0)
      ++level;
    else if (c == '}' || c == ']')
      --within;
    else if (c == ',' && within == 0)
      ++out[level];
  }
  return out;
}

/// Compares two objects or two lists; stops at the first difference.
class container_comparison {
public:
  container_comparison(std::string_view a, std::string_view b) : a_(a), b_(b) {}

  int run() {
    while (order_ == 0) {
      if (at_a_ == a_.size())
        return 0;
      step();
    }
    // containers of more items are greater, an outer one before those within
    const auto behind_a = commas_behind(a_, at_a_, levels_);
    const auto behind_b = commas_behind(b_, at_b_, levels_);
    for (auto level = levels_; level-- > 0;)
      if (behind_a[level] != behind_b[level])
        return behind_a[level] < behind_b[level] ? -1 : 1;
    return order_;
  }

private:
  /// Both stand in front of a value, a name, a comma or an end; moves both behind it, or sets the order.
  void step() {
    const char c = a_[at_a_];
    const char d = b_[at_b_];
    const bool ends_a = c == '}' || c == ']';
    const bool ends_b = d == '}' || d == ']';
    if (ends_a || ends_b) {
      order_ = ends_b - ends_a;
      if (order_ == 0)
        forward(1, -1);
    } else if (c == ',' || c == ':') {
      forward(2, 0);  // what equals it has the same form so far
    } else if (rank(c) != rank(d)) {
      order_ = rank(c) < rank(d) ? -1 : 1;
    } else if (c == '{' || c == '[') {
      forward(1, 1);
    } else {
      const auto end_a = after_value(a_, at_a_);
      const auto end_b = after_value(b_, at_b_);
      order_ = compare_scalars(a_.substr(at_a_, end_a - at_a_), b_.substr(at_b_, end_b - at_b_));
      if (order_ == 0) {
        at_a_ = end_a;
        at_b_ = end_b;
      }
    }
  }
  void forward(std::size_t bytes, int levels) {
    at_a_ += bytes;
    at_b_ += bytes;
    levels_ = static_cast<std::size_t>(static_cast<int>(levels_) + levels);
  }

  std::string_view a_;
  std::string_view b_;
  std::size_t at_a_ = 0;
  std::size_t at_b_ = 0;
  std::size_t levels_ = 0;
  int order_ = 0;
};

/// Decides @>; counts what it reads.
class containing {
public:
  [[nodiscard]] bool is_too_costly() const { return read_ > most_bytes_read; }

  bool contains(std::string_view a, std::string_view b) {
    read_ += a.size() + b.size();
    if (a[0] != b[0] || is_too_costly())
      return false;
    return a[0] == '{' ? object(a, b) : list(a, b);
  }

private:
  /// Both have their members in one order.
  bool object(std::string_view a, std::string_view b) {
    jsonb_items has(a);
    for (jsonb_items wanted(b); wanted.next();) {
      do
        if (!has.next())
          return false;
      while (order_of_names(has.name(), wanted.name()) < 0);
      if (has.name() != wanted.name() || rank(has.value()[0]) != rank(wanted.value()[0]))
        return false;
      if (is_jsonb_scalar(wanted.value()) ? compare_scalars(has.value(), wanted.value()) != 0
                                          : !contains(has.value(), wanted.value()))
        return false;
    }
    return true;
  }

  bool list(std::string_view a, std::string_view b) {
    std::vector<std::string_view> sorted;
    std::size_t scalars = 0;
    for (jsonb_items wanted(b); wanted.next();) {
      const auto value = wanted.value();
      if (!is_jsonb_scalar(value)) {
        if (!contained_in_element(a, value))
          return false;
      } else if (++scalars <= few_elements) {
        if (!has_scalar(a, value))
          return false;
      } else {
        if (sorted.empty())
          sorted = sorted_scalars(a);
        if (!std::binary_search(sorted.begin(), sorted.end(), value, is_less))
          return false;
      }
    }
    return true;
  }

  static bool is_less(std::string_view a, std::string_view b) { return compare_scalars(a, b) < 0; }

  bool has_scalar(std::string_view list, std::string_view value) {
    for (jsonb_items has(list); has.next(); read_ += has.value().size())
      if (is_jsonb_scalar(has.value()) && compare_scalars(has.value(), value) == 0)
        return true;
    return false;
  }

  std::vector<std::string_view> sorted_scalars(std::string_view list) {
    std::vector<std::string_view> out;
    for (jsonb_items has(list); has.next();)
      if (is_jsonb_scalar(has.value()))
        out.push_back(has.value());
    std::sort(out.begin(), out.end(), is_less);
    return out;
  }

  bool contained_in_element(std::string_view list, std::string_view value) {
    for (jsonb_items has(list); has.next() && !is_too_costly(); read_ += has.value().size())
      if (has.value()[0] == value[0] && contains(has.value(), value))
        return true;
    return false;
  }

  std::size_t read_ = 0;
};

}  // namespace

bool jsonb_items::next() {
  if (s_[at_] == '}' || s_[at_] == ']')
    return false;
  at_ += s_[at_] == ',' ? 2 : 0;
  begin_ = at_;
  if (s_[0] == '{') {
    const auto end = after_string(s_, at_);
    name_ = s_.substr(at_ + 1, end - at_ - 2);
    at_ = end + 2;
  }
  const auto end = after_value(s_, at_);
  value_ = s_.substr(at_, end - at_);
  at_ = end;
  return true;
}

bool stands_for(std::string_view escaped, std::string_view text) {
  if (!has_escapes(escaped))
    return escaped == text;
  plain_bytes bytes(escaped);
  for (const char c : text)
    if (bytes.next() != static_cast<unsigned char>(c))
      return false;
  return bytes.next() < 0;
}

int order_of_names(std::string_view escaped, std::string_view other) {
  if (escaped == other)
    return 0;
  const auto a = plain_size(escaped);
  const auto b = plain_size(other);
  return a != b ? (a < b ? -1 : 1) : compare_strings(escaped, other);
}

std::optional<std::string_view> jsonb_member(std::string_view jsonb, std::string_view name) {
  if (jsonb[0] != '{')
    return std::nullopt;
  for (jsonb_items has(jsonb); has.next();)
    if (stands_for(has.name(), name))
      return has.value();
    else if (plain_size(has.name()) > name.size())
      return std::nullopt;  // as long are those behind
  return std::nullopt;
}

int compare_jsonb(std::string_view a, std::string_view b) {
  if (a == b)
    return 0;
  const bool scalar_a = is_jsonb_scalar(a);
  const bool scalar_b = is_jsonb_scalar(b);
  if (scalar_a && scalar_b)
    return compare_scalars(a, b);
  // PostgreSQL takes a scalar for a list of one element, which is less than others of one; more items are greater.
  if (scalar_a && b[0] == '[')
    return b == "[]" ? 1 : -1;
  if (scalar_b && a[0] == '[')
    return a == "[]" ? -1 : 1;
  if (a[0] != b[0])
    return rank(a[0]) < rank(b[0]) ? -1 : 1;
  return container_comparison(a, b).run();
}

bool jsonb_has(std::string_view jsonb, std::string_view text) {
  const auto is_text = [&](std::string_view value) {
    return value[0] == '"' && stands_for(value.substr(1, value.size() - 2), text);
  };
  if (jsonb[0] == '{')
    return jsonb_member(jsonb, text).has_value();
  if (jsonb[0] != '[')
    return is_text(jsonb);
  for (jsonb_items has(jsonb); has.next();)
    if (is_text(has.value()))
      return true;
  return false;
}

containment jsonb_contains(std::string_view a, std::string_view b) {
  const bool scalar_a = is_jsonb_scalar(a);
  if (is_jsonb_scalar(b)) {
    if (scalar_a)
      return compare_scalars(a, b) == 0 ? containment::yes : containment::no;
    if (a[0] == '[')
      for (jsonb_items has(a); has.next();)
        if (is_jsonb_scalar(has.value()) && compare_scalars(has.value(), b) == 0)
          return containment::yes;
    return containment::no;
  }
  if (scalar_a)
    return containment::no;
  containing search;
  const bool found = search.contains(a, b);
  return search.is_too_costly() ? containment::too_costly : found ? containment::yes : containment::no;
}

}  // namespace millrace::expression
