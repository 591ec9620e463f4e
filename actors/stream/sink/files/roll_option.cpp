#include "actors/stream/sink/files/roll_option.hpp"

#include <algorithm>

namespace millrace::sink {

bool roll_options::is_full(std::uint64_t row_count, std::uint64_t bytes) const {
  return (rows && row_count >= *rows) || (size && bytes >= *size);
}

std::optional<micros> roll_options::left(event_micros since, event_micros now) const {
  if (!age || since == 0)
    return std::nullopt;
  return std::max(micros(0), micros(since - now) + *age);
}

bool roll_options::is_due(std::uint64_t row_count, std::uint64_t bytes, event_micros since,
                          event_micros now) const {
  return is_full(row_count, bytes) || left(since, now) == micros(0);
}

config::option roll_option(std::string doc, std::string size_doc, std::string default_size) {
  using config::option_type;
  return {.name = "roll",
          .type = option_type::object,
          .doc = std::move(doc),
          .members = {{.name = "age",
                       .type = option_type::duration,
                       .doc = "Time by the clock, not event time, since the first row was committed"},
                      {.name = "size",
                       .type = option_type::size,
                       .doc = std::move(size_doc),
                       .default_text = std::move(default_size),
                       .minimum = 1},
                      {.name = "rows", .type = option_type::integer, .doc = "Number of rows", .minimum = 1}}};
}

roll_options roll_of(const config::values& options) {
  roll_options roll;
  if (!options.has("roll"))
    return roll;
  const auto& given = options.object("roll");
  if (given.has("age"))
    roll.age = given.duration("age");
  if (given.has("size"))
    roll.size = given.size("size");
  if (given.has("rows"))
    roll.rows = static_cast<std::uint64_t>(given.integer("rows"));
  return roll;
}

part_options parts_of(const config::values& options) {
  part_options parts{roll_of(options), {}};
  if (options.has("keep"))
    parts.keep = static_cast<std::uint64_t>(options.integer("keep"));
  return parts;
}

}  // namespace millrace::sink
