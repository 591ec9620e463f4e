// Bytes of a spool's segment, and of a stream, as anybody may have left or sent them: decoding reads nothing
// outside them and comes to an end; splitting gives the same lines however the bytes are cut.
#include "actors/stream/source/line_splitter.hpp"
#include "actors/stream/spool/spool_format.hpp"

#include <cstdlib>
#include <vector>

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)spool::check_header(bytes, size);
  if (spool::whole_frames(bytes, size) > size)
    std::abort();
  std::string framed;
  spool::append_frame(framed, size, 1, bytes);
  const auto back = spool::read_frame(framed, size);
  if (!back || back->record != bytes)
    std::abort();

  using lines = std::vector<std::pair<std::string, bool>>;
  const auto split = [&](std::size_t piece) {
    lines out;
    source::line_splitter s(16, 4);
    const auto take = [&](std::string_view record, bool cut) {
      if (record.size() > 17)
        std::abort();
      out.emplace_back(std::string(record), cut);
    };
    for (std::size_t at = 0; at < size; at += piece)
      s.push(bytes.substr(at, piece), take);
    s.end(true, take);
    return out;
  };
  if (split(1) != split(size + 1) || split(3) != split(7))
    std::abort();
  return 0;
}
