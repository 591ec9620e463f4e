#include "actors/parsers/hidden_columns.hpp"

#include "runtime/base/utf8_text.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace millrace::parser {
namespace {

/// A file's name may have any bytes.
void append_name(const std::string& name, data::column_builder& to) {
  to.append_text(data::is_utf8(name) ? name : valid_utf8(name));
}

}  // namespace

hidden_columns::hidden_columns(const parser_options& options)
    : raw_is_base64_(options.is_binary), keys_(options.keys) {
  constexpr std::array<std::pair<std::string_view, content>, 8> names{
      {{"_raw", content::raw},
       {"_key", content::key},
       {"_timestamp", content::timestamp},
       {"_timestamp_type", content::timestamp_type},
       {"_topic", content::topic},
       {"_partition", content::partition},
       {"_position", content::position},
       {"_headers", content::headers}}};
  for (auto i = options.declared; i < options.schema->size(); ++i)
    for (const auto& [name, what] : names)
      if (options.used[i] && (*options.schema)[i].name == name) {
        columns_.push_back({i, what});
        wants_key_ = wants_key_ || what == content::key;
        key_is_bigint_ = key_is_bigint_ ||
                         (what == content::key && (*options.schema)[i].type.id() == data::type_id::bigint);
        wants_timestamp_ = wants_timestamp_ || what == content::timestamp;
      }
}

bool hidden_columns::check(const source::chunk& c, std::size_t record) {
  if (wants_timestamp_ && !is_timestamp(stored_timestamp(c, record).value_or(0))) {
    why_ =
        fmt::format("column \"_timestamp\": the time that the source stores with the record {}; Kafka counts "
                    "milliseconds since 1970: does its producer send another unit?",
                    beyond_timestamps);
    return false;
  }
  key_.reset();
  if (wants_key_ && record < c.keys.size() && c.keys[record])
    return check_key(c, *c.keys[record]);
  return true;
}

bool hidden_columns::check_key(const source::chunk& c, std::string_view key) {
  if (keys_ != nullptr) {
    key_json_.clear();
    if (keys_->decode(c, key, key_json_))
      return true;
    why_ = keys_->why();
    return false;
  }
  if (key_is_bigint_) {
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(key.data(), key.data() + key.size(), number);
    if (problem == std::errc() && end == key.data() + key.size()) {
      key_ = number;
      return true;
    }
    why_ = fmt::format(
        "column \"_key\": found {}, expected bigint, a key of 8 bytes or of 4; say \"key\": \"bytes\" in "
        "the source, or leave _key out of the topology",
        data::excerpt(key));
    return false;
  }
  const auto why = data::why_no_text(key);
  if (!why.empty())
    why_ = fmt::format(
        "column \"_key\": the record's key {}; say \"key\": \"bigint\" or \"bytes\" in the source, or "
        "leave _key out of the topology",
        why);
  return why.empty();
}

void hidden_columns::append(const source::chunk& c, std::size_t record,
                            std::vector<data::column_builder>& out) const {
  for (const auto& [index, what] : columns_) {
    auto& column = out[index];
    switch (what) {
    case content::raw:
      if (c.lengths[record] == source::no_value)
        column.append_null();
      else if (raw_is_base64_)
        column.append_text(data::base64(c.record(record)));
      else
        column.append_text(c.record(record));
      break;
    case content::key:
      if (key_)
        column.append_int(*key_);
      else if (!key_is_bigint_ && record < c.keys.size() && c.keys[record])
        column.append_text(keys_ != nullptr ? key_json_ : *c.keys[record]);
      else
        column.append_null();
      break;
    case content::timestamp:
      if (const auto t = stored_timestamp(c, record))
        column.append_int(*t);
      else
        column.append_null();
      break;
    case content::timestamp_type:
      if (record < c.timestamp_types.size())
        column.append_int(c.timestamp_types[record]);
      else
        column.append_null();
      break;
    case content::topic:
      append_name(c.topic, column);
      break;
    case content::partition:
      append_name(c.partition, column);
      break;
    case content::position:
      column.append_int(c.positions[record].minor);
      break;
    case content::headers:
      if (record < c.headers.size())
        column.append_text(c.headers[record]);
      else
        column.append_null();
      break;
    }
  }
}

}  // namespace millrace::parser
