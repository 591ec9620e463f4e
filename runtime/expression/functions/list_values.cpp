#include "runtime/expression/functions/list_values.hpp"

#include "runtime/base/time.hpp"
#include "runtime/data/render.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

namespace millrace::expression {
namespace {

template<class T>
const T& at(const void* array, std::size_t i) {
  return static_cast<const T*>(array)[i];
}

bool is_time(kind k) { return k == kind::timestamptz || k == kind::timestamp; }
bool is_text(kind k) { return k == kind::text || k == kind::json || k == kind::jsonb || k == kind::unknown; }

std::string_view kept(arena& memory, std::string_view text) {
  auto* to = allocate<char>(memory, text.size());
  if (!text.empty())
    std::memcpy(to, text.data(), text.size());
  return {to, text.size()};
}

list_value copied(arena& memory, const list_value& from) {
  auto out = from;
  auto* to = allocate_zeros(memory, from.element, from.size);
  out.data = to;
  if (from.size > 0)
    std::memcpy(to, from.data, from.size * size_of(from.element));
  if (from.valid) {
    auto* valid = allocate<std::uint8_t>(memory, from.size);
    std::copy_n(from.valid, from.size, valid);
    out.valid = valid;
  }
  for (std::size_t i = 0; i < from.size; ++i) {
    if (is_text(from.element))
      static_cast<std::string_view*>(to)[i] =
          from.present(i) ? kept(memory, from.get<std::string_view>(i)) : std::string_view{};
    else if (from.element == kind::list)
      static_cast<list_value*>(to)[i] =
          from.present(i) ? copied(memory, from.get<list_value>(i)) : list_value{};
  }
  return out;
}

/// One element of an array literal; false where it is malformed.
bool read_element(std::string_view& rest, std::optional<std::string>& out) {
  out.emplace();
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n\f\v"), rest.size()));
  if (rest.starts_with('"')) {
    for (rest.remove_prefix(1); !rest.starts_with('"'); rest.remove_prefix(1)) {
      if (rest.starts_with('\\'))
        rest.remove_prefix(1);
      if (rest.empty())
        return false;
      *out += rest.front();
    }
    rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n\f\v"), rest.size()));
    return true;
  }
  std::size_t significant = 0;  // blanks at the end are none of it, unless escaped
  bool escaped = false;
  for (; !rest.empty() && rest.front() != ',' && rest.front() != '}'; rest.remove_prefix(1)) {
    if (rest.front() == '{' || rest.front() == '"')
      return false;
    if (rest.front() == '\\') {
      rest.remove_prefix(1);
      escaped = true;
      if (rest.empty())
        return false;
      *out += rest.front();
      significant = out->size();
      continue;
    }
    *out += rest.front();
    if (std::string_view(" \t\r\n\f\v").find(rest.front()) == std::string_view::npos)
      significant = out->size();
  }
  out->resize(significant);
  if (out->empty())
    return false;
  if (!escaped && fold(*out) == "null")
    out.reset();
  return true;
}

}  // namespace

std::size_t size_of(kind k) {
  return with_stored_type(k, []<class T>() { return sizeof(T); });
}

void* allocate_zeros(arena& memory, kind k, std::size_t count) {
  const auto bytes = std::max<std::size_t>(count, 1) * size_of(k);
  auto* out = memory.allocate(bytes, alignof(std::max_align_t));
  std::memset(out, 0, bytes);  // all kinds' empty values are zeros
  return out;
}

list_value list_of_texts(arena& memory, std::span<const std::string_view* const> texts) {
  auto* data = allocate<std::string_view>(memory, texts.size());
  auto* valid = allocate<std::uint8_t>(memory, texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    valid[i] = texts[i] != nullptr;
    data[i] = texts[i] ? *texts[i] : std::string_view{};
  }
  return {data, valid, texts.size(), kind::text};
}

bool read_list(std::string_view text, arena& memory, list_value& out) {
  auto rest = trim_blanks(text);
  if (!rest.starts_with('{'))
    return false;
  rest.remove_prefix(1);
  std::vector<std::optional<std::string>> elements;
  const auto empty = trim_blanks(rest) == "}";
  for (bool more = !empty; more;) {
    if (!read_element(rest, elements.emplace_back()) || rest.empty())
      return false;
    more = rest.front() == ',';
    if (!more && rest != "}")
      return false;
    rest.remove_prefix(1);
  }
  std::vector<std::string_view> texts(elements.size());
  std::vector<const std::string_view*> pointers(elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (!elements[i])
      continue;
    texts[i] = kept(memory, *elements[i]);
    pointers[i] = &texts[i];
  }
  out = list_of_texts(memory, pointers);
  return true;
}

void write_element(std::string& out, const list_value& v, std::size_t i) {
  switch (v.element) {
  case kind::boolean:
    out += v.get<bool>(i) ? 't' : 'f';
    return;
  case kind::bigint:
    fmt::format_to(std::back_inserter(out), "{}", v.get<std::int64_t>(i));
    return;
  case kind::timestamptz:
  case kind::timestamp:
    return write_timestamp(out, v.get<std::int64_t>(i), v.element == kind::timestamptz);
  case kind::date:
    return write_date(out, v.get<std::int64_t>(i));
  case kind::time:
    return write_time(out, v.get<std::int64_t>(i));
  case kind::numeric:
    return append_decimal(out, v.get<decimal>(i));
  case kind::float64:
    return write_double(out, v.get<double>(i));
  case kind::unknown:
  case kind::text:
  case kind::json:
  case kind::jsonb:
    out += v.get<std::string_view>(i);
    return;
  case kind::list:
    return write_list(out, v.get<list_value>(i));
  case kind::object: {
    const auto o = v.get<object_value>(i);
    return data::append_json_value(out, *o.column, o.row);
  }
  case kind::interval:
    return write_interval(out, v.get<interval_value>(i));
  }
}

void write_list(std::string& out, const list_value& v) {
  out += '{';
  std::string element;
  for (std::size_t i = 0; i < v.size; ++i) {
    if (i != 0)
      out += ',';
    if (!v.present(i)) {
      out += "NULL";
      continue;
    }
    element.clear();
    write_element(element, v, i);
    const bool plain =
        v.element == kind::list ||
        (!element.empty() && element.find_first_of("{},\"\\ \t\r\n\f\v") == std::string::npos &&
         fold(element) != "null");
    if (plain) {
      out += element;
      continue;
    }
    out += '"';
    for (const char c : element) {
      if (c == '"' || c == '\\')
        out += '\\';
      out += c;
    }
    out += '"';
  }
  out += '}';
}

std::shared_ptr<const list_value> owned_copy(const list_value& v) {
  struct owner {
    arena memory;
    list_value value;
  };
  auto out = std::make_shared<owner>();
  out->value = copied(out->memory, v);
  return {out, &out->value};
}

std::string shown_elements(const list_value& v) {
  std::string out = fmt::format("[{} ", static_cast<int>(v.element));
  for (std::size_t i = 0; i < v.size; ++i) {
    if (!v.present(i))
      out += "null ";
    else if (is_text(v.element))
      out += fmt::format("{}:{} ", v.get<std::string_view>(i).size(), v.get<std::string_view>(i));
    else if (v.element == kind::list)
      out += shown_elements(v.get<list_value>(i));
    else
      for (std::size_t b = 0; b < size_of(v.element); ++b)
        out += fmt::format("{:02x}", static_cast<const std::uint8_t*>(v.data)[i * size_of(v.element) + b]);
  }
  return out + "]";
}

void append_value(data::column_builder& out, kind k, const void* array, std::size_t i) {
  switch (k) {
  case kind::boolean:
    return out.append_boolean(at<std::uint8_t>(array, i) != 0);
  case kind::bigint:
  case kind::timestamptz:
  case kind::timestamp:
  case kind::date:
  case kind::time:
    return out.append_int(at<std::int64_t>(array, i));
  case kind::numeric:
    return out.append_decimal(at<decimal>(array, i));
  case kind::float64:
    return out.append_double(at<double>(array, i));
  case kind::unknown:
  case kind::text:
  case kind::json:
  case kind::jsonb:
    return out.append_text(at<std::string_view>(array, i));
  case kind::list: {
    const auto& list = at<list_value>(array, i);
    for (std::size_t e = 0; e < list.size; ++e)
      if (list.present(e))
        append_value(out.child(0), list.element, list.data, e);
      else
        out.child(0).append_null();
    return out.append_list();
  }
  case kind::object: {
    const auto& object = at<object_value>(array, i);
    return out.append_from(*object.column, object.row);
  }
  case kind::interval:
    return;  // no column holds one
  }
}

std::optional<std::string> far_time(kind k, const void* array, std::size_t i) {
  if (k == kind::date) {
    const auto days = at<std::int64_t>(array, i);
    if (is_date(days))
      return std::nullopt;
    std::string text;
    write_date(text, days);
    return fmt::format("the date {} {}", text, beyond_timestamps);
  }
  if (is_time(k)) {
    const auto t = at<std::int64_t>(array, i);
    if (is_timestamp(t))
      return std::nullopt;
    std::string text;
    write_timestamp(text, t, k == kind::timestamptz);
    return fmt::format("the timestamp {} {}", text, beyond_timestamps);
  }
  if (k != kind::list)
    return std::nullopt;
  const auto& list = at<list_value>(array, i);
  std::optional<std::string> found;
  if (is_time(list.element) || list.element == kind::date || list.element == kind::list)
    for (std::size_t e = 0; e < list.size && !found; ++e)
      if (list.present(e))
        found = far_time(list.element, list.data, e);
  return found;
}

std::size_t text_bytes(kind k, const void* array, std::size_t i) {
  if (is_text(k))
    return at<std::string_view>(array, i).size();
  std::size_t sum = 0;
  if (k != kind::list)
    return 0;
  const auto& list = at<list_value>(array, i);
  for (std::size_t e = 0; e < list.size; ++e)
    if (list.present(e))
      sum += text_bytes(list.element, list.data, e);
  return sum;
}

}  // namespace millrace::expression
