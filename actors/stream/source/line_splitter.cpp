#include "actors/stream/source/line_splitter.hpp"

#include "runtime/data/csv_text.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace millrace::source {
namespace {

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  return line;
}

/// A JSON object is over with its last brace, also if more follows it.
bool ends_itself(std::string_view record) {
  const auto first = record.find_first_not_of(" \t");
  const auto last = record.find_last_not_of(" \t");
  if (first == std::string_view::npos || record[first] != '{' || record[last] != '}')
    return false;
  boost::json::parse_options deep;
  deep.max_depth = 1000;  // the value is made and taken apart on the stack
  boost::json::stream_parser parser({}, deep);
  boost::json::error_code failed;
  parser.write(record.data(), record.size(), failed);
  return !failed && parser.done();
}

bool is_blank(std::string_view line) {
  return data::without_byte_order_mark(line).find_first_not_of(" \t") == std::string_view::npos;
}

}  // namespace

void line_splitter::grow(std::string_view part, const line& take) {
  if (passing_over_)
    return;
  if (open_.size() + part.size() <= longest_) {
    open_ += part;
    return;
  }
  open_.append(part.substr(0, kept_ > open_.size() ? kept_ - open_.size() : 0));
  open_.resize(std::min(open_.size(), kept_));
  take(open_, true);
  open_.clear();
  open_.shrink_to_fit();
  passing_over_ = true;
}

void line_splitter::push(std::string_view bytes, const line& take) {
  while (!bytes.empty()) {
    const auto feed = bytes.find('\n');
    const auto part = bytes.substr(0, feed);
    bytes.remove_prefix(feed == std::string_view::npos ? bytes.size() : feed + 1);
    if (feed == std::string_view::npos) {
      grow(part, take);
      return;
    }
    const bool whole_here = open_.empty() && !passing_over_ && part.size() <= longest_;
    if (!whole_here)
      grow(part, take);
    if (!passing_over_) {
      const auto record = without_return(whole_here ? part : std::string_view(open_));
      if (!is_blank(record))
        take(record, false);
    }
    open_.clear();
    passing_over_ = false;
  }
}

void line_splitter::end(bool broke, const line& take) {
  const auto record = without_return(open_);
  if (!passing_over_ && !is_blank(record))
    take(record, broke && !ends_itself(record));
  open_.clear();
  passing_over_ = false;
}

}  // namespace millrace::source
