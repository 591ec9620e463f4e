// Values of a test against columns of a stage: both as JSON of one form for each type, so that 1 and 1.0, or
// two spellings of a moment, are the same where the type says so. Pure.
#pragma once

#include "config/text/node.hpp"
#include "runtime/data/batch.hpp"

#include <boost/json/value.hpp>
#include <tl/expected.hpp>

#include <string>

namespace millrace::dry_run {

/// Says what is wrong with a value, and where.
struct misfit {
  config::location where;
  std::string message;
};
[[nodiscard]] tl::expected<boost::json::value, misfit> typed_value(const config::node& n,
                                                                   const data::type& type);
[[nodiscard]] boost::json::value typed_value(const data::column& c, std::size_t row);

/// A value of the file as compact JSON; numbers keep their digits.
void append_json(std::string& out, const config::node& n);

}  // namespace millrace::dry_run
