#include "actors/connectors/kafka/sink/record_schema.hpp"

#include "actors/connectors/kafka/sink/json_schema.hpp"
#include "actors/connectors/kafka/sink/made_message.hpp"
#include "runtime/avro/made_schema.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::sink {
namespace {

using registry::schema_kind;

// A stop waits as long at most; an answer of a registry that is there takes some milliseconds.
constexpr std::chrono::seconds patience_with_registry{2};

expected<std::string> made_of_columns(const schema_wish& wish, const std::vector<data::field>& columns) {
  switch (wish.kind) {
  case schema_kind::avro:
    return wish.is_bare ? avro::schema_of_value(wish.record, columns.front().type)
                        : avro::schema_of_columns(wish.record, columns);
  case schema_kind::protobuf:
    return message_of_columns(wish.record, columns);
  case schema_kind::json:
    return wish.is_bare ? json_schema_of_value(columns.front().type)
                        : json_schema_of_columns(wish.record, columns);
  }
  return std::string();
}

/// A zero byte and the id, big-endian, then what the format has between them and the record.
std::string prefix_of(std::uint64_t id, const std::string& head) {
  constexpr int bits_of_id = 32;
  std::string out(1, '\0');
  for (int shift = bits_of_id - 8; shift >= 0; shift -= 8)
    out += static_cast<char>(id >> shift & 0xFF);
  return out + head;
}

}  // namespace

expected<record_schema> record_schema::make(schema_wish wish, data::schema_ptr rows) {
  if (wish.is_newest)
    return record_schema(std::move(wish), std::move(rows), {});
  std::string text;
  if (wish.text) {
    text = *wish.text;
  } else {
    std::vector<data::field> columns;
    for (const auto c : wish.columns)
      columns.push_back((*rows)[c]);
    ASSIGN_OR_RETURN(text, made_of_columns(wish, columns));
  }
  record_schema out(std::move(wish), std::move(rows), std::move(text));
  const auto& w = out.wish_;
  ASSIGN_OR_RETURN(out.encoder_,
                   make_encoder(w.kind, out.text_, w.message, {*out.rows_, w.columns, w.is_bare}));
  return out;
}

schema_lookup::question record_schema::question_of(bool may_add) const {
  if (wish_.is_newest)
    return [subject = wish_.subject](registry::client& from) -> expected<schema_in_registry> {
      ASSIGN_OR_RETURN(auto newest, from.newest_with_id(subject));
      return schema_in_registry{newest.id, std::move(newest.text)};
    };
  return [subject = wish_.subject, schema = registry::schema{wish_.kind, text_, {}, {}},
          may_add](registry::client& from) -> expected<schema_in_registry> {
    ASSIGN_OR_RETURN(const auto id, may_add ? from.add(subject, schema) : from.id_in(subject, schema));
    if (!id.found)
      return user_error(
          ec::refused,
          fmt::format(
              "the subject \"{}\" has no version with the schema of these rows ({}); say \"register\": "
              "true, or add it there: {}",
              subject, id.why, schema.text));
    return schema_in_registry{*id.found, {}};
  };
}

expected<void> record_schema::find(const registry::access& where, bool may_add) {
  if (!prefix_.empty() && !wish_.is_newest)
    return {};
  if (!asked_)
    asked_ = std::make_unique<schema_lookup>(where, wish_.kind, question_of(may_add));
  const auto answer = asked_->wait(patience_with_registry);
  if (!answer)
    return outside_error(ec::unavailable,
                         fmt::format("the schema registry {} has not answered yet about the subject \"{}\"",
                                     where.url, wish_.subject));
  asked_.reset();
  if (!*answer)
    return unexpected(answer->error());
  return take(**answer);
}

expected<void> record_schema::take(const schema_in_registry& found) {
  if (wish_.is_newest && (!encoder_ || text_ != found.text)) {
    auto made = make_encoder(wish_.kind, found.text, wish_.message, {*rows_, wish_.columns, wish_.is_bare});
    if (!made) {
      made.error().message =
          fmt::format("the newest schema of the subject \"{}\": {}", wish_.subject, made.error().message);
      return unexpected(std::move(made).error());
    }
    encoder_ = std::move(*made);
    text_ = found.text;
  }
  prefix_ = prefix_of(found.id, encoder_->head());
  return {};
}

}  // namespace millrace::sink
