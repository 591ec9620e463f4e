#include "actors/parsers/keys/protobuf_keys.hpp"

#include "actors/parsers/keys/keys_by_schema.hpp"
#include "actors/parsers/protobuf/message_json.hpp"
#include "actors/parsers/protobuf/schema_files.hpp"
#include "actors/parsers/protobuf/writer_message.hpp"
#include "actors/parsers/record_budget.hpp"

#include <fmt/format.h>

#include <map>
#include <span>

namespace millrace::parser {
namespace {

using protobuf::Descriptor;

// Schemas whose descriptors are kept, and their texts together; descriptors take some ten times as much.
constexpr std::size_t most_protobuf_keys = 64;
constexpr std::size_t most_protobuf_key_texts = 10'000'000;

class protobuf_keys final : public keys_by_schema {
public:
  explicit protobuf_keys(prefix_form prefix) : keys_by_schema(prefix, "protobuf") {}

private:
  struct key_schema {
    schema_text text;
    std::shared_ptr<const protobuf::schema> descriptors;
    std::string problem;  // without descriptors: why
    protobuf::message_shapes shapes;
    // The message of the key before, whose shape need not be looked up.
    const Descriptor* last = nullptr;
    const protobuf::message_shape* shape = nullptr;
  };

  std::string read(std::uint64_t id, const schema_text& schema, std::string_view body,
                   std::string& json) override {
    auto& known = schema_of(id, schema);
    if (!known.descriptors)
      return known.problem;
    std::string why;
    const auto* const message = message_of(*known.descriptors, body, why);
    if (message == nullptr)
      return why;
    if (message != known.last) {
      known.shape = &known.shapes.of(*message);
      known.last = message;
    }
    protobuf::wire_value whole;
    whole.bytes = body;
    record_budget budget;
    budget.begin(body.size());
    if (json_.append_message(json, *known.shape, std::span(&whole, 1), 1, budget.left()))
      return {};
    const std::string_view path = json_.path();
    return path.empty() ? json_.why() : fmt::format("\"{}\": {}", path.substr(1), json_.why());
  }

  /// Takes off what says which message the key is. Null leaves why as the reason.
  [[nodiscard]] const Descriptor* message_of(const protobuf::schema& schema, std::string_view& body,
                                             std::string& why) const {
    if (prefix() == prefix_form::confluent)
      return protobuf::take_indexes(schema, body, why);
    const Descriptor* named = nullptr;
    if (!protobuf::take_reference(schema, body, named, why))
      return nullptr;
    if (named == nullptr)
      named = schema.only_message();
    if (named == nullptr)
      why = "nothing says which of several messages it is";
    return named;
  }

  key_schema& schema_of(std::uint64_t id, const schema_text& text) {
    auto known = known_.find(id);
    if (known != known_.end() && known->second.text != text && *known->second.text != *text) {
      bytes_ -= known->second.text->size();
      known_.erase(known);
      known = known_.end();
    }
    if (known == known_.end()) {
      if (known_.size() >= most_protobuf_keys || bytes_ + text->size() > most_protobuf_key_texts) {
        known_.clear();
        bytes_ = 0;
      }
      bytes_ += text->size();
      known = known_.try_emplace(id).first;
      auto compiled = protobuf::schema::of_source(*text, fmt::format("the schema with the id {}", id));
      if (compiled)
        known->second.descriptors = std::move(*compiled);
      else
        known->second.problem = std::move(compiled.error().message);
    }
    known->second.text = text;  // later keys have the same one, and need no comparison
    return known->second;
  }

  std::map<std::uint64_t, key_schema> known_;
  std::size_t bytes_ = 0;
  protobuf::message_json json_;
};

}  // namespace

std::shared_ptr<key_decoder> make_protobuf_keys(prefix_form prefix) {
  return std::make_shared<protobuf_keys>(prefix);
}

}  // namespace millrace::parser
