#include "actors/stream/source/written_record.hpp"

namespace millrace::source {

chunk make_chunk(std::span<const written_record> records, const std::string& partition,
                 const log_shape& shape, position from) {
  chunk c;
  c.partition = partition;
  c.topic = shape.topic;
  c.lines = shape.by_bytes;
  c.from = c.to = from;
  for (const auto& r : records) {
    c.begins.push_back(static_cast<std::uint32_t>(c.bytes.size()));
    c.lengths.push_back(r.value ? static_cast<std::uint32_t>(r.value->size()) : no_value);
    if (shape.by_bytes && r.offset)
      c.to.minor = from.minor + *r.offset;
    c.positions.push_back(c.to);
    c.keys.push_back(r.key);
    c.headers.push_back(r.headers);
    if (shape.has_timestamps) {
      c.timestamps.push_back(r.timestamp.value_or(-1));
      c.timestamp_types.push_back(0);
    }
    const auto size = r.value ? r.value->size() : 0;
    if (r.value)
      c.bytes += *r.value;
    c.to.minor += shape.by_bytes ? static_cast<std::int64_t>(size) + 1 : 1;
  }
  c.bytes.append(padding, '\0');
  if (!records.empty() && records.front().schema)
    c.schemas = std::make_shared<const record_schemas>(record_schemas{.of_all = records.front().schema});
  return c;
}

}  // namespace millrace::source
