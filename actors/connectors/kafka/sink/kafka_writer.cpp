#include "actors/connectors/kafka/sink/kafka_writer.hpp"

#include "actors/connectors/kafka/sink/position_store.hpp"
#include "runtime/data/plain_numeric.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace millrace::sink {
namespace {

constexpr std::chrono::seconds settings_patience{5};

// A rejected row may be of any size; its parts fit into every positions topic.
constexpr std::size_t chunk_size = 256 * 1024;

std::optional<std::string_view> bare(std::string& buffer, const data::column& c, std::size_t row) {
  if (c.is_null(row))
    return std::nullopt;
  if (c.type().is_bytes())
    return c.text_at(row);
  buffer.clear();
  data::append_text_value(buffer, c, row);
  return buffer;
}

/// Equal numerics are one key.
std::optional<std::string_view> bare_key(std::string& buffer, const data::column& c, std::size_t row) {
  if (!data::is_plain_numeric(c.type()) || c.is_null(row))
    return bare(buffer, c, row);
  buffer.clear();
  append_decimal(buffer, without_end_zeros(c.decimals()[row]));
  return buffer;
}

/// The bytes that a text column has as base64, in the buffer; none for null. An error: it has something else.
tl::expected<std::optional<std::string_view>, std::string>
bytes_of_base64(std::string& buffer, const data::batch& rows, std::size_t column, std::size_t row) {
  const auto& c = *rows.columns[column];
  if (c.is_null(row))
    return std::nullopt;
  auto bytes = data::from_base64(c.text_at(row));
  if (!bytes)
    return tl::make_unexpected(fmt::format("the column \"{}\" is not base64: {}", (*rows.schema)[column].name,
                                           data::excerpt(c.text_at(row))));
  buffer = std::move(*bytes);
  return buffer;
}

bool is_true(const data::column& c, std::size_t row) { return !c.is_null(row) && c.boolean_at(row); }

std::string row_text(const row_format& json, const data::batch& b, std::size_t row) {
  std::string text;
  json.append(text, b, row);
  text.pop_back();  // the line end
  return text;
}

}  // namespace

topic_limits limits_of(const kafka::client& c, const std::string& topic) {
  topic_limits limits;
  const auto settings = kafka::topic_settings(c, topic, settings_patience);
  if (!settings)
    return limits;
  if (const auto policy = settings->find("cleanup.policy"); policy != settings->end())
    limits.compacted = policy->second.find("compact") != std::string::npos;
  if (const auto most = settings->find("max.message.bytes"); most != settings->end()) {
    std::int64_t bytes = 0;
    const auto& digits = most->second;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), bytes).ec == std::errc{})
      limits.batch_bytes = bytes;
  }
  return limits;
}

expected<void> kafka_writer::write(const data::batch& rows) {
  if (!producer_)
    return our_error("write to a Kafka sink that is not open");
  auto done = [&]() -> expected<void> {
    RETURN_IF_ERROR(producer_->begin());
    const auto shown = json_.shown(rows);
    for (std::size_t row = 0; row < rows.rows; ++row)
      RETURN_IF_ERROR(produce_row(rows, shown, row));
    return {};
  }();
  if (!done)
    producer_.reset();
  return done;
}

tl::expected<std::optional<std::string_view>, std::string> kafka_writer::key_of(const data::batch& rows,
                                                                                std::size_t row) {
  if (!options_.key)
    return std::nullopt;
  const auto& column = *rows.columns[*options_.key];
  if (options_.key_is_base64)
    return bytes_of_base64(key_, rows, *options_.key, row);
  if (!options_.key_schema)
    return bare_key(key_, column, row);
  if (column.is_null(row))
    return std::nullopt;
  key_.clear();
  if (!options_.key_schema->append(key_, rows, row))
    return tl::make_unexpected("the key: " + options_.key_schema->why());
  return key_;
}

expected<void> kafka_writer::produce_row(const data::batch& rows, const data::batch& shown, std::size_t row) {
  const auto found = key_of(rows, row);
  if (!found)
    return reject(shown, row, found.error());
  const auto& key = *found;
  std::optional<std::string_view> value;
  if (limits_.compacted && !key)
    return reject(shown, row, fmt::format("topic \"{}\" is compacted and takes no null key", options_.topic));
  if (options_.deletes && is_true(*rows.columns[*options_.deletes], row)) {
    value = std::nullopt;
  } else if (options_.value) {
    if (!options_.value_is_base64) {
      value = bare(value_, *rows.columns[*options_.value], row);
    } else {
      const auto bytes = bytes_of_base64(value_, rows, *options_.value, row);
      if (!bytes)
        return reject(shown, row, bytes.error());
      value = *bytes;
    }
  } else if (options_.value_schema) {
    value_.clear();
    if (!options_.value_schema->append(value_, shown, row))
      return reject(shown, row, options_.value_schema->why());
    value = value_;
  } else {
    value_.clear();
    json_.append(value_, shown, row);
    value_.pop_back();  // the line end
    value = value_;
  }
  if (const auto bytes = (key ? key->size() : 0) + (value ? value->size() : 0); bytes > largest_)
    return reject(
        shown, row,
        fmt::format(
            "a record of {} bytes: topic \"{}\" takes at most {} (max.message.bytes, less what a batch "
            "needs itself)",
            bytes, options_.topic, largest_));
  return producer_->produce(options_.topic, -1, key, value);
}

/// The row goes to the positions topic, in parts, within the same transaction.
expected<void> kafka_writer::reject(const data::batch& shown, std::size_t row, const std::string& why) {
  RETURN_IF_ERROR(need_positions_topic());
  wire::writer out;
  out.string(why);
  out.raw(row_text(json_, shown, row));
  const std::string_view bytes = out.bytes();
  auto& r = rejections_.emplace_back();
  r.sequence = record_.next_rejected++;
  for (std::size_t at = 0; at < bytes.size(); at += chunk_size)
    RETURN_IF_ERROR(producer_->produce(std::string(positions_topic), 0, chunk_key(r.sequence, r.chunks++),
                                       bytes.substr(at, chunk_size), at == 0 ? &r.first : nullptr));
  return {};
}

expected<void> kafka_writer::need_positions_topic() {
  if (has_positions_topic_)
    return {};
  const std::string topic(positions_topic);
  auto found = kafka::partition_count(*reader_, topic, look_up_patience);
  if (!found && found.error().code == ec::not_found) {
    RETURN_IF_ERROR(kafka::create_topic(*reader_, topic, 1,
                                        options_.create ? options_.create->replication : -1, patience,
                                        {{"cleanup.policy", "compact"}}));
  } else if (!found) {
    return unexpected(found.error());
  }
  has_positions_topic_ = true;
  return {};
}

expected<std::uint64_t> kafka_writer::commit(const progress& p) {
  if (!producer_)
    return our_error("commit to a Kafka sink that is not open");
  const auto refused = rejections_.size();
  const auto done = [&]() -> expected<void> {
    RETURN_IF_ERROR(producer_->begin());
    record_.at = p;
    if (!rejections_.empty())
      if (auto flushed = producer_->flush(); !flushed)  // their places are known only then
        return flushed;
    for (const auto& r : rejections_)
      record_.rejected.push_back({r.sequence, r.first.partition, r.first.offset, r.chunks});
    for (const auto& f : forgotten_)
      for (std::uint32_t chunk = 0; chunk < f.chunks; ++chunk)
        RETURN_IF_ERROR(producer_->produce(std::string(positions_topic), f.partition,
                                           chunk_key(f.sequence, chunk), std::nullopt));
    RETURN_IF_ERROR(store_record(encode_position(record_)));
    return finish();
  }();
  if (!done) {
    producer_.reset();
    return unexpected(done.error());
  }
  rejections_.clear();
  forgotten_.clear();
  return refused;
}

/// Puts the record into the envelope if it is short enough, else into the positions topic.
expected<void> kafka_writer::store_record(std::string bytes) {
  envelope_.record = std::move(bytes);
  if (encode_envelope(envelope_).size() <= metadata_limit)
    return {};
  RETURN_IF_ERROR(need_positions_topic());
  receipt where;
  RETURN_IF_ERROR(producer_->produce(std::string(positions_topic), 0, group_ + "/position",
                                     std::get<std::string>(envelope_.record), &where));
  // Waits for the brokers, so that `where` is filled in, and no longer used.
  if (auto flushed = producer_->flush(); !flushed) {
    producer_.reset();
    return flushed;
  }
  envelope_.record = record_pointer{where.partition, where.offset};
  return {};
}

/// The position into the transaction, and the commit.
expected<void> kafka_writer::finish() {
  ++envelope_.sequence;
  RETURN_IF_ERROR(producer_->send_position(
      group_, options_.topic, static_cast<std::int64_t>(envelope_.sequence), encode_envelope(envelope_)));
  auto done = producer_->commit();
  if (done)
    committed_ = envelope_.sequence;
  return done;
}

expected<std::vector<rejected_row>> kafka_writer::rejected(std::uint64_t after, std::size_t limit) {
  const auto& all = record_.rejected;
  const auto begin = std::find_if(all.begin(), all.end(), [&](const auto& r) { return r.sequence > after; });
  const auto end = begin + std::min(all.end() - begin, static_cast<std::ptrdiff_t>(limit));
  std::vector<rejected_row> rows;
  if (begin == end)
    return rows;
  // One pass over the topic for all of them; what stands between belongs to others, or to transactions that
  // were rolled back: those have the same key, but lie before the place.
  auto place = begin;
  std::uint32_t chunks = 0;
  std::string bytes;
  auto read = read_positions(*reader_, begin->partition, begin->offset, [&](const stored_part& part) {
    if (part.offset < place->offset || part.key != chunk_key(place->sequence, chunks))
      return false;
    bytes += part.value;
    if (++chunks < place->chunks)
      return false;
    wire::reader in(bytes);
    auto& r = rows.emplace_back();
    r.sequence = place->sequence;
    r.error = in.string();
    r.record = in.raw(in.remaining());
    bytes.clear();
    chunks = 0;
    return ++place == end;
  });
  if (!read)
    return unexpected(read.error());
  return rows;
}

std::string kafka_writer::chunk_key(std::uint64_t sequence, std::uint32_t chunk) const {
  return fmt::format("{}/rejected/{}/{}", group_, sequence, chunk);
}

void kafka_writer::forget_rejected(std::uint64_t up_to) {
  auto& all = record_.rejected;
  const auto kept = std::find_if(all.begin(), all.end(), [&](const auto& r) { return r.sequence > up_to; });
  forgotten_.insert(forgotten_.end(), all.begin(), kept);
  all.erase(all.begin(), kept);
}

expected<void> kafka_writer::keep_alive() {
  if (!producer_ || producer_->is_open())
    return {};
  auto kept = producer_->begin();
  if (kept)
    kept = finish();
  if (!kept)
    producer_.reset();
  return kept;
}

}  // namespace millrace::sink
