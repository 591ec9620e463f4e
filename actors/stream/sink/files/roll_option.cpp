#include "actors/stream/sink/files/roll_option.hpp"

namespace millrace::sink {

config::option roll_option(std::string doc, std::string size_doc, std::string default_size) {
  using config::option_type;
  return {.name = "roll",
          .type = option_type::object,
          .doc = std::move(doc),
          .members = {{.name = "age", .type = option_type::duration, .doc = "Time since the first row"},
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

}  // namespace millrace::sink
