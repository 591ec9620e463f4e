#include "runtime/expression/formats/json_text.hpp"

#include "runtime/base/scan.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/json_items.hpp"

#include <algorithm>
#include <bitset>

namespace millrace::expression {

using namespace json_items;

namespace {

/// Checks a text from its front on; every step gives false where it finds something else.
class validator {
public:
  explicit validator(std::string_view text) : s_(text) {}

  bool whole() {
    std::bitset<deepest_json> objects;  // by level: is it an object's?
    std::size_t depth = 0;
    for (bool value_done = false;;) {
      if (value_done) {
        if (depth == 0)
          return after_blanks(s_, at_) == s_.size();
        const char c = next();
        if (c == ',') {
          value_done = false;
          if (objects[depth - 1] && !name())
            return false;
        } else if (c == (objects[depth - 1] ? '}' : ']')) {
          --depth;
        } else {
          return false;
        }
        continue;
      }
      const char c = next();
      if (c != '{' && c != '[') {
        --at_;
        if (!scalar(c))
          return false;
        value_done = true;
        continue;
      }
      if (depth == deepest_json)
        return false;
      objects[depth++] = c == '{';
      if (const auto after = after_blanks(s_, at_);
          after < s_.size() && s_[after] == (c == '{' ? '}' : ']')) {
        at_ = after + 1;
        --depth;
        value_done = true;
      } else if (c == '{' && !name()) {
        return false;
      }
    }
  }

private:
  /// The next byte that is no blank, NUL at the end; at_ is moved behind it.
  char next() {
    at_ = after_blanks(s_, at_);
    return at_ < s_.size() ? s_[at_++] : (++at_, '\0');
  }
  bool name() { return next() == '"' && (--at_, string()) && next() == ':'; }
  bool scalar(char c) {
    if (c == '"')
      return string();
    for (const std::string_view word : {"true", "false", "null"})
      if (s_.substr(std::min(at_, s_.size()), word.size()) == word) {
        at_ += word.size();
        return true;
      }
    return number();
  }
  bool digits() {
    const auto from = at_;
    while (at_ < s_.size() && is_digit(s_[at_]))
      ++at_;
    return at_ > from;
  }
  bool number() {
    const auto is = [&](char c) { return at_ < s_.size() && s_[at_] == c; };
    at_ += is('-');
    const bool zero = is('0');
    const auto from = at_;
    if (!digits() || (zero && at_ > from + 1))
      return false;
    if (is('.') && (++at_, !digits()))
      return false;
    if (is('e') || is('E')) {
      ++at_;
      at_ += is('+') || is('-');
      return digits();
    }
    return true;
  }
  bool string() {
    for (++at_; at_ < s_.size(); ++at_) {
      const char c = s_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20)
        return false;
      if (c != '\\')
        continue;
      if (++at_ == s_.size())
        return false;
      if (s_[at_] != 'u') {
        if (std::string_view("\"\\/bfnrt").find(s_[at_]) == std::string_view::npos)
          return false;
        continue;
      }
      for (int i = 0; i < 4; ++i)
        if (++at_ >= s_.size() || hex_value(s_[at_]) < 0)
          return false;
    }
    return false;
  }

  std::string_view s_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_json(std::string_view text) { return validator(text).whole(); }

char head_of(std::string_view json) { return json[after_blanks(json, 0)]; }

std::optional<std::string_view> member_of(std::string_view json, std::string_view name) {
  std::optional<std::string_view> found;
  if (head_of(json) != '{')
    return found;
  std::string plain;
  for_each_item(json, [&](std::string_view raw, std::string_view value) {
    if (raw.find('\\') == std::string_view::npos) {
      if (raw == name)
        found = value;
      return true;
    }
    plain.clear();
    if (append_unescaped(plain, raw) && plain == name)
      found = value;
    return true;
  });
  return found;
}

std::optional<std::string_view> element_of(std::string_view json, std::int64_t index) {
  std::optional<std::string_view> found;
  if (head_of(json) != '[')
    return found;
  auto left = index < 0 ? index + *elements_in(json) : index;
  if (left < 0)
    return found;
  for_each_item(json, [&](std::string_view, std::string_view value) {
    if (left-- > 0)
      return true;
    found = value;
    return false;
  });
  return found;
}

std::optional<std::int64_t> elements_in(std::string_view json) {
  if (head_of(json) != '[')
    return std::nullopt;
  std::int64_t count = 0;
  for_each_item(json, [&](std::string_view, std::string_view) {
    ++count;
    return true;
  });
  return count;
}

bool holds_only_texts(std::string_view json) {
  for (auto at = json.find('\\'); at != std::string_view::npos; at = json.find('\\', at))
    if (json[at + 1] != 'u')
      at += 2;
    else if (!take_code_point(json, at))
      return false;
  return true;
}

bool append_unescaped(std::string& out, std::string_view body) {
  for (std::size_t i = 0; i < body.size();) {
    if (body[i] != '\\') {
      out += body[i++];
    } else if (const char c = body[i + 1]; c != 'u') {
      constexpr std::string_view from = "\"\\/bfnrt";
      out += "\"\\/\b\f\n\r\t"[from.find(c)];
      i += 2;
    } else if (const auto code = take_code_point(body, i)) {
      data::append_utf8(out, code);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace millrace::expression
