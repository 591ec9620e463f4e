// Opens chains of actors below a folder, in memory or on the machine, and looks into their files.
#pragma once

#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/made_folders.hpp"
#include "runtime/snapshot/run_files.hpp"
#include "runtime/snapshot/snapshot_format.hpp"
#include "tests/unit/snapshot/dir_snapshots.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"
#include "tests/unit/snapshot/joined.hpp"

#include <catch2/catch.hpp>

namespace millrace::snapshot::test {

/// Opens chains of actors. A test gives the lives, as the store of a cluster does for a run.
class actor_chains {
public:
  explicit actor_chains(file_system& files, base_rule rule = {}, std::string folder = "/state")
      : files_(files), folder_(std::move(folder)), rule_(rule) {}

  [[nodiscard]] std::string folder_of(const std::string& actor) const {
    return folder_ + "/" + file_name_of(actor);
  }
  [[nodiscard]] expected<std::unique_ptr<snapshots>> open_snapshots(const std::string& actor,
                                                                    incarnation life) const {
    return make_folders(files_, folder_of(actor), folder_).and_then([&] {
      return open_dir_snapshots(files_, folder_of(actor), actor, life, rule_);
    });
  }

private:
  file_system& files_;
  std::string folder_;
  base_rule rule_;
};

inline bool mentions(const error& e, std::string_view part) {
  return e.message.find(part) != std::string::npos;
}

inline bool is_base(faulty_file_system& files, const std::string& path) {
  record r;
  return decode_record(files.contents(path), "a", r) == reading::whole && r.kind == record_kind::base;
}

/// Changes one bit of a file's record, the first one being 0.
inline void damage_record(faulty_file_system& files, const std::string& path, std::uint64_t number) {
  auto bytes = files.contents(path);
  std::size_t at = 0;
  for (; number > 0; --number)
    at = bytes.find("MRSNAP", at + 1);
  bytes[at + 20] ^= 4;
  files.put(path, bytes);
}

}  // namespace millrace::snapshot::test
