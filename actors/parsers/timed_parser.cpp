#include "actors/parsers/timed_parser.hpp"

#include "actors/parsers/event_time_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::parser {
namespace {

class timed_parser final : public record_parser {
public:
  timed_parser(std::unique_ptr<record_parser> rows, const parser_options& options, expression::bound time)
      : rows_(std::move(rows)), column_(*options.event_time), text_(*options.timed_by), check_(options),
        time_(std::move(time)) {}

  parsed parse(const source::chunk& c) override {
    auto out = rows_->parse(c);
    std::vector<expression::row_failure> failures;
    out.rows.columns[column_] = expression::evaluate(time_, out.rows, {}, failures);
    std::vector<dead_record> dead;
    std::vector<std::uint32_t> timed;
    const auto& times = *out.rows.columns[column_];
    auto failed = failures.begin();
    for (std::uint32_t row = 0; row < out.rows.rows; ++row) {
      const auto record = out.records[row];
      if (failed != failures.end() && failed->row == row)
        dead.push_back({record, fmt::format("event_time, {}: {}", text_, failed++->message)});
      else if (!check_.check(c, record, times.is_null(row) ? std::nullopt : std::optional(times.ints()[row])))
        dead.push_back({record, check_.why()});
      else
        timed.push_back(row);
    }
    if (!dead.empty())
      take_out(out, timed, std::move(dead));
    return out;
  }

private:
  static void take_out(parsed& out, const std::vector<std::uint32_t>& timed, std::vector<dead_record> dead) {
    out.rows = data::take(out.rows, timed);
    for (std::size_t i = 0; i < timed.size(); ++i)
      out.records[i] = out.records[timed[i]];
    out.records.resize(timed.size());
    auto all = std::exchange(out.dead, {});
    std::ranges::merge(all, dead, std::back_inserter(out.dead), {}, &dead_record::record,
                       &dead_record::record);
  }

  std::unique_ptr<record_parser> rows_;
  std::size_t column_;
  std::string text_;
  event_time_check check_;
  expression::bound time_;
};

}  // namespace

std::unique_ptr<record_parser> make_timed_parser(std::unique_ptr<record_parser> rows,
                                                 const parser_options& options, expression::bound time) {
  return std::make_unique<timed_parser>(std::move(rows), options, std::move(time));
}

}  // namespace millrace::parser
