// Arbitrary bytes as an encoded key of any scalar type: no crash, and what is decoded encodes to a key that
// decodes to the same, and is skipped as far as it is decoded.
#include "runtime/data/key_encoding.hpp"

#include <cstdlib>
#include <iterator>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace::data;
  static const type types[] = {type_id::boolean, type_id::bigint,         type_id::float64,
                               type_id::text,    type_id::timestamp,      type_id::json,
                               type_id::numeric, type::numeric_of(10, 2), type_id::date};
  constexpr unsigned count = std::size(types);
  std::string_view in(reinterpret_cast<const char*>(data), size);
  if (in.empty())
    return 0;
  const auto first = static_cast<unsigned char>(in.front());
  in.remove_prefix(1);
  for (unsigned n = first; !in.empty(); n = n / count + 1) {
    column_builder out(types[n % count]);
    auto skipped = in;
    const bool is_skipped = skip_key(skipped, out.type());
    if (!decode_key(in, out)) {
      if (is_skipped)
        std::abort();
      return 0;
    }
    if (!is_skipped || skipped != in)
      std::abort();
    const auto value = out.finish();
    std::string once;
    append_key(once, *value, 0);
    std::string_view again = once;
    if (!decode_key(again, out) || !again.empty())
      std::abort();
    std::string twice;
    append_key(twice, *out.finish(), 0);
    if (once != twice)
      std::abort();
  }
  return 0;
}
