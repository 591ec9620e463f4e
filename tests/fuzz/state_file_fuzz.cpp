// The files of a state folder as bytes. Arbitrary ones are whole, damaged or of a later version, and what is
// whole encodes to the same bytes again. What was encoded decodes to the same; with one byte changed, cut off
// or put behind it is damage, never another value (a journal: never another entry).
#include "actors/client/replay/replay_format.hpp"
#include "runtime/snapshot/chain_journal.hpp"
#include "runtime/snapshot/control_record.hpp"
#include "runtime/snapshot/dir_segments.hpp"
#include "runtime/snapshot/journal_format.hpp"
#include "runtime/snapshot/snapshot_format.hpp"
#include "runtime/snapshot/value_file.hpp"
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

/// Whatever somebody has put there.
void arbitrary(std::string_view bytes) {
  record r;
  if (decode_record(bytes, actor, r) == reading::whole)
    same_bytes(bytes, record_file(r));
  std::string payload;
  if (decode_segment_file(bytes, segment, actor, payload) == reading::whole)
    same_bytes(bytes, segment_file(payload));
  stored_value v;
  if (decode_value(bytes, actor, v) == reading::whole)
    same_bytes(bytes, encode_value(actor, v.payload, v.generation));
  if (const auto name = value_name(bytes))
    require(decode_value(bytes, *name, v) == reading::whole, "a value has its own name");
  journal_contents j;
  if (decode_journal(bytes, actor, j) == reading::whole)
    require(j.is_torn || encode_journal(actor, j.generation, j.life, j.entries).size() == bytes.size(),
            "a journal that is not torn holds nothing beside its entries");
  if (const auto change = decode_change(bytes, "DIR")) {
    const auto again = decode_change(encode_change(*change), "DIR");
    require(again && encode_change(*again) == encode_change(*change), "a change is read as it was written");
  }
  if (const auto note = decode_note(bytes, "DIR"); note && note->record) {
    const auto again = decode_note(encode_note(note->record), "DIR");
    require(again && again->record && encode_note(again->record) == encode_note(note->record),
            "a note is read as it was written");
  }
  if (const auto read = sum_up_journal({.increments = {std::string(bytes)}})) {
    const auto again = sum_up_journal({.increments = {encode_journal_record(true, read->entries)}});
    require(again && again->entries == read->entries, "a journal's record is read as it was written");
  }
  if (const auto replayed = replay::decode(bytes)) {
    const auto again = replay::decode(replay::encode(*replayed));
    require(again && *again == *replayed, "replayed records are read as they were written");
  }
  if (const auto parts = replay::parse_partition_name(bytes))
    require(replay::parse_partition_name(replay::partition_name(parts->stage, parts->number))->stage ==
                parts->stage,
            "a partition of replayed records is named as it is read");
  record_name name;
  if (parse_file_name(bytes, name))
    require(to_file_name(name) == bytes, "a record's file name is written as it is read");
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

void value_and_damage(FuzzedDataProvider& in) {
  const auto payload = in.ConsumeRandomLengthString();
  const auto generation = in.ConsumeIntegral<std::uint64_t>();
  const auto bytes = encode_value(actor, payload, generation);
  stored_value back;
  require(decode_value(bytes, actor, back) == reading::whole && back.payload == payload &&
              back.generation == generation,
          "a value is read back");
  require(decode_value(changed(bytes, in), actor, back) == reading::damaged, "a changed value is damage");
}

void journal_and_damage(FuzzedDataProvider& in) {
  std::vector<std::string> entries;
  for (auto n = in.ConsumeIntegralInRange<int>(0, 4); n > 0; --n)
    entries.push_back(in.ConsumeRandomLengthString(20));
  const auto generation = in.ConsumeIntegral<std::uint64_t>();
  auto bytes = encode_journal(actor, generation, 5, entries);
  const auto at_once = entries.size();
  for (auto n = in.ConsumeIntegralInRange<int>(0, 3); n > 0; --n) {
    entries.push_back(in.ConsumeRandomLengthString(20));
    append_journal_entry(bytes, generation, static_cast<std::uint32_t>(entries.size() - 1), entries.back());
  }
  journal_contents back;
  require(decode_journal(bytes, actor, back) == reading::whole && back.entries == entries && !back.is_torn,
          "a journal is read back");
  const auto result = decode_journal(changed(bytes, in), actor, back);
  require(result != reading::later, "damage is no later version");
  if (result == reading::damaged)
    return;
  require(back.entries.size() >= at_once && back.entries.size() <= entries.size() &&
              std::equal(back.entries.begin(), back.entries.end(), entries.begin()),
          "a torn journal holds its first entries, at least those that were written at once");
  require(back.is_torn || back.entries.size() < entries.size(), "a changed journal shows it");
}

folder_record some_folder(FuzzedDataProvider& in) {
  folder_record r;
  r.id = {in.ConsumeRandomLengthString(8), in.ConsumeRandomLengthString(8), in.ConsumeRandomLengthString(8),
          in.ConsumeBool()};
  r.given_below = in.ConsumeIntegral<std::uint64_t>();
  r.contents = in.ConsumeRandomLengthString(8);
  return r;
}

/// Changes that add up to what a base of them holds.
void changes_and_their_base(FuzzedDataProvider& in) {
  chain::contents all;
  control_state wanted;
  for (auto n = in.ConsumeIntegralInRange<int>(0, 4); n > 0; --n) {
    control_change c;
    c.starts_over = in.ConsumeIntegralInRange<int>(0, 4) == 0;
    if (in.ConsumeBool())
      c.folder = some_folder(in);
    for (auto m = in.ConsumeIntegralInRange<int>(0, 2); m > 0; --m)
      c.values.insert_or_assign(in.ConsumeRandomLengthString(2), in.ConsumeRandomLengthString(8));
    all.increments.push_back(encode_change(c));
    wanted.apply(std::move(c));
  }
  const auto sum = sum_up(all, "DIR");
  require(sum && sum->values == wanted.values && sum->folder.has_value() == wanted.folder.has_value(),
          "changes are read and added up");
  require(!wanted.folder || encode_note(sum->folder) == encode_note(wanted.folder),
          "so is the folder's record");
  const auto base = encode_change({true, wanted.folder, wanted.values});
  const auto of_base = sum_up({.base = base}, "DIR");
  require(of_base && of_base->values == wanted.values &&
              encode_note(of_base->folder) == encode_note(sum->folder),
          "a base is what its changes add up to");
  (void)sum_up({.base = changed(base, in)}, "DIR");  // its checksum is the record's
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  arbitrary({reinterpret_cast<const char*>(data), size});
  for (const auto check : {record_and_damage, segment_and_damage, value_and_damage, journal_and_damage,
                           changes_and_their_base}) {
    FuzzedDataProvider in(data, size);
    check(in);
  }
  return 0;
}
