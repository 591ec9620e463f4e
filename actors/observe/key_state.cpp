#include "actors/observe/key_state.hpp"

#include "actors/observe/topology_walk.hpp"
#include "config/text/report.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/key_encoding.hpp"
#include "runtime/data/render.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/window/slices.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace millrace::observe {
namespace {

namespace json = boost::json;
using data::type_id;

constexpr std::size_t shown_value = 80;
constexpr std::size_t deepest_key = 4;

unexpected wrong(std::string why) { return user_error(ec::invalid_argument, std::move(why)); }

/// The digits of a number, or what a text says; of any other value a text that is no number.
std::string digits_of(const json::value& v) {
  return data::is_text(v) ? std::string(v.get_string()) : data::json_text(v);
}

/// Returns false where the value is none of the column's type.
bool append(data::column_builder& to, const json::value& v) {
  if (v.is_null()) {
    to.append_null();
    return true;
  }
  switch (to.type().id()) {
  case type_id::boolean:
    if (v.is_bool())
      to.append_boolean(v.get_bool());
    return v.is_bool();
  case type_id::bigint: {
    decimal n;
    const bool is_whole_number =
        !data::is_text(v) && read_decimal(digits_of(v), n) == decimal_reading::ok && is_whole(n);
    const auto fits = is_whole_number ? to_bigint(n) : std::nullopt;
    if (fits)
      to.append_int(*fits);
    return fits.has_value();
  }
  case type_id::float64: {
    double n = 0;
    const auto digits = data::is_text(v) ? std::string() : digits_of(v);
    const auto* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, n);
    const bool is_number = read.ec == std::errc() && read.ptr == end;
    if (is_number)
      to.append_double(n);
    return is_number;
  }
  case type_id::numeric: {
    decimal n;
    const bool is_number = read_decimal(digits_of(v), n) == decimal_reading::ok;
    const auto fits = is_number ? data::fitted(n, to.type()) : std::nullopt;
    if (fits)
      to.append_decimal(*fits);
    return fits.has_value();
  }
  case type_id::text:
    if (data::is_text(v))
      to.append_text(v.get_string());
    return data::is_text(v);
  case type_id::timestamp: {
    const auto at =
        v.is_string() ? expression::parse_timestamp(v.get_string()) : expected<event_micros>(wrong({}));
    if (at)
      to.append_int(*at);
    return at.has_value();
  }
  case type_id::date: {
    std::int64_t days = 0;
    const bool is_day =
        v.is_string() && expression::read_date(v.get_string(), days) == expression::reading::ok;
    if (is_day)
      to.append_int(days);
    return is_day;
  }
  case type_id::json:
    to.append_text(data::json_text(v));
    return true;
  case type_id::object:
  case type_id::list:
    return false;
  }
  return false;
}

std::string form_of(const std::vector<data::field>& keys) {
  std::vector<std::string> columns;
  for (const auto& k : keys)
    columns.push_back(fmt::format("{} ({})", k.name, k.type.name()));
  return keys.size() == 1 ? fmt::format("a value of {}", columns.front())
                          : fmt::format("a JSON list or object of {}", fmt::join(columns, ", "));
}

/// The values in the order of the columns; nothing where the text is no key of these.
std::optional<std::vector<json::value>> values_of(const std::vector<data::field>& keys,
                                                  std::string_view text) {
  const bool is_json = !text.empty() && (text.front() == '[' || text.front() == '{' || text.front() == '"');
  auto value = data::read_json_value(text, {.most_depth = deepest_key});
  if (is_json && !value)
    return std::nullopt;
  if (value && value->is_array() && value->get_array().size() == keys.size())
    return std::vector<json::value>(value->get_array().begin(), value->get_array().end());
  if (value && value->is_object() && value->get_object().size() == keys.size()) {
    std::vector<json::value> out;
    for (const auto& k : keys) {
      const auto* const one = value->get_object().if_contains(k.name);
      if (one == nullptr)
        return std::nullopt;
      out.push_back(*one);
    }
    return out;
  }
  if (keys.size() != 1 || text.empty())
    return std::nullopt;
  const auto type = keys.front().type.id();
  if (!is_json && (!value || type == type_id::text || type == type_id::timestamp || type == type_id::date))
    value = json::string(text);
  return std::vector<json::value>{std::move(*value)};
}

std::string summary_of(const key_state& s, bool is_ticking) {
  if (s.windows.empty() && s.unformed.empty())
    return "no window that is open has a record of this key";
  const auto n = s.windows.size() + s.unformed.size();
  const auto have = s.are_all ? fmt::format("{} open window{}", n, n == 1 ? " has" : "s have")
                              : fmt::format("more than {} open windows have", n);
  if (is_ticking)
    return fmt::format("{} records of this key; its rows go by ticks", have);
  const auto first = s.windows.empty() ? no_watermark : s.windows.front().fires_at.at;
  if (first == no_watermark || first == end_of_time)
    return fmt::format("{} records of this key; it fires when the input ends", have);
  return fmt::format("{} records of this key; the first fires once the watermark of {} is {}, and it is {}",
                     have, s.shard, format_timestamp(first),
                     s.watermark.at == no_watermark ? "not there yet" : format_timestamp(s.watermark.at));
}

/// The watermark at which the window of a row fires.
api::event_time fires_at(const window::definition& d, const data::column& ends, std::size_t row) {
  if (d.updates || ends.is_null(row))
    return {};
  return {window::plus(ends.ints()[row], d.allowed_lateness)};
}

}  // namespace

std::string shard_of_key(const std::string& stage, const window::definition& d, std::string_view key) {
  return lasting_name(shard_name{stage, 0, shard_of_slot(slot_of(data::hash_key(key)), d.shards)});
}

expected<found_key> find_key(const config::topology& t, const std::string& stage, std::string_view text) {
  ASSIGN_OR_RETURN(const auto s, find_stage(t, stage));
  const auto* const plan = std::get_if<config::window_plan>(&s->plan);
  if (plan == nullptr)
    return wrong(fmt::format("{} is a {}; windows alone have state by key", visible(stage),
                             config::to_string(s->kind)));
  const auto& keys = plan->definition.keys;
  if (keys.empty() && !text.empty())
    return wrong(fmt::format("{} has no key; ask without one", visible(stage)));
  const auto refused = [&] {
    return wrong(
        fmt::format("{} for the key of {}; expected {}",
                    text.empty() ? "there is nothing" : "found " + visible(text.substr(0, shown_value)),
                    visible(stage), form_of(keys)));
  };
  const auto values = keys.empty() ? std::vector<json::value>() : values_of(keys, text);
  if (!values)
    return refused();
  data::batch row{std::make_shared<data::schema>(keys), {}, 1};
  found_key out;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    data::column_builder b(keys[i].type);
    if (!append(b, (*values)[i]))
      return refused();
    row.columns.push_back(b.finish());
    data::append_key(out.key, *row.columns.back(), 0);
  }
  data::append_json_row(out.shown, row, 0);
  out.shard = shard_of_key(stage, plan->definition, out.key);
  return out;
}

unexpected no_shard(const std::string& topology, const std::string& shard) {
  return outside_error(
      ec::unavailable,
      fmt::format("{} of {} does not run just now; ask again, or see how {} stands (topologies)", shard,
                  topology, topology));
}

unexpected no_answer(const std::string& shard) {
  return outside_error(
      ec::unavailable,
      fmt::format("{} has not answered in time: it is busy, or ends just now; ask again", shard));
}

key_state state_of(const config::topology& t, const std::string& stage, const found_key& at,
                   const delivery::open_windows& found, event_micros watermark, event_micros fired) {
  const auto& d = std::get<config::window_plan>(t.find(stage)->plan).definition;
  key_state out{stage, {at.shown}, at.shard, {}, {watermark}, {fired}, {}, {}, found.are_all, {}};
  for (std::size_t i = 0; found.rows && i < found.rows->rows; ++i) {
    std::string row;
    data::append_json_row(row, *found.rows, i);
    out.windows.push_back({{std::move(row)}, found.passing[i], fires_at(d, *found.rows->columns.back(), i)});
  }
  for (const auto& f : found.failed)
    out.unformed.push_back({{f.record}, f.error});
  out.summary = summary_of(out, d.updates);
  return out;
}

}  // namespace millrace::observe
