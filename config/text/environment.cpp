#include "config/text/environment.hpp"

#include "config/text/mask.hpp"
#include "config/text/references.hpp"
#include "config/text/utf8.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>

namespace millrace::config {
namespace {

bool is_name(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9'))
    return false;
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
      return false;
  return true;
}

/// The file says a default itself; and a number of the environment is no password, unless its name says so.
bool may_be_told(std::string_view inside, std::string_view value) {
  const auto sign = inside.find(":-");
  if (sign != std::string_view::npos && inside.substr(sign + 2) == value)
    return true;
  return !names_a_secret(inside.substr(0, sign)) &&
         value.find_first_not_of("0123456789.:+-TZ ") == std::string_view::npos;
}

class filler {
public:
  filler(report& out, variables how) : out_(out), how_(how) {}

  void fill(node& n, const std::string& path) {
    if (n.is_text() && n.text.find("${") != std::string::npos)
      fill_text(n, path);
    for (auto& m : n.members)
      fill(m.value, join(path, m.name));
    for (std::size_t i = 0; i < n.items.size(); ++i)
      fill(n.items[i], fmt::format("{}[{}]", path, i));
  }

private:
  void fill_text(node& n, const std::string& path) {
    const std::string& text = n.text;
    std::string value;
    std::string told;
    for (std::size_t i = 0; i < text.size();) {
      if (text.compare(i, 3, "$${") == 0) {
        value += "${";
        told += "$${";
        i += 3;
      } else if (text.compare(i, 2, "${") == 0) {
        const auto end = text.find('}', i);
        if (end == std::string::npos) {
          out_.error(location_in_text(n, i), path,
                     "\"${\" without \"}\"; expected ${NAME} or ${NAME:-default} (a literal \"${\" is "
                     "written \"$${\")");
          return;
        }
        const auto inside = text.substr(i + 2, end - i - 2);
        const bool is_secret = text.compare(i, reference_begin.size(), reference_begin) == 0;
        const auto filled = is_secret ? reference(n, path, i) : variable(n, path, i, inside);
        if (!filled)
          return;
        n.references += is_secret ? 1 : 0;
        value += *filled;
        told += !is_secret && may_be_told(inside, *filled) ? *filled : text.substr(i, end + 1 - i);
        i = end + 1;
      } else {
        told += text[i];
        value += text[i++];
      }
    }
    n.told = std::move(told);
    n.shown = std::move(n.text);
    n.text = std::move(value);
    n.filled = true;
  }

  std::optional<std::string> reference(const node& n, const std::string& path, std::size_t offset) {
    if (const auto length = reference_length(n.text, offset); length > 0)
      return n.text.substr(offset, length);
    out_.error(location_in_text(n, offset), path,
               "\"${secret:\" names no secret; expected ${secret:NAME}, the name of a file in --secrets DIR: "
               "letters, digits, _, - "
               "and ., none of them a . in front");
    return std::nullopt;
  }

  std::optional<std::string> variable(const node& n, const std::string& path, std::size_t offset,
                                      const std::string& inside) {
    const auto sign = inside.find(":-");
    const auto name = inside.substr(0, sign);
    const auto fail = [&](std::string message) {
      out_.error(location_in_text(n, offset), path, std::move(message));
      return std::nullopt;
    };
    if (!is_name(name))
      return fail(
          fmt::format("\"${{{}}}\" names no variable; expected ${{NAME}} or ${{NAME:-default}} (a literal "
                      "\"${{\" is written \"$${{\")",
                      inside));
    if (how_ == variables::refused)
      return fail(fmt::format(
          "\"${{{}}}\" stands in a text that came to a node, and nodes fill in no variables; expected the "
          "value itself, as `millrace apply` fills it in, or ${{secret:NAME}} (a literal \"${{\" is written "
          "\"$${{\")",
          inside));
    const char* const found = std::getenv(name.c_str());
    if (found != nullptr && (*found != '\0' || sign == std::string::npos))
      return checked(found, name, path, fail);
    if (sign == std::string::npos)
      return fail(
          fmt::format("the environment variable {0} is not set; expected a value (export {0}=..., or give a "
                      "default: ${{{0}:-...}})",
                      name));
    return inside.substr(sign + 2);
  }

  template<class Fail>
  std::optional<std::string> checked(std::string value, const std::string& name, const std::string& path,
                                     const Fail& fail) {
    if (value.size() > largest_variable)
      return fail(fmt::format("the environment variable {} has {} bytes; expected at most {}", name,
                              value.size(), largest_variable));
    if (first_invalid_utf8(value))
      return fail(
          fmt::format("the environment variable {} holds bytes that are not UTF-8; expected UTF-8", name));
    out_.keep_variable(path, name, value);
    return value;
  }

  report& out_;
  variables how_;
};

}  // namespace

void fill_environment(node& root, report& out, variables how) { filler(out, how).fill(root, {}); }

}  // namespace millrace::config
