#include "config/text/mask.hpp"

#include "config/text/references.hpp"
#include "runtime/base/lower_case.hpp"

#include <algorithm>
#include <charconv>

namespace millrace::config {
namespace {

/// The beginning of a secret at the end of a text: somebody has cut it off there.
constexpr std::size_t shortest_beginning = 4;

constexpr std::string_view masked = "***";

/// `a\'b` of SOCI's and libpq's texts is a'b for the server.
std::string without_escapes(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    i += value[i] == '\\' && i + 1 < value.size() ? 1 : 0;
    out += value[i];
  }
  return out;
}

/// Returns where a value that begins at `from` meets one of these; what has a \ in front is the value's own.
std::size_t find_end(std::string_view text, std::size_t from, std::string_view ends) {
  for (auto i = from; i < text.size(); ++i)
    if (text[i] == '\\')
      ++i;
    else if (ends.find(text[i]) != std::string_view::npos)
      return i;
  return text.size();
}

void mask(std::string& text, std::size_t from, std::size_t to, std::vector<std::string>* found) {
  if (to <= from)
    return;
  auto value = text.substr(from, to - from);
  if (value == masked || is_reference(value))
    return;
  if (found) {
    if (value.find('\\') != std::string::npos)
      found->push_back(without_escapes(value));
    found->push_back(std::move(value));
  }
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

/// password=secret in a query or in a list of words; the value ends at a blank, in a query at '&', or with its quote.
/// Short words stand for a secret only where they are all of a query's name: ?key=secret.
void mask_assignments(std::string& text, std::vector<std::string>* found) {
  for (const std::string_view word :
       {"password",  "passwd",     "passfile",  "pass",          "pwd",        "secret",
        "token",     "api_key",    "api-key",   "apikey",        "access_key", "access-key",
        "accesskey", "credential", "signature", "authorization", "?key",       "&key",
        "?sig",      "&sig",       "?auth",     "&auth"}) {
    for (auto at = lower_case(text).find(word); at != std::string::npos;
         at = lower_case(text).find(word, at + 1)) {
      auto begin = at + word.size();
      while (begin < text.size() && text[begin] == ' ')
        ++begin;
      if (begin >= text.size() || text[begin] != '=')
        continue;
      ++begin;
      while (begin < text.size() && text[begin] == ' ')
        ++begin;
      if (begin < text.size() && (text[begin] == '\'' || text[begin] == '"')) {
        mask(text, begin + 1, find_end(text, begin + 1, text.substr(begin, 1)), found);
      } else {
        const bool in_query = text.find('?') < begin;
        mask(text, begin, find_end(text, begin, in_query ? " \t\n&;\"" : " \t\n"), found);
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
  const auto n = lower_case(name);
  for (const std::string_view word : {"password", "passwd", "pwd", "secret", "token", "credential", "api_key",
                                      "api.key", "jaas", "authorization", "cookie", ".pem"})
    if (n.find(word) != std::string::npos)
      return true;
  return false;
}

redaction::redaction(const std::vector<secret>& secrets) {
  for (const auto& s : secrets)
    if (!s.value.empty())
      secrets_.push_back({lower_case(s.value), s.shown});
  std::ranges::stable_sort(secrets_, {}, &secret::value);
}

redaction::match redaction::longest_at(std::string_view text) const {
  match out;
  auto first = secrets_.begin();
  auto last = secrets_.end();
  // The secrets from first to last begin with the text's `length` bytes; the shortest stand first.
  for (std::size_t length = 0; first != last; ++length) {
    for (; first != last && first->value.size() == length; ++first)
      out = {length, &first->shown};
    if (length == text.size()) {
      if (first != last && length >= shortest_beginning)
        out = {length, &first->shown};
      break;
    }
    const auto byte_of = [&](const secret& s) { return static_cast<unsigned char>(s.value[length]); };
    const auto byte = static_cast<unsigned char>(lower_case(text[length]));
    first = std::partition_point(first, last, [&](const secret& s) { return byte_of(s) < byte; });
    last = std::partition_point(first, last, [&](const secret& s) { return byte_of(s) == byte; });
  }
  return out;
}

std::string redaction::of(std::string_view text) const {
  if (secrets_.empty())
    return std::string(text);
  std::string out;
  std::size_t run_end = 0;  // secrets that overlap are one run, for which the longest of them stands
  std::size_t run_begins_at = 0;
  std::size_t longest = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto found = longest_at(text.substr(at));
    if (found.size == 0) {
      if (at >= run_end)
        out += text[at];
      continue;
    }
    if (at >= run_end) {
      run_begins_at = out.size();
      longest = 0;
    }
    if (found.size > longest) {
      out.replace(run_begins_at, out.size() - run_begins_at, *found.shown);
      longest = found.size;
    }
    run_end = std::max(run_end, at + found.size);
  }
  return out;
}

std::string redact(std::string_view text, const std::vector<secret>& secrets) {
  return redaction(secrets).of(text);
}

}  // namespace millrace::config
