// Text in another encoding than UTF-8, as UTF-8. A file's stream owns one for the file that it reads. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::data {

enum class encoding : std::uint8_t { utf_8, windows_1252, utf_16 };

/// `text`: a choice of the option `encoding`, "utf-8" for any other.
[[nodiscard]] encoding encoding_of(std::string_view text);

/// Says why a text that begins with `head` (three bytes, or all that there are) is not read by `from`, with the
/// remedy; empty: nothing speaks against it. A byte-order mark tells, and utf-16 needs one.
[[nodiscard]] std::string_view why_not_read_by(encoding from, std::string_view head);

/// Says what bytes are that decode() left as no UTF-8, as the end of a sentence.
[[nodiscard]] std::string_view why_not_decoded(encoding from);

/// Bytes without a character stay in the text as bytes that are no UTF-8, so that the record is refused: in
/// windows-1252 the byte itself, in utf-16 a surrogate without its other half as three bytes, and 0xFF for a
/// swapped byte-order mark or a last byte alone.
class text_decoder {
public:
  /// `head` as above, and nothing speaks against it.
  text_decoder(encoding from, std::string_view head);
  /// Appends the UTF-8 of the next bytes to `out`, without a byte-order mark at the very beginning; the text does not depend on how
  /// the bytes come in parts. `is_all`: no more come.
  void decode(std::string_view bytes, bool is_all, std::string& out);

private:
  void decode_utf_16(bool is_all, std::string& out);
  [[nodiscard]] char32_t unit(std::size_t at) const;

  encoding from_;
  bool big_endian_;
  bool begun_ = false;  // the byte-order mark is passed
  std::string rest_;    // bytes of utf-16 that are not decoded yet
};

}  // namespace millrace::data
