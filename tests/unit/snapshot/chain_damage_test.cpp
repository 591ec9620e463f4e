// Damaged, missing and half written files of an actor's snapshots: what is read, what is told.
#include "tests/unit/snapshot/folder_fixture.hpp"
#include "tests/unit/snapshot/interposed_file_system.hpp"

#include <algorithm>
#include <cstring>

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;

namespace {

/// A life appends each letter as a record; it keeps those in `twice` twice.
void append_letters(const actor_chains& store, std::string_view letters, std::string_view twice = "") {
  const auto chain = *store.open_snapshots("a", 1);
  for (const char letter : letters)
    REQUIRE(chain->append(std::string(1, letter), twice.find(letter) != std::string_view::npos));
}

std::string first_run(const actor_chains& store, run_part part = run_part::original) {
  return store.folder_of("a") + "/" + run_file(1, part);
}

/// Each record is a run; all but the newest have a copy.
void put_runs_of_one_record(faulty_file_system& files, const std::string& folder, std::uint64_t count) {
  chain::link tail;
  for (std::uint64_t n = 1; n <= count; ++n) {
    const auto text = std::to_string(n);
    const auto life = chain::number_of({n, 0});
    const auto header =
        seal({record_kind::increment, 1, n, life, tail.sequence, tail.checksum, 0, {}}, "a", text);
    tail = {n, header.checksum};
    files.put(folder + "/" + run_file(n), std::string(bytes_of(header)) + "a" + text);
    if (n < count)
      files.put(folder + "/" + run_file(n, run_part::copy), std::string(bytes_of(header)) + "a" + text);
  }
}

void damage_both_copies(faulty_file_system& files, const actor_chains& store, std::uint64_t number) {
  for (const auto part : {run_part::original, run_part::copy})
    damage_record(files, first_run(store, part), number);
}

}  // namespace

TEST_CASE("a snapshot file of a later format is refused, not thrown away") {
  faulty_file_system files;
  const actor_chains store(files);
  const auto chain = *store.open_snapshots("a", 1);
  const auto number = *chain->append("x", false);
  REQUIRE(number == 2);
  const auto path = first_run(store);
  auto bytes = files.contents(path).substr(0, sizeof(record_header) + 1);
  bytes[8] = 2;  // version
  std::memset(bytes.data() + 16, 0, 8);
  const auto sum = checksum_of({bytes});
  std::memcpy(bytes.data() + 16, &sum, 8);
  files.put(path, bytes);
  files.lose_file(first_run(store, run_part::copy));
  CHECK(store.open_snapshots("a", 2).error().code == ec::unsupported);
  CHECK(files.contents(path) == bytes);
}

TEST_CASE("every file of a chain may be cut at any byte and one increment is lost at most") {
  faulty_file_system files;
  std::string folder;
  {
    const actor_chains store(files, {40, 3});
    folder = store.folder_of("a");
    const auto chain = *store.open_snapshots("a", 1);
    for (int i = 0; i < 8; ++i) {
      REQUIRE(chain->append(std::to_string(i), i == 5));
      REQUIRE(chain->compact(join));
    }
  }
  files.settle();
  for (const auto& path : files.all_files("/state")) {
    if (!path.starts_with(folder))
      continue;
    for (std::size_t n = 0; n <= files.contents(path).size(); ++n) {
      INFO(path << " cut at " << n);
      auto copy = files.clone();
      const bool is_whole = n == files.contents(path).size();
      copy->put(path, files.contents(path).substr(0, n));
      const actor_chains store(*copy);
      const auto opened = store.open_snapshots("a", 2);
      REQUIRE(opened.has_value());
      const auto found = *join(*(*opened)->load());
      REQUIRE((found == "01234567" || (!is_whole && found == "0123456")));
    }
  }
}

TEST_CASE("after a damaged base a new one is due at once") {
  faulty_file_system files;
  const actor_chains store(files, {0, 0});
  {
    const auto chain = *store.open_snapshots("a", 1);
    for (const auto* text : {"a", "b", "c"}) {
      REQUIRE(chain->append(text, false));
      REQUIRE(*chain->compact(join));
    }
  }
  std::string newest;
  for (const auto& path : files.all_files("/state"))
    if (is_base(files, path))
      newest = path;
  files.damage(newest);
  const auto copy = files.clone();
  const actor_chains later(*copy);  // the thresholds are the ordinary, far away ones
  const auto chain = *later.open_snapshots("a", 2);
  const auto found = *chain->load();
  CHECK(*join(found) == "abc");
  CHECK(found.passed_over == 1);
  CHECK(*chain->compact(join));
  CHECK(!*chain->compact(join));
}

TEST_CASE(
    "a second copy that a full disk cuts short does not look like that of a record that was kept twice") {
  faulty_file_system disk;
  interposed_file_system files(disk);
  using answer = interposed_file_system::answer;
  REQUIRE(files.make_folder("/a"));
  {
    const auto chain = *open_dir_snapshots(files, "/a", "a", 1);
    for (const auto* text : {"a", "b"})
      REQUIRE(chain->append(text, false));
    files.before = [&](std::string_view operation, const std::string& path) {
      if (operation == "append" && path.ends_with(".copy"))
        REQUIRE(disk.append(path, {"MRS"}, false));
      return operation == "append" || operation == "replace" ? answer::refused : answer::given;
    };
    CHECK_FALSE(chain->append("c", false));
    CHECK_FALSE(chain->append("d", false));
    files.before = [](auto, const auto&) { return answer::given; };
  }
  damage_record(disk, "/a/" + run_file(1), 2);
  const auto opened = open_dir_snapshots(files, "/a", "a", 2);
  REQUIRE(opened);
  CHECK(*join(*(*opened)->load()) == "a");
}

TEST_CASE("two damaged files are told, never passed over in silence") {
  for (const std::uint64_t victim : {1, 2, 3}) {  // a, b and c, which have a copy each; d has none
    faulty_file_system files;
    const actor_chains store(files);
    append_letters(store, "abcd", "c");
    damage_both_copies(files, store, victim);
    const auto opened = store.open_snapshots("a", 2);
    REQUIRE(!opened);
    CHECK(opened.error().code == ec::corrupt);
    CHECK(mentions(opened.error(), "--fresh"));
  }
}

TEST_CASE("a newest record that was kept twice is not passed over when both copies of it are damaged") {
  faulty_file_system files;
  const actor_chains store(files);
  append_letters(store, "ab", "b");
  damage_both_copies(files, store, 2);
  const auto opened = store.open_snapshots("a", 2);
  REQUIRE(!opened);
  CHECK(opened.error().code == ec::corrupt);
}

TEST_CASE("a second copy that was not completed does not say that a damaged record was kept twice") {
  faulty_file_system files;
  const actor_chains store(files);
  append_letters(store, "ab", "ab");
  const auto folder = store.folder_of("a") + "/";
  const auto whole = files.contents(folder + run_file(1));
  const auto begin = whole.rfind("MRSNAP");
  for (auto copied = begin; copied < whole.size(); ++copied)
    for (auto harmed = begin; harmed < whole.size(); ++harmed)
      for (const bool is_cut : {false, true}) {
        INFO("copied up to " << copied << ", damaged at " << harmed << ", cut " << is_cut);
        const auto disk = files.clone();
        auto original = whole;
        if (is_cut)
          original.resize(harmed);
        else
          original[harmed] ^= 4;
        disk->put(folder + run_file(1), original);
        disk->put(folder + run_file(1, run_part::copy), whole.substr(0, copied));
        const auto chain = open_dir_snapshots(*disk, folder, "a", 2);
        REQUIRE(chain);
        const auto found = *(*chain)->load();
        CHECK(*join(found) == "a");
        CHECK(found.fell_back_to.has_value() == (copied > begin || original.size() > begin));
        REQUIRE((*chain)->append("c", false));
        CHECK(*join(*(*chain)->load()) == "ac");
      }
}

TEST_CASE("a newest record that was kept twice is missed, too, where the original ends before it") {
  faulty_file_system files;
  const actor_chains store(files);
  append_letters(store, "ab", "ab");
  const auto folder = store.folder_of("a") + "/";
  const auto whole = files.contents(folder + run_file(1));
  const auto begin = whole.rfind("MRSNAP");
  for (auto end = begin; end < whole.size(); ++end)
    for (auto harmed = begin; harmed < whole.size(); ++harmed) {
      INFO("the original is cut at " << end << ", the copy is damaged at " << harmed);
      const auto disk = files.clone();
      disk->put(folder + run_file(1), whole.substr(0, end));
      disk->contents(folder + run_file(1, run_part::copy))[harmed] ^= 4;
      record_header head{};
      std::memcpy(&head, disk->contents(folder + run_file(1, run_part::copy)).data() + begin, sizeof head);
      const auto rest = whole.size() - begin - sizeof head;
      if (head.name_length > rest || head.payload_length > rest)
        continue;  // this damage makes a whole copy look like one that was not completed
      CHECK(open_dir_snapshots(*disk, folder, "a", 2).error().code == ec::corrupt);
    }
}

TEST_CASE("a record is read behind a damaged one whose copy is whole") {
  for (const std::size_t victim : {0, 1, 2, 3}) {
    faulty_file_system files;
    const actor_chains store(files);
    append_letters(store, "abcd");
    const auto original = first_run(store);
    damage_record(files, original, victim);
    const auto found = *(*store.open_snapshots("a", 2))->load();
    CHECK(*join(found) == "abcd");
    CHECK(found.passed_over == 1);
    CHECK_FALSE(found.fell_back_to);
    files.damage(first_run(store, run_part::sealed));  // the original is mended
    CHECK(*join(*(*store.open_snapshots("a", 3))->load()) == "abcd");
  }
}

TEST_CASE("an append that was cut short at any byte is passed over, and the next life goes on") {
  for (const bool twice : {false, true}) {
    faulty_file_system files;
    const actor_chains store(files);
    append_letters(store, "ab", twice ? "ab" : "");
    const auto original = first_run(store);
    const auto whole = files.contents(original);
    const auto end = whole.rfind("MRSNAP");
    for (auto cut = end; cut < whole.size(); ++cut) {
      INFO("cut at " << cut << ", twice " << twice);
      const auto copy = files.clone();
      copy->put(original, whole.substr(0, cut));
      const actor_chains again(*copy);
      {
        const auto chain = *again.open_snapshots("a", 2);
        const auto found = *chain->load();
        CHECK(*join(found) == (twice ? "ab" : "a"));
        CHECK(found.fell_back_to.has_value() == (cut > end || twice));
        REQUIRE(chain->append("c", false));
      }
      CHECK(*join(*(*again.open_snapshots("a", 3))->load()) == (twice ? "abc" : "ac"));
    }
  }
}

TEST_CASE(
    "a damaged newest record behind missing ones is told, not passed over: that would go back behind those") {
  for (const std::uint64_t first_missing : {1, 2, 3}) {
    faulty_file_system files;
    const actor_chains store(files);
    const auto folder = store.folder_of("a");
    REQUIRE(make_folders(files, folder));
    put_runs_of_one_record(files, folder, 4);
    for (auto number = first_missing; number < 4; ++number)
      for (const auto part : {run_part::original, run_part::copy})
        REQUIRE(files.remove(folder + "/" + run_file(number, part)));
    const auto newest = folder + "/" + run_file(4);
    files.damage(newest);
    const auto damaged = files.contents(newest);
    const auto opened = store.open_snapshots("a", 2);
    REQUIRE(!opened);
    CHECK(opened.error().code == ec::corrupt);
    CHECK(mentions(opened.error(), "--fresh"));
    CHECK(files.contents(newest) == damaged);
  }
}

TEST_CASE("a fall back says to which record") {
  faulty_file_system files;
  const actor_chains store(files);
  {
    const auto chain = *store.open_snapshots("a", 1);
    CHECK_FALSE((*chain->load()).fell_back_to);
    for (const auto* text : {"a", "b"})
      REQUIRE(chain->append(text, false));
  }
  const auto original = first_run(store);
  damage_record(files, original, 2);
  const auto found = *(*store.open_snapshots("a", 2))->load();
  CHECK(found.fell_back_to == 2U);
  CHECK(found.passed_over == 1);
  CHECK(found.increments == std::vector<std::string>{"a"});
  damage_record(files, original, 1);  // it has a copy
  const auto repaired = *(*store.open_snapshots("a", 3))->load();
  CHECK_FALSE(repaired.fell_back_to);
  CHECK(repaired.passed_over == 1);
}

TEST_CASE("a newest file that is gone or empty is told as a fall back: its copy lags by a record") {
  for (const bool is_gone : {true, false}) {
    faulty_file_system files;
    const actor_chains store(files);
    append_letters(store, "abc");
    const auto original = first_run(store);
    if (is_gone)
      files.lose_file(original);
    else
      files.put(original, "");
    const auto found = *(*store.open_snapshots("a", 2))->load();
    CHECK(*join(found) == "ab");
    CHECK(found.fell_back_to == 3U);
    CHECK_FALSE((*store.open_snapshots("a", 3))->load()->fell_back_to);
  }
}

TEST_CASE("where an original is gone, its copy is durable before a new life goes on from it") {
  const std::string folder = "/chain";
  const auto open = [&](faulty_file_system& files, incarnation life) {
    return open_dir_snapshots(files, folder, "a", life);
  };
  for (std::uint64_t operations = 1; operations < 40; ++operations)
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      faulty_file_system files(seed);
      REQUIRE(files.make_folder(folder));
      REQUIRE(files.sync_folder("/"));
      const auto chain = *open(files, 1);
      for (const auto* text : {"a", "b", "c"})
        REQUIRE(chain->append(text, false));
      files.lose_file(folder + "/" + run_file(1));
      files.crash_after(operations);
      (void)open(files, 2);
      files.restart(true);
      const auto left = files.all_files(folder);
      if (std::ranges::find(left, folder + "/" + run_file(2)) == left.end())
        continue;  // nobody goes on from the copy yet
      INFO("dies at operation " << operations << " of the opening, seed " << seed);
      const auto opened = open(files, 3);
      REQUIRE(opened);
      const auto found = (*opened)->load();
      REQUIRE(found);
      CHECK(*join(*found) == "ab");
    }
}
