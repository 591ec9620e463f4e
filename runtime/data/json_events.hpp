// The events of Boost.JSON's parser that all handlers here take alike: no limit but those of the parser, comments passed
// over, a number as its digits.
#pragma once

#include <boost/json/error.hpp>
#include <boost/json/string_view.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace millrace::data {

/// `Handler` derives from it, has the other events of boost::json::basic_parser, and `bool number(std::string digits)`.
template<class Handler>
class json_events {
public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  bool on_document_begin(boost::json::error_code&) { return true; }
  bool on_document_end(boost::json::error_code&) { return true; }
  bool on_number_part(boost::json::string_view s, boost::json::error_code&) {
    digits_.append(s.data(), s.size());
    return true;
  }
  bool on_int64(std::int64_t, boost::json::string_view s, boost::json::error_code&) { return whole(s); }
  bool on_uint64(std::uint64_t, boost::json::string_view s, boost::json::error_code&) { return whole(s); }
  bool on_double(double, boost::json::string_view s, boost::json::error_code&) { return whole(s); }
  bool on_comment_part(boost::json::string_view, boost::json::error_code&) { return true; }
  bool on_comment(boost::json::string_view, boost::json::error_code&) { return true; }

private:
  bool whole(boost::json::string_view s) {
    digits_.append(s.data(), s.size());
    return static_cast<Handler&>(*this).number(std::exchange(digits_, {}));
  }

  std::string digits_;
};

}  // namespace millrace::data
