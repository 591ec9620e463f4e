// Dates that say neither whether the day comes first nor whether the month does, such as 05.11.2026: PostgreSQL reads the month first.
// `check --sample` and the first records of a run warn of columns of them.
#pragma once

#include "actors/parsers/parser.hpp"
#include "config/plan.hpp"
#include "runtime/base/day_memory.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::parser {

using make_record_parser = std::function<expected<std::unique_ptr<record_parser>>(const config::stage&)>;

/// Counts the dates of one parser's columns without a "format". One thread at a time.
class date_orders {
public:
  /// Null: the parser has no such column, or what it makes of records depends on more than them.
  [[nodiscard]] static std::unique_ptr<date_orders> of(const config::stage& parser,
                                                       const make_record_parser& make);

  /// Parses the chunk once more, with texts in the place of dates. Throws what the parser throws.
  void count(const source::chunk& c);
  /// A warning for each column with values that could be read either way, where none shows that the month comes first:
  /// `column "at": 2 of 4 values, such as ...`. `all`: what these are of, such as "the first 4".
  [[nodiscard]] std::vector<std::string> ambiguous(std::string_view all) const;
  /// The number of records that count() has seen.
  [[nodiscard]] std::size_t records() const { return records_; }

private:
  struct column {
    std::string name;
    bool is_date = false;
    std::size_t all = 0;
    std::size_t either = 0;       // could be read both ways
    std::size_t month_first = 0;  // can only be read with the month first
    std::size_t day_first = 0;
    std::string example{};  // the first of `either`
  };

  date_orders(const config::stage& parser, std::unique_ptr<record_parser> as_written);
  void count(const data::type& type, const data::column& c, const std::string& name);
  void count(std::string_view text, column& to);
  [[nodiscard]] bool is_read(std::string_view text, bool as_date);

  data::schema_ptr declared_;
  std::size_t columns_;  // those that come from the record
  std::unique_ptr<record_parser> as_written_;
  std::vector<column> found_;
  std::size_t records_ = 0;
  day_memory day_;
};

/// Looks at the first records that the parsers of one stage are given in this process. Any thread.
class first_dates;
[[nodiscard]] std::shared_ptr<first_dates> watch_first_dates(const config::stage& parser,
                                                             const make_record_parser& make,
                                                             std::function<void(const std::string&)> say);
/// A parser that does the same as `rows`, and shows its first records to `dates`, which may be null.
[[nodiscard]] std::unique_ptr<record_parser> watched(std::unique_ptr<record_parser> rows,
                                                     std::shared_ptr<first_dates> dates);

}  // namespace millrace::parser
