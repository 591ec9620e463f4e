// Keys that name their schema in a registry, as values do: the prefix is taken off, and the schema found that the chunk has for
// its id. The formats decode what follows.
#pragma once

#include "actors/parsers/key_decoder.hpp"
#include "actors/parsers/record_prefix.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::parser {

/// The error of a key that cannot be decoded, with what to do. `format`: what the option says.
[[nodiscard]] std::string key_problem(std::string_view format, std::string_view why);

class keys_by_schema : public key_decoder {
public:
  [[nodiscard]] bool decode(const source::chunk& c, std::string_view key, std::string& json) final;
  [[nodiscard]] const std::string& why() const final { return why_; }

protected:
  /// Texts of schemas are the same object for the same id, but where a registry's state was read again.
  using schema_text = std::shared_ptr<const std::string>;

  keys_by_schema(prefix_form prefix, std::string_view format) : prefix_(prefix), format_(format) {}
  [[nodiscard]] prefix_form prefix() const { return prefix_; }

  /// Appends the JSON of a key without its prefix; an empty result says that it did, another why not.
  [[nodiscard]] virtual std::string read(std::uint64_t id, const schema_text& schema, std::string_view body,
                                         std::string& json) = 0;

private:
  bool fail(std::string_view why);

  prefix_form prefix_;
  std::string_view format_;
  std::string reason_;
  std::string why_;
};

}  // namespace millrace::parser
