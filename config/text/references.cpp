#include "config/text/references.hpp"

#include "config/text/mask.hpp"
#include "runtime/base/percent.hpp"

#include <algorithm>
#include <cctype>

namespace millrace::config {
namespace {

constexpr std::size_t longest_name = 128;

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
}

std::string escaped_in_pairs(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\'' || c == '\\' || std::isspace(static_cast<unsigned char>(c)) != 0)
      out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

bool is_secret_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), is_name_character);
}

std::size_t reference_length(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with(reference_begin))
    return 0;
  const auto name = at + reference_begin.size();
  const auto end = text.find('}', name);
  return end != std::string_view::npos && is_secret_name(text.substr(name, end - name)) ? end + 1 - at : 0;
}

bool is_reference(std::string_view text) { return !text.empty() && reference_length(text, 0) == text.size(); }

std::string references_alone(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto length = reference_length(text, i);
    if (length > 0)
      out += text.substr(i, length);
    else if (!out.ends_with("***"))
      out += "***";
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

std::vector<std::string> references_in(std::string_view text) {
  std::vector<std::string> names;
  static_cast<void>(with_references(text, [&](std::string_view name) {
    names.emplace_back(name);
    return std::string();
  }));
  return names;
}

std::string with_references(std::string_view text, const value_of_secret& value_of) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto length = reference_length(text, i);
    if (length == 0) {
      out += text[i++];
      continue;
    }
    out += value_of(text.substr(i + reference_begin.size(), length - reference_begin.size() - 1));
    i += length;
  }
  return out;
}

std::string with_references_in_uri(std::string_view text, const value_of_secret& value_of) {
  const auto scheme = text.find("://");
  const bool pairs = scheme != std::string_view::npos && is_pairs(text.substr(scheme + 3));
  return with_references(text, [&](std::string_view name) {
    const auto value = value_of(name);
    return pairs ? escaped_in_pairs(value) : percent_encoded(value, true);
  });
}

bool is_pairs(std::string_view rest) {
  const auto end = std::find_if(rest.begin(), rest.end(), [](char c) {
    return std::islower(static_cast<unsigned char>(c)) == 0 && c != '_';
  });
  return end != rest.begin() && end != rest.end() && *end == '=';
}

std::string protected_references(std::string_view text) {
  return with_references_in_uri(
      text, [](std::string_view name) { return std::string(reference_begin).append(name).append("}"); });
}

}  // namespace millrace::config
