#include "actors/parsers/json/record_walk.hpp"

#include "actors/parsers/json/escapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::parser {

bool record_walk::fail(std::uint32_t token, const char* what) {
  where_ = std::min(at_[token], end_) - begin_;
  what_ = at_[token] < end_ ? what : "the record ends too early";
  return false;
}

std::string record_walk::problem() const { return fmt::format("not JSON at byte {}: {}", where_, what_); }

bool record_walk::check_escapes(std::uint32_t token) {
  if (at_[token + 1] >= end_)
    return fail(token + 1, "");
  const auto text = body(token);
  return !has_escapes(text) || valid_escapes(text) ||
         fail(token, "a string holds an invalid escape or a lone surrogate");
}

bool record_walk::check_other(std::uint32_t token, char kind, std::string_view text) {
  const bool number = is_number_start(kind);
  return (number ? is_number(text) : is_literal(text)) ||
         fail(token, number ? "a number is malformed" : "expected a value");
}

std::uint32_t record_walk::check_nested(std::uint32_t token, std::uint32_t level) {
  // Tells of the open brackets but the innermost which are objects'. Not cleared: only what was written is
  // read.
  std::array<std::uint64_t, deepest / 64> outer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  std::uint32_t depth = 0;
  bool in_object = false;
  for (;;) {
    // A value begins here.
    const char c = kind(token);
    bool value_done = true;
    if (c == '{' || c == '[') {
      if (depth + level == deepest)
        return fail(token, too_deep);
      auto& bits = outer[depth / 64];
      bits = (depth % 64 == 0 ? 0 : bits & ~(1ULL << depth % 64)) | std::uint64_t{in_object} << depth % 64;
      ++depth;
      in_object = c == '{';
      value_done = kind(token + 1) == (in_object ? '}' : ']');
    } else if (!check_scalar(token, c)) {
      return 0;
    }
    ++token;
    // The rest up to the next value: closing brackets, a comma.
    if (value_done && (c == '{' || c == '[')) {
      --depth;
      in_object = outer[depth / 64] >> depth % 64 & 1;
      ++token;
    }
    while (value_done) {
      if (depth == 0)
        return token;
      const char next = kind(token);
      if (next == ',') {
        value_done = false;
      } else if (next == (in_object ? '}' : ']')) {
        --depth;
        in_object = outer[depth / 64] >> depth % 64 & 1;
      } else {
        return fail(token, in_object ? "expected ',' or '}'" : "expected ',' or ']'");
      }
      ++token;
    }
    if (in_object) {
      if (!check_name(token))
        return 0;
      token += 2;
    }
  }
}

std::uint32_t record_walk::skip(std::uint32_t token) {
  std::uint32_t depth = 0;
  do {
    const char c = kind(token);
    if (c == '\0') {
      fail(token, "expected a value");
      return 0;
    }
    depth += c == '{' || c == '[';
    depth -= depth != 0 && (c == '}' || c == ']');
    ++token;
  } while (depth != 0);
  return token;
}

std::uint32_t record_walk::behind(std::uint32_t token) const {
  std::uint32_t depth = 0;
  do {
    const char c = kind(token);
    depth += c == '{' || c == '[';
    depth -= c == '}' || c == ']';
    ++token;
  } while (depth != 0);
  return token;
}

std::string_view record_walk::raw(std::uint32_t token) const {
  const char c = kind(token);
  if (c != '{' && c != '[')
    return scalar(token);
  const char* const first = text_ + at_[token];
  return {first, static_cast<std::size_t>(text_ + at_[behind(token) - 1] + 1 - first)};
}

}  // namespace millrace::parser
