// Arbitrary bytes as an encoded batch: refused, or a batch whose every value can be read and that encodes to
// one that decodes alike.
#include "runtime/data/render.hpp"
#include "runtime/wire/batch_format.hpp"

#include <cstdlib>

namespace {

std::string shown(const millrace::data::batch& b) {
  std::string out;
  for (std::size_t i = 0; i < b.columns.size(); ++i)
    for (std::size_t row = 0; b.columns[i] && row < b.rows; ++row)
      millrace::data::append_json_value(out, *b.columns[i], row);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace;
  wire::reader in(std::string_view(reinterpret_cast<const char*>(data), size));
  const auto b = wire::decode_batch(in);
  if (!b)
    return 0;
  wire::writer out;
  wire::encode_batch(out, *b);
  wire::reader again(out.bytes());
  const auto same = wire::decode_batch(again);
  if (!same || shown(*same) != shown(*b))
    std::abort();
  return 0;
}
