// A schema and arbitrary records through the CSV parser: every record is a row or a dead letter, says the
// same alone as among others and whichever columns are read, and the fields of a row written as CSV again are
// the same fields.
#include "actors/parser/csv/csv_fields.hpp"
#include "actors/parser/csv/csv_parser.hpp"
#include "tests/fuzz/record_schema.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/sections.hpp"

#include <string>
#include <vector>

namespace {

using namespace millrace;
using fuzz::outcomes;
using fuzz::require;

/// Every field quoted; null, which is no quote at all, left out.
std::string written(const std::vector<parser::csv_field>& fields, char delimiter) {
  std::string out;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0)
      out += delimiter;
    out += '"';
    for (const char c : fields[i].text)
      out += c == '"' ? std::string("\"\"") : std::string(1, c);
    out += '"';
  }
  return out;
}

void read_back(const std::string& record, const data::csv_dialect& dialect) {
  parser::csv_fields first(dialect);
  if (!first.split(record))
    return;
  const auto text = written(first.fields(), dialect.delimiter);
  parser::csv_fields again(data::csv_dialect{dialect.delimiter});
  require(again.split(text) && again.fields().size() == first.fields().size(), "quoted fields are read back");
  for (std::size_t i = 0; i < first.fields().size(); ++i)
    require(first.fields()[i].text == again.fields()[i].text, "a quoted field is read back as it was");
}

/// Lists and objects have no form in CSV.
std::string flat(std::string schema) {
  std::erase_if(schema, [](char c) { return c == '[' || c == '{' || c == '}'; });
  return schema;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // the first section: the schema; ';' or a tab in it is the delimiter, ' quotes and '!' says that nothing does, '@' asks for an event time
  auto records = fuzz::sections(data, size);
  const auto schema = flat(std::move(records.front()));
  records.erase(records.begin());
  if (records.empty())
    return 0;
  const auto contains = [&](char c) { return schema.find(c) != std::string::npos; };
  const char delimiter = contains(';') ? ';' : contains('\t') ? '\t' : ',';
  const data::csv_dialect dialect{delimiter,
                                  contains('!') ? std::nullopt : std::optional(contains('\'') ? '\'' : '"')};
  const auto options = fuzz::options_of(schema, contains('@'));
  const auto parser = parser::make_csv_parser(options, dialect, false);
  const auto joined = outcomes(*parser, records, true, options.used);
  for (std::size_t i = 0; i < records.size(); ++i) {
    require(outcomes(*parser, {records[i]}, true, options.used)[0] == joined[i],
            "a record stands for itself: " + joined[i]);
    read_back(records[i], dialect);
  }
  auto all = options;
  all.used.assign(all.declared, true);
  require(outcomes(*parser::make_csv_parser(all, dialect, false), records, true, options.used) == joined,
          "which columns are read does not matter");
  return 0;
}
