// Runs the statements of chains in a database. Each is a transaction of its own, so an error means that its
// outcome is not known, unless the server has said so. Tests put themselves in between.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::postgresql_chain {

/// Takes the place of $1, $2, ... in a statement. Its bytes belong to the caller.
struct parameter {
  std::string_view bytes;
  bool is_binary = false;  // bytea as it is; else the text of the value
};

struct answer {
  /// Values have PostgreSQL's binary form: a bigint is eight bytes, the most significant first; null is empty.
  std::vector<std::vector<std::string>> rows;
  std::uint64_t changed = 0;  // rows that were inserted, updated or deleted
};

class connection {
public:
  virtual ~connection() = default;
  /// Blocks for a bounded time. Any thread may call; others wait meanwhile.
  [[nodiscard]] virtual expected<answer> run(const std::string& sql,
                                             const std::vector<parameter>& parameters) = 0;
  /// Says where it leads, without the password: "postgresql://user@host:5432/database".
  [[nodiscard]] virtual const std::string& shown() const = 0;
};

}  // namespace millrace::postgresql_chain
