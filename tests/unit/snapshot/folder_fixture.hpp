// A state folder for tests, in memory or on the machine, and what lies in it.
#pragma once

#include "runtime/snapshot/dir_store.hpp"
#include "runtime/snapshot/run_files.hpp"
#include "runtime/snapshot/snapshot_format.hpp"
#include "tests/support/scratch.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"
#include "tests/unit/snapshot/joined.hpp"

#include <catch2/catch.hpp>

namespace millrace::snapshot::test {

using millrace::test::scratch;

inline std::unique_ptr<state_store> open_or_fail(const open_options& options) {
  auto opened = open_dir_store(options);
  if (!opened)
    FAIL(opened.error().message);
  return std::move(*opened);
}

inline std::unique_ptr<state_store> open_or_fail(const open_options& options, file_system& files,
                                                 base_rule rule = {}) {
  auto opened = open_dir_store(options, files, rule);
  if (!opened)
    FAIL(opened.error().message);
  return std::move(*opened);
}

inline bool mentions(const error& e, std::string_view part) {
  return e.message.find(part) != std::string::npos;
}

inline const open_options clicks{"/state", "clicks", false, false};
inline const open_options clicks_fresh{"/state", "clicks", true, false};
inline const open_options clicks_reading{"/state", "clicks", false, true};

/// So that the first 64 numbers count as given, and a test may name lives by them in several processes.
inline void give_numbers(state_store& store) { REQUIRE(store.next_incarnation()); }

inline std::string chain_folder(const state_store& store, const std::string& actor) {
  return store.folder() + "/state-" + store.id().state_id + "/snapshots/" + actor;
}

inline bool is_base(faulty_file_system& files, const std::string& path) {
  record r;
  return decode_record(files.contents(path), "a", r) == reading::whole && r.kind == record_kind::base;
}

/// One bit of a file's record, the first one being 0.
inline void damage_record(faulty_file_system& files, const std::string& path, std::uint64_t number) {
  auto bytes = files.contents(path);
  std::size_t at = 0;
  for (; number > 0; --number)
    at = bytes.find("MRSNAP", at + 1);
  bytes[at + 20] ^= 4;
  files.put(path, bytes);
}

/// A chain as format 1 had it: each record a file, all but the newest with a copy.
inline void put_single_records(faulty_file_system& files, const std::string& folder, std::uint64_t count) {
  chain::link tail;
  for (std::uint64_t n = 1; n <= count; ++n) {
    const auto text = std::to_string(n);
    const record r{record_kind::increment, 1, n, 1, tail.sequence, tail.checksum, 0, {}};
    const auto header = seal(r, "a", text);
    tail = {n, header.checksum};
    for (const bool copy : {false, true})
      if (!copy || n < count)
        files.put(folder + "/" + to_file_name({false, copy, n}), std::string(bytes_of(header)) + "a" + text);
  }
}

}  // namespace millrace::snapshot::test
