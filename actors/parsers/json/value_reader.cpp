#include "actors/parsers/json/value_reader.hpp"

#include "actors/parsers/json/escapes.hpp"
#include "actors/parsers/number.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace millrace::parser {
namespace {

// Members behind these are looked up by hash; bounds what a record with many or long names leaves behind.
constexpr std::size_t most_remembered = 256;
constexpr std::size_t longest_remembered = 256;
// Optional members that may be missing between two others before the hash is asked.
constexpr std::size_t look_ahead = 4;

using data::type_id;

/// Bytes of a value that an error shows.
constexpr std::size_t longest_shown = 48;

std::string describe_value(std::string_view text) {
  switch (text.front()) {
  case '{':
    return "an object";
  case '[':
    return "a list";
  case '"':
    return "the string " + data::excerpt(text, longest_shown);
  case 't':
  case 'f':
    return "the boolean " + std::string(text);
  default:
    return "the number " + data::excerpt(text, longest_shown);
  }
}

bool is_number_kind(char kind) { return kind == '-' || (kind >= '0' && kind <= '9'); }

}  // namespace

member_layout::member::member(std::string_view raw, std::int32_t c)
    : column(c), text(fmt::format("\"{}\":", raw)) {
  const auto part = [&](std::size_t from, std::uint64_t& bytes, std::uint64_t& mask) {
    for (auto i = from; i < std::min(from + sizeof bytes, text.size()); ++i) {
      bytes |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * (i - from));
      mask |= std::uint64_t{0xFF} << (8 * (i - from));
    }
  };
  low = 0;
  part(0, low, low_mask);
  part(sizeof low, high, high_mask);
  behind_head = static_cast<std::uint32_t>(std::max(text.size(), head_bytes) - head_bytes);
}

member_layout::member_layout(const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i)
    columns_.emplace(names[i], static_cast<std::int32_t>(i));
  seen_.emplace_back();
}

member_layout::found member_layout::look_up(const member* expected, std::string_view raw, bool escapes) {
  const auto known_count = seen_.size() - 1;
  const auto next = static_cast<std::size_t>(expected - seen_.data());
  const auto is_same = [&](std::string_view text) {
    return text.size() == raw.size() + 3 && text.substr(1).starts_with(raw);
  };
  for (auto i = next; i < std::min(next + look_ahead, known_count); ++i)
    if (is_same(seen_[i].text))
      return {seen_[i].column, &seen_[i] + 1};
  std::string_view name = raw;
  if (escapes && raw.find('\\') != std::string_view::npos) {
    unescaped_.clear();
    if (unescape(raw, unescaped_))
      name = unescaped_;
  }
  const auto known = columns_.find(name);
  const auto column = known == columns_.end() ? unknown : known->second;
  if (raw.size() <= longest_remembered && next < most_remembered) {
    member m(raw, column);
    if (next < known_count)
      seen_[next] = std::move(m);
    else
      seen_.insert(seen_.end() - 1, std::move(m));
    expected = &seen_[next] + 1;
  }
  return {column, expected};
}

column_reader make_column_reader(std::string name, const data::type& type,
                                 const parser_options::timestamp_format& format) {
  column_reader out{std::move(name), type, format, {}, {}};
  if (format.kind == timestamp_kind::strptime) {
    auto pattern = expression::timestamp_pattern::compile(format.pattern);
    assert(pattern && "formats are checked with the configuration");
    out.pattern = std::move(*pattern);
  }
  const auto of = [&](std::size_t i) {
    return i < format.members.size() ? format.members[i] : parser_options::timestamp_format{};
  };
  for (std::size_t i = 0; i < type.fields().size(); ++i)
    out.children.push_back(make_column_reader(type.fields()[i].name, type.fields()[i].type, of(i)));
  if (type.id() == type_id::list)
    out.children.push_back(make_column_reader({}, type.element(), of(0)));
  return out;
}

std::uint32_t number_slots(column_reader& column, std::uint32_t first) {
  column.slot = first++;
  if (column.type.id() == type_id::object) {
    std::vector<std::string> names;
    for (auto& child : column.children) {
      names.push_back(child.name);
      first = number_slots(child, first);
    }
    column.layout.emplace(names);
  }
  return column.slots_end = first;
}

bool value_reader::mismatch(std::string_view text, std::string_view expected) {
  why_ = fmt::format("found {}, expected {}", describe_value(text), expected);
  return false;
}

inline bool value_reader::read_leaf(const record_walk& record, const column_reader& to) {
  const auto token = tokens_[to.slot];
  auto& out = cells_[to.slot];
  if (token == 0) {
    out.is = cell::state::null;
    return true;
  }
  // Most of them are these: read here, they save two calls.
  if (to.type.id() == type_id::text && record.kind(token) == '"') {
    out.text = record.body(token);
    out.is = cell::state::plain;
    if (!record.has_escapes(out.text)) [[likely]]
      return true;
  }
  return read_value(record, token, to, out);
}

bool value_reader::read(const record_walk& record, const column_reader& column) {
  path_.clear();
  members_.clear();
  if (column.layout)
    return read_slot(record, column);
  return read_leaf(record, column);
}

bool value_reader::read_slot(const record_walk& record, const column_reader& to) {
  const auto token = tokens_[to.slot];
  if (!to.layout || token == 0 || record.kind(token) != '{')
    return read_leaf(record, to);
  cells_[to.slot].is = cell::state::nested;
  for (const auto& child : to.children)
    if (!read_slot(record, child)) {
      path_ = "." + child.name + path_;
      return false;
    }
  return true;
}

bool value_reader::read_value(const record_walk& record, std::uint32_t token, const column_reader& to,
                              cell& out) {
  const char kind = record.kind(token);
  if (kind == 'n') {
    out.is = cell::state::null;
    return true;
  }
  out.is = cell::state::plain;
  switch (to.type.id()) {
  case type_id::text:
    return read_text(record, token, kind, out);
  case type_id::json:
    out.text = record.raw(token);
    return true;
  case type_id::bigint:
    if (!is_number_kind(kind))
      return mismatch(record.raw(token), kind == '"' ? "bigint; declare it text and cast it" : "bigint");
    return read_bigint(record.scalar(token), out);
  case type_id::float64:
    if (!is_number_kind(kind))
      return mismatch(record.raw(token), kind == '"' ? "double; declare it text and cast it" : "double");
    if (to_double(record.scalar(token), out.real) == conversion::ok)
      return true;
    why_ = fmt::format("the number {} is beyond the range of double; declare it text",
                       data::excerpt(record.scalar(token), longest_shown));
    return false;
  case type_id::numeric:
    if (!is_number_kind(kind))
      return mismatch(record.raw(token),
                      to.type.name() + (kind == '"' ? "; declare it text and cast it" : ""));
    return read_numeric(record.scalar(token), to.type, out);
  case type_id::boolean:
    out.number = kind == 't';
    return kind == 't' || kind == 'f' ||
           mismatch(record.raw(token), "boolean (true or false); declare it text and cast it");
  case type_id::timestamp:
    return read_timestamp(record, token, kind, to, out);
  case type_id::date:
    return read_date(record, token, kind, to, out);
  case type_id::object:
    out.is = cell::state::nested;
    out.number = token;
    return check_object(record, token, to);
  case type_id::list:
    out.is = cell::state::nested;
    out.number = token;
    return check_list(record, token, to);
  }
  return false;
}

bool value_reader::read_text(const record_walk& record, std::uint32_t token, char kind, cell& out) {
  if (kind == '{' || kind == '[')
    return mismatch(record.raw(token), "text; declare it json");
  out.text = kind == '"' ? record.body(token) : record.scalar(token);
  if (!record.has_escapes(out.text))
    return true;
  out.is = cell::state::escaped;
  return !escapes_nul(out.text) ||
         mismatch(record.raw(token), "text, which holds no NUL (\\u0000); declare it json");
}

bool value_reader::read_bigint(std::string_view text, cell& out) {
  switch (to_bigint(text, out.number)) {
  case conversion::ok:
    return true;
  case conversion::not_integral:
    return mismatch(text, "bigint, a number without a fraction; declare it double, or text");
  case conversion::out_of_range:
    break;
  }
  why_ = fmt::format("the number {} is beyond the range of bigint; declare it text or double",
                     data::excerpt(text, longest_shown));
  return false;
}

bool value_reader::read_numeric(std::string_view text, const data::type& type, cell& out) {
  const auto how = to_decimal(text, type, out.exact);
  return how == conversion::ok || mismatch(text, expected_decimal(text, how, type));
}

std::optional<std::string_view> value_reader::text_of(const record_walk& record, std::uint32_t token) {
  const auto text = record.body(token);
  if (!record.has_escapes(text))
    return text;
  scratch_.clear();
  return unescape(text, scratch_) ? std::optional<std::string_view>(scratch_) : std::nullopt;
}

/// Digits come in quotes, too: many programs write whole numbers of 64 bits so.
bool value_reader::read_epoch(const record_walk& record, std::uint32_t token, char kind,
                              const parser_options::timestamp_format& format, cell& out) {
  std::optional<event_micros> t;
  if (is_number_kind(kind) || kind == '"')
    if (const auto text = kind == '"' ? text_of(record, token) : record.scalar(token))
      t = parser::read_epoch(*text, format.kind);
  const auto text = record.raw(token);
  if (!t)
    return mismatch(text, expected_timestamp(format));
  out.number = *t;
  if (is_timestamp(out.number))
    return true;
  why_ = fmt::format("the timestamp {} {}; does its \"format\" (epoch_s, epoch_ms, epoch_us) fit?",
                     data::excerpt(text, longest_shown), beyond_timestamps);
  return false;
}

bool value_reader::read_timestamp(const record_walk& record, std::uint32_t token, char kind,
                                  const column_reader& to, cell& out) {
  const auto format = to.format.kind;
  if (format != timestamp_kind::iso && format != timestamp_kind::strptime)
    return read_epoch(record, token, kind, to.format, out);
  if (kind != '"')
    return mismatch(record.raw(token), is_number_kind(kind)
                                           ? "a timestamp as text; for a number say \"format\": \"epoch_s\", "
                                             "\"epoch_ms\" or \"epoch_us\""
                                           : "a timestamp as text");
  const auto text = text_of(record, token);
  if (!text)
    return mismatch(record.raw(token), "a timestamp");
  const auto t = read_timestamp_text(*text, to.format, to.pattern, day_);
  if (!t)
    return mismatch(record.raw(token), to.pattern
                                           ? expected_timestamp(to.format)
                                           : "a timestamp such as \"2021-04-24T19:55:00.796Z\"; say its "
                                             "\"format\"");
  out.number = *t;
  if (is_timestamp(out.number))
    return true;
  why_ =
      fmt::format("the timestamp {} {}", data::excerpt(record.raw(token), longest_shown), beyond_timestamps);
  return false;
}

bool value_reader::read_date(const record_walk& record, std::uint32_t token, char kind,
                             const column_reader& to, cell& out) {
  const bool is_number = is_number_kind(kind) && to.format.kind == timestamp_kind::epoch_d;
  if (is_number_kind(kind) && !is_number)
    return mismatch(record.raw(token),
                    "a date as text; for a number of days since 1970 say \"format\": \"epoch_d\"");
  std::optional<std::int64_t> days;
  if (is_number || kind == '"')
    if (const auto text = is_number ? record.scalar(token) : text_of(record, token))
      days = read_date_text(*text, to.format, to.pattern, day_);
  if (!days)
    return mismatch(record.raw(token), expected_date(to.format));
  out.number = *days;
  if (is_date(out.number))
    return true;
  why_ = fmt::format("the date {} {}", data::excerpt(record.raw(token), longest_shown), beyond_timestamps);
  return false;
}

void value_reader::find_members(const record_walk& record, std::uint32_t token, const data::type& type) {
  const auto& fields = type.fields();
  const auto base = members_.size();
  members_.resize(base + fields.size(), 0);
  std::size_t next = 0;  // members mostly come in the order of the type
  for (++token; record.kind(token) == '"';) {
    auto name = record.body(token);
    if (record.has_escapes(name)) {
      scratch_.clear();
      if (unescape(name, scratch_))
        name = scratch_;
    }
    for (std::size_t tried = 0; tried < fields.size(); ++tried, ++next) {
      next = next < fields.size() ? next : 0;
      if (fields[next].name == name) {
        members_[base + next++] = token + 2;
        break;
      }
    }
    token = record.behind(token + 2);
    token += record.kind(token) == ',';
  }
}

bool value_reader::check_object(const record_walk& record, std::uint32_t token, const column_reader& to) {
  const auto& type = to.type;
  if (record.kind(token) != '{')
    return mismatch(record.raw(token), fmt::format("an object {}; declare it json", type.name()));
  const auto base = members_.size();
  find_members(record, token, type);
  cell ignored;
  for (std::size_t i = 0; i < type.fields().size(); ++i)
    if (const auto at = members_[base + i]; at != 0 && !read_value(record, at, to.children[i], ignored)) {
      path_ = "." + type.fields()[i].name + path_;
      return false;
    }
  members_.resize(base);
  return true;
}

bool value_reader::check_list(const record_walk& record, std::uint32_t token, const column_reader& to) {
  if (record.kind(token) != '[')
    return mismatch(record.raw(token), fmt::format("a list {}; declare it json", to.type.name()));
  cell ignored;
  std::size_t index = 0;
  for (++token; record.kind(token) != ']'; ++index) {
    if (!read_value(record, token, to.children.front(), ignored)) {
      path_ = fmt::format("[{}]{}", index, path_);
      return false;
    }
    token = record.behind(token);
    token += record.kind(token) == ',';
  }
  return true;
}

void value_reader::append(const record_walk& record, const column_reader& column, data::column_builder& out) {
  members_.clear();
  if (column.layout)
    append_slot(record, column, out);
  else
    append_value(record, cells_[column.slot], column, out);
}

void value_reader::append_slot(const record_walk& record, const column_reader& from,
                               data::column_builder& out) {
  const auto& value = cells_[from.slot];
  if (!from.layout || value.is != cell::state::nested)
    return append_value(record, value, from, out);
  for (std::size_t i = 0; i < from.children.size(); ++i)
    append_slot(record, from.children[i], out.child(i));
  out.append_object();
}

void value_reader::append_value(const record_walk& record, const cell& from, const column_reader& to,
                                data::column_builder& out) {
  if (from.is == cell::state::null)
    return out.append_null();
  switch (to.type.id()) {
  case type_id::text:
  case type_id::json:
    if (from.is == cell::state::escaped) {
      scratch_.clear();
      // checked with the record
      static_cast<void>(unescape(from.text, scratch_));
      return out.append_text(scratch_);
    }
    return out.append_text(from.text);
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
    return out.append_int(from.number);
  case type_id::float64:
    return out.append_double(from.real);
  case type_id::numeric:
    return out.append_decimal(from.exact);
  case type_id::boolean:
    return out.append_boolean(from.number != 0);
  case type_id::object:
    return append_object(record, static_cast<std::uint32_t>(from.number), to, out);
  case type_id::list:
    return append_list(record, static_cast<std::uint32_t>(from.number), to, out);
  }
}

void value_reader::append_object(const record_walk& record, std::uint32_t token, const column_reader& to,
                                 data::column_builder& out) {
  const auto base = members_.size();
  find_members(record, token, to.type);
  for (std::size_t i = 0; i < to.children.size(); ++i) {
    cell value;
    const auto& member = to.children[i];
    if (const auto at = members_[base + i]; at != 0)
      // was read once already, so it is good
      static_cast<void>(read_value(record, at, member, value));
    append_value(record, value, member, out.child(i));
  }
  members_.resize(base);
  out.append_object();
}

void value_reader::append_list(const record_walk& record, std::uint32_t token, const column_reader& to,
                               data::column_builder& out) {
  for (++token; record.kind(token) != ']';) {
    cell value;
    static_cast<void>(read_value(record, token, to.children.front(), value));
    append_value(record, value, to.children.front(), out.child(0));
    token = record.behind(token);
    token += record.kind(token) == ',';
  }
  out.append_list();
}

}  // namespace millrace::parser
