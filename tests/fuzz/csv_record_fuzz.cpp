// A schema and arbitrary records through the CSV parser: every record is a row or a dead letter, says the
// same alone as among others and whichever columns are read, and the fields of a row written as CSV again are
// the same fields. The same bytes as a file in some encoding give the same records however they come.
#include "actors/connectors/file/source/line_reader.hpp"
#include "actors/parsers/csv/csv_fields.hpp"
#include "actors/parsers/csv/csv_parser.hpp"
#include "tests/fuzz/record_schema.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/sections.hpp"

#include <algorithm>
#include <memory>
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
    for (const char c : fields[i].text())
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
    require(first.fields()[i].text() == again.fields()[i].text(), "a quoted field is read back as it was");
}

/// Lists and objects have no form in CSV.
std::string flat(std::string schema) {
  std::erase_if(schema, [](char c) { return c == '[' || c == '{' || c == '}'; });
  return schema;
}

std::size_t schema_size(const std::uint8_t* data, std::size_t size) {
  return static_cast<std::size_t>(std::find(data, data + size, static_cast<std::uint8_t>(fuzz::section_end)) -
                                  data) +
         1;
}

/// Text in memory as a file's.
class text_stream final : public source::byte_stream {
public:
  explicit text_stream(std::string_view text) : text_(text) {}
  expected<std::size_t> read(char* to, std::size_t size) override {
    const auto n = text_.copy(to, size);
    text_.remove_prefix(n);
    return n;
  }

private:
  std::string_view text_;
};

/// Gives the records of a text as one chunk, which was read in chunks of so many bytes.
source::chunk records_of(std::string_view text, std::uint64_t from, const source::framing& frame,
                         std::size_t max_bytes) {
  source::line_reader lines(std::make_unique<text_stream>(text.substr(from)), "f", 0, from, frame);
  source::chunk out;
  for (bool ended = false; !ended;) {
    source::chunk c;
    const auto read = lines.read(c, max_bytes, true);
    require(read.has_value(), "a text is read");
    ended = *read;
    for (std::size_t i = 0; i < c.records(); ++i) {
      out.begins.push_back(static_cast<std::uint32_t>(out.bytes.size()));
      out.lengths.push_back(c.lengths[i]);
      out.positions.push_back(c.positions[i]);
      out.bytes += c.record(i);
    }
  }
  out.bytes.append(source::padding, '\0');
  return out;
}

std::string decoded(std::string_view bytes, data::encoding from, std::size_t at_once) {
  data::text_decoder decoder(from, bytes.substr(0, 3));
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += at_once)
    decoder.decode(bytes.substr(at, at_once), false, out);
  decoder.decode({}, true, out);
  return out;
}

/// Reads as a file source does: the text and its records do not depend on how the bytes come in parts.
void as_a_file(std::string_view content, const source::wants& wanted, parser::record_parser& parser,
               const parser::parser_options& options) {
  if (!data::why_not_read_by(wanted.encoding, content.substr(0, 3)).empty())
    return;
  const auto text = decoded(content, wanted.encoding, content.size() + 1);
  require(decoded(content, wanted.encoding, 1) == text, "a text does not depend on the parts of its bytes");
  text_stream all(text);
  const auto skipped = source::pass_lines(all, wanted.skip).map(&source::passed_lines::all);
  require(skipped.has_value(), "lines are skipped");
  if (*skipped == 0 && !source::why_no_lines(text, wanted.frame, "f", "f").empty()) {
    for (const auto max_bytes : {text.size() + 1, std::size_t{1}}) {
      source::line_reader lines(std::make_unique<text_stream>(text), "f", 0, 0, wanted.frame);
      source::chunk none;
      require(!lines.read(none, max_bytes, true).has_value(), "a text whose lines end with CR is refused");
    }
    return;
  }
  auto whole = records_of(text, *skipped, wanted.frame, text.size() + 1);
  const auto parts = records_of(text, *skipped, wanted.frame, 1);
  require(whole.positions == parts.positions && whole.bytes == parts.bytes && whole.lengths == parts.lengths,
          "records do not depend on where chunks end");
  if (whole.records() > 0)
    whole.header = source::header_line{std::string(whole.record(0)), whole.positions[0]};
  static_cast<void>(outcomes(parser, whole, options));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first section: the schema, in which ; or a tab is the delimiter, ' quotes and ! says that nothing does, H asks for a header, W and U for
  // windows-1252 and utf-16, and S skips a line of a file.
  auto records = fuzz::sections(data, size);
  const auto schema = flat(std::move(records.front()));
  const auto content = std::string_view(reinterpret_cast<const char*>(data), size)
                           .substr(std::min(size, schema_size(data, size)));
  records.erase(records.begin());
  if (records.empty())
    return 0;
  const auto contains = [&](char c) { return schema.find(c) != std::string::npos; };
  const char delimiter = contains(';') ? ';' : contains('\t') ? '\t' : ',';
  const data::csv_dialect dialect{delimiter,
                                  contains('!') ? std::nullopt : std::optional(contains('\'') ? '\'' : '"')};
  const auto from = contains('W')   ? data::encoding::windows_1252
                    : contains('U') ? data::encoding::utf_16
                                    : data::encoding::utf_8;
  const auto options = fuzz::options_of(schema);
  const auto make = [&](const parser::parser_options& o) {
    return fuzz::parser_of(o, [&](parser::parser_options plain) {
      return parser::make_csv_parser(std::move(plain), dialect, contains('H'), from);
    });
  };
  const auto chunk = [&](const std::vector<std::string>& some) {
    auto c = fuzz::chunk_of(some, true, contains('N'));
    if (contains('H'))
      c.header = source::header_line{records.front(), {}};
    return c;
  };
  const auto parser = make(options);
  const auto joined = outcomes(*parser, chunk(records), options);
  for (std::size_t i = 0; i < records.size(); ++i) {
    // alone it stands at the header's position
    if (!contains('H'))
      require(outcomes(*parser, chunk({records[i]}), options)[0] == joined[i],
              "a record stands for itself: " + joined[i]);
    read_back(records[i], dialect);
  }
  auto all = options;
  std::fill_n(all.used.begin(), all.declared, true);
  require(outcomes(*make(all), chunk(records), options) == joined, "which columns are read does not matter");
  as_a_file(content, {.frame = dialect, .skip = contains('S') ? 1U : 0U, .encoding = from}, *parser, options);
  return 0;
}
