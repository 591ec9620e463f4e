#include "runtime/avro/json_text.hpp"

#include "runtime/avro/scalar_value.hpp"
#include "runtime/avro/skip.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <span>

namespace millrace::avro {
namespace {

struct scalar_as_json {
  std::string& out;

  void operator()(null_value) const { out += "null"; }
  void operator()(bool v) const { out += v ? "true" : "false"; }
  void operator()(std::int64_t v) const { fmt::format_to(std::back_inserter(out), "{}", v); }
  void operator()(double v) const {
    const char* const quote = std::isfinite(v) ? "" : "\"";
    out += quote;
    data::append_double(out, v);
    out += quote;
  }
  void operator()(std::string_view v) const { data::append_json_string(out, v); }
  void operator()(const decimal& v) const { append_decimal(out, v); }
  void operator()(date_value v) const {
    out.push_back('"');
    append_date(out, v.days);
    out.push_back('"');
  }
  void operator()(timestamp_value v) const {
    out.push_back('"');
    append_timestamp(out, v.micros);
    out.push_back('"');
  }
};

}  // namespace

bool json_text::append(reading_index i, cursor& at, std::string& out, std::size_t most) {
  most_ = most;
  is_too_long_ = false;
  why_.clear();
  path_.clear();
  members_.clear();
  return append_value(i, at, out, 0);
}

bool json_text::append_value(reading_index i, cursor& at, std::string& out, std::uint32_t depth) {
  const auto& r = (*how_)[i];
  is_too_long_ = is_too_long_ || out.size() > most_;
  if (is_too_long_)
    return false;
  switch (r.as) {
  case content::nothing:
    return fail(r.problem);
  case content::record:
  case content::array:
  case content::map:
  case content::one_of:
    break;
  default:
    return append_scalar(r, at, out);
  }
  if (depth >= deepest_value)
    return fail(fmt::format("the value is nested deeper than {} levels", deepest_value));
  if (r.as == content::record)
    return append_record(r, at, out, depth);
  if (r.as != content::one_of)
    return append_items(r, at, out, depth);
  std::size_t branch = 0;
  if (!at.index(r.of.size(), branch))
    return fail(no_branch(branch, r.of.size(), at));
  return append_value(r.of[branch], at, out, depth + 1);
}

bool json_text::append_scalar(const reading& r, cursor& at, std::string& out) {
  scalar_value v;
  if (!read_scalar(r, at, v, scratch_, why_))
    return false;
  if (r.as == content::text)
    if (const auto text = std::get<std::string_view>(v); !is_plain_text(text) && !data::is_utf8(text))
      return fail("the string is not UTF-8");
  std::visit(scalar_as_json{out}, v);
  return true;
}

bool json_text::append_record(const reading& r, cursor& at, std::string& out, std::uint32_t depth) {
  if (!r.problem.empty())
    return fail(r.problem);
  bool is_first = true;
  const auto append_member = [&](const std::string& name, reading_index i, cursor& from) {
    if (!is_first)
      out.push_back(',');
    is_first = false;
    data::append_json_string(out, name);
    out.push_back(':');
    if (append_value(i, from, out, depth + 1))
      return true;
    path_.insert(0, "." + name);
    return false;
  };
  out.push_back('{');
  for (const auto& m : r.members)
    if (m.of) {
      if (!append_member(m.name, *m.of, at))
        return false;
    } else if (!skip(how_->writer(), m.skipped, at, depth + 1)) {
      return fail(at.ended() ? "the record ends before its fields do"
                             : "the bytes are not a field of the writer's schema");
    }
  for (const auto& d : r.defaults) {
    cursor datum(d.datum);
    if (!append_member(d.name, d.of, datum))
      return false;
  }
  out.push_back('}');
  return true;
}

void json_text::keep_last_members(std::size_t first, std::string& out) {
  const std::span all(members_.begin() + static_cast<std::ptrdiff_t>(first), members_.end());
  std::vector<std::uint32_t> by_key(all.size() < 2 ? 0 : all.size());
  std::iota(by_key.begin(), by_key.end(), 0U);
  std::ranges::sort(
      by_key, [&](auto a, auto b) { return all[a].key != all[b].key ? all[a].key < all[b].key : a < b; });
  std::vector<bool> is_kept;
  for (std::size_t i = 0; i + 1 < by_key.size(); ++i)
    if (all[by_key[i]].key == all[by_key[i + 1]].key) {
      is_kept.resize(all.size(), true);
      is_kept[by_key[i]] = false;
    }
  if (!is_kept.empty()) {
    const auto begin = all.front().begin;
    std::string kept;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (is_kept[i]) {
        const auto end = i + 1 < all.size() ? all[i + 1].begin - 1 : out.size();  // a comma stands between
        kept += kept.empty() ? "" : ",";
        kept.append(out, all[i].begin, end - all[i].begin);
      }
    out.replace(begin, std::string::npos, kept);
  }
  members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(first), members_.end());
}

bool json_text::append_items(const reading& r, cursor& at, std::string& out, std::uint32_t depth) {
  const bool keyed = r.as == content::map;
  out.push_back(keyed ? '{' : '[');
  std::size_t index = 0;
  const auto first = members_.size();
  const auto append_item = [&] {
    if (index > 0)
      out.push_back(',');
    std::string_view key;
    if (keyed) {
      if (!at.bytes(key))
        return fail(unreadable(kind::string, at));
      if (!is_plain_text(key) && !data::is_utf8(key))
        return fail("the map's key is not UTF-8");
      members_.push_back({key, out.size()});
      data::append_json_string(out, key);
      out.push_back(':');
    }
    if (!append_value(r.of.front(), at, out, depth + 1)) {
      path_.insert(0, keyed ? "." + data::excerpt(key) : fmt::format("[{}]", index));
      return false;
    }
    ++index;
    return true;
  };
  if (!read_blocks(r.from, at, why_, append_item))
    return false;
  keep_last_members(first, out);
  out.push_back(keyed ? '}' : ']');
  return true;
}

}  // namespace millrace::avro
