#include "config/text/mask.hpp"

#include "config/text/references.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace millrace::config {
namespace {

constexpr std::string_view masked = "***";

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

void mask(std::string& text, std::size_t from, std::size_t to, std::vector<std::string>* found) {
  if (to <= from)
    return;
  auto value = text.substr(from, to - from);
  if (value == masked || is_reference(value))
    return;
  if (found)
    found->push_back(std::move(value));
  text.replace(from, to - from, masked);
}

/// Colons in references are none of a URI's.
std::size_t find_colon(std::string_view text, std::size_t from) {
  for (auto i = from; i < text.size(); ++i) {
    if (const auto length = reference_length(text, i); length > 0)
      i += length - 1;
    else if (text[i] == ':')
      return i;
  }
  return std::string_view::npos;
}

/// scheme://user:password@host. The last @ counts, and blanks end nothing: a password may hold all that its
/// owner forgot to escape. An @ in a query after a value (?user=a@b) is none.
void mask_user_info(std::string& text, std::vector<std::string>* found) {
  for (auto at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
    const auto begin = at + 3;
    const auto end = std::min(text.find("://", begin), text.size());
    const auto colon = find_colon(text, begin);
    const auto sign = text.rfind('@', end - 1);
    if (sign == std::string::npos || sign < begin || colon == std::string::npos || colon > sign)
      continue;
    const auto query = text.find('?', begin);
    const bool in_query = query < sign && text.substr(query, sign - query).find('=') != std::string::npos;
    const auto last = in_query ? text.rfind('@', query) : sign;
    if (last != std::string::npos && last > colon)
      mask(text, colon + 1, last, found);
  }
}

/// password=secret in a query or in a list of words; the value ends at a blank or '&', or with its quote.
/// Short words stand for a secret only where they are all of a query's name: ?key=secret.
void mask_assignments(std::string& text, std::vector<std::string>* found) {
  for (const std::string_view word :
       {"password",  "passwd",     "passfile",  "pass",          "pwd",        "secret",
        "token",     "api_key",    "api-key",   "apikey",        "access_key", "access-key",
        "accesskey", "credential", "signature", "authorization", "?key",       "&key",
        "?sig",      "&sig",       "?auth",     "&auth"}) {
    for (auto at = lower(text).find(word); at != std::string::npos; at = lower(text).find(word, at + 1)) {
      auto begin = at + word.size();
      while (begin < text.size() && text[begin] == ' ')
        ++begin;
      if (begin >= text.size() || text[begin] != '=')
        continue;
      ++begin;
      while (begin < text.size() && text[begin] == ' ')
        ++begin;
      if (begin < text.size() && (text[begin] == '\'' || text[begin] == '"')) {
        const auto end = text.find(text[begin], begin + 1);
        mask(text, begin + 1, std::min(end, text.size()), found);
      } else {
        mask(text, begin, std::min(text.find_first_of(" \t\n&;\"", begin), text.size()), found);
      }
    }
  }
}

}  // namespace

std::string mask_passwords(std::string_view text, std::vector<std::string>* found) {
  std::string out(text);
  mask_user_info(out, found);
  mask_assignments(out, found);
  return out;
}

bool names_a_secret(std::string_view name) {
  const auto n = lower(name);
  for (const std::string_view word : {"password", "passwd", "pwd", "secret", "token", "credential", "api_key",
                                      "api.key", "jaas", "authorization", "cookie", ".pem"})
    if (n.find(word) != std::string::npos)
      return true;
  return false;
}

std::string percent_encoded(std::string_view text, bool upper_case) {
  const std::string_view digits = upper_case ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~'))
      out += c;
    else
      out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
  }
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const auto* const begin = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(begin, begin + 2, value, 16).ptr == begin + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

namespace {

/// Returns how many characters of the secret stand there, whatever their case is.
std::size_t begins_with(std::string_view text, std::string_view value) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  const auto most = std::min(text.size(), value.size());
  return static_cast<std::size_t>(
      std::mismatch(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(most), value.begin(), same)
          .first -
      text.begin());
}

/// Says whether the beginning of a secret tells of it: at the end of a text somebody has cut it off there.
bool is_a_cut(std::size_t there, std::size_t whole, bool is_at_end) {
  constexpr std::size_t at_end = 4;
  constexpr std::size_t within = 8;
  return there >= (is_at_end ? at_end : std::max(within, (whole + 1) / 2));
}

std::string without(std::string_view text, const secret& s) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto rest = text.substr(at);
    const auto there = begins_with(rest, s.value);
    const bool is_secret = there == s.value.size() || is_a_cut(there, s.value.size(), there == rest.size());
    if (is_secret)
      out += s.shown;
    else
      out += text[at];
    at += is_secret ? there : 1;
  }
  return out;
}

}  // namespace

std::string redact(std::string text, const std::vector<secret>& secrets) {
  std::vector<const secret*> longest_first;
  for (const auto& s : secrets)
    if (!s.value.empty())
      longest_first.push_back(&s);
  std::stable_sort(longest_first.begin(), longest_first.end(),
                   [](const secret* a, const secret* b) { return a->value.size() > b->value.size(); });
  for (const auto* s : longest_first)
    text = without(text, *s);
  return text;
}

}  // namespace millrace::config
