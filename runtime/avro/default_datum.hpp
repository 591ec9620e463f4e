// Defaults of fields, which a schema has as JSON, as the datums that a writer would have written. Only schema.cpp
// includes it.
#pragma once

#include "runtime/avro/schema.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::avro {

/// A field of a record.
struct default_place {
  type_index record;
  std::size_t field;
  friend auto operator<=>(const default_place&, const default_place&) = default;
};
using written_defaults = std::map<default_place, const boost::json::value*>;

class default_encoder {
public:
  default_encoder(const std::vector<type>& types, const written_defaults& written)
      : types_(types), written_(written) {}

  /// None where the value does not fit the type, and then `problem` says why.
  [[nodiscard]] std::optional<std::string> datum_of(const boost::json::value& v, type_index of,
                                                    std::string& problem);

private:
  bool append(const boost::json::value& v, type_index of, std::string& out, std::uint32_t depth);
  bool append_binary(const boost::json::value& v, const type& t, std::string& out);
  bool append_record(const boost::json::value& v, type_index of, std::string& out, std::uint32_t depth);
  bool append_items(const boost::json::value& v, const type& t, std::string& out, std::uint32_t depth);
  bool append_branch(const boost::json::value& v, const type& t, std::string& out, std::uint32_t depth);
  bool misfit(const boost::json::value& v, const type& t);

  const std::vector<type>& types_;
  const written_defaults& written_;
  std::size_t steps_ = 0;  // of all defaults so far
  std::size_t bytes_ = 0;  // of all datums so far
  std::string why_;
};

}  // namespace millrace::avro
