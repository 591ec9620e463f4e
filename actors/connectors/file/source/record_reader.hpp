// Records of one file whose ends are not those of lines, as chunks. The file source's bounded reader owns one for the file
// that it is in.
#pragma once

#include "actors/stream/source/source.hpp"

#include <cstdint>

namespace millrace::source {

class record_reader {
public:
  virtual ~record_reader() = default;
  /// The next records, about `max_bytes` of them (a longer one comes whole), with from, to and topic; true at the end of the
  /// file. An error comes behind all whole records before it; the reader is done with then.
  [[nodiscard]] virtual expected<bool> read(chunk& out, std::size_t max_bytes) = 0;
  /// Bytes of the content that lie before what is read next, as far as that is known.
  [[nodiscard]] virtual std::uint64_t offset() const = 0;
};

}  // namespace millrace::source
