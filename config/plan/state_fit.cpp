#include "config/plan/state_fit.hpp"

#include "runtime/base/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace millrace::config {
namespace {

using attributes = std::vector<std::pair<std::string, std::string>>;

struct line {
  std::string kind;
  std::string name;
  std::string type;
  attributes values;

  [[nodiscard]] const std::string* find(std::string_view key) const {
    const auto at = std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.first == key; });
    return at == values.end() ? nullptr : &at->second;
  }
};

/// Parts between separators that stand in no quotes and no parentheses.
std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\')
      ++i;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '(' || c == '{' || c == '['))
      ++depth;
    else if (!quoted && (c == ')' || c == '}' || c == ']'))
      --depth;
    else if (!quoted && depth == 0 && text.substr(i, separator.size()) == separator) {
      out.push_back(text.substr(begin, i - begin));
      begin = i + separator.size();
      i = begin - 1;
    }
  }
  if (begin < text.size())
    out.push_back(text.substr(begin));
  return out;
}

line parse(std::string_view text) {
  const auto words = split(text, " ");
  line out;
  const auto word = [&](std::size_t i) { return i < words.size() ? std::string(words[i]) : std::string(); };
  out.kind = word(0);
  out.name = word(1);
  out.type = word(2);
  for (std::size_t i = 3; i < words.size(); ++i) {
    const auto equals = split(words[i], "=").front().size();
    out.values.emplace_back(words[i].substr(0, equals),
                            words[i].substr(std::min(equals + 1, words[i].size())));
  }
  return out;
}

struct fingerprint {
  std::string topology;
  std::string tzdata;
  std::map<std::string, line> stages;
};

fingerprint parse_all(std::string_view text) {
  fingerprint out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto l = parse(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (l.kind == "topology")
      out.topology = l.name;
    else if (l.kind == "tzdata")
      out.tzdata = l.name;
    else if (!l.kind.empty())
      out.stages.emplace(l.name, std::move(l));
  }
  return out;
}

std::string_view without_parentheses(std::string_view text) {
  return text.starts_with('(') && text.ends_with(')') ? text.substr(1, text.size() - 2) : text;
}

/// `"name" type` of a list of columns.
std::vector<std::pair<std::string, std::string>> columns(std::string_view list) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto c : split(without_parentheses(list), ", ")) {
    const auto name = split(c, " ").front().size();
    out.emplace_back(c.substr(0, name), c.substr(std::min(name + 1, c.size())));
  }
  return out;
}

std::string value_of(const std::string* text) { return text == nullptr ? "none" : *text; }

/// Formats a value as a user writes it: fingerprints hold durations as microseconds.
std::string shown(const std::string& key, const std::string* value) {
  const bool duration = key == "size" || key == "slide" || key == "lateness" || key == "gap" ||
                        key == "offset" || key == "before" || key == "after" || key == "late_versions" ||
                        key == "ttl";
  if (key == "order" && value == nullptr)
    return "natural";
  if (key == "encoding" && value == nullptr)
    return "utf-8";
  if (!duration || value == nullptr)
    return value_of(value);
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(value->data(), value->data() + value->size(), number);
  return problem == std::errc() && end == value->data() + value->size() ? format_duration(micros{number})
                                                                        : *value;
}

/// Gives the name that a user has for an attribute of a fingerprint.
std::string option_of(const std::string& key) {
  if (key.starts_with("format("))
    return "the format of " + key.substr(7, key.size() - 8);
  if (key.starts_with("zone("))
    return "the zone of " + key.substr(5, key.size() - 6);
  if (key == "lateness")
    return "allowed_lateness";
  return key;
}

/// Every option in which two lines differ, as "size was 5 minutes and is 10 minutes", in their order.
std::vector<std::pair<std::string, std::string>> differences(const line& was, const line& is) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto add = [&](const std::string& key) {
    const auto* const a = was.find(key);
    const auto* const b = is.find(key);
    const bool same = a != nullptr && b != nullptr ? *a == *b : a == b;
    const bool known =
        std::any_of(out.begin(), out.end(), [&](const auto& entry) { return entry.first == key; });
    if (!same && !known)
      out.emplace_back(key, fmt::format("{} was {} and is {}", option_of(key), shown(key, a), shown(key, b)));
  };
  for (const auto& [key, value] : was.values)
    add(key);
  for (const auto& [key, value] : is.values)
    add(key);
  return out;
}

/// Columns that are other than they were, each as a clause.
std::vector<std::string> changed_columns(std::string_view was, std::string_view is) {
  const auto a = columns(was);
  const auto b = columns(is);
  const auto type_in = [](const auto& all, const std::string& name) -> const std::string* {
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.first == name; });
    return at == all.end() ? nullptr : &at->second;
  };
  std::vector<std::string> out;
  for (const auto& [name, type] : b) {
    const auto* const before = type_in(a, name);
    if (before == nullptr)
      out.push_back(fmt::format("column {} is new", name));
    else if (*before != type)
      out.push_back(fmt::format("column {} was {} and is {}", name, *before, type));
  }
  for (const auto& [name, type] : a)
    if (type_in(b, name) == nullptr)
      out.push_back(fmt::format("column {} is gone", name));
  if (out.empty() && a != b)
    out.emplace_back("the columns come in another order");
  return out;
}

std::string joined(const std::vector<std::string>& clauses) {
  std::string out;
  for (const auto& c : clauses)
    out += (out.empty() ? "" : ", ") + c;
  return out;
}

/// Whether positions in files were numbers of records and are bytes, or the other way around.
bool counts_records(std::string_view key, const line& was, const line& is) {
  const auto by_number = [](const std::string* framing) {
    return framing != nullptr && *framing == "container";
  };
  return key == "framing" && by_number(was.find("framing")) != by_number(is.find("framing"));
}

class comparison {
public:
  comparison(std::string_view stored, std::string_view now) : was_(parse_all(stored)), is_(parse_all(now)) {}

  state_fit run() {
    if (was_.topology != is_.topology)
      return {{}, {}, fmt::format("the topology was '{}' and is '{}'", was_.topology, is_.topology), {}};
    if (!was_.tzdata.empty() && !is_.tzdata.empty() && was_.tzdata != is_.tzdata)
      other_tzdata_ = fmt::format("tzdata was {} and is {}", was_.tzdata, is_.tzdata);
    if (std::ranges::any_of(is_.stages, [](const auto& s) { return s.second.find("zone") != nullptr; }))
      out_.zones = other_tzdata_;
    for (const auto& [name, s] : was_.stages)
      if (!is_.stages.contains(name))
        refuse(fmt::format("{} '{}' is gone", s.kind, name));
    for (const auto& [name, s] : is_.stages) {
      const auto before = was_.stages.find(name);
      if (before == was_.stages.end())
        refuse(fmt::format("{} '{}' is new", s.kind, name));
      else
        compare(before->second, s);
    }
    return std::move(out_);
  }

private:
  void refuse(std::string why) {
    if (out_.refusal.empty())
      out_.refusal = std::move(why);
  }

  void compare(const line& was, const line& is) {
    if (was.kind != is.kind)
      return refuse(fmt::format("'{}' was a {} and is a {}", is.name, was.kind, is.kind));
    if (was.type != is.type && is.kind != "parser")
      return refuse(
          fmt::format("{} '{}' was of type \"{}\" and is \"{}\"", is.kind, is.name, was.type, is.type));
    const auto* const from_before = was.find("from");
    const auto* const from = is.find("from");
    if (value_of(from_before) != value_of(from))
      return refuse(fmt::format("{} '{}' read from {} and reads from {}", is.kind, is.name,
                                value_of(from_before), value_of(from)));
    if (is.kind == "parser")
      compare_parsers(was, is);
    else if (is.kind == "window" || is.kind == "join")
      compare_windows(was, is);
    else if (is.kind == "transform")
      compare_models(was, is);
    else
      compare_sources(was, is);
  }

  /// Rows that are read again would get other probabilities than those that are written already.
  void compare_models(const line& was, const line& is) {
    for (const auto& [key, difference] : differences(was, is))
      if (key == "model") {
        if (out_.fits())
          out_.former_model = value_of(was.find(key));
        refuse(
            fmt::format("the file of model '{}' has changed (its hash was {} and is {}), and rows that are "
                        "read again would differ",
                        is.name, value_of(was.find(key)), value_of(is.find(key))));
      } else
        refuse(fmt::format("model '{}': {}", is.name, difference));
  }

  void compare_sources(const line& was, const line& is) {
    for (const auto& [key, difference] : differences(was, is))
      refuse(fmt::format("source '{}': {}, so that it is another log", is.name, difference));
  }

  /// Parsed records stay as they are in windows and sinks, and new ones are parsed anew: a window's own line
  /// says where that does not go together.
  void compare_parsers(const line& was, const line& is) {
    std::vector<std::string> changes;
    if (was.type != is.type)
      changes.push_back(fmt::format("it was of type \"{}\" and is \"{}\"", was.type, is.type));
    for (const auto& [key, difference] : differences(was, is)) {
      if (key == "schema") {
        for (auto& c : changed_columns(value_of(was.find(key)), value_of(is.find(key))))
          changes.push_back(std::move(c));
      } else if (key == "event_time" && is_read_by_window(is.name)) {
        refuse(fmt::format(
            "parser '{}': {}, and the windows downstream of it hold rows by the time of the former", is.name,
            difference));
      } else if (key == "schema_file") {
        changes.emplace_back("the schema of \"schema_file\" or \"subject\" is another one");
      } else if (key == "encoding" || counts_records(key, was, is)) {
        refuse(
            fmt::format("parser '{}': {}, so that positions in its files are others", is.name, difference));
      } else {
        changes.push_back(difference);
      }
    }
    const bool by_zones = std::ranges::any_of(
        is.values, [](const auto& value) { return std::string_view(value.first).starts_with("zone("); });
    if (by_zones && !other_tzdata_.empty())
      changes.push_back(other_tzdata_);
    if (!changes.empty())
      out_.notes.push_back(fmt::format("parser '{}': {}", is.name, joined(changes)));
  }

  void compare_windows(const line& was, const line& is) {
    for (const auto& [key, difference] : differences(was, is)) {
      if (is.kind == "join")
        refuse(fmt::format(
            "join '{}': {}", is.name,
            key.ends_with("_columns")
                ? of_columns("the columns of the " + key.substr(0, key.find('_')) + " side that it holds",
                             was.find(key), is.find(key), difference)
                : difference));
      else if (key == "key")
        refuse(fmt::format("window '{}': {}; its state lies by key", is.name,
                           of_columns("key", was.find(key), is.find(key), difference)));
      else if (key == "aggregates")
        refuse(fmt::format("window '{}': {}; its state holds what they have added up so far", is.name,
                           of_aggregates(was.find(key), is.find(key))));
      else
        refuse(fmt::format("window '{}': {}", is.name, difference));
    }
  }

  static std::string of_columns(const std::string& what, const std::string* was, const std::string* is,
                                const std::string& otherwise) {
    if (was == nullptr || is == nullptr)
      return otherwise;
    const auto changes = changed_columns(*was, *is);
    return changes.empty() ? otherwise : fmt::format("{}: {}", what, joined(changes));
  }

  /// `FUNCTION RESULT of ARGUMENT as "TEXT"`: the function is a number, so the text says it for people.
  static std::string of_aggregates(const std::string* was, const std::string* is) {
    const auto before = value_of(was);
    const auto now = value_of(is);
    const auto a = split(without_parentheses(before), ", ");
    const auto b = split(without_parentheses(now), ", ");
    const auto text = [](std::string_view one) {
      const auto words = split(one, " ");
      return words.empty() ? std::string() : std::string(words.back());
    };
    const auto argument = [](std::string_view one) {
      const auto words = split(one, " of ");
      return words.size() < 2 ? std::string_view() : split(words[1], " as ").front();
    };
    const auto result = [](std::string_view one) {
      const auto head = split(one, " of ").front();
      return head.substr(std::min(head.size(), head.find(' ') + 1));
    };
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
      if (a[i] != b[i]) {
        if (text(a[i]) != text(b[i]))
          return fmt::format("the aggregate {} is now {}", text(a[i]), text(b[i]));
        return argument(a[i]) == argument(b[i])
                   ? fmt::format("the aggregate {} was {} and is {}", text(b[i]), result(a[i]), result(b[i]))
                   : fmt::format("the aggregate {} was over {} and is over {}", text(b[i]), argument(a[i]),
                                 argument(b[i]));
      }
    return a.size() < b.size() ? fmt::format("the aggregate {} is new", text(b[a.size()]))
                               : fmt::format("the aggregate {} is gone", text(a[b.size()]));
  }

  [[nodiscard]] bool is_read_by_window(const std::string& parser) const {
    return std::any_of(is_.stages.begin(), is_.stages.end(), [&](const auto& entry) {
      const auto& kind = entry.second.kind;
      return (kind == "window" || kind == "join") &&
             std::ranges::any_of(
                 std::initializer_list<std::string_view>{"from", "left", "right"}, [&](auto option) {
                   const auto* const from = entry.second.find(option);
                   const auto names = from == nullptr ? std::vector<std::string_view>() : split(*from, ",");
                   return std::ranges::find(names, parser) != names.end();
                 });
    });
  }

  fingerprint was_;
  fingerprint is_;
  state_fit out_;
  std::string other_tzdata_;  // a clause; empty where it is the same
};

}  // namespace

state_fit compare_fingerprints(std::string_view stored, std::string_view now) {
  return stored == now ? state_fit{} : comparison(stored, now).run();
}

error does_not_fit(const state_place& where, const std::string& topology, const state_fit& fit) {
  const auto copy = fit.former_model.empty() || !where.keeps_models
                        ? std::string()
                        : fmt::format("; the former lies in it as models/{}.json", fit.former_model);
  return {ec::mismatch,
          fault::user,
          false,
          fmt::format("{} was made by another version of topology '{}': {}{}; {}", where.name, topology,
                      fit.refusal, copy, where.ways_out),
          {}};
}

std::string fits_with_notes(const state_fit& fit) {
  std::string out;
  for (const auto& n : fit.notes)
    out += (out.empty() ? "" : "; ") + n;
  if (!out.empty())
    out = fmt::format("the topology has changed since this state was made ({}): records read before keep "
                      "their values, later ones are parsed the new way",
                      out);
  if (!fit.zones.empty())
    out += fmt::format("{}{} since this state was made: windows with a zone follow the new rules from now "
                       "on, and an open window whose bounds they would change is refused",
                       out.empty() ? "" : "; ", fit.zones);
  return out;
}

}  // namespace millrace::config
