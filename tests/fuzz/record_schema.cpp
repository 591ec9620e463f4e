#include "tests/fuzz/record_schema.hpp"

#include "actors/parsers/timed_parser.hpp"
#include "runtime/data/render.hpp"
#include "runtime/expression/expression.hpp"
#include "runtime/expression/formats/calendar.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/chunk_of.hpp"

namespace millrace::fuzz {
namespace {

using data::type_id;
using format = parser::parser_options::timestamp_format;

constexpr std::size_t most_columns = 16;
constexpr int deepest = 4;

struct column {
  data::type type;
  parser::parser_options::timestamp_format how{};
};

class schema_text {
public:
  explicit schema_text(std::string_view rest) : rest_(rest) {}

  /// Returns no value at the end of the text or of an object.
  std::optional<column> next(int depth) {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '}')
        return std::nullopt;
      if (auto read = of(c, depth))
        return read;
    }
    return std::nullopt;
  }

  bool unread() {
    const bool is = rest_.starts_with('-');
    rest_.remove_prefix(is ? 1 : 0);
    return is;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

private:
  static column stamped(enum format::kind kind, std::string pattern = {}) {
    column c{type_id::timestamp};
    c.how.kind = kind;
    c.how.trailing_ignored = !pattern.empty();
    c.how.pattern = std::move(pattern);
    return c;
  }

  static column dated(enum format::kind kind, std::string pattern = {}) {
    column c{type_id::date};
    c.how.kind = kind;
    c.how.trailing_ignored = !pattern.empty();
    c.how.pattern = std::move(pattern);
    return c;
  }

  static column in_zone(enum format::kind kind, std::string pattern = {}) {
    auto c = stamped(kind, std::move(pattern));
    c.how.zone = expression::find_zone("Europe/Paris");
    return c;
  }

  std::optional<column> of(char c, int depth) {
    switch (c) {
    case 't':
      return column{type_id::text};
    case 'i':
      return column{type_id::bigint};
    case 'd':
      return column{type_id::float64};
    case 'n':
      return column{type_id::numeric};
    case 'm':
      return column{data::type::numeric_of(10, 2)};
    case 'b':
      return column{type_id::boolean};
    case 'j':
      return column{type_id::json};
    case 's':
      return stamped(format::kind::iso);
    case 'p':
      return stamped(format::kind::strptime, "%Y-%m-%d %H:%M:%S");
    case 'z':
      return in_zone(format::kind::iso);
    case 'l':
      return in_zone(format::kind::strptime, "%Y-%m-%d %H:%M:%S");
    case '1':
      return stamped(format::kind::epoch_s);
    case '3':
      return stamped(format::kind::epoch_ms);
    case '6':
      return stamped(format::kind::epoch_us);
    case 'D':
      return column{type_id::date};
    case 'F':
      return dated(format::kind::strptime, "%d.%m.%Y");
    case '8':
      return dated(format::kind::epoch_d);
    case '[':
    case '{':
      return depth < deepest ? nested(c == '[', depth + 1) : std::nullopt;
    default:
      return std::nullopt;
    }
  }

  std::optional<column> nested(bool list, int depth) {
    std::vector<data::field> fields;
    column out;
    while (fields.size() < (list ? 1 : most_columns)) {
      auto member = next(depth);
      if (!member)
        break;
      fields.push_back({std::string(1, static_cast<char>('a' + fields.size())), member->type});
      out.how.members.push_back(std::move(member->how));
    }
    if (fields.empty())
      return std::nullopt;
    out.type = list ? data::type::list_of(fields[0].type) : data::type::object_of(std::move(fields));
    return out;
  }

  std::string_view rest_;
};

/// An event time of the first column, for the types that have one.
std::string expression_over(const data::type& first) {
  switch (first.id()) {
  case type_id::text:
    return "a::timestamptz";
  case type_id::bigint:
  case type_id::float64:
    return "to_timestamp(a)";
  case type_id::timestamp:
    return "a + interval '1 day'";
  case type_id::json:
    return "(a ->> 't')::timestamptz";
  default:
    return {};
  }
}

}  // namespace

parser::parser_options options_of(std::string_view text) {
  parser::parser_options o;
  std::vector<data::field> fields;
  schema_text in(text);
  const auto contains = [&](char sign) { return text.find(sign) != std::string_view::npos; };
  while (fields.size() < most_columns && !in.at_end()) {
    auto c = in.next(0);
    if (!c)
      continue;
    o.used.push_back(!in.unread());
    if (contains('@') && !o.event_time && o.used.back() && c->type.id() == type_id::timestamp)
      o.event_time = fields.size();
    fields.push_back({std::string(1, static_cast<char>('a' + fields.size())), std::move(c->type)});
    o.formats.push_back(std::move(c->how));
  }
  if (fields.empty()) {
    fields.push_back({"a", type_id::text});
    o.used.push_back(true);
    o.formats.emplace_back();
  }
  o.declared = fields.size();
  if (auto e = expression_over(fields[0].type); contains('E') && !e.empty()) {
    o.event_time = fields.size();
    o.timed_by = std::move(e);
    o.used[0] = true;
    o.used.push_back(true);
    fields.push_back({"time", type_id::timestamp});
  }
  if (contains('K'))
    o.on_null = data::valueless::skip;
  o.schema = std::make_shared<data::schema>(std::move(fields));
  return o;
}

std::unique_ptr<parser::record_parser> parser_of(const parser::parser_options& options, const maker& make) {
  if (!options.timed_by)
    return make(options);
  auto time = expression::bind(*options.timed_by, {options.schema.get(), {}});
  require(time.has_value(), "the event time is an expression");
  auto untimed = options;
  untimed.event_time.reset();
  untimed.timed_by.reset();
  untimed.used[*options.event_time] = false;
  return parser::make_timed_parser(make(std::move(untimed)), options, std::move(*time));
}

source::chunk chunk_of(const std::vector<std::string>& records, bool lines, bool nulls) {
  auto c = test::chunk_of(records, lines);
  c.lines = true;
  for (auto& length : c.lengths)
    if (nulls && length == 0)
      length = source::no_value;
  return c;
}

std::vector<std::string> outcomes(parser::record_parser& parser, const source::chunk& chunk,
                                  const parser::parser_options& options) {
  const auto p = parser.parse(chunk);
  require(p.records.size() + p.dead.size() + p.filtered.size() + p.header_lines == chunk.records(),
          "a record is a row, dead or blank");
  require(p.rows.rows == p.records.size(), "a row for each record that is one");
  std::vector<std::string> out(chunk.records(), "blank");
  for (std::size_t row = 0; row < p.records.size(); ++row) {
    auto& text = out[p.records[row]];
    text.clear();
    for (std::size_t i = 0; i < p.rows.columns.size(); ++i)
      if (options.used[i]) {
        require(p.rows.columns[i] != nullptr && p.rows.columns[i]->size() == p.rows.rows,
                "a column that is used is there, and whole");
        data::append_json_value(text, *p.rows.columns[i], row);
        text += ',';
      }
  }
  for (const auto& d : p.dead) {
    require(!d.error.empty(), "a dead letter has a reason");
    out[d.record] = "dead " + d.error;
  }
  return out;
}

}  // namespace millrace::fuzz
