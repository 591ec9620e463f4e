// Lines of arbitrary bytes through the JSON parser. It must agree with simdjson's DOM on what is a JSON
// object, and say the same of each record whether it stands alone or among others, with a newline between or
// nothing.
#include "actors/parser/json/json_parser.hpp"
#include "runtime/data/render.hpp"

#include <simdjson.h>

#include <cstdlib>
#include <string>

namespace {

using namespace millrace;

parser::parser_options options() {
  using data::type_id;
  parser::parser_options o;
  o.schema = std::make_shared<data::schema>(std::vector<data::field>{
      {"v", type_id::text},
      {"n", type_id::bigint},
      {"d", type_id::float64},
      {"b", type_id::boolean},
      {"t", type_id::timestamp},
      {"e", type_id::timestamp},
      {"j", type_id::json},
      {"o", data::type::object_of({{"a", data::type::list_of(type_id::text)}, {"t", type_id::timestamp}})}});
  o.declared = o.schema->size();
  o.used.assign(o.declared, true);
  o.formats.resize(o.declared);
  o.formats[5].kind = decltype(o.formats[5].kind)::epoch_ms;
  return o;
}

source::chunk chunk_of(const std::vector<std::string>& records, bool lines) {
  source::chunk c;
  for (const auto& r : records) {
    c.begins.push_back(static_cast<std::uint32_t>(c.bytes.size()));
    c.lengths.push_back(static_cast<std::uint32_t>(r.size()));
    c.positions.push_back({0, static_cast<std::int64_t>(c.bytes.size())});
    c.bytes += r;
    if (lines)
      c.bytes += '\n';
  }
  c.bytes.append(source::padding, '\0');
  return c;
}

/// Per record: its row as JSON, "blank", or "dead ..." with the error.
std::vector<std::string> outcomes(const std::vector<std::string>& records, bool lines) {
  static const auto parser = parser::make_json_parser(options());
  const auto p = parser->parse(chunk_of(records, lines));
  std::vector<std::string> out(records.size(), "blank");
  std::size_t blank = records.size() - p.records.size() - p.dead.size();
  if (blank != p.blank)
    std::abort();
  for (std::size_t row = 0; row < p.records.size(); ++row) {
    out[p.records[row]].clear();
    data::append_json_row(out[p.records[row]], p.rows, row);
  }
  for (const auto& d : p.dead)
    out[d.record] = "dead " + d.error;
  return out;
}

bool is_object(const std::string& record) {
  static simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view text = record;
  if (text.starts_with("\xEF\xBB\xBF"))
    text.remove_prefix(3);
  return parser.parse(simdjson::padded_string(text)).get(root) == simdjson::SUCCESS && root.is_object();
}

bool has_number_beyond_double(const std::string& record) {
  return record.find_first_of("0123456789") != std::string::npos;
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
  const auto joined = outcomes(records, false);
  if (outcomes(records, true) != joined)
    std::abort();
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (outcomes({records[i]}, false)[0] != joined[i])
      std::abort();
    const bool not_json = joined[i].starts_with("dead not JSON") || joined[i].starts_with("dead the record");
    const bool object = is_object(records[i]);
    // simdjson also refuses numbers that no double holds, which are fine in members that nobody declared
    if (object ? not_json && joined[i].find("nested deeper") == std::string::npos
               : !not_json && joined[i] != "blank" && !has_number_beyond_double(records[i]))
      std::abort();
  }
  return 0;
}
