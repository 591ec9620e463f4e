// Reads what sinks and sources store. Arbitrary bytes, also with a checksum that fits them, are refused or
// decode to a value that encodes to one that decodes alike; a value that was encoded and changed in one byte
// is refused where a checksum covers it. A side file gives its newest whole record, or says that it is
// damaged.
#include "actors/connectors/file/sink/file_record.hpp"
#include "actors/connectors/file/source/file_list.hpp"
#include "actors/connectors/http/stream/resume_point.hpp"
#include "actors/connectors/kafka/sink/position_record.hpp"
#include "actors/connectors/parquet/sink/table_record.hpp"
#include "actors/stream/sink/files/side_file.hpp"
#include "actors/stream/spool/spool_format.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/wire/bytes.hpp"
#include "tests/fuzz/memory_file.hpp"
#include "tests/fuzz/require.hpp"

#include <xxhash.h>

#include <algorithm>
#include <fuzzer/FuzzedDataProvider.h>

namespace {

using namespace millrace;
using namespace millrace::sink;
using fuzz::require;

std::string with_checksum(std::string bytes) {
  wire::writer out;
  out.raw(bytes);
  out.fixed(static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size())));
  return out.take();
}

/// Decoding, encoding and decoding again; `encode` gives comparable bytes.
template<class Decode, class Encode>
void stable(std::string_view bytes, Decode decode, Encode encode) {
  const auto first = decode(bytes);
  if (!first) {
    require(!first.error().message.empty(), "what is refused has a reason");
    return;
  }
  const std::string once = encode(*first);
  const auto second = decode(once);
  require(second.has_value() && encode(*second) == once, "what was read is written and read back");
}

void arbitrary(const std::string& bytes) {
  stable(bytes, decode_progress, encode_progress);
  stable(with_checksum("P\1" + bytes), decode_progress, encode_progress);
  stable(bytes, decode_position, encode_position);
  stable(bytes, decode_envelope, encode_envelope);
  stable(data::base64(with_checksum('\1' + bytes)), decode_envelope, encode_envelope);
  stable(bytes, static_cast<expected<file_record> (*)(std::string_view)>(decode_record),
         static_cast<std::string (*)(const file_record&)>(encode_record));
  stable(bytes, decode_table_record, static_cast<std::string (*)(const table_record&)>(encode_record));
  stable(bytes, source::parse_identities, source::format_identities);
  source::resume_point point("time");
  if (point.restore(bytes)) {
    source::resume_point again("time");
    require(again.restore(point.note()) && again.note() == point.note(), "a note is read back");
  }
  if (const auto decoded = data::from_base64(bytes))
    require(data::from_base64(data::base64(*decoded)) == decoded, "base64 is read back");
}

progress any_progress(FuzzedDataProvider& in) {
  progress p;
  p.batch = in.ConsumeIntegral<std::uint64_t>();
  p.counters = in.ConsumeRandomLengthString(20);
  for (auto n = in.ConsumeIntegralInRange<int>(0, 6); n > 0; --n) {
    const auto time = [&] {
      return in.ConsumeBool() ? in.PickValueInArray({no_watermark, end_of_time})
                              : in.ConsumeIntegral<std::int64_t>();
    };
    p.positions[in.ConsumeRandomLengthString(8)] = {{time(), in.ConsumeBool() ? whole : time()}, time()};
  }
  return p;
}

std::string changed(std::string bytes, FuzzedDataProvider& in) {
  const auto at = in.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1);
  bytes[at] = static_cast<char>(bytes[at] ^ in.ConsumeIntegralInRange<int>(1, 255));
  return bytes;
}

void written(FuzzedDataProvider& in) {
  const auto p = any_progress(in);
  const auto bytes = encode_progress(p);
  const auto back = decode_progress(bytes);
  require(back && back->positions == p.positions && back->counters == p.counters && back->batch == p.batch,
          "progress is read back");
  require(!decode_progress(changed(bytes, in)), "changed progress is refused");

  envelope e;
  e.state_id = in.ConsumeRandomLengthString(16);
  e.life = in.ConsumeIntegral<std::uint64_t>();
  e.sequence = in.ConsumeIntegral<std::uint64_t>();
  if (in.ConsumeBool())
    e.record = record_pointer{in.ConsumeIntegral<std::int32_t>(), in.ConsumeIntegral<std::int64_t>()};
  else
    e.record = bytes;
  const auto text = encode_envelope(e);
  const auto same = decode_envelope(text);
  require(same && encode_envelope(*same) == text && same->state_id == e.state_id &&
              same->sequence == e.sequence && same->life == e.life,
          "an envelope is read back");
  const auto other = decode_envelope(changed(text, in));
  require(!other || encode_envelope(*other) == text, "a changed envelope is refused");
}

/// Stores records, harms the file, loads.
void side_file_survives(FuzzedDataProvider& in) {
  fuzz::memory_file memory;
  if (in.ConsumeBool()) {
    memory.set(in.ConsumeRandomLengthString());
    auto side = side_file::open(memory.path());
    require(side.has_value(), "a file opens");
    static_cast<void>(side->load());
    return;
  }
  auto side = side_file::open(memory.path());
  require(side && side->load() && side->claim(), "a new side file is claimed");
  std::vector<std::string> stored;
  for (auto n = in.ConsumeIntegralInRange<int>(0, 6); n > 0; --n) {
    stored.push_back(in.ConsumeRandomLengthString(20) + std::string(in.ConsumeBool() ? 5000 : 0, 'x'));
    require(side->store(stored.back(), false).has_value(), "a record is stored");
  }
  auto again = side_file::open(memory.path());
  auto found = again->load();
  require(found && *found == (stored.empty() ? std::nullopt : std::optional(stored.back())),
          "the newest record is found");
  memory.change(in.ConsumeIntegralInRange<std::size_t>(0, 40'000), in.ConsumeIntegral<std::uint8_t>());
  auto harmed = side_file::open(memory.path());
  found = harmed->load();
  require(!found || !*found || std::find(stored.begin(), stored.end(), **found) != stored.end(),
          "damage gives no record that was never stored");
  require(!found || *found || stored.size() < 2, "damage to one byte of two records is no fresh start");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  arbitrary({reinterpret_cast<const char*>(data), size});
  for (const auto check : {written, side_file_survives}) {
    FuzzedDataProvider in(data, size);
    check(in);
  }
  return 0;
}
