// The files of a state folder as bytes. Arbitrary ones are whole, damaged or of a later version, and what is
// whole encodes to the same bytes again. What was encoded decodes to the same; with one byte changed, cut off
// or added it is damage, never another value.
#include "runtime/snapshot/dir_segments.hpp"
#include "runtime/snapshot/snapshot_format.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <fuzzer/FuzzedDataProvider.h>

namespace {

using namespace millrace;
using namespace millrace::snapshot;
using fuzz::require;

constexpr std::string_view actor = "counts/0/3";
constexpr segment_id segment{3, 7};

std::string record_file(const record& r) {
  std::string out(bytes_of(seal(r, actor, r.payload)));
  return out.append(actor).append(r.payload);
}

std::string segment_file(std::string_view payload) {
  std::string out(bytes_of(seal(segment, actor, payload)));
  return out.append(actor).append(payload);
}

void same_bytes(std::string_view before, const std::string& again) {
  require(before == again, "what is whole encodes to the same bytes");
}

/// Checks bytes that anybody may have put there.
void arbitrary(std::string_view bytes) {
  record r;
  if (decode_record(bytes, actor, r) == reading::whole)
    same_bytes(bytes, record_file(r));
  std::string payload;
  if (decode_segment_file(bytes, segment, actor, payload) == reading::whole)
    same_bytes(bytes, segment_file(payload));
  segment_id id;
  if (parse_file_name(bytes, id))
    require(to_file_name(id) == bytes, "a segment's file name is written as it is read");
}

std::string changed(std::string bytes, FuzzedDataProvider& in) {
  const auto at = in.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1);
  switch (in.ConsumeIntegralInRange<int>(0, 2)) {
  case 0:
    bytes[at] = static_cast<char>(bytes[at] ^ in.ConsumeIntegralInRange<int>(1, 255));
    return bytes;
  case 1:
    return bytes.substr(0, at);
  default:
    return bytes + in.ConsumeRandomLengthString(8) + '!';
  }
}

void record_and_damage(FuzzedDataProvider& in) {
  record r;
  r.kind = in.PickValueInArray({record_kind::base, record_kind::increment, record_kind::opening});
  r.copies = in.ConsumeIntegral<std::uint8_t>();
  r.sequence = in.ConsumeIntegral<std::uint64_t>();
  r.life = in.ConsumeIntegral<std::uint64_t>();
  r.predecessor = in.ConsumeIntegral<std::uint64_t>();
  r.predecessor_checksum = in.ConsumeIntegral<std::uint64_t>();
  r.payload = in.ConsumeRandomLengthString();
  const auto bytes = record_file(r);
  record back;
  require(decode_record(bytes, actor, back) == reading::whole, "a record is read back");
  same_bytes(bytes, record_file(back));
  require(decode_record(bytes, "counts/0/4", back) == reading::damaged, "another actor's record is damage");
  require(decode_record(changed(bytes, in), actor, back) == reading::damaged, "a changed record is damage");
}

void segment_and_damage(FuzzedDataProvider& in) {
  const auto payload = in.ConsumeRandomLengthString();
  const auto bytes = segment_file(payload);
  std::string back;
  require(decode_segment_file(bytes, segment, actor, back) == reading::whole && back == payload,
          "a segment is read back");
  require(decode_segment_file(changed(bytes, in), segment, actor, back) == reading::damaged,
          "a changed segment is damage");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  arbitrary({reinterpret_cast<const char*>(data), size});
  for (const auto check : {record_and_damage, segment_and_damage}) {
    FuzzedDataProvider in(data, size);
    check(in);
  }
  return 0;
}
