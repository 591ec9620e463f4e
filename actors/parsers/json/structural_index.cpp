#include "actors/parsers/json/structural_index.hpp"

#include <simdjson.h>

#include <algorithm>

namespace millrace::parser {
namespace {

constexpr std::size_t least_capacity = 64 << 10;
// A capacity beyond this serves one huge record and is given back after it: 4 bytes of index a byte of text.
constexpr std::size_t kept_capacity = 4 << 20;
// A text without tokens has these: every position lies behind the text.
constexpr std::size_t positions_behind = 4;
constexpr std::uint32_t no_tokens[positions_behind] = {0xFFFF'FFFF, 0xFFFF'FFFF, 0xFFFF'FFFF, 0xFFFF'FFFF};

}  // namespace

structural_index::structural_index() = default;
structural_index::~structural_index() = default;

const char* structural_index::build(const char* text, std::size_t length) {
  count_ = 0;
  positions_ = no_tokens;
  if (!impl_ || length > impl_->capacity() ||
      (impl_->capacity() > kept_capacity && length <= kept_capacity)) {
    const auto capacity = std::max(length, least_capacity);
    impl_.reset();
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            capacity, simdjson::DEFAULT_MAX_DEPTH, impl_) != simdjson::SUCCESS)
      return "the record is too large";
  }
  const auto failed =
      impl_->stage1(reinterpret_cast<const std::uint8_t*>(text), length, simdjson::stage1_mode::regular);
  switch (failed) {
  case simdjson::EMPTY:
    return nullptr;
  case simdjson::SUCCESS:
    break;
  case simdjson::UTF8_ERROR:
    return "the record is not UTF-8";
  case simdjson::UNESCAPED_CHARS:
    return "not JSON: a string holds a control character that is not escaped";
  case simdjson::UNCLOSED_STRING:
    return "not JSON: a string is not closed";
  default:
    return "not JSON";
  }
  count_ = impl_->n_structural_indexes;
  // simdjson's buffer has room for nine behind as many as the text has bytes.
  std::fill_n(impl_->structural_indexes.get() + count_, positions_behind, static_cast<std::uint32_t>(length));
  positions_ = impl_->structural_indexes.get();
  return nullptr;
}

}  // namespace millrace::parser
