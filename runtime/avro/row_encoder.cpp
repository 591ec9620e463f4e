#include "runtime/avro/row_encoder.hpp"

#include "runtime/avro/bytes_of_value.hpp"
#include "runtime/avro/clock_text.hpp"
#include "runtime/avro/datum.hpp"
#include "runtime/data/bare_json.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace millrace::avro {
namespace {

// Lists of records with defaults multiply: no record of Kafka is as long.
constexpr std::size_t longest_datum = std::size_t{256} << 20;

/// Whether the whole number is one of that Real, and no other one.
template<class Real>
bool is_exact(std::int64_t v) {
  const auto real = static_cast<Real>(v);
  constexpr Real end = 9223372036854775808.0;  // 2^63, which is no int64
  return real < end && static_cast<std::int64_t>(real) == v;
}

constexpr std::int64_t floor_to_millis(std::int64_t micros) {
  constexpr std::int64_t micros_of_a_milli = 1'000;
  return micros / micros_of_a_milli - (micros % micros_of_a_milli < 0 ? 1 : 0);
}

}  // namespace

tl::expected<row_encoder, std::vector<unwritable>> row_encoder::of(schema_ptr schema,
                                                                   const data::schema& rows,
                                                                   const std::vector<std::size_t>& columns,
                                                                   bool is_bare) {
  auto root = writing_of(*schema, rows, columns, is_bare);
  if (!root)
    return tl::make_unexpected(std::move(root).error());
  const bool is_record = schema->root().is == kind::record && root->how == put::record;
  row_encoder out(std::move(schema), std::move(*root),
                  is_record ? std::nullopt : std::optional(columns.front()));
  if (out.bare_)
    out.bare_name_ = rows[*out.bare_].name;
  return out;
}

bool row_encoder::append(std::string& out, const data::batch& rows, std::size_t row) {
  most_ = out.size() + longest_datum;
  if (!bare_)
    return append_fields(out, root_, rows.columns, row);
  if (append_value(out, root_, *rows.columns[*bare_], row))
    return true;
  path_ = "." + bare_name_ + path_;
  return false;
}

std::string row_encoder::why() const {
  return fmt::format("the column \"{}\": {}", path_.empty() ? path_ : path_.substr(1), why_);
}

bool row_encoder::fail(std::string why) {
  why_ = std::move(why);
  path_.clear();
  return false;
}

bool row_encoder::fail_null(const writing& w) {
  return fail(fmt::format("it is null, and {} takes no null", w.field));
}

bool row_encoder::append_fields(std::string& out, const writing& w,
                                const std::vector<data::column_ptr>& columns, std::size_t row) {
  for (const auto& m : w.members) {
    if (m.column != writing::no_column) [[likely]] {
      if (append_value(out, m, *columns[m.column], row)) [[likely]]
        continue;
      path_ = "." + m.name + path_;
      return false;
    }
    if (m.null_branch >= 0)
      append_long(out, m.null_branch);
    else
      out += m.constant;
  }
  return true;
}

bool row_encoder::append_value(std::string& out, const writing& w, const data::column& c, std::size_t row) {
  if (c.is_null(row)) {
    if (w.null_branch < 0)
      return fail_null(w);
    append_long(out, w.null_branch);
    return true;
  }
  if (w.branch >= 0)
    append_long(out, w.branch);
  switch (w.how) {
  case put::boolean:
    out += c.boolean_at(row) ? '\1' : '\0';
    return true;
  case put::integer:
    append_long(out, c.ints()[row]);
    return true;
  case put::real:
    append_real(out, c.doubles()[row]);
    return true;
  case put::text:
    append_bytes(out, c.text_at(row));
    return true;
  case put::record:
    return append_fields(out, w, c.children(), row);
  case put::array:
    return append_list(out, w, c, row);
  case put::decimal:
  case put::whole_number:
    return append_decimal(out, w, c, row);
  case put::millis:
    append_long(out, floor_to_millis(c.ints()[row]));
    return true;
  case put::short_integer:
  case put::short_real:
  case put::integer_as_real:
  case put::integer_as_short_real:
    return append_number(out, w, c, row);
  case put::text_of_value:
    scratch_.clear();
    data::append_text_value(scratch_, c, row);
    append_bytes(out, scratch_);
    return true;
  case put::symbol:
  case put::binary:
  case put::fixed_binary:
  case put::uuid_text:
  case put::uuid_bytes:
  case put::time_millis:
  case put::time_micros:
    return append_text(out, w, c, row);
  case put::text_of_json:
    return append_text_of_json(out, w, c, row);
  case put::json:
    return append_json(out, w, c, row);
  }
  return false;
}

bool row_encoder::append_list(std::string& out, const writing& w, const data::column& c, std::size_t row) {
  const auto from = c.offsets()[row];
  const auto to = c.offsets()[row + 1];
  if (to > from)
    append_long(out, to - from);
  const auto& items = *c.children()[0];
  for (auto i = from; i < to; ++i) {
    if (!append_value(out, w.members.front(), items, static_cast<std::size_t>(i))) {
      path_ = fmt::format("[{}]{}", i - from, path_);
      return false;
    }
    if (out.size() > most_)
      return fail(fmt::format("the record has more than {} MiB", longest_datum >> 20));
  }
  append_long(out, 0);  // no block follows
  return true;
}

bool row_encoder::append_number(std::string& out, const writing& w, const data::column& c, std::size_t row) {
  const auto beyond = [&](std::string_view type) {
    std::string text;
    data::append_text_value(text, c, row);
    return fail(fmt::format("{0} does not fit {2}, which is {1}", text, type, w.field));
  };
  if (w.how == put::short_real) {
    const auto v = c.doubles()[row];
    const auto real = static_cast<float>(v);
    if (std::isfinite(v) && !std::isfinite(real))
      return beyond("float");
    append_real(out, real);
    return true;
  }
  const auto v = c.ints()[row];
  if (w.how == put::short_integer) {
    if (v != static_cast<std::int32_t>(v))
      return beyond("int of 32 bits");
    append_long(out, v);
  } else if (w.how == put::integer_as_real) {
    if (!is_exact<double>(v))
      return beyond("double");
    append_real(out, static_cast<double>(v));
  } else {
    if (!is_exact<float>(v))
      return beyond("float");
    append_real(out, static_cast<float>(v));
  }
  return true;
}

bool row_encoder::append_text(std::string& out, const writing& w, const data::column& c, std::size_t row) {
  const auto text = c.text_at(row);
  const auto& t = (*schema_)[w.of];
  const auto is_no = [&](std::string_view what) {
    return fail(fmt::format("\"{0}\" does not fit {2}, which is {1}", data::excerpt(text), what, w.field));
  };
  switch (w.how) {
  case put::symbol: {
    const auto known = w.symbols.find(text);
    if (known == w.symbols.end())
      return fail(fmt::format("\"{}\" is none of the symbols of {}, which {} is", data::excerpt(text),
                              describe(*schema_, w.of), w.field));
    append_long(out, known->second);
    return true;
  }
  case put::binary:
  case put::fixed_binary: {
    const auto bytes = data::from_base64(text);
    if (!bytes)
      return is_no("bytes, written as base64");
    if (w.how == put::binary) {
      append_bytes(out, *bytes);
      return true;
    }
    if (bytes->size() != t.size)
      return fail(fmt::format("\"{}\" has {} bytes, and {} has {}", data::excerpt(text), bytes->size(),
                              w.field, t.size));
    out += *bytes;
    return true;
  }
  case put::uuid_text:
    scratch_.clear();
    if (!append_uuid(scratch_, text))
      return is_no("a UUID");
    append_bytes(out, text);
    return true;
  case put::uuid_bytes:
    return append_uuid(out, text) || is_no("a UUID");
  default:
    break;
  }
  const auto time = time_of_day_in(text);
  if (!time)
    return is_no("a time of day such as 19:55:00");
  append_long(out, w.how == put::time_millis ? floor_to_millis(*time) : *time);
  return true;
}

bool row_encoder::append_decimal(std::string& out, const writing& w, const data::column& c, std::size_t row) {
  const auto& t = (*schema_)[w.of];
  if (w.is_same_scale) {
    append_units(out, c.decimals()[row].units(), t);
    return true;
  }
  const auto v = c.type().id() == data::type_id::bigint ? decimal_of(c.ints()[row]) : c.decimals()[row];
  if (w.how == put::decimal) {
    if (append_as_decimal(out, v, t))
      return true;
  } else if (const auto whole = at_scale(v, 0)) {
    const auto units = whole->units();
    const auto least = t.is == kind::int32 ? std::int64_t{std::numeric_limits<std::int32_t>::min()}
                                           : std::numeric_limits<std::int64_t>::min();
    const auto most = t.is == kind::int32 ? std::int64_t{std::numeric_limits<std::int32_t>::max()}
                                          : std::numeric_limits<std::int64_t>::max();
    if (units >= least && units <= most) {
      append_long(out, static_cast<std::int64_t>(units));
      return true;
    }
  }
  return fail(
      fmt::format("{0} does not fit {2}, which is {1}", text_of(v), describe(*schema_, w.of), w.field));
}

bool row_encoder::append_text_of_json(std::string& out, const writing& w, const data::column& c,
                                      std::size_t row) {
  const auto json = c.text_at(row);
  const bool is_null = data::is_json_null(json);
  if (is_null && w.null_branch < 0)
    return fail_null(w);
  if (const auto& t = (*schema_)[w.of]; t.is == kind::one_of) {
    const auto branch =
        std::ranges::find_if(t.of, [&](type_index b) { return ((*schema_)[b].is == kind::null) == is_null; });
    append_long(out, branch - t.of.begin());
  }
  if (is_null)
    return true;
  const auto text = data::bare_json(json, scratch_);
  if (!text)
    return fail(fmt::format("{} is not JSON", data::excerpt(json)));
  append_bytes(out, *text);
  return true;
}

bool row_encoder::append_json(std::string& out, const writing& w, const data::column& c, std::size_t row) {
  if (json_.append(out, c.text_at(row), w.of))
    return true;
  fail(fmt::format("{}, in {}", json_.why(), w.field));
  path_ = json_.path();
  return false;
}

}  // namespace millrace::avro
