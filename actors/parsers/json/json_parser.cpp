#include "actors/parsers/json/json_parser.hpp"

#include "actors/parsers/json/structural_index.hpp"
#include "actors/parsers/json/value_reader.hpp"
#include "actors/parsers/row_builder.hpp"
#include "actors/registry/registered.hpp"
#include "runtime/data/csv_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>

namespace millrace::parser {
namespace {

// Records whose tokens are found in one go: large enough to make a record's share of the start negligible,
// small enough that text and tokens stay in the second-level cache.
constexpr std::size_t stretch_bytes = 32 << 10;

class json_parser final : public record_parser {
public:
  json_parser(parser_options options, prefix_form prefix);
  [[nodiscard]] parsed parse(const source::chunk& c) override;

private:
  struct open_object {
    column_reader* object;
    const member_layout::member* expected;
  };
  enum class record_outcome : std::uint8_t { row, filtered, dead };

  parsed parse_all(const source::chunk& c);
  /// The chunk whose records are what stands behind their prefixes. Notes those that have none.
  source::chunk without_prefixes(source::chunk c);
  /// Records [from, to) lie back to back and share one index; returns the first that was not decided.
  std::size_t parse_stretch(const source::chunk& c, std::size_t from, std::size_t to);
  void parse_alone(const source::chunk& c, std::size_t i);
  /// The record at [begin, end) of text; its first token is `token`, which is moved behind its last.
  record_outcome read_record(const source::chunk& c, std::size_t i, const char* text, std::uint32_t begin,
                             std::uint32_t end, std::uint32_t& token, std::uint32_t backslash);
  /// Checks the record's object, which begins at this token, and notes the declared members in it and in nested
  /// objects. Returns the token behind it, or 0.
  [[gnu::noinline]] std::uint32_t find_members(record_walk& record, std::uint32_t token);
  /// Checks a value of the innermost object, or skips it. Returns the token behind it, or 0.
  [[gnu::noinline]] std::uint32_t check_value(record_walk& record, std::int32_t column, std::uint32_t token);
  /// The member of an object that is in this column, where it is an object whose members count.
  column_reader* nested_of(column_reader& object, std::int32_t column);
  /// Whether a value in this column of the innermost object must be checked.
  [[nodiscard]] bool checks(std::int32_t column) const;
  bool read_columns(const record_walk& record);
  void note(std::size_t i, record_outcome v);
  record_outcome dead(std::string why) {
    why_ = std::move(why);
    return record_outcome::dead;
  }

  parser_options options_;
  column_reader record_;  // its children are the declared columns
  row_builder rows_;
  std::vector<open_object> open_;  // around the innermost one
  structural_index index_;
  value_reader values_;
  prefix_form prefix_;
  std::map<std::size_t, std::string> without_prefix_;  // of the chunk, and why
  std::string why_;
};

/// The record as one object, whose members are the declared columns.
column_reader whole_record(const parser_options& options) {
  std::vector<data::field> fields;
  parser_options::timestamp_format formats;
  for (std::size_t i = 0; i < options.declared; ++i) {
    fields.push_back({(*options.schema)[i].name, (*options.schema)[i].type});
    formats.members.push_back(format_at(options.formats, i));
  }
  auto out = make_column_reader({}, data::type::object_of(std::move(fields)), formats);
  number_slots(out, 0);
  return out;
}

json_parser::json_parser(parser_options options, prefix_form prefix)
    : options_(std::move(options)), record_(whole_record(options_)), rows_(options_),
      values_(record_.slots_end), prefix_(prefix) {}

std::uint32_t length_of(const source::chunk& c, std::size_t i) {
  return c.lengths[i] == source::no_value ? 0 : c.lengths[i];
}

std::string_view describe_kind(char first) {
  switch (first) {
  case '[':
    return "a list";
  case '"':
    return "a string";
  default:
    return (first >= '0' && first <= '9') || first == '-' ? "a number" : "not an object";
  }
}

/// The first place of a backslash from `at` on; `end` for none.
std::uint32_t find_backslash(const char* text, std::uint32_t at, std::uint32_t end) {
  const auto* const found = static_cast<const char*>(std::memchr(text + at, '\\', end - at));
  return found ? static_cast<std::uint32_t>(found - text) : end;
}

/// Checks the name at this token, which is not what was expected, and finds it; its `next` is null where it is malformed.
[[gnu::noinline]] member_layout::found look_up(record_walk& record, member_layout& layout,
                                               const member_layout::member* expected, std::uint32_t token) {
  if (!record.check_name(token))
    return {};
  const auto name = record.body(token);
  return layout.look_up(expected, name, record.has_escapes(name));
}

parsed json_parser::parse(const source::chunk& c) {
  return prefix_ == prefix_form::none ? parse_all(c) : parse_all(without_prefixes(c));
}

source::chunk json_parser::without_prefixes(source::chunk c) {
  without_prefix_.clear();
  c.lines = false;  // a blank line has no prefix
  for (std::size_t i = 0; i < c.records(); ++i) {
    if (c.lengths[i] == source::no_value)
      continue;
    // The records around it are read in one go, and blanks may lie between them.
    if (const auto body = take_prefix(prefix_, c.record(i), why_)) {
      const auto taken = c.lengths[i] - static_cast<std::uint32_t>(body->body.size());
      std::memset(c.bytes.data() + c.begins[i], ' ', taken);
      c.begins[i] += taken;
      c.lengths[i] -= taken;
    } else {
      std::memset(c.bytes.data() + c.begins[i], ' ', c.lengths[i]);
      without_prefix_.emplace(i, why_);
    }
  }
  return c;
}

parsed json_parser::parse_all(const source::chunk& c) {
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
  auto backslash = find_backslash(text, 0, length);
  for (auto i = from; i < to; ++i) {
    const auto begin = c.begins[i] - base;
    const auto end = begin + length_of(c, i);
    if (backslash < begin)
      backslash = find_backslash(text, begin, length);
    // something other than blanks lies between two records
    if (token < index_.count() && index_.positions()[token] < begin)
      return i;
    const auto v = read_record(c, i, text, begin, end, token, backslash);
    if (v == record_outcome::dead)
      return i;  // read alone it gives the precise reason
    note(i, v);
  }
  return to;
}

void json_parser::parse_alone(const source::chunk& c, std::size_t i) {
  const auto length = length_of(c, i);
  const char* const text = c.bytes.data() + c.begins[i];
  if (const auto id = prefix_ == prefix_form::none ? confluent_id_of({text, length}) : std::nullopt) {
    why_ = fmt::format(
        "the record begins as serializers of a Schema Registry write it (a zero byte and the schema's "
        "id, {}), which is not JSON; expected plain JSON, as Kafka Connect's "
        "org.apache.kafka.connect.json.JsonConverter with schemas.enable=false writes it, or \"prefix\": "
        "\"confluent\" where JSON follows",
        *id);
    return note(i, record_outcome::dead);
  }
  if (const char* wrong = index_.build(text, length)) {
    why_ = c.is_cut(i) ? cut_record : wrong;
    return note(i, record_outcome::dead);
  }
  std::uint32_t token = 0;
  note(i, read_record(c, i, text, 0, length, token, find_backslash(text, 0, length)));
}

inline bool json_parser::checks(std::int32_t column) const {
  return options_.validate_whole || !open_.empty() ||
         (column != member_layout::unknown && rows_.used(static_cast<std::size_t>(column)));
}

inline column_reader* json_parser::nested_of(column_reader& object, std::int32_t column) {
  if (column == member_layout::unknown || !checks(column))
    return nullptr;
  auto& member = object.children[static_cast<std::size_t>(column)];
  return member.layout ? &member : nullptr;
}

std::uint32_t json_parser::find_members(record_walk& record, std::uint32_t token) {
  const auto* const text = record.text();
  const auto* const tokens = record.tokens();
  const auto end = record.end();
  const auto number_of = [&](const std::uint32_t* at) { return static_cast<std::uint32_t>(at - tokens); };
  const auto kind_of = [&](const std::uint32_t* at) { return *at < end ? text[*at] : '\0'; };
  auto backslash = record.backslash();
  open_.clear();
  auto* object = &record_;
  const auto* expected = object->layout->first();
  const auto* at = tokens + token + 1;
  if (kind_of(at) == '}')
    return token + 2;
  for (;;) {
    std::int32_t column = member_layout::unknown;
    // Where there is a token behind the value, there are those in front of it.
    if (at[3] < end && expected->is(text + at[0])) [[likely]] {
      column = (expected++)->column;
    } else {
      const auto found = look_up(record, *object->layout, expected, number_of(at));
      if (found.next == nullptr)
        return 0;
      column = found.column;
      expected = found.next;
    }
    at += 2;
    if (column != member_layout::unknown)
      values_.note(object->children[static_cast<std::size_t>(column)], number_of(at));
    const char* const value = text + at[0];
    if (*value == '"' ? at[1] <= backslash : is_short_integer({value, at[1] - at[0]})) [[likely]] {
      ++at;
    } else if (auto* const nested = nested_of(*object, column); nested != nullptr && kind_of(at) == '{') {
      if (open_.size() + 1 == deepest)
        return record.fail(number_of(at), too_deep);
      open_.push_back({object, expected});
      object = nested;
      expected = object->layout->first();
      ++at;
      if (kind_of(at) != '}')
        continue;
    } else {
      const auto next = check_value(record, column, number_of(at));
      if (next == 0)
        return 0;
      at = tokens + next;
      backslash = record.backslash();
    }
    for (;;) {
      const char behind = kind_of(at);
      ++at;
      if (behind == ',') [[likely]]
        break;
      if (behind != '}')
        return record.fail(number_of(at) - 1, "expected ',' or '}'");
      if (open_.empty())
        return number_of(at);
      object = open_.back().object;
      expected = open_.back().expected;
      open_.pop_back();
    }
  }
}

std::uint32_t json_parser::check_value(record_walk& record, std::int32_t column, std::uint32_t token) {
  return checks(column) ? record.check(token, static_cast<std::uint32_t>(open_.size()) + 1)
                        : record.skip(token);
}

json_parser::record_outcome json_parser::read_record(const source::chunk& c, std::size_t i, const char* text,
                                                     std::uint32_t begin, std::uint32_t end,
                                                     std::uint32_t& token, std::uint32_t backslash) {
  if (rows_.passes(c, i))
    return record_outcome::filtered;
  if (rows_.is_row_of_nulls(c, i))
    return rows_.accept_nulls(c, i) ? record_outcome::row : dead(rows_.why());
  if (const auto none = without_prefix_.find(i); none != without_prefix_.end())
    return dead(none->second);
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
    return dead("the record is not an object; expected a JSON object");
  record_walk record(text, at, begin, end, backslash);
  if (at[token] >= end)
    // lines may be blank; a message without content is something that somebody sent
    return c.lines ? record_outcome::filtered : dead("the record is empty; expected a JSON object");
  if (record.kind(token) != '{')
    return dead(fmt::format("the record is {}; expected a JSON object", describe_kind(record.kind(token))));
  values_.forget_all();
  const auto behind = find_members(record, token);
  if (behind == 0)
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
  case record_outcome::filtered:
    rows_.filter(i);
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
  c.doc = "Reads each record as one JSON object";
  c.options = {
      {.name = "framing",
       .type = config::option_type::choice,
       .doc = "How a file is divided into records. lines: each line is one; values: each JSON value is "
              "one, several on a line or one over several lines, with at most a megabyte",
       .default_text = "lines",
       .choices = {"lines", "values"}},
      prefix_option(),
  };
  std::ranges::move(registry::access_options(), std::back_inserter(c.options));
  c.options.push_back(registry::key_format_option());
  c.check = [](const config::check_input& in, const config::say& say) {
    registry::check_reader(in, say, std::nullopt);
  };
  return c;
}

std::unique_ptr<record_parser> make_json_parser(parser_options options, prefix_form prefix) {
  return std::make_unique<json_parser>(std::move(options), prefix);
}

connector json_parser_connector() {
  return {
      .declared = json_parser_declaration(),
      .parser = [](const config::values& options,
                   parser_options o) -> expected<std::unique_ptr<record_parser>> {
        return make_json_parser(std::move(o), prefix_of(options, options.has("registry")));
      },
      .registry = [](const config::values& options) { return registry::of_records(options, std::nullopt); }};
}

}  // namespace millrace::parser
