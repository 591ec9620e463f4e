#include "actors/parsers/row_builder.hpp"

#include <utility>

namespace millrace::parser {
namespace {

parser_options with_event_time_used(parser_options options) {
  if (options.event_time)
    options.used[*options.event_time] = true;
  return options;
}

}  // namespace

row_builder::row_builder(const parser_options& options)
    : schema_(options.schema), used_(with_event_time_used(options).used),
      hidden_(with_event_time_used(options)), event_time_(options), declared_(options.declared),
      on_null_(options.on_null) {
  for (const auto& f : *schema_)
    builders_.emplace_back(f.type);
  for (std::size_t i = 0; i < declared_; ++i)
    if (!used_[i])
      unused_.push_back(i);
}

void row_builder::reserve(std::size_t rows) {
  out_.records.reserve(rows);
  for (std::size_t i = 0; i < builders_.size(); ++i)
    if (used_[i])
      builders_[i].reserve(rows);
}

bool row_builder::accept(const source::chunk& c, std::size_t record, std::optional<event_micros> declared) {
  if (!hidden_.none() && !hidden_.check(c, record)) {
    why_ = hidden_.why();
    return false;
  }
  if (!event_time_.check(c, record, declared)) {
    why_ = event_time_.why();
    return false;
  }
  if (!hidden_.none())
    hidden_.append(c, record, builders_);
  out_.records.push_back(static_cast<std::uint32_t>(record));
  return true;
}

bool row_builder::accept_nulls(const source::chunk& c, std::size_t record) {
  if (!accept(c, record, std::nullopt))
    return false;
  for (std::size_t i = 0; i < declared_; ++i)
    if (used_[i])
      builders_[i].append_null();
  return true;
}

parsed row_builder::finish() {
  out_.rows.schema = schema_;
  out_.rows.rows = out_.records.size();
  for (std::size_t i = 0; i < builders_.size(); ++i)
    out_.rows.columns.push_back(used_[i] ? builders_[i].finish() : nullptr);
  return std::exchange(out_, {});
}

}  // namespace millrace::parser
