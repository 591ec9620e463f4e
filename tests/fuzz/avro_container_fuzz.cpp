// Bytes of an Avro object container as anybody may have left them: reading them comes to an end in bounded memory, gives the
// same records and the same error however they are cut into chunks, and each record again where reading begins with it. The
// first byte says which codec a block's bytes are unpacked by alone.
#include "actors/connectors/file/source/container_reader.hpp"
#include "tests/fuzz/memory_file.hpp"
#include "tests/fuzz/require.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace millrace;

namespace {

struct outcome {
  std::vector<std::pair<position, std::string>> records;
  std::string failure;
  bool operator==(const outcome&) const = default;
};

constexpr std::size_t most_records = 10'000;  // a small file may have millions without a byte

outcome read_all(const std::string& path, std::uint64_t length, std::uint64_t from, std::size_t max_bytes) {
  outcome out;
  auto reader = source::container_reader::open(path, length, 0, from);
  if (!reader) {
    out.failure = reader.error().message;
    return out;
  }
  while (out.records.size() < most_records) {
    source::chunk c;
    const auto ended = (*reader)->read(c, max_bytes);
    if (!ended) {
      out.failure = ended.error().message;
      return out;
    }
    fuzz::require(c.bytes.size() >= source::padding && c.from <= c.to, "a chunk has padding, and goes on");
    for (std::size_t i = 0; i < c.records(); ++i) {
      fuzz::require(c.begins[i] + c.lengths[i] + source::padding <= c.bytes.size() && c.positions[i] < c.to,
                    "a record lies in its chunk");
      out.records.emplace_back(c.positions[i], c.record(i));
    }
    if (*ended)
      return out;
  }
  out.records.resize(most_records);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool quiet = [] {
    spdlog::set_level(spdlog::level::off);
    return true;
  }();
  (void)quiet;
  if (size == 0)
    return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string unpacked;
  (void)avro::unpack_block(static_cast<avro::codec>(data[0] % 4), bytes, unpacked);
  (void)avro::read_block_head(bytes);

  static fuzz::memory_file file;
  file.set(bytes);
  const auto all = read_all(file.path(), bytes.size(), 0, 64);
  fuzz::require(all == read_all(file.path(), bytes.size(), 0, std::size_t{1} << 20U),
                "chunks of another size have the same records");
  if (all.records.empty() || all.records.size() == most_records)
    return 0;
  const auto middle = all.records.size() / 2;
  auto rest = all;
  rest.records.erase(rest.records.begin(), rest.records.begin() + static_cast<std::ptrdiff_t>(middle));
  const auto from = static_cast<std::uint64_t>(all.records[middle].first.minor);
  fuzz::require(rest == read_all(file.path(), bytes.size(), from, 64), "reading goes on at a record");
  return 0;
}
