#include "actors/parsers/json/json_parser.hpp"

#include "actors/parsers/json/structural_index.hpp"
#include "actors/parsers/json/value_reader.hpp"
#include "actors/parsers/row_builder.hpp"
#include "runtime/data/csv_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <optional>

namespace millrace::parser {
namespace {

// Records whose tokens are found in one go: large enough to make a record's share of the start negligible,
// small enough that text and tokens stay in the second-level cache.
constexpr std::size_t stretch_bytes = 32 << 10;

class json_parser final : public record_parser {
public:
  explicit json_parser(parser_options options);
  [[nodiscard]] parsed parse(const source::chunk& c) override;

private:
  enum class record_outcome : std::uint8_t { row, passed_over, dead };

  /// Records [from, to) lie back to back and share one index; returns the first that was not decided.
  std::size_t parse_stretch(const source::chunk& c, std::size_t from, std::size_t to);
  void parse_alone(const source::chunk& c, std::size_t i);
  /// The record at [begin, end) of text; its first token is `token`, which is moved behind its last.
  record_outcome read_record(const source::chunk& c, std::size_t i, const char* text, std::uint32_t begin,
                             std::uint32_t end, std::uint32_t& token, bool escapes);
  /// Checks the object at `token`, `level` deep, and notes its declared members; `behind` is the token behind it.
  template<bool IsRecord>
  bool find_members(record_walk& record, column_reader& object, std::uint32_t token, std::uint32_t level,
                    std::uint32_t& behind);
  /// The same; moves `token` behind the object.
  bool find_nested(record_walk& record, column_reader& object, std::uint32_t& token, std::uint32_t level);
  bool read_columns(const record_walk& record);
  void note(std::size_t i, record_outcome v);
  record_outcome dead(std::string why) {
    why_ = std::move(why);
    return record_outcome::dead;
  }

  parser_options options_;
  column_reader record_;  // its children are the declared columns
  row_builder rows_;
  structural_index index_;
  value_reader values_;
  std::string why_;
};

/// The record as one object, whose members are the declared columns.
column_reader whole_record(const parser_options& options) {
  std::vector<data::field> fields;
  parser_options::timestamp_format formats;
  for (std::size_t i = 0; i < options.declared; ++i) {
    fields.push_back({(*options.schema)[i].name, (*options.schema)[i].type});
    formats.members.push_back(i < options.formats.size() ? options.formats[i]
                                                         : parser_options::timestamp_format{});
  }
  auto out = make_column_reader({}, data::type::object_of(std::move(fields)), formats);
  number_slots(out, 0);
  return out;
}

json_parser::json_parser(parser_options options)
    : options_(std::move(options)), record_(whole_record(options_)), rows_(options_),
      values_(record_.slots_end) {}

std::uint32_t length_of(const source::chunk& c, std::size_t i) {
  return c.lengths[i] == source::no_value ? 0 : c.lengths[i];
}

/// The id in front of a value (JSON, Avro or Protobuf) that was written by way of a Schema Registry: a zero byte, then
/// the id, big-endian. Ids count from 1, so the first byte of one is zero, too.
std::optional<std::uint32_t> schema_id_of(std::string_view record) {
  constexpr std::size_t prefix = 5;
  if (record.size() <= prefix || !record.starts_with(std::string_view("\0\0", 2)))
    return std::nullopt;
  std::uint32_t id = 0;
  for (const char c : record.substr(1, prefix - 1))
    id = id << 8 | static_cast<unsigned char>(c);
  return id;
}

std::string_view describe_kind(char first) {
  switch (first) {
  case '[':
    return "a list";
  case '"':
    return "a string";
  default:
    return (first >= '0' && first <= '9') || first == '-' ? "a number" : "no object";
  }
}

parsed json_parser::parse(const source::chunk& c) {
  rows_.reserve(c.records());
  for (std::size_t i = 0; i < c.records();) {
    auto to = i;
    for (std::size_t bytes = 0, behind = c.begins[i];
         to < c.records() && c.begins[to] >= behind && bytes < stretch_bytes; ++to) {
      bytes += length_of(c, to);
      behind = c.begins[to] + length_of(c, to);
    }
    // Where one record is bad, those behind it must not be read with its quotes open.
    for (auto next = parse_stretch(c, i, to); next < to; ++next)
      parse_alone(c, next);
    i = to;
  }
  return rows_.finish();
}

std::size_t json_parser::parse_stretch(const source::chunk& c, std::size_t from, std::size_t to) {
  const auto base = c.begins[from];
  const char* const text = c.bytes.data() + base;
  const auto length = c.begins[to - 1] + length_of(c, to - 1) - base;
  assert(base + length + source::padding <= c.bytes.size());
  if (index_.build(text, length) != nullptr)
    return from;
  std::uint32_t token = 0;
  const auto find_backslash = [&](std::uint32_t at) {
    const auto* const found = static_cast<const char*>(std::memchr(text + at, '\\', length - at));
    return found ? static_cast<std::uint32_t>(found - text) : length;
  };
  auto backslash = find_backslash(0);
  for (auto i = from; i < to; ++i) {
    const auto begin = c.begins[i] - base;
    const auto end = begin + length_of(c, i);
    if (backslash < begin)
      backslash = find_backslash(begin);
    // something other than blanks lies between two records
    if (token < index_.count() && index_.positions()[token] < begin)
      return i;
    const auto v = read_record(c, i, text, begin, end, token, backslash < end);
    if (v == record_outcome::dead)
      return i;  // read alone it gives the precise reason
    note(i, v);
  }
  return to;
}

void json_parser::parse_alone(const source::chunk& c, std::size_t i) {
  const auto length = length_of(c, i);
  const char* const text = c.bytes.data() + c.begins[i];
  if (const auto id = schema_id_of({text, length})) {
    why_ = fmt::format(
        "the record begins as serializers of a Schema Registry write it (a zero byte and the schema's "
        "id, {}), which is no JSON; expected plain JSON, as Kafka Connect's "
        "org.apache.kafka.connect.json.JsonConverter with schemas.enable=false writes it",
        *id);
    return note(i, record_outcome::dead);
  }
  if (const char* wrong = index_.build(text, length)) {
    why_ = c.is_cut(i) ? cut_record : wrong;
    return note(i, record_outcome::dead);
  }
  std::uint32_t token = 0;
  note(i, read_record(c, i, text, 0, length, token, std::memchr(text, '\\', length) != nullptr));
}

template<bool IsRecord>
inline bool json_parser::find_members(record_walk& record, column_reader& object, std::uint32_t token,
                                      std::uint32_t level, std::uint32_t& behind) {
  const bool checks_all = !IsRecord || options_.validate_whole;
  auto& layout = *object.layout;
  layout.rewind();
  ++token;
  if (record.kind(token) == '}') {
    behind = token + 1;
    return true;
  }
  for (;;) {
    std::int32_t column = member_layout::unknown;
    if (!record.has(token + 1) || !layout.is_expected(record.at(token), column)) [[unlikely]] {
      if (!record.check_name(token))
        return false;
      column = layout.look_up(record.body(token), record.escapes());
    }
    token += 2;
    bool whole = checks_all;
    column_reader* nested = nullptr;
    if (column != member_layout::unknown) {
      auto& member = object.children[static_cast<std::size_t>(column)];
      values_.note(member, token);
      whole = whole || rows_.used(static_cast<std::size_t>(column));
      if (member.layout && whole && record.kind(token) == '{')
        nested = &member;
    }
    if (nested == nullptr)
      token = whole ? record.check(token, level) : record.skip(token);
    else if (!find_nested(record, *nested, token, level + 1))
      return false;
    if (token == 0)
      return false;
    const char next = record.kind(token);
    ++token;
    if (next == '}') {
      behind = token;
      return true;
    }
    if (next != ',')
      return record.fail(token - 1, "expected ',' or '}'");
  }
}

bool json_parser::find_nested(record_walk& record, column_reader& object, std::uint32_t& token,
                              std::uint32_t level) {
  return level <= deepest ? find_members<false>(record, object, token, level, token)
                          : record.fail(token, too_deep);
}

json_parser::record_outcome json_parser::read_record(const source::chunk& c, std::size_t i, const char* text,
                                                     std::uint32_t begin, std::uint32_t end,
                                                     std::uint32_t& token, bool escapes) {
  if (rows_.passes(c, i))
    return record_outcome::passed_over;
  if (c.lengths[i] == source::no_value)
    return dead("the record has no value (a null, as Kafka's tombstones are); expected a JSON object");
  if (c.is_cut(i))
    return dead(std::string(cut_record));
  const auto* const at = index_.positions();
  auto first = begin;
  if (std::string_view(text + begin, end - begin).starts_with(data::byte_order_mark)) {
    first += data::byte_order_mark.size();
    token += at[token] == begin;  // it looks like a scalar, or like the end of one before
  }
  if (const auto head = std::string_view(text + first, std::min(at[token], end) - first);
      head.find_first_not_of(" \t\r\n") != std::string_view::npos)
    return dead("the record is no object; expected a JSON object");
  record_walk record(text, at, begin, end, escapes);
  if (at[token] >= end)
    // lines may be blank; a message without content is something that somebody sent
    return c.timestamps.empty() ? record_outcome::passed_over
                                : dead("the record is empty; expected a JSON object");
  if (record.kind(token) != '{')
    return dead(fmt::format("the record is {}; expected a JSON object", describe_kind(record.kind(token))));
  std::uint32_t behind = 0;
  values_.forget_all();
  if (!find_members<true>(record, record_, token, 1, behind))
    return dead(record.problem());
  if (at[behind] < end) {
    record.fail(behind, "something follows the object; a record is one object");
    return dead(record.problem());
  }
  if (!read_columns(record))
    return record_outcome::dead;
  const auto& columns = record_.children;
  std::optional<event_micros> declared;
  if (const auto timed = rows_.event_time())
    if (const auto& time = values_.cell_of(columns[*timed]); time.is != cell::state::null)
      declared = time.number;
  if (!rows_.accept(c, i, declared))
    return dead(rows_.why());
  for (std::size_t column = 0; column < columns.size(); ++column)
    if (rows_.used(column))
      values_.append(record, columns[column], rows_.column(column));
  token = behind;
  return record_outcome::row;
}

bool json_parser::read_columns(const record_walk& record) {
  for (std::size_t i = 0; i < record_.children.size(); ++i) {
    const auto& column = record_.children[i];
    if (!options_.validate_whole && !rows_.used(i)) {
      values_.leave_out(column);
    } else if (!values_.read(record, column)) {
      why_ = fmt::format("column \"{}{}\": {}", column.name, values_.path(), values_.why());
      return false;
    }
  }
  return true;
}

void json_parser::note(std::size_t i, record_outcome v) {
  switch (v) {
  case record_outcome::row:
    break;
  case record_outcome::passed_over:
    rows_.pass_over();
    break;
  case record_outcome::dead:
    rows_.dead(i, why_);
    break;
  }
}

}  // namespace

config::connector json_parser_declaration() {
  config::connector c;
  c.kind = config::stage_kind::parser;
  c.type = "json";
  c.doc = "Reads one JSON object a record";
  c.options = {
      {.name = "framing",
       .type = config::option_type::choice,
       .doc = "What ends a record of a file: its line, or (values) its JSON value, of which several stand on "
              "a line or one over several lines; "
              "a value has at most a megabyte",
       .default_text = "lines",
       .choices = {"lines", "values"}},
  };
  return c;
}

std::unique_ptr<record_parser> make_json_parser(parser_options options) {
  return std::make_unique<json_parser>(std::move(options));
}

connector json_parser_connector() {
  return {.declared = json_parser_declaration(),
          .parser = [](const config::values&, parser_options o) -> expected<std::unique_ptr<record_parser>> {
            return make_json_parser(std::move(o));
          }};
}

}  // namespace millrace::parser
