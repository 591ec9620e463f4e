#include "actors/parsers/text/text_parser.hpp"

#include "actors/parsers/row_builder.hpp"
#include "runtime/data/csv_text.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

namespace millrace::parser {
namespace {

class text_parser final : public record_parser {
public:
  explicit text_parser(const parser_options& options) : rows_(options) {}

  parsed parse(const source::chunk& c) override {
    for (std::size_t i = 0; i < c.records(); ++i) {
      if (rows_.passes(c, i))
        rows_.filter(i);
      else if (rows_.is_row_of_nulls(c, i)) {
        if (!rows_.accept_nulls(c, i))
          rows_.dead(i, rows_.why());
      } else if (c.lengths[i] == source::no_value)
        rows_.dead(i, "the record has no value (a null, as Kafka's tombstones are); expected text");
      else if (c.is_cut(i))
        rows_.dead(i, std::string(cut_record));
      else if (const auto why = data::why_no_text(c.record(i)); !why.empty())
        rows_.dead(i, fmt::format("the record {}", why));
      else if (!rows_.accept(c, i, std::nullopt))
        rows_.dead(i, rows_.why());
      else if (rows_.used(0))
        rows_.column(0).append_text(data::without_byte_order_mark(c.record(i)));
    }
    return rows_.finish();
  }

private:
  row_builder rows_;
};

}  // namespace

config::connector text_parser_declaration() {
  config::connector c;
  c.kind = config::stage_kind::parser;
  c.type = "text";
  c.doc = "Puts each record unchanged into one column, `line`, without a byte-order mark at its start";
  c.fixed_columns = {{"line", data::type_id::text}};
  return c;
}

std::unique_ptr<record_parser> make_text_parser(parser_options options) {
  return std::make_unique<text_parser>(options);
}

connector text_parser_connector() {
  return {.declared = text_parser_declaration(),
          .parser = [](const config::values&, parser_options o) -> expected<std::unique_ptr<record_parser>> {
            return make_text_parser(std::move(o));
          }};
}

}  // namespace millrace::parser
