#include "runtime/avro/default_datum.hpp"

#include "runtime/avro/datum.hpp"
#include "runtime/avro/json_forms.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

namespace millrace::avro {
namespace {

namespace json = boost::json;

// Defaults within defaults multiply: a short schema could ask for any number of bytes.
constexpr std::size_t most_steps = 1'000'000;
constexpr std::size_t most_bytes = std::size_t{1} << 20;
constexpr std::uint32_t deepest_default = 64;
constexpr std::size_t longest_shown_default = 64;

/// Costs little however long the value is: each branch of a union that it does not fit asks for it.
std::string shown_default(const json::value& v) {
  if (v.is_object())
    return "(an object)";
  if (v.is_array())
    return "(a list)";
  if (data::is_text(v) && v.get_string().size() > longest_shown_default)
    return "(a text of " + std::to_string(v.get_string().size()) + " bytes)";
  return data::excerpt(data::json_text(v), longest_shown_default);
}

}  // namespace

std::optional<std::string> default_encoder::datum_of(const json::value& v, type_index of,
                                                     std::string& problem) {
  std::string out;
  why_.clear();
  if (append(v, of, out, 0)) {
    bytes_ += out.size();
    return out;
  }
  problem = std::move(why_);
  return std::nullopt;
}

bool default_encoder::misfit(const json::value& v, const type& t) {
  why_ = fmt::format("the default {} does not fit its type, {}", shown_default(v), word_of(t.is));
  return false;
}

bool default_encoder::append(const json::value& v, type_index of, std::string& out, std::uint32_t depth) {
  const auto& t = types_[of];
  if (depth > deepest_default || ++steps_ > most_steps || bytes_ + out.size() > most_bytes) {
    why_ = fmt::format(
        "the default, with the defaults of the records within it, is nested deeper than {} levels, "
        "or the schema's defaults have more than {} bytes",
        deepest_default, most_bytes);
    return false;
  }
  switch (t.is) {
  case kind::null:
    return v.is_null() || misfit(v, t);
  case kind::boolean:
    return append_boolean(out, v) || misfit(v, t);
  case kind::int32:
  case kind::int64:
    return append_whole(out, v, t) || misfit(v, t);
  case kind::float32:
  case kind::float64: {
    const auto number = real_in(v);
    return (number && append_real_as(out, *number, t)) || misfit(v, t);
  }
  case kind::bytes:
  case kind::fixed:
    return append_binary(v, t, out);
  case kind::string:
    if (!data::is_text(v))
      return misfit(v, t);
    append_bytes(out, text_in(v));
    return true;
  case kind::enumeration:
    return append_symbol(out, v, t) || misfit(v, t);
  case kind::record:
    return append_record(v, of, out, depth);
  case kind::array:
  case kind::map:
    return append_items(v, t, out, depth);
  case kind::one_of:
    return append_branch(v, t, out, depth);
  }
  return false;
}

/// A text of characters up to U+00FF, each of which is a byte.
bool default_encoder::append_binary(const json::value& v, const type& t, std::string& out) {
  if (!data::is_text(v))
    return misfit(v, t);
  std::string bytes;
  const auto text = text_in(v);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      bytes.push_back(text[i]);
    } else if ((c == 0xC2 || c == 0xC3) && i + 1 < text.size()) {
      bytes.push_back(static_cast<char>((c & 3) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3F)));
    } else {
      return misfit(v, t);
    }
  }
  if (t.is == kind::fixed && bytes.size() != t.size)
    return misfit(v, t);
  if (t.is == kind::bytes)
    append_bytes(out, bytes);
  else
    out += bytes;
  return true;
}

bool default_encoder::append_record(const json::value& v, type_index of, std::string& out,
                                    std::uint32_t depth) {
  const auto& t = types_[of];
  if (!v.is_object())
    return misfit(v, t);
  for (std::size_t i = 0; i < t.fields.size(); ++i) {
    const auto& f = t.fields[i];
    const auto* member = v.get_object().if_contains(json::string_view(f.name.data(), f.name.size()));
    if (member == nullptr)
      if (const auto own = written_.find({of, i}); own != written_.end())
        member = own->second;
    if (member == nullptr)
      return misfit(v, t);
    if (!append(*member, f.of, out, depth + 1))
      return false;
  }
  return true;
}

bool default_encoder::append_items(const json::value& v, const type& t, std::string& out,
                                   std::uint32_t depth) {
  const bool is_map = t.is == kind::map;
  if (is_map ? !v.is_object() : !v.is_array())
    return misfit(v, t);
  const auto count = is_map ? v.get_object().size() : v.get_array().size();
  if (count != 0)
    append_long(out, static_cast<std::int64_t>(count));
  if (is_map)
    for (const auto& member : v.get_object()) {
      append_bytes(out, {member.key().data(), member.key().size()});
      if (!append(member.value(), t.of.front(), out, depth + 1))
        return false;
    }
  else
    for (const auto& item : v.get_array())
      if (!append(item, t.of.front(), out, depth + 1))
        return false;
  append_long(out, 0);
  return true;
}

/// The first branch that fits: older versions of the specification take the first alone, newer ones any.
bool default_encoder::append_branch(const json::value& v, const type& t, std::string& out,
                                    std::uint32_t depth) {
  const auto begin = out.size();
  for (std::size_t i = 0; i < t.of.size(); ++i) {
    append_long(out, static_cast<std::int64_t>(i));
    if (append(v, t.of[i], out, depth + 1)) {
      why_.clear();
      return true;
    }
    out.resize(begin);
  }
  return misfit(v, t);
}

}  // namespace millrace::avro
