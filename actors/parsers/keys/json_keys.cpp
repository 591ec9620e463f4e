#include "actors/parsers/keys/json_keys.hpp"

#include "actors/parsers/keys/keys_by_schema.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/json_text.hpp"

#include <fmt/format.h>

namespace millrace::parser {
namespace {

class json_keys final : public key_decoder {
public:
  explicit json_keys(prefix_form prefix) : prefix_(prefix) {}

  bool decode(const source::chunk&, std::string_view key, std::string& json) override {
    // JSON begins with no zero byte: a key without a prefix is one by itself.
    auto body = key;
    if (key.starts_with('\0')) {
      const auto taken = take_prefix(prefix_, key, reason_, "it");
      if (!taken)
        return fail(reason_);
      body = taken->body;
    }
    if (!data::is_utf8(body) || !expression::is_json(body))
      return fail(
          fmt::format("{} is not a JSON value", body.empty() ? "an empty text" : data::excerpt(body)));
    json += body;
    return true;
  }
  [[nodiscard]] const std::string& why() const override { return why_; }

private:
  bool fail(std::string_view why) {
    why_ = key_problem("json", why);
    return false;
  }

  prefix_form prefix_;
  std::string reason_;
  std::string why_;
};

}  // namespace

std::shared_ptr<key_decoder> make_json_keys(prefix_form prefix) {
  return std::make_shared<json_keys>(prefix);
}

}  // namespace millrace::parser
