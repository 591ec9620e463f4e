// A row of a query as the two pieces of a JSON object: its key, and the rest. Pure.
#pragma once

#include "actors/connectors/sql/sink/row_reading.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

class record_text {
public:
  /// Each name of `key` is one of `names`, and no name occurs twice.
  record_text(const std::vector<std::string>& names, const std::vector<std::string>& key);

  /// Makes both for a row of that many cells; they live until the next call.
  void make(std::span<const sink::sql::cell> row);
  /// {"id":7
  [[nodiscard]] std::string_view key() const { return key_text_; }
  /// ,"name":"a"}
  [[nodiscard]] std::string_view rest() const { return rest_text_; }

private:
  struct member {
    std::size_t at;     // of the row
    std::string begin;  // ,"name":
  };
  std::vector<member> key_;
  std::vector<member> rest_;
  std::string key_text_;
  std::string rest_text_;
};

}  // namespace millrace::source
