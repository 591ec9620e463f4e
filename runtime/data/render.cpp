#include "runtime/data/render.hpp"

#include "runtime/base/shortest_double.hpp"
#include "runtime/base/time.hpp"
#include "runtime/base/utf8_text.hpp"
#include "runtime/base/words_of_text.hpp"
#include "runtime/data/quoted.hpp"
#include "runtime/data/text_encoding.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace millrace::data {
namespace {

void append_int(std::string& out, std::int64_t v) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, v).ptr;
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}

void append_csv_text(std::string& out, std::string_view text) {
  const auto is_quoted = [](std::uint64_t word) {
    return byte_in(word, ',') | byte_in(word, '"') | byte_in(word, '\r') | byte_in(word, '\n');
  };
  if (text.empty() || any_word(text, is_quoted))
    append_in_quotes(out, text, '"');
  else
    out.append(text);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  constexpr char hex[] = "0123456789abcdef";
  const auto begin = out.size();
  out.push_back('"');
  const auto is_no_letter = [](std::uint64_t word) {
    return byte_in(word, '"') | byte_in(word, '\\') | below_in(word, 0x20) | (word & high_bits);
  };
  if (!any_word(text, is_no_letter)) {
    out.append(text);
    return out.push_back('"');
  }
  std::size_t plain = 0;
  unsigned bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    bits |= c;
    if (c >= 0x20 && c != '"' && c != '\\')
      continue;
    out.append(text.substr(plain, i - plain));
    plain = i + 1;
    switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += "\\u00";
      out.push_back(hex[c >> 4]);
      out.push_back(hex[c & 15]);
    }
  }
  if (bits >= 0x80 && !is_utf8(text)) {
    out.resize(begin);
    return append_json_string(out, valid_utf8(text));
  }
  out.append(text.substr(plain));
  out.push_back('"');
}

void append_double(std::string& out, double v) {
  if (std::isnan(v)) {
    out += "NaN";
  } else if (std::isinf(v)) {
    out += v < 0 ? "-Infinity" : "Infinity";
  } else {
    std::array<char, longest_double> text;
    out.append(text.data(), put_shortest(text.data(), v));
  }
}

void append_text_value(std::string& out, const column& c, std::size_t row) {
  if (c.is_null(row))
    return;
  switch (c.type().id()) {
  case type_id::boolean:
    out += c.boolean_at(row) ? "true" : "false";
    break;
  case type_id::bigint:
    append_int(out, c.ints()[row]);
    break;
  case type_id::float64:
    append_double(out, c.doubles()[row]);
    break;
  case type_id::numeric:
    append_decimal(out, c.decimals()[row]);
    break;
  case type_id::timestamp:
    append_timestamp(out, c.ints()[row]);
    break;
  case type_id::date:
    append_date(out, c.ints()[row]);
    break;
  case type_id::text:
  case type_id::json:
    out.append(c.text_at(row));
    break;
  case type_id::object:
  case type_id::list:
    append_json_value(out, c, row);
    break;
  }
}

void append_json_value(std::string& out, const column& c, std::size_t row) {
  if (c.is_null(row)) {
    out += "null";
    return;
  }
  switch (c.type().id()) {
  case type_id::boolean:
  case type_id::bigint:
  case type_id::numeric:
  case type_id::json:
    append_text_value(out, c, row);
    break;
  case type_id::float64:
    if (std::isfinite(c.doubles()[row])) {
      append_double(out, c.doubles()[row]);
    } else {
      out.push_back('"');
      append_double(out, c.doubles()[row]);
      out.push_back('"');
    }
    break;
  case type_id::timestamp:
    out.push_back('"');
    append_timestamp(out, c.ints()[row]);
    out.push_back('"');
    break;
  case type_id::date:
    out.push_back('"');
    append_date(out, c.ints()[row]);
    out.push_back('"');
    break;
  case type_id::text:
    append_json_string(out, c.text_at(row));
    break;
  case type_id::object: {
    out.push_back('{');
    const auto& members = c.type().fields();
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i != 0)
        out.push_back(',');
      append_json_string(out, members[i].name);
      out.push_back(':');
      append_json_value(out, *c.children()[i], row);
    }
    out.push_back('}');
    break;
  }
  case type_id::list:
    out.push_back('[');
    for (auto i = c.offsets()[row]; i < c.offsets()[row + 1]; ++i) {
      if (i != c.offsets()[row])
        out.push_back(',');
      append_json_value(out, *c.children()[0], static_cast<std::size_t>(i));
    }
    out.push_back(']');
    break;
  }
}

void append_json_row(std::string& out, const batch& b, std::size_t row) {
  out.push_back('{');
  for (std::size_t i = 0; i < b.columns.size(); ++i) {
    if (i != 0)
      out.push_back(',');
    append_json_string(out, (*b.schema)[i].name);
    out.push_back(':');
    append_json_value(out, *b.columns[i], row);
  }
  out.push_back('}');
}

void append_csv_header(std::string& out, const schema& s) {
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (i != 0)
      out.push_back(',');
    append_csv_text(out, s[i].name);
  }
}

void append_csv_row(std::string& out, const batch& b, std::size_t row) {
  std::string nested;
  for (std::size_t i = 0; i < b.columns.size(); ++i) {
    if (i != 0)
      out.push_back(',');
    const auto& c = *b.columns[i];
    if (c.is_null(row))
      continue;
    if (c.type().is_bytes()) {
      append_csv_text(out, c.text_at(row));
    } else if (c.type().is_nested()) {
      nested.clear();
      append_json_value(nested, c, row);
      append_csv_text(out, nested);
    } else {
      append_text_value(out, c, row);
    }
  }
}

}  // namespace millrace::data
