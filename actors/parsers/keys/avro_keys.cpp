#include "actors/parsers/keys/avro_keys.hpp"

#include "actors/parsers/keys/keys_by_schema.hpp"
#include "actors/parsers/record_budget.hpp"
#include "runtime/avro/json_text.hpp"

#include <fmt/format.h>

#include <optional>
#include <unordered_map>

namespace millrace::parser {
namespace {

// Schemas whose resolutions are kept. A topic's keys have one or a few.
constexpr std::size_t most_avro_keys = 64;

class avro_keys final : public keys_by_schema {
public:
  explicit avro_keys(prefix_form prefix) : keys_by_schema(prefix, "avro") {}

private:
  struct key_schema {
    schema_text text;
    std::optional<avro::json_text> as_json;
    std::string problem;  // without as_json: why
  };

  std::string read(std::uint64_t id, const schema_text& schema, std::string_view body,
                   std::string& json) override {
    auto& known = schema_of(id, schema);
    if (!known.as_json)
      return known.problem;
    constexpr avro::reading_index whole = 0;
    record_budget budget;
    budget.begin(body.size());
    avro::cursor at(body);
    if (!known.as_json->append(whole, at, json, budget.left())) {
      if (known.as_json->is_too_long())
        return std::string(record_budget::exceeded);
      const std::string_view path = known.as_json->path();
      return path.empty() ? known.as_json->why()
                          : fmt::format("\"{}\": {}", path.substr(1), known.as_json->why());
    }
    if (json.size() > budget.left())
      return std::string(record_budget::exceeded);
    if (at.left() != 0)
      return fmt::format("{} byte{} behind its last value; is it of another schema?", at.left(),
                         at.left() == 1 ? " stands" : "s stand");
    return {};
  }

  key_schema& schema_of(std::uint64_t id, const schema_text& text) {
    if (last_ != nullptr && last_id_ == id && last_->text == text)
      return *last_;
    auto known = known_.find(id);
    if (known == known_.end() || (known->second.text != text && *known->second.text != *text)) {
      if (known == known_.end() && known_.size() >= most_avro_keys)
        known_.clear();  // last_ is replaced below
      known = known_.insert_or_assign(id, made_of(id, text)).first;
    }
    known->second.text = text;  // later keys have the same one, and need no comparison
    last_id_ = id;
    last_ = &known->second;
    return *last_;
  }

  static key_schema made_of(std::uint64_t id, const schema_text& text) {
    key_schema out;
    auto schema = avro::parse_schema(*text);
    auto how = schema ? avro::resolution::of(std::move(*schema), nullptr)
                      : expected<avro::resolution_ptr>(tl::make_unexpected(std::move(schema).error()));
    if (how)
      out.as_json.emplace(std::move(*how));
    else
      out.problem =
          fmt::format("the schema with the id {} cannot be read as Avro: {}", id, how.error().message);
    return out;
  }

  std::unordered_map<std::uint64_t, key_schema> known_;
  key_schema* last_ = nullptr;  // of known_, which moves none; forgotten where known_ is emptied
  std::uint64_t last_id_ = 0;
};

}  // namespace

std::shared_ptr<key_decoder> make_avro_keys(prefix_form prefix) {
  return std::make_shared<avro_keys>(prefix);
}

}  // namespace millrace::parser
