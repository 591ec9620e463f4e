// A parser's columns as those of CREATE TABLE, with a CREATE TYPE for each nested one. Internal to write_sql.
#pragma once

#include "config/sql/written_text.hpp"
#include "config/text/report.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace millrace::config {

/// The types of one text: equal nested columns have one.
class written_types {
public:
  /// `taken`: names that no type may have.
  explicit written_types(std::set<std::string> taken) : taken_(std::move(taken)) {}
  /// Returns the type's name; adds its statement to `fresh` where it is new. `columns`: what stands in its parentheses.
  std::string name_of(const written_items& columns, const std::string& wish, written_items& fresh);

private:
  std::set<std::string> taken_;
  std::map<std::string, std::string> by_columns_;
};

struct written_schema_columns {
  written_items types;    // CREATE TYPE statements, each before those that use it
  written_items columns;  // `name type OPTIONS (...)`
  /// Some columns are such as SQL cannot declare: formats within nested ones. The schema is to be written as an option, in JSON.
  bool as_json = false;
};
/// `schema`: the option of a parser called `table`. What is no type is reported.
[[nodiscard]] written_schema_columns write_columns(const node& schema, const std::string& table,
                                                   const std::string& path, written_types& types,
                                                   report& out);

}  // namespace millrace::config
