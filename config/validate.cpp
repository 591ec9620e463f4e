#include "config/validate.hpp"

#include "config/known_words.hpp"
#include "config/text/mask.hpp"
#include "config/text/overlay.hpp"
#include "config/text/references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace millrace::config {
namespace {

using maybe = std::optional<values::value>;

/// A number given by --set may be meant as a text, its digits: the shell knows no quotes.
bool is_textual(const node& n) {
  return n.is_text() || (n.what == node::kind::number && n.where.file == set_file);
}

/// Returns whether all values of the type are harmless to show.
bool is_word(option_type t) {
  return t == option_type::choice || t == option_type::boolean || t == option_type::integer ||
         t == option_type::duration || t == option_type::size || t == option_type::rate;
}

class option_reader {
public:
  explicit option_reader(report& out) : out_(out) {}

  values read(const node& map, const std::vector<option>& declared, const subject& who) {
    values result;
    std::vector<std::string> unknowns;
    result.set_stage_location(map.where);
    for (const auto& m : map.members) {
      if (m.name == who.kind_key)
        continue;
      const auto o =
          std::find_if(declared.begin(), declared.end(), [&](const option& d) { return d.name == m.name; });
      if (o == declared.end()) {
        unknowns.push_back(unknown(m, declared, who));
        continue;
      }
      result.show(m.name, show(m.value, *o));
      if (o->secret)
        keep_secrets(m.value, {});
      const auto path = join(who.path, m.name);
      if (auto v = fits_references(m.value, *o, path) ? value(m.value, *o, path) : std::nullopt) {
        show_variables(m.value, *o, path);
        result.set(m.name, std::move(*v), m.value.where);
      }
    }
    for (const auto& o : declared) {
      if (map.find(o.name) != nullptr)
        continue;
      if (o.required && std::any_of(unknowns.begin(), unknowns.end(), [&](const std::string& said) {
            return said.find(fmt::format("did you mean \"{}\"", o.name)) != std::string::npos;
          }))
        continue;  // it is there under another name
      if (o.required)
        out_.error(map.where, who.path,
                   fmt::format("{} needs \"{}\"; expected {}", who.what, o.name, what_to_add(o)));
      else if (!o.default_text.empty())
        set_default(result, o);
    }
    return result;
  }

private:
  /// Shows values from the environment where an option is plain, where they were a good number or word, and
  /// in a URI beside its password.
  void show_variables(const node& n, const option& o, const std::string& path) {
    std::vector<std::string> passwords;
    if (o.plain || is_word(o.type) || (o.secret && n.is_text() && n.text.find("://") != std::string::npos)) {
      find_passwords(n, passwords);
      out_.show_variables(path, passwords);
    }
  }

  /// Options that are objects look at their own members, and JSON that a connector reads is looked at last of all.
  bool fits_references(const node& n, const option& o, const std::string& path) {
    if (o.type == option_type::object || o.type == option_type::any)
      return true;
    const auto* const wrong = find_misplaced(n, takes_secrets(o));
    out_.note_references(path);
    if (wrong != nullptr)
      out_.error(wrong->where, path,
                 takes_secrets(o)
                     ? "a literal \"${secret:\" cannot stand here; expected ${secret:NAME}, written so"
                     : misplaced_secret());
    return wrong == nullptr;
  }

  /// A reader of references takes all of a text for such.
  static const node* find_misplaced(const node& n, bool taken) {
    std::size_t all = 0;
    for (auto at = n.text.find(reference_begin); at != std::string::npos;
         at = n.text.find(reference_begin, at + 1))
      ++all;
    if (n.is_text() && (taken ? n.filled && all != n.references : n.references > 0))
      return &n;
    for (const auto& item : n.items)
      if (const auto* const found = find_misplaced(item, taken))
        return found;
    for (const auto& m : n.members)
      if (const auto* const found = find_misplaced(m.value, taken))
        return found;
    return nullptr;
  }

  static void find_passwords(const node& n, std::vector<std::string>& found) {
    if (n.is_text())
      static_cast<void>(mask_passwords(n.text, &found));
    for (const auto& item : n.items)
      find_passwords(item, found);
    for (const auto& m : n.members)
      find_passwords(m.value, found);
  }

  void keep_secrets(const node& n, std::string_view name) {
    std::vector<std::string> found;
    if (n.is_text() && names_a_secret(name) && n.references == 0)
      found.push_back(n.text);
    if (n.is_text())
      static_cast<void>(mask_passwords(n.text, &found));
    for (const auto& value : found)
      out_.keep_secret(value, "***");
    for (const auto& m : n.members)
      keep_secrets(m.value, m.name);
  }

  /// Reports a member that no option has, and returns the message.
  std::string unknown(const member& m, const std::vector<option>& declared, const subject& who) {
    std::vector<std::string> names;
    for (const auto& o : declared)
      names.push_back(o.name);
    const bool beneath = std::ranges::find(who.beneath, m.where.file) != who.beneath.end();
    auto message = fmt::format("{} has no \"{}\"; expected one of {}", who.what, m.name, one_of(names));
    if (beneath)
      message += fmt::format(" (it comes from the file beneath {0}; \"{1}\": null in {0} takes it away)",
                             who.kind_file, m.name);
    else
      message += meant(m.name, names, who);
    out_.error(m.where, join(who.path, m.name), message);
    return message;
  }

  static std::string meant(const std::string& word, const std::vector<std::string>& names,
                           const subject& who) {
    const bool whole_file = who.type == "topology" && who.kind_key.empty();
    if (whole_file || !who.kind_key.empty())
      if (auto known = meant_option(who.kind_key, whole_file ? std::string() : who.type, word);
          !known.empty())
        return known;
    return did_you_mean(word, names);
  }

  /// An option of one value is told as it is written.
  static std::string what_to_add(const option& o) {
    const bool one_value = o.type == option_type::integer && o.minimum == o.maximum;
    return one_value ? fmt::format("\"{}\": {}", o.name, o.minimum) : expected_form(o);
  }

  void set_default(values& result, const option& o) {
    node n;
    n.what = node::kind::text;
    n.filled = true;  // numbers and booleans are read from their text
    n.text = n.shown = o.default_text;
    report unused;  // a declaration's own text: nothing that a user could mend
    option_reader quiet(unused);
    if (auto v = quiet.value(n, o, {}))
      result.set(o.name, std::move(*v), result.where({}));
  }

  /// A list of names as a map; nothing for anything else.
  static std::string as_map(const node& n) {
    std::string out;
    for (const auto& item : n.items) {
      if (!item.is_text() || item.filled || item.text.find_first_of("(\"\\ ") != std::string::npos)
        return {};
      out += fmt::format("{}\"{}\": \"{}\"", out.empty() ? "" : ", ", item.text, item.text);
    }
    return out.empty() || n.items.size() > 4 ? std::string() : "; did you mean { " + out + " }?";
  }

  maybe wrong(const node& n, const option& o, const std::string& path, const std::string& why = {},
              const std::string& meant = {}) {
    auto message = fmt::format("found {}{}; expected {}",
                               n.is_text() && n.text.empty() ? "\"\""
                               : o.secret                    ? "a value of another kind"
                                                             : describe(n),
                               why.empty() ? "" : ": " + why, expected_form(o));
    if (o.type == option_type::choice && n.is_text()) {
      const auto known = meant_value(o.name, n.text);
      message += known.empty() ? did_you_mean(n.text, o.choices) : known;
    }
    out_.error(n.where, path, message + meant);
    return std::nullopt;
  }

  template<class T>
  maybe converted(const node& n, const option& o, const std::string& path, expected<T> v) {
    if (!v)
      return wrong(n, o, path);
    return values::value(*v);
  }

  maybe value(const node& n, const option& o, const std::string& path) {
    switch (o.type) {
    case option_type::text:
    case option_type::expression:
      if (!is_textual(n))
        return wrong(n, o, path);
      if (n.text.empty() && o.required)
        return wrong(n, o, path, "it is empty");
      return n.text;
    case option_type::choice:
      if (!n.is_text() || std::find(o.choices.begin(), o.choices.end(), n.text) == o.choices.end())
        return wrong(n, o, path);
      return n.text;
    case option_type::boolean:
      if (n.what == node::kind::boolean)
        return n.flag;
      if (n.text != "true" && n.text != "false")
        return wrong(n, o, path);
      if (!n.filled)
        return wrong(n, o, path, {}, fmt::format("; did you mean {}, without quotes?", n.text));
      return n.text == "true";
    case option_type::integer:
      return integer(n, o, path);
    case option_type::duration:
      if (n.is_text() && std::find(o.choices.begin(), o.choices.end(), n.text) != o.choices.end())
        return std::nullopt;  // "off": no value
      if (!n.is_text())
        return wrong(n, o, path);
      return duration(n, o, path);
    case option_type::size:
      return size(n, o, path);
    case option_type::rate:
      return n.is_text() ? converted(n, o, path, parse_rate(n.text)) : wrong(n, o, path);
    case option_type::text_map:
    case option_type::expression_map:
      return text_map(n, o, path);
    case option_type::text_list:
      return text_list(n, o, path);
    case option_type::object:
      if (!n.is_map())
        return wrong(n, o, path);
      return std::make_shared<values>(read(n, o.members, {path, fmt::format("\"{}\"", o.name), {}, {}}));
    case option_type::key_pairs:
      return (n.is_map() ? text_map(n, o, path) : text_list(n, o, path)) ? maybe(to_json(n)) : std::nullopt;
    case option_type::any:
      return to_json(n);
    }
    return std::nullopt;
  }

  maybe integer(const node& n, const option& o, const std::string& path) {
    std::int64_t v = 0;
    const char* const end = n.text.data() + n.text.size();
    const auto [rest, err] = std::from_chars(n.text.data(), end, v);
    const bool number = n.what == node::kind::number || n.is_text();
    if (!number || err != std::errc{} || rest != end || v < o.minimum || v > o.maximum)
      return wrong(n, o, path);
    if (n.is_text() && !n.filled)
      return wrong(n, o, path, {}, fmt::format("; did you mean {}, without quotes?", v));
    return v;
  }

  maybe duration(const node& n, const option& o, const std::string& path) {
    const auto v = o.minimum < 0 ? parse_signed_duration(n.text) : parse_duration(n.text);
    if (!v || v->count() < o.minimum || v->count() > o.maximum)
      return wrong(n, o, path);
    return *v;
  }

  maybe size(const node& n, const option& o, const std::string& path) {
    if (!n.is_text() && n.what != node::kind::number)
      return wrong(n, o, path);
    const auto v = parse_size(n.text);
    if (!v || *v < static_cast<std::uint64_t>(o.minimum) || *v > static_cast<std::uint64_t>(o.maximum))
      return wrong(n, o, path);
    return *v;
  }

  maybe text_map(const node& n, const option& o, const std::string& path) {
    if (!n.is_map())
      return wrong(n, o, path, {}, o.type == option_type::expression_map ? as_map(n) : std::string());
    std::map<std::string, std::string> out;
    const bool expressions = o.type == option_type::expression_map;
    bool good = true;
    for (const auto& m : n.members) {
      const bool many = m.name == "*" || std::ranges::find(o.choices, m.name) != o.choices.end();
      const bool star = expressions && many && m.value.what == node::kind::boolean && m.value.flag;
      const bool scalar = m.value.what == node::kind::number || m.value.what == node::kind::boolean;
      if (!m.value.is_text() && !star && (expressions || !scalar)) {
        out_.error(m.value.where, join(path, m.name),
                   fmt::format("found {}; expected {}",
                               o.secret ? "a value of another kind" : describe(m.value),
                               !expressions    ? "text"
                               : m.name == "*" ? "true (\"*\" keeps all the other columns)"
                               : many ? fmt::format("true (\"{}\" keeps all columns of that side)", m.name)
                                      : "an expression as text"));
        good = false;
        continue;
      }
      out[m.name] = m.value.what == node::kind::boolean ? (m.value.flag ? "true" : "false") : m.value.text;
    }
    return good ? maybe(std::move(out)) : std::nullopt;
  }

  maybe text_list(const node& n, const option& o, const std::string& path) {
    if (is_textual(n))
      return std::vector<std::string>{n.text};
    if (n.what != node::kind::list)
      return wrong(n, o, path);
    std::vector<std::string> out;
    for (const auto& item : n.items) {
      if (!item.is_text())
        return wrong(item, o, path);
      out.push_back(item.text);
    }
    return out;
  }

  report& out_;
};

std::string quoted_choices(const option& o) { return one_of(o.choices); }

/// As a user would write it.
std::string size_text(std::int64_t bytes) {
  for (const auto& [unit, name] : {std::pair{1'000'000'000, "GB"}, {1'000'000, "MB"}, {1'000, "kB"}})
    if (bytes >= unit && bytes % unit == 0)
      return fmt::format("{} {}", bytes / unit, name);
  return fmt::format("{} B", bytes);
}

/// Nothing where every value is good, or all but none.
std::string bounds(const option& o, const std::string& least, const std::string& most) {
  if (o.maximum != std::numeric_limits<std::int64_t>::max())
    return fmt::format(", from {} to {}", least, most);
  return o.minimum > 1 ? ", of at least " + least : std::string();
}

}  // namespace

std::string expected_form(const option& o) {
  switch (o.type) {
  case option_type::text:
    return "text";
  case option_type::choice:
    return quoted_choices(o);
  case option_type::boolean:
    return "true or false";
  case option_type::integer:
    if (o.minimum == o.maximum)
      return fmt::format("{}", o.minimum);
    if (o.maximum != std::numeric_limits<std::int64_t>::max())
      return fmt::format("a whole number from {} to {}", o.minimum, o.maximum);
    return fmt::format("a whole number of at least {}", o.minimum);
  case option_type::duration:
    return fmt::format(
        "a duration with a unit such as \"5 minutes\" or \"100 ms\"{}{}",
        o.minimum < 0    ? ", or a negative one such as \"-5 s\""
        : o.minimum == 1 ? ", more than none"
                         : bounds(o, format_duration(micros(o.minimum)), format_duration(micros(o.maximum))),
        o.choices.empty() ? "" : ", or " + quoted_choices(o));
  case option_type::size:
    return "a size such as \"128 MB\" or \"64 KiB\"" + bounds(o, size_text(o.minimum), size_text(o.maximum));
  case option_type::rate:
    return "a rate such as \"10/s\" or \"600/min\"";
  case option_type::text_map:
    return "a map of names to texts";
  case option_type::text_list:
    return "text or a list of texts";
  case option_type::key_pairs:
    return "a column, a list of columns, or a map of left columns to right ones";
  case option_type::expression:
    return "an expression as text";
  case option_type::expression_map:
    return "a map of names to expressions";
  case option_type::object: {
    std::vector<std::string> names;
    for (const auto& m : o.members)
      names.push_back(m.name);
    return names.empty() ? "a map" : "a map with " + one_of(names);
  }
  case option_type::any:
    break;
  }
  if (o.name == "schema")
    return "a map of columns to types, such as { \"userid\": \"text\" }";
  if (o.name == "stages")
    return "a map of stages by name";
  return "a value";
}

namespace {

std::string shown(const node& n, bool secret, const option& o) {
  switch (n.what) {
  case node::kind::list: {
    std::string out = "[";
    for (const auto& item : n.items)
      out += (out.size() > 1 ? ", " : "") + shown(item, secret, o);
    return out + "]";
  }
  case node::kind::map: {
    std::string out = "{";
    for (const auto& m : n.members)
      out += (out.size() > 1 ? ", " : "") + m.name + ": " +
             (names_a_secret(m.name) ? (m.value.references == 0 ? std::string("***")
                                                                : '"' + references_alone(m.value.text) + '"')
                                     : shown(m.value, secret && (o.shows == nullptr || !o.shows(m.name)), o));
    return out + "}";
  }
  case node::kind::text: {
    // A secret is shown only as a URI: there it is known which part must be hidden.
    if (secret && n.safe_text().find("://") == std::string::npos && !n.filled)
      return "***";
    return describe(n);
  }
  default:
    return secret ? "***" : describe(n);
  }
}

}  // namespace

bool takes_secrets(const option& o) {
  return o.secret && (o.type == option_type::text || o.type == option_type::text_map);
}

std::string misplaced_secret() {
  return "a secret cannot stand here, where it would be shown; expected the value itself, or ${VAR} (secrets "
         "stand in "
         "`connection`, `properties`, `headers` and `proxy`)";
}

std::string show(const node& n, const option& o) { return shown(n, o.secret, o); }

values read_options(const node& map, const std::vector<option>& declared, const subject& who, report& out) {
  return option_reader(out).read(map, declared, who);
}

}  // namespace millrace::config
