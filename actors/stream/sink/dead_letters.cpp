#include "actors/stream/sink/dead_letters.hpp"

#include "config/plan.hpp"
#include "runtime/base/utf8_text.hpp"
#include "runtime/data/key_encoding.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <vector>

namespace millrace::sink {

data::batch dead_letter_rows(std::span<const delivery::dead_letter> letters, event_micros now) {
  const auto schema = config::dead_letter_schema();
  std::vector<data::column_builder> columns;
  for (const auto& f : *schema)
    columns.emplace_back(f.type);
  const auto column = [&](std::string_view name) -> data::column_builder& {
    return columns[*schema->find(name)];
  };
  // A partition may be a file, and an error quotes what it is about: neither has to be UTF-8.
  for (const auto& l : letters) {
    const auto identity = fmt::format("{}\n{}\n{}\n{}", l.stage, l.partition, l.at.major, l.at.minor);
    column("id").append_text(fmt::format("{:016x}", data::hash_key(identity)));
    column("stage").append_text(valid_utf8(l.stage));
    column("partition").append_text(valid_utf8(l.partition));
    column("position").append_int(l.at.minor);
    column("error").append_text(valid_utf8(l.error));
    if (data::is_utf8(l.record)) {
      column("record").append_text(l.record);
      column("record_base64").append_null();
    } else {
      column("record").append_null();
      column("record_base64").append_text(data::base64(l.record));
    }
    column("time").append_int(now);
  }
  data::batch out{schema, {}, letters.size()};
  for (auto& c : columns)
    out.columns.push_back(c.finish());
  return out;
}

row_format dead_letter_format(const data::schema& rows) {
  return row_format::json(rows, {"record", "record_base64"});
}

}  // namespace millrace::sink
