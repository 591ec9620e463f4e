// Folders of other formats are refused and left alone: earlier ones but for --fresh, later ones always.
#include "runtime/base/earlier_format.hpp"
#include "runtime/snapshot/control_chain.hpp"
#include "runtime/snapshot/value_file.hpp"
#include "runtime/wire/bytes.hpp"
#include "tests/unit/snapshot/folder_fixture.hpp"

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;

namespace {

const std::string state = "/state/state-0123";

std::string record_of_format(std::uint16_t version) {
  wire::writer out;
  out.fixed(version);
  out.raw("and what that format has");
  return out.take();
}

void put_note(faulty_file_system& files, std::uint16_t version) {
  for (const auto* copy : {".1", ".2"})
    files.put("/state/identity" + std::string(copy), encode_value("identity", record_of_format(version), 7));
}

void put_control(file_system& files, std::uint16_t version) {
  const auto chain = *dir_chain::open_chosen(files, "/state/control", "control", {20, 0});
  REQUIRE(chain->append(record_of_format(version), true));
}

/// The note held the identity up to format 3; format 4 has the chain DIR/control, as later ones do.
void put_folder_of_format(faulty_file_system& files, std::uint16_t version) {
  for (const std::string folder :
       {"/state", "/state/control", "/state/state-0123", "/state/state-0123/snapshots"})
    if (version >= 4 || !folder.ends_with("control"))
      REQUIRE(files.make_folder(folder));
  put_note(files, version);
  if (version >= 4)
    put_control(files, version);
  files.put(state + "/snapshots/x", "a state");
  files.settle();
}

int noted_version(faulty_file_system& files) {
  const auto stored = read_value(files, "/state", "identity");
  REQUIRE(stored);
  return stored->payload[0];
}

void check_refused_by_name(const error& e, int version) {
  CHECK(e.code == ec::mismatch);
  CHECK(e.whose == fault::user);
  CHECK(e.message ==
        "the state folder /state has format " + std::to_string(version) +
            ", that of an earlier build of millrace, and this one reads format 7; go on with the "
            "build of commit " +
            std::string(build_of_earlier_formats) + ", choose another --state, or begin anew with --fresh");
}

}  // namespace

TEST_CASE("a folder of an earlier format is refused by name and left alone") {
  for (const std::uint16_t version : {1, 2, 3, 4, 5}) {
    INFO("format " << version);
    faulty_file_system files;
    put_folder_of_format(files, version);
    const auto before = files.all_files("/state");
    for (const auto& options : {clicks, clicks_reading}) {
      const auto opened = open_dir_store(options, files);
      REQUIRE(!opened);
      check_refused_by_name(opened.error(), version);
    }
    const auto blank = open_blank_dir_store(clicks, files);
    REQUIRE(!blank);
    check_refused_by_name(blank.error(), version);
    auto after = files.all_files("/state");
    std::erase(after, "/state/lock");
    CHECK(after == before);
    CHECK(noted_version(files) == version);
  }
}

TEST_CASE("--fresh begins anew in a folder of an earlier format, in whatever step it dies") {
  for (const std::uint16_t version : {3, 5})
    for (const bool power : {false, true})
      for (std::uint64_t dies_after = 1, done = 0; done == 0; ++dies_after) {
        INFO("format " << version << ", after " << dies_after << ", power lost: " << power);
        faulty_file_system files(dies_after);
        put_folder_of_format(files, version);
        files.crash_after(dies_after);
        done = open_dir_store(clicks_fresh, files).has_value() && !files.is_dead();
        files.restart(power);
        if (const auto opened = open_dir_store(clicks, files)) {
          CHECK((*opened)->id().state_id != "0123");
          CHECK((*opened)->id().topology == "clicks");
          CHECK(noted_version(files) == folder_version);
          CHECK_FALSE(files.list(state));
        } else {
          CHECK(!done);
          CHECK((opened.error().code == ec::mismatch || opened.error().code == ec::corrupt));
          CHECK(mentions(opened.error(), "--fresh"));
          const auto store = open_or_fail(clicks_fresh, files);
          REQUIRE(store->put("plan", "x"));
        }
        CHECK(open_or_fail(clicks, files)->id().state_id != "0123");
      }
}

TEST_CASE("a folder of a later format is refused and left alone") {
  for (const bool in_note : {true, false}) {
    faulty_file_system files;
    open_or_fail(clicks, files);
    if (in_note)
      put_note(files, folder_version + 1);
    else
      put_control(files, folder_version + 1);
    const auto before = files.all_files("/state");
    for (const auto& options : {clicks, clicks_fresh, clicks_reading}) {
      const auto opened = open_dir_store(options, files);
      REQUIRE(!opened);
      CHECK(opened.error().code == ec::unsupported);
      CHECK(mentions(opened.error(), "later version"));
    }
    CHECK(files.all_files("/state") == before);
  }
}
