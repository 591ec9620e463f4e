#include "actors/parsers/csv/csv_parser.hpp"

#include "actors/parsers/csv/csv_column.hpp"
#include "actors/parsers/csv/csv_fields.hpp"
#include "actors/parsers/row_builder.hpp"
#include "runtime/base/lower_case.hpp"
#include "runtime/data/csv_text.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::parser {
namespace {

/// A name without the blanks around it and the difference of capitals.
std::string folded(std::string_view name) {
  const auto begin = std::min(name.find_first_not_of(" \t"), name.size());
  return lower_case(name.substr(begin, name.find_last_not_of(" \t") + 1 - begin));
}

/// Says what in a header line may be the column that it lacks; nothing where no name is like it. Asked once a header.
std::string almost(const std::vector<csv_field>& names, const std::string& wanted, std::size_t declared) {
  const auto like = folded(wanted);
  const auto at = std::ranges::find_if(names, [&](const csv_field& f) { return folded(f.text()) == like; });
  if (at != names.end()) {
    const auto found = at->text();
    const bool capitals = found.find(wanted) == std::string_view::npos;
    return fmt::format(", but \"{}\"; {} count, so that the schema has to name it as the header does",
                       data::excerpt(found), capitals ? "capitals" : "blanks");
  }
  return names.size() == 1 && declared > 1 ? ", and one column in all; \"delimiter\" may be another" : "";
}

class csv_parser final : public record_parser {
public:
  csv_parser(parser_options options, const data::csv_dialect& dialect, bool header,
             data::encoding decoded_from)
      : options_(std::move(options)), fields_(dialect), header_(header), decoded_from_(decoded_from),
        rows_(options_), quote_(dialect.quote) {
    for (std::size_t i = 0; i < options_.declared; ++i) {
      readers_.emplace_back((*options_.schema)[i], i < options_.formats.size()
                                                       ? options_.formats[i]
                                                       : parser_options::timestamp_format{});
      places_.push_back(i);
      if (options_.validate_whole || rows_.used(i))
        read_.push_back(i);
      if (rows_.used(i))
        appended_.push_back(i);
    }
    width_ = places_.size();
    timed_ = rows_.event_time();
  }

  parsed parse(const source::chunk& c) override {
    if (header_)
      read_header(c);
    for (std::size_t i = 0; i < c.records();) {
      i = take_apart(c, i);
      read_columns();
      accept(c);
    }
    return rows_.finish();
  }

private:
  /// The header, or the same line once more: files that were joined bring theirs.
  [[nodiscard]] bool is_header(const source::chunk& c, std::size_t i) const {
    return header_ && c.header &&
           (c.positions[i] == c.header->at || data::without_byte_order_mark(c.record(i)) == names_);
  }

  /// Where each column stands, by its name; header_problem_ where that cannot be said.
  void read_header(const source::chunk& c) {
    const auto text = c.header ? std::string_view(c.header->text) : std::string_view();
    if (known_header_ && *known_header_ == text)
      return;
    known_header_ = text;
    header_problem_.clear();
    names_ = data::without_byte_order_mark(text);
    if (!fields_.split(names_)) {
      header_problem_ = "the file's header line cannot be read: " + fields_.why();
      return;
    }
    const auto& names = fields_.fields();
    width_ = names.size();
    struct occurrence {
      std::size_t place = 0;
      std::size_t count = 0;
    };
    // Header and schema may have many names: each is looked up, and not compared with all of the other.
    std::map<std::string_view, occurrence> declared;
    for (std::size_t i = 0; i < options_.declared; ++i)
      declared.emplace((*options_.schema)[i].name, occurrence());
    for (std::size_t i = 0; i < names.size(); ++i)
      if (const auto at = declared.find(names[i].text()); at != declared.end() && at->second.count++ == 0)
        at->second.place = i;
    for (std::size_t i = 0; i < options_.declared; ++i) {
      const auto& name = (*options_.schema)[i].name;
      const auto [place, count] = declared.find(name)->second;
      if (count != 1) {
        header_problem_ = fmt::format(
            "the file's header line has {} \"{}\"{}{}; it is: {}", count == 0 ? "no column" : "the column",
            name, count == 0 ? "" : " twice",
            count == 0 ? almost(names, name, options_.declared) : std::string(), data::excerpt(text, 200));
        return;
      }
      places_[i] = place;
    }
  }

  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }

  /// Takes the fields of the next records for a block, and returns the first record behind it.
  [[nodiscard]] std::size_t take_apart(const source::chunk& c, std::size_t i) {
    records_.clear();
    errors_.clear();
    fields_.start();
    const auto room =
        std::clamp<std::size_t>(fields_of_a_block / std::max<std::size_t>(width_, 1), 1, records_of_a_block);
    const auto behind = std::min(i + room, c.records());
    block_.resize(room * width_ + csv_fields::beyond_room);
    const auto bytes_end = behind < c.records() ? c.begins[behind] : c.bytes.size() - source::padding;
    const bool is_unusual = fields_.is_unusual({c.bytes.data() + c.begins[i], bytes_end - c.begins[i]});
    for (; i < behind; ++i) {
      if (rows_.passes(c, i)) {
        rows_.filter(i);
        continue;
      }
      if (is_header(c, i) && header_problem_.empty()) {
        rows_.pass_header();
        continue;
      }
      auto* const fields = block_.data() + records_.size() * width_;
      if (!take_apart(c, i, is_unusual, fields)) {
        errors_.emplace(records_.size(), std::move(why_));
        std::fill_n(fields, width_, csv_field());
      }
      records_.push_back(static_cast<std::uint32_t>(i));
    }
    return i;
  }

  [[nodiscard]] bool take_apart(const source::chunk& c, std::size_t i, bool is_unusual, csv_field* fields) {
    if (rows_.is_row_of_nulls(c, i)) {
      std::fill_n(fields, width_, csv_field());
      return true;
    }
    if (c.lengths[i] == source::no_value)
      return fail("the record has no value (a null, as Kafka's tombstones are); expected fields");
    if (c.is_cut(i))
      return fail(std::string(cut_record));
    // A line's end that a message brings with it is none of its last field.
    const auto record = data::without_line_end(data::without_byte_order_mark(c.record(i)));
    if (record.empty())
      return fail("the record is empty; expected fields");
    if (!header_problem_.empty())
      return fail(header_problem_);
    auto found = fields_.cut(record, fields, width_);
    if (is_unusual && fields_.is_unusual(record)) {
      if (const auto why = data::why_no_text(record); !why.empty())
        return fail(
            fmt::format("the record {}", data::is_utf8(record) ? why : data::why_not_decoded(decoded_from_)));
      if (quote_ && record.find(*quote_) != std::string_view::npos) {
        if (!fields_.split(record))
          return fail(fields_.why());
        found = fields_.fields().size();
        std::copy_n(fields_.fields().begin(), std::min(found, width_), fields);
      }
    }
    return found == width_ ||
           fail(fmt::format("found {} field{}, expected {}{}", found, found == 1 ? "" : "s", width_,
                            header_ ? " as in the file's header line"
                                    : ", one for each column of the schema"));
  }

  [[nodiscard]] field_list fields_of(std::size_t column) const {
    return {block_.data() + places_[column], width_, records_.size()};
  }

  void read_columns() {
    for (const auto column : read_)
      readers_[column].read(fields_of(column), errors_);
  }

  /// Makes rows of the records that have no error.
  void accept(const source::chunk& c) {
    const auto* const times = timed_ ? &readers_[*timed_] : nullptr;
    const auto time_of = [&](std::size_t i) {
      return times == nullptr || fields_of(*timed_)[i].is_null() ? std::nullopt
                                                                 : std::optional(times->numbers()[i]);
    };
    if (errors_.empty() && rows_.asks_for_time_alone(c) && (times == nullptr || !times->has_nulls())) {
      rows_.accept_all(records_);
      for (const auto column : appended_)
        readers_[column].append(fields_of(column), rows_.column(column));
      return;
    }
    accepted_.clear();
    for (std::size_t i = 0; i < records_.size(); ++i) {
      if (!errors_.empty() && errors_.contains(i))
        continue;
      if (rows_.accept(c, records_[i], time_of(i)))
        accepted_.push_back(static_cast<std::uint32_t>(i));
      else
        errors_.emplace(i, rows_.why());
    }
    const bool are_all = accepted_.size() == records_.size();
    for (const auto column : appended_)
      if (are_all)
        readers_[column].append(fields_of(column), rows_.column(column));
      else
        readers_[column].append(fields_of(column), accepted_, rows_.column(column));
    for (auto& [i, why] : errors_)
      rows_.dead(records_[i], std::move(why));
  }

  // A block's fields and values stay in a core's first caches.
  static constexpr std::size_t records_of_a_block = 256;
  static constexpr std::size_t fields_of_a_block = 1'024;

  parser_options options_;
  csv_fields fields_;
  bool header_;
  data::encoding decoded_from_;
  row_builder rows_;
  std::vector<csv_column> readers_;
  std::vector<std::size_t> places_;           // by declared column: which field
  std::vector<std::size_t> read_, appended_;  // declared columns
  std::optional<std::size_t> timed_;          // the one with the event time
  std::size_t width_ = 0;                     // fields of a record
  std::optional<char> quote_;
  // The block that is being read:
  std::vector<std::uint32_t> records_;   // which of the chunk
  std::vector<csv_field> block_;         // width_ of each record
  record_errors errors_;                 // by index in records_
  std::vector<std::uint32_t> accepted_;  // likewise
  std::optional<std::string> known_header_;
  std::string names_;  // of it, without a byte-order mark
  std::string header_problem_;
  std::string why_;
};

}  // namespace

config::connector csv_parser_declaration() {
  config::connector c;
  c.kind = config::stage_kind::parser;
  c.type = "csv";
  c.doc = "Reads each record as delimited fields, by position or by the names of a header line; a "
          "line break within quotes is part of its field; an empty field is null, \"\" is the "
          "empty text";
  c.nested_columns = false;
  c.options = {
      {.name = "header",
       .type = config::option_type::boolean,
       .doc = "The first line of each file names its columns; columns that the schema does not have "
              "are left out",
       .default_text = "false"},
      {.name = "delimiter",
       .doc = "The character between two fields, one of ASCII, such as ; or a tab (\\t)",
       .default_text = ",",
       .plain = true},
      {.name = "quote",
       .doc = "The character around a field that holds delimiters or line breaks, one of ASCII; twice "
              "within a field it stands for itself. none: quotes are text",
       .default_text = "\"",
       .plain = true},
      {.name = "skip",
       .type = config::option_type::integer,
       .doc = "How many lines at the beginning of each file are skipped; the header line comes after "
              "them",
       .default_text = "0",
       .maximum = 1'000'000},
      {.name = "encoding",
       .type = config::option_type::choice,
       .doc = "The encoding of a file that is not followed; utf-16 needs a byte-order mark. A record "
              "with invalid bytes is a dead letter",
       .default_text = "utf-8",
       .choices = {"utf-8", "windows-1252", "utf-16"}},
  };
  c.check = [](const config::check_input& in, const config::say& say) {
    const auto is_one = [](const std::string& text) {
      return text.size() == 1 && static_cast<unsigned char>(text[0]) < 0x80 && text[0] != '\n' &&
             text[0] != '\r';
    };
    const auto& delimiter = in.options.text("delimiter");
    const auto& quote = in.options.text("quote");
    if (!is_one(delimiter) || delimiter == "\"")
      say("delimiter", "cannot separate fields; expected one character of ASCII, and no quote or line break");
    if (quote != "none" && (!is_one(quote) || quote == delimiter))
      say("quote", "cannot stand around fields; expected one character of ASCII that is not a line break and "
                   "not the `delimiter`, or \"none\"");
  };
  return c;
}

data::csv_dialect csv_dialect_of(const config::values& options) {
  const auto& quote = options.text("quote");
  return {options.text("delimiter").front(), quote == "none" ? std::nullopt : std::optional(quote.front())};
}

std::unique_ptr<record_parser> make_csv_parser(parser_options options, const data::csv_dialect& dialect,
                                               bool header, data::encoding decoded_from) {
  return std::make_unique<csv_parser>(std::move(options), dialect, header, decoded_from);
}

connector csv_parser_connector() {
  return {.declared = csv_parser_declaration(),
          .parser = [](const config::values& options,
                       parser_options o) -> expected<std::unique_ptr<record_parser>> {
            return make_csv_parser(std::move(o), csv_dialect_of(options), options.boolean("header"),
                                   data::encoding_of(options.text("encoding")));
          },
          .wants =
              [](const config::values& options, source::wants& out) {
                out.frame = csv_dialect_of(options);
                out.skip = static_cast<std::size_t>(options.integer("skip"));
                out.encoding = data::encoding_of(options.text("encoding"));
              }};
}

}  // namespace millrace::parser
