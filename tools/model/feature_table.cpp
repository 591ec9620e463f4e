#include "tools/model/feature_table.hpp"

#include "tools/model/dataset.hpp"
#include "tools/sql/message.hpp"

#include <fmt/format.h>

namespace millrace::model {
namespace {

/// A column's offsets have 32 bits.
constexpr std::size_t most_text = 1'000'000'000;

expected<void> append(std::vector<data::column_builder>& columns, std::vector<std::size_t>& text,
                      const data::batch& rows) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    text[i] += rows.columns[i]->bytes().size();
    if (text[i] > most_text)
      return user_error(ec::unsupported,
                        fmt::format("column \"{}\" has more than {} MB of text; remedy: leave it out "
                                    "of the table",
                                    (*rows.schema)[i].name, most_text / 1'000'000));
    columns[i].append_range(*rows.columns[i], 0, rows.rows);
  }
  return {};
}

}  // namespace

expected<data::batch> read_feature_table(duckdb::engine& engine, const std::string& query) {
  const auto in_own_words = [](error e) {
    const auto text = duckdb::with_place(e.message, {}, {}, 0);
    return user_error(ec::invalid_argument, "the table cannot be read: " + text.substr(text.find(": ") + 2));
  };
  auto stream = engine.run(query, {});
  if (!stream)
    return in_own_words(std::move(stream.error()));
  std::vector<data::column_builder> columns;
  for (const auto& f : *(*stream)->columns())
    columns.emplace_back(f.type);
  std::vector<std::size_t> text(columns.size(), 0);
  std::size_t rows = 0;
  for (;;) {
    auto next = (*stream)->next();
    if (!next)
      return in_own_words(std::move(next.error()));
    if (!*next)
      break;
    rows += (*next)->rows;
    if (rows > most_rows)
      return user_error(ec::unsupported,
                        fmt::format("the table has more than {} rows; remedy: a sample of them", most_rows));
    if (auto fine = append(columns, text, **next); !fine)
      return tl::unexpected(std::move(fine.error()));
  }
  if (rows == 0)
    return user_error(ec::invalid_argument, "the table has no rows");
  data::batch out{(*stream)->columns(), {}, rows};
  for (auto& c : columns)
    out.columns.push_back(c.finish());
  return plain_numbers(out);
}

}  // namespace millrace::model
