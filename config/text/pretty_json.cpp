#include "config/text/pretty_json.hpp"

#include "config/text/quoted.hpp"
#include "config/text/reader.hpp"
#include "runtime/data/json_value.hpp"

#include <string_view>

namespace millrace::config {
namespace {

namespace json = boost::json;

constexpr std::size_t widest_json_line = 120;

class pretty_printer {
public:
  std::string out;

  /// `before`: bytes of the line in front of the value; `behind`: what follows it there.
  void put(const json::value& v, std::size_t depth, std::size_t before, std::size_t behind) {
    const bool is_container =
        (v.is_object() && !v.get_object().empty()) || (v.is_array() && !v.get_array().empty());
    if (!is_container || depth >= deepest_nesting) {
      out += data::json_text(v);
      return;
    }
    // The top level and the map of stages are divided, however short they are.
    if (depth >= 2)
      if (const auto line = on_one_line(v); before + line.size() + behind <= widest_json_line) {
        out += line;
        return;
      }
    const std::string indent((depth + 1) * 2, ' ');
    const bool is_map = v.is_object();
    out += is_map ? "{" : "[";
    bool first = true;
    const auto item = [&](const json::value& inner, const std::string& name) {
      out += first ? "\n" : ",\n";
      first = false;
      out += indent + name;
      put(inner, depth + 1, indent.size() + name.size(), 1);
    };
    if (is_map)
      for (const auto& m : v.get_object())
        item(m.value(), quoted(std::string_view(m.key())) + ": ");
    else
      for (const auto& inner : v.get_array())
        item(inner, "");
    out += "\n" + std::string(depth * 2, ' ') + (is_map ? "}" : "]");
  }

private:
  /// Serialized, with blanks behind commas and colons; a longer text than a line is given as it is.
  static std::string on_one_line(const json::value& v) {
    const auto text = data::json_text(v);
    if (text.size() > widest_json_line)
      return text;
    std::string line;
    bool in_text = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (in_text && c == '\\') {
        line += c;
        line += text[++i];
        continue;
      }
      if (c == '"')
        in_text = !in_text;
      if (!in_text && c == '}' && line.back() != '{')
        line += ' ';
      line += c;
      if (!in_text && (c == ',' || c == ':' || (c == '{' && text[i + 1] != '}')))
        line += ' ';
    }
    return line;
  }
};

}  // namespace

std::string pretty_json(const boost::json::value& v) {
  pretty_printer p;
  p.put(v, 0, 0, 0);
  return p.out + "\n";
}

}  // namespace millrace::config
