// The bytes of snapshots, segments, journals and what a folder knows of itself on disk, against golden files.
#include "runtime/snapshot/chain_journal.hpp"
#include "runtime/snapshot/control_record.hpp"
#include "runtime/snapshot/dir_segments.hpp"
#include "runtime/snapshot/journal_format.hpp"
#include "runtime/snapshot/snapshot_format.hpp"
#include "runtime/snapshot/value_file.hpp"
#include "tests/support/golden_file.hpp"

#include <random>

using namespace millrace;
using namespace millrace::snapshot;

namespace {

void check_golden(const std::string& name, const std::string& bytes) {
  test::check_golden("tests/unit/snapshot/golden/" + name, bytes);
}

std::string encode(const record& r, const std::string& actor, const std::string& payload) {
  return std::string(bytes_of(seal(r, actor, payload))) + actor + payload;
}

}  // namespace

TEST_CASE("snapshot files are the golden ones, byte for byte") {
  const record increment{record_kind::increment, 2, 7, 3, 6, 0x0123456789abcdef, 0, {}};
  check_golden("increment_1.bin", encode(increment, "counts/0", "what has changed"));
  const record base{record_kind::base, 1, 7, 3, 7, 0xfedcba9876543210, 0, {}};
  check_golden("base_1.bin", encode(base, "counts/0", "everything"));
  const record opening{record_kind::opening, 2, 1, 1, 0, 0, 0, {}};
  check_golden("opening_1.bin", encode(opening, "counts/0", ""));
}

TEST_CASE("segment files are the golden ones, byte for byte, and a changed bit anywhere is damage") {
  const segment_id id{3, 7};
  const std::string payload = "spilled output";
  const auto bytes = std::string(bytes_of(seal(id, "counts/0", payload))) + "counts/0" + payload;
  check_golden("segment_1.bin", bytes);
  std::string back;
  REQUIRE(decode_segment_file(bytes, id, "counts/0", back) == reading::whole);
  CHECK(back == payload);
  CHECK(decode_segment_file(bytes, id, "counts/1", back) == reading::damaged);
  CHECK(decode_segment_file(bytes, {3, 8}, "counts/0", back) == reading::damaged);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    auto flipped = bytes;
    flipped[n] ^= 1;
    REQUIRE(decode_segment_file(flipped, id, "counts/0", back) == reading::damaged);
    REQUIRE(decode_segment_file(bytes.substr(0, n), id, "counts/0", back) == reading::damaged);
  }
}

TEST_CASE("journal and value files are the golden ones, byte for byte") {
  auto journal = encode_journal("clicks", 4, 2, {"start at 17", ""});
  append_journal_entry(journal, 4, 2, "appended");
  check_golden("journal_1.bin", journal);
  check_golden("value_1.bin", encode_value("plan", "fingerprint", 5));
}

TEST_CASE("what a folder knows of itself, and a journal's records, are the golden ones, byte for byte") {
  folder_record folder;
  folder.id = {"00112233445566778899aabbccddeeff", "active_users", "ffeeddccbbaa99887766554433221100", true};
  folder.given_below = 65;
  folder.contents = "again-0123456789abcdef";
  check_golden("control_4.bin", encode_change({true, folder, {{"plan", "fingerprint"}, {"zone", ""}}}));
  check_golden("identity_4.bin", encode_value("identity", encode_note({}), 2));
  check_golden("identity_4_taken_over.bin", encode_value("identity", encode_note(folder), 2));
  check_golden("journal_record.bin", encode_journal_record(true, {"start at 17", ""}));
}

TEST_CASE("the identity of format 3 is read as it was written") {
  std::ifstream in("tests/unit/snapshot/golden/identity_3.bin", std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(in), {}};
  stored_value v;
  REQUIRE(decode_value(golden, "identity", v) == reading::whole);
  const auto note = decode_note(v.payload, "/state");
  REQUIRE(note);
  CHECK(note->version == 3);
  REQUIRE(note->record);
  CHECK(note->record->id.state_id == "00112233445566778899aabbccddeeff");
  CHECK(note->record->id.topology == "active_users");
  CHECK(note->record->id.previous_state_id == "ffeeddccbbaa99887766554433221100");
  CHECK(note->record->id.finished);
  CHECK(note->record->given_below == 65);
  CHECK(note->record->contents.empty());
}

TEST_CASE("changes of what a folder knows add up, and one that starts over leaves nothing of those before") {
  folder_record folder;
  folder.id.state_id = "a";
  chain::contents all;
  all.base = encode_change({true, folder, {{"plan", "1"}, {"zone", "x"}}});
  all.increments = {encode_change({false, {}, {{"plan", "2"}, {"new", ""}}})};
  auto sum = sum_up(all, "/state");
  REQUIRE(sum);
  CHECK(sum->folder->id.state_id == "a");
  CHECK(sum->values == named_values{{"new", ""}, {"plan", "2"}, {"zone", "x"}});
  all.increments.push_back(encode_change({true, {}, {{"plan", "3"}}}));
  sum = sum_up(all, "/state");
  REQUIRE(sum);
  CHECK_FALSE(sum->folder);
  CHECK(sum->values == named_values{{"plan", "3"}});
  for (const auto* bad : {"x", "\4", ""}) {
    all.increments = {bad};
    CHECK_FALSE(sum_up(all, "/state"));
  }
}

TEST_CASE("a record comes back as it was, and a changed bit anywhere is damage") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200; ++i) {
    const record r{record_kind{static_cast<std::uint8_t>(1 + random() % 3)},
                   1,
                   random(),
                   random(),
                   random(),
                   random(),
                   0,
                   {}};
    const std::string payload(random() % 40, static_cast<char>(random()));
    auto bytes = encode(r, "an actor", payload);
    record back;
    REQUIRE(decode_record(bytes, "an actor", back) == reading::whole);
    REQUIRE((back.payload == payload && back.sequence == r.sequence && back.life == r.life &&
             back.kind == r.kind && back.predecessor == r.predecessor &&
             back.predecessor_checksum == r.predecessor_checksum));
    REQUIRE(decode_record(bytes, "another", back) == reading::damaged);
    bytes[random() % bytes.size()] ^= static_cast<char>(1U << random() % 8);
    REQUIRE(decode_record(bytes, "an actor", back) == reading::damaged);
    bytes.resize(random() % bytes.size());
    REQUIRE(decode_record(bytes, "an actor", back) == reading::damaged);
  }
}

TEST_CASE("a journal entry is bound to its place and its file") {
  auto one = encode_journal("a", 1, 1, {});
  const auto header = one.size();
  append_journal_entry(one, 1, 0, "x");
  const auto entry = one.substr(header);
  journal_contents found;
  REQUIRE(decode_journal(one, "a", found) == reading::whole);
  REQUIRE(found.entries.size() == 1);
  REQUIRE(decode_journal(one + entry, "a", found) == reading::whole);
  REQUIRE((found.entries.size() == 1 && found.is_torn));  // the same entry again is none
  REQUIRE(decode_journal(encode_journal("a", 2, 1, {}) + entry, "a", found) == reading::whole);
  REQUIRE((found.entries.empty() && found.is_torn));  // of an older generation
}

TEST_CASE("what a journal's header counts as written at once may not be torn") {
  const auto bytes = encode_journal("a", 1, 1, {"one", "two"});
  journal_contents found;
  for (std::size_t n = 0; n < bytes.size(); ++n)
    REQUIRE(decode_journal(bytes.substr(0, n), "a", found) == reading::damaged);
  REQUIRE(decode_journal(bytes, "a", found) == reading::whole);
}

TEST_CASE("file names of records come back, others are none") {
  record_name name;
  for (const auto* text :
       {"base-00000000000000000007", "inc-18446744073709551615", "inc-00000000000000000001.copy"}) {
    REQUIRE(parse_file_name(text, name));
    REQUIRE(to_file_name(name) == text);
  }
  for (const auto* text : {"", "inc-", "inc-7", "base-0000000000000000000x", "inc-99999999999999999999",
                           "tmp-1-inc-00000000000000000001", "inc-+0000000000000000001", "lock"})
    REQUIRE(!parse_file_name(text, name));
}
