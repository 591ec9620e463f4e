#include "config/plan/parser_schema.hpp"

#include "config/core_options.hpp"
#include "config/known_words.hpp"
#include "config/plan/bind_step.hpp"
#include "config/plan/unknown_zone.hpp"
#include "config/validate.hpp"
#include "runtime/base/decimal.hpp"
#include "runtime/base/lower_case.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/formats/foreign_templates.hpp"
#include "runtime/expression/formats/timestamp_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace millrace::config {
namespace {

const std::vector<std::string>& type_names() { return column_options().front().choices; }

/// The numeric(p,s) that is meant by DECIMAL(10, 2) and the like: its name and what stands in parentheses, none for
/// another text.
std::optional<std::string> numeric_meant(std::string_view text) {
  const auto parenthesis = text.find('(');
  if (parenthesis == std::string_view::npos)
    return std::nullopt;
  auto name = text.substr(0, parenthesis);
  name = name.substr(0, name.find_last_not_of(' ') + 1);
  for (const std::string_view known : {"numeric", "decimal", "dec", "number"})
    if (is_same_but_case(known, name))
      return "numeric" + std::string(text.substr(parenthesis));
  return std::nullopt;
}

/// Suggests our type where a schema has a name that other systems have for it.
std::string other_name(std::string_view whole) {
  const auto name = whole.substr(0, whole.find('('));  // varchar(20), timestamp(3)
  for (const auto& ours : type_names())
    if (is_same_but_case(ours, name))
      return fmt::format("; did you mean \"{}\"?", ours);
  if (whole.ends_with("[]"))
    return "; did you mean a list, such as [\"text\"]?";
  const auto known = meant_column_type(whole);
  return known.empty() ? did_you_mean(name, type_names()) : known;
}

/// Says which types there are; of a numeric(p,s) whose parentheses hold something wrong, what they take.
std::string no_such_type(const node& n) {
  const auto meant = numeric_meant(n.text);
  const auto numeric = meant ? data::type_of_name(*meant) : std::nullopt;
  if (meant && !numeric)
    return fmt::format("there is no type {}; expected numeric(p,s) with a precision p of 1 to {} digits and "
                       "a scale s of 0 to p, "
                       "such as \"numeric(10,2)\"",
                       describe(n), most_decimal_digits);
  return fmt::format("there is no type {}; expected {}, a nested map or [type]{}", describe(n),
                     one_of(type_names()),
                     numeric ? fmt::format("; did you mean \"{}\"?", numeric->name()) : other_name(n.text));
}

/// Tells whether this is the long form: a member `type`, and none but those that go with it.
bool is_long_form(const node& n) {
  if (!n.is_map() || n.find("type") == nullptr)
    return false;
  return std::all_of(n.members.begin(), n.members.end(), [](const member& m) {
    return m.name == "type" || m.name == "format" || m.name == "trailing" || m.name == "zone";
  });
}

/// A member of what is no map of nested columns but for a name that is close to one of the long form; null: there is none.
const member* misspelt_in_long_form(const node& n) {
  const auto* const type = n.is_map() ? n.find("type") : nullptr;
  if (type == nullptr || !type->value.is_text() || !data::type_of_name(type->value.text))
    return nullptr;
  const auto at = std::ranges::find_if(n.members, [](const member& m) {
    return m.name != "format" && m.name != "trailing" && m.name != "zone" && m.value.is_text() &&
           !data::type_of_name(m.value.text) && !did_you_mean(m.name, {"format", "trailing", "zone"}).empty();
  });
  return at == n.members.end() ? nullptr : &*at;
}

std::string_view common_pattern(data::type_id type) {
  return type == data::type_id::date ? "%Y-%m-%d" : "%Y-%m-%d %H:%M:%S";
}

/// The formats of numbers that count from 1970.
const std::vector<std::string>& epochs_of(data::type_id type) {
  static const std::vector<std::string> of_timestamps{"epoch_s", "epoch_ms", "epoch_us"};
  static const std::vector<std::string> of_dates{"epoch_d"};
  return type == data::type_id::date ? of_dates : of_timestamps;
}

bool is_epoch(std::string_view format) {
  const auto& known = epochs_of(data::type_id::timestamp);
  return std::find(known.begin(), known.end(), format) != known.end();
}

/// Says what is wrong with the format of a timestamp or date; nothing when it is good.
std::optional<std::string> problem_of_format(std::string_view format, data::type_id type) {
  const auto& known = epochs_of(type);
  if (std::find(known.begin(), known.end(), format) != known.end())
    return std::nullopt;
  const auto common = common_pattern(type);
  if (type == data::type_id::date && is_epoch(format))
    return "a date has whole days; expected epoch_d, or the type timestamp and (x)::date in a select";
  if (format.find('%') == std::string_view::npos) {
    const bool has_year = format.find("yy") != std::string_view::npos ||
                          format.find("YY") != std::string_view::npos ||
                          format.find("uuuu") != std::string_view::npos;
    return fmt::format(
        "expected a strptime pattern such as \"{}\", or {}{}", common,
        type == data::type_id::date ? "epoch_d" : "epoch_s, epoch_ms or epoch_us",
        has_year ? fmt::format(
                       "; did you mean \"{}\"? These letters are Java's or PostgreSQL's",
                       data::excerpt(expression::directives_of_others(format).value_or(std::string(common))))
                 : did_you_mean(format, known));
  }
  const auto pattern = expression::timestamp_pattern::compile(format);
  if (!pattern)
    return pattern.error().message;
  if (type == data::type_id::date && (pattern->reads().zone || pattern->reads().instant))
    return "a date has no zone, so that a format of it reads none (%z, %Z, %s); expected the type timestamp, "
           "and "
           "(x at time zone 'Europe/Paris')::date in a select, with the zone of the day";
  return std::nullopt;
}

/// Says why texts of a format take no zone of the column; empty where they do, or the format has a finding of its own.
std::string needless_zone(std::string_view format) {
  if (is_epoch(format))
    return fmt::format("\"{}\" counts from 1970 in UTC, whatever the zone; expected no \"zone\"", format);
  const auto pattern = expression::timestamp_pattern::compile(format);
  if (!pattern)
    return {};
  if (pattern->reads().instant)
    return "the format reads the moment itself (%s); expected no \"zone\"";
  if (pattern->reads().zone)
    return "the format reads a zone in each text (%z, %Z); expected no \"zone\", or a format without it";
  return {};
}

class schema_reader {
public:
  explicit schema_reader(report& out) : out_(out) {}

  std::vector<data::field> fields(const node& map, const std::string& path,
                                  std::vector<parser_plan::timestamp_format>& formats, bool nested) {
    std::vector<data::field> out;
    if (!nested)
      untyped_.clear();
    if (map.members.empty())
      out_.error(map.where, path, "the map is empty; expected at least one column");
    declared_ += map.members.size();
    if (!check_column_count(declared_, map.where, path, out_))
      return out;
    for (const auto& m : map.members) {
      const auto at = join(path, m.name);
      if (m.name.empty() || (!nested && is_reserved(m.name)))
        out_.error(
            m.where, at,
            m.name.empty()
                ? std::string("a column needs a name; expected text")
                : fmt::format("the name \"{}\" is reserved, as all that begin with _; expected another",
                              m.name));
      parser_plan::timestamp_format format;
      const auto before = out_.errors();
      out.push_back({m.name, column(m.value, at, format)});
      formats.push_back(std::move(format));
      if (!nested)
        untyped_.push_back(out_.errors() != before);
    }
    return out;
  }
  /// Says for each outermost column whether a finding was reported.
  [[nodiscard]] std::vector<bool> untyped() const { return untyped_; }

private:
  data::type column(const node& n, const std::string& path, parser_plan::timestamp_format& format) {
    if (const auto* const m = misspelt_in_long_form(n)) {
      const std::vector<std::string> known{"format", "trailing", "zone"};
      out_.error(m->where, join(path, m->name),
                 fmt::format("a column has no \"{}\" beside its type; expected {}{}", m->name, one_of(known),
                             did_you_mean(m->name, known)));
      return {};
    }
    if (!is_long_form(n))
      return type_of(n, path, format);
    const auto& type = n.find("type")->value;
    // A map is always nested columns within the long form: that is how a member named "type" is declared.
    auto t = type.is_map() ? data::type::object_of(fields(type, join(path, "type"), format.members, true))
                           : type_of(type, join(path, "type"), format);
    const auto* const f = n.find("format");
    const auto* const trailing = n.find("trailing");
    const auto* const zone = n.find("zone");
    const auto* const first = f != nullptr ? f : trailing != nullptr ? trailing : zone;
    if (first == nullptr)
      return t;
    const bool is_date = t.id() == data::type_id::date;
    if (is_date && zone != nullptr)
      out_.error(zone->where, join(path, "zone"),
                 "a date has no zone; expected none, or the type timestamp and (x)::date in a select");
    else if (!is_date && t.id() != data::type_id::timestamp)
      out_.error(first->where, join(path, first->name),
                 fmt::format("only a timestamp{} has a \"{}\"; expected none for type {}",
                             first == zone ? "" : " or a date", first->name, t.name()));
    else
      read_format(n, path, t.id(), format);
    return t;
  }

  void read_format(const node& n, const std::string& path, data::type_id type,
                   parser_plan::timestamp_format& format) {
    auto declared = column_options();
    std::erase_if(declared, [](const option& o) { return o.name == "type"; });
    auto rest = n;
    std::erase_if(rest.members, [](const member& m) { return m.name == "type"; });
    const auto read = read_options(
        rest, declared, {path, type == data::type_id::date ? "a date" : "a timestamp", {}, {}}, out_);
    if (read.has("format")) {
      format.format = read.text("format");
      const auto& f = n.find("format")->value;
      if (const auto problem = problem_of_format(format.format, type))
        out_.error(f.where, join(path, "format"), fmt::format("found {}; {}", describe(f), *problem));
    }
    format.trailing_ignored = read.has("trailing") && read.text("trailing") == "ignore";
    if (format.trailing_ignored && (!read.has("format") || format.format.starts_with("epoch_")))
      out_.error(
          n.find("trailing")->where, join(path, "trailing"),
          fmt::format("\"trailing\" goes with a strptime pattern; expected a \"format\" such as \"{}\"",
                      common_pattern(type)));
    if (!read.has("zone"))
      return;
    const auto name = read.text("zone");
    format.zone = expression::find_zone(name);
    if (const auto problem = format.zone == nullptr ? unknown_zone(name) : needless_zone(format.format);
        !problem.empty())
      out_.error(n.find("zone")->value.where, join(path, "zone"), problem);
  }

  data::type type_of(const node& n, const std::string& path, parser_plan::timestamp_format& format) {
    switch (n.what) {
    case node::kind::text:
      if (const auto type = data::type_of_name(n.text))
        return *type;
      out_.error(n.where, path, no_such_type(n));
      return {};
    case node::kind::list:
      if (n.items.size() == 1) {
        format.members.resize(1);
        return data::type::list_of(column(n.items.front(), path + "[0]", format.members.front()));
      }
      out_.error(n.where, path,
                 fmt::format("found a list of {} items; expected one, the type of the elements: [\"text\"]",
                             n.items.size()));
      return {};
    case node::kind::map:
      return data::type::object_of(fields(n, path, format.members, true));
    default:
      out_.error(n.where, path,
                 fmt::format("found {}; expected a type: {}, a nested map or [type]", describe(n),
                             one_of(type_names())));
      return {};
    }
  }

  report& out_;
  std::vector<bool> untyped_;
  std::size_t declared_ = 0;  // nested ones, too
};

}  // namespace

bool computes_event_time(const draft& parser) {
  const auto* const time = parser.member_of("event_time");
  const auto* const schema = parser.member_of("schema");
  if (time == nullptr || !time->is_text() || (schema != nullptr && schema->find(time->text) != nullptr))
    return false;
  // A name and no more is that of a column; everything else is an expression.
  return !std::ranges::all_of(time->text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  });
}

std::vector<data::field> hidden_columns(data::type_id key) {
  using data::type_id;
  return {{"_raw", type_id::text},
          {"_key", key},
          {"_timestamp", type_id::timestamp},
          {"_timestamp_type", type_id::bigint},
          {"_topic", type_id::text},
          {"_partition", type_id::text},
          {"_position", type_id::bigint},
          {"_headers", type_id::json}};
}

std::optional<parser_schema> read_parser_schema(const node& n, const std::string& path, report& out) {
  if (!n.is_map()) {
    out.error(n.where, path, fmt::format("found {}; expected a map of column names to types", describe(n)));
    return std::nullopt;
  }
  parser_schema result;
  schema_reader reader(out);
  result.declared = reader.fields(n, path, result.formats, false);
  result.untyped = reader.untyped();
  return result;
}

}  // namespace millrace::config
