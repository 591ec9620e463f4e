// Arbitrary bytes through the CSV parser: every record is a row or a dead letter, says the same alone as
// among others, and the fields of a row written as CSV again are the same fields.
#include "actors/parser/csv/csv_fields.hpp"
#include "actors/parser/csv/csv_parser.hpp"
#include "runtime/data/render.hpp"

#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace millrace;

parser::parser_options options() {
  using data::type_id;
  parser::parser_options o;
  o.schema = std::make_shared<data::schema>(std::vector<data::field>{
      {"s", type_id::text}, {"n", type_id::bigint}, {"d", type_id::float64}, {"t", type_id::timestamp}});
  o.declared = o.schema->size();
  o.used.assign(o.declared, true);
  o.formats.resize(o.declared);
  return o;
}

std::vector<std::string> outcomes(const std::vector<std::string>& records) {
  static const auto parser = parser::make_csv_parser(options(), ',', false);
  source::chunk c;
  for (const auto& r : records) {
    c.begins.push_back(static_cast<std::uint32_t>(c.bytes.size()));
    c.lengths.push_back(static_cast<std::uint32_t>(r.size()));
    c.positions.push_back({0, static_cast<std::int64_t>(c.bytes.size())});
    c.bytes += r + '\n';
  }
  c.bytes.append(source::padding, '\0');
  const auto p = parser->parse(c);
  if (p.records.size() + p.dead.size() + p.blank != records.size())
    std::abort();
  std::vector<std::string> out(records.size());
  for (std::size_t row = 0; row < p.records.size(); ++row)
    data::append_json_row(out[p.records[row]], p.rows, row);
  for (const auto& d : p.dead)
    out[d.record] = "dead " + d.error;
  return out;
}

/// Every field quoted.
std::string written(const std::vector<parser::csv_field>& fields) {
  std::string out;
  for (const auto& f : fields) {
    out += out.empty() ? "\"" : ",\"";
    for (const char c : f.text)
      out += c == '"' ? std::string("\"\"") : std::string(1, c);
    out += '"';
  }
  return out;
}

void read_back(const std::string& record) {
  parser::csv_fields first(',');
  if (!first.split(record))
    return;
  const auto text = written(first.fields());
  parser::csv_fields again(',');
  if (!again.split(text) || again.fields().size() != first.fields().size())
    std::abort();
  for (std::size_t i = 0; i < first.fields().size(); ++i)
    if (first.fields()[i].text != again.fields()[i].text)
      std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // 0xFE cuts records, so that newlines can stand in them too
  std::vector<std::string> records(1);
  for (std::size_t i = 0; i < size; ++i)
    if (data[i] == 0xFE)
      records.emplace_back();
    else
      records.back() += static_cast<char>(data[i]);
  const auto joined = outcomes(records);
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (outcomes({records[i]})[0] != joined[i])
      std::abort();
    read_back(records[i]);
  }
  return 0;
}
