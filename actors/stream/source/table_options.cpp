#include "actors/stream/source/table_options.hpp"

#include "runtime/expression/formats/time_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::source {

using config::option_type;

std::vector<config::option> table_options(bool key_is_required, const std::string& with_key) {
  const auto of_table = key_is_required ? "" : "With `key`: ";
  return {
      {.name = "key",
       .type = option_type::text_list,
       .doc = with_key + "The columns that identify a row; no two rows have the same values there. They come "
                         "first in a record",
       .required = key_is_required,
       .plain = true},
      {.name = "every",
       .type = option_type::duration,
       .doc = fmt::format("{}The time from the start of one reading to the start of the next; where a "
                          "reading takes longer, the next one starts at once",
                          of_table),
       .default_text = "10 s",
       .minimum = 100'000},
      {.name = "deleted",
       .doc = fmt::format("{}The column of a record that is true where the row was deleted; such a record "
                          "has only the key beside it",
                          of_table),
       .default_text = "deleted",
       .plain = true},
      {.name = "first_time",
       .doc = fmt::format("{}The time that the rows of the first reading get, such as 1970-01-01, so that "
                          "rows with older times find them; default: the moment of that reading",
                          of_table),
       .plain = true},
      {.name = "max_rows",
       .type = option_type::integer,
       .doc = fmt::format(
           "{}The most rows that a table may have; a larger one is not read. A row takes some 150 "
           "bytes of memory, with a short key",
           of_table),
       .default_text = "1000000",
       .minimum = 1,
       .maximum = 100'000'000},
  };
}

void check_table_options(const config::values& o, const config::say& say) {
  const auto& key = o.text_list("key");
  if (key.empty())
    say("key", "no column says which row is meant; expected at least one");
  for (auto k = key.begin(); k != key.end(); ++k)
    if (std::find(key.begin(), k, *k) != k)
      say("key", fmt::format("column \"{}\" is named twice", *k));
  if (o.text("deleted").empty() || std::ranges::find(key, o.text("deleted")) != key.end())
    say("deleted", fmt::format("\"{}\" cannot be the name of the column that says whether a row is gone; "
                               "expected another than those of `key`",
                               o.text("deleted")));
  if (o.has("first_time"))
    if (const auto at = expression::parse_timestamp(o.text("first_time")); !at)
      say("first_time", at.error().message + "; expected a time such as 1970-01-01 or 2021-04-24T19:55:00Z");
}

expected<table_feed_options> table_feed_options_of(const config::values& o, const std::string& in_logs) {
  table_feed_options out{.in_logs = in_logs,
                         .key = o.text_list("key"),
                         .deleted = o.text("deleted"),
                         .every = o.duration("every"),
                         .most_rows = static_cast<std::uint64_t>(o.integer("max_rows"))};
  if (o.has("first_time")) {
    ASSIGN_OR_RETURN(out.first_time, expression::parse_timestamp(o.text("first_time")));
  }
  return out;
}

}  // namespace millrace::source
