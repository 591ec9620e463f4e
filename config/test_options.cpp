#include "config/test_options.hpp"

namespace millrace::config {

using enum option_type;

const std::vector<option>& test_file_options() {
  static const std::vector<option> all{
      {.name = "millrace",
       .type = integer,
       .doc = "The version of the language that the file is written in",
       .required = true,
       .minimum = 1,
       .maximum = 1},
      {.name = "topology",
       .doc = "The topology under test; relative to this file, as all paths here",
       .required = true,
       .plain = true},
      {.name = "with",
       .type = text_list,
       .doc = "Files laid over it (JSON merge patch), as by --with",
       .plain = true},
      {.name = "set", .type = text_list, .doc = "PATH=VALUE, as by --set", .plain = true},
      {.name = "cases", .type = any, .doc = "A list of cases", .required = true},
  };
  return all;
}

const std::vector<option>& test_case_options() {
  static const std::vector<option> all{
      {.name = "name", .doc = "What the case shows, as a sentence", .required = true, .plain = true},
      {.name = "input",
       .type = any,
       .doc =
           "Records by source; or a list of such maps, with {\"advance\": \"30 s\"} between them where time "
           "passes",
       .required = true},
      {.name = "expect", .type = any, .doc = "Rows by stage", .required = true},
      {.name = "end",
       .type = boolean,
       .doc = "Whether every source comes to its end after the last record, which fires the last windows",
       .default_text = "true"},
      {.name = "clock",
       .doc = "Where the virtual clock begins; default: at the first event time",
       .plain = true},
  };
  return all;
}

const std::vector<option>& expectation_options() {
  static const std::vector<option> all{
      {.name = "rows",
       .type = any,
       .doc = "All rows of the stage; columns that are left out are not compared"},
      {.name = "count", .type = integer, .doc = "How many rows there are"},
      {.name = "ordered",
       .type = boolean,
       .doc = "Whether the order of the rows counts; default: where the sink has order_by"},
  };
  return all;
}

const std::vector<option>& test_record_options() {
  static const std::vector<option> all{
      {.name = "value", .type = any, .doc = "The record: text, or JSON; null is a null value"},
      {.name = "base64", .doc = "The record as base64, for bytes that are not text, in the place of `value`"},
      {.name = "key",
       .type = any,
       .doc = "The key as text, as `_key` has it; where the parser has a `key_format` JSON, the key decoded. "
              "null: none"},
      {.name = "timestamp",
       .doc = "_timestamp; default: the record's event time, else the virtual clock",
       .plain = true},
      {.name = "partition", .type = integer, .doc = "_partition", .default_text = "0"},
      {.name = "headers", .type = any, .doc = "_headers, a map"},
  };
  return all;
}

}  // namespace millrace::config
