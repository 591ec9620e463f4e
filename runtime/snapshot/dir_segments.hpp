// An actor's spilled output as files in a folder of its own, made when the first is written. A name holds the
// life that wrote the file, so lives never meet; older lives are fenced together with their snapshots.
#pragma once

#include "runtime/snapshot/checksum.hpp"
#include "runtime/snapshot/file_system.hpp"
#include "runtime/snapshot/life_fence.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::snapshot {

struct segment_header {
  char magic[8];
  std::uint16_t version;
  std::uint16_t reserved;
  std::uint32_t name_length;
  std::uint64_t checksum;  // XXH3-64 of the whole file, this field taken as 0
  std::uint64_t life;
  std::uint64_t number;
  std::uint64_t payload_length;
};
static_assert(sizeof(segment_header) == 48, "the segment file's header is 48 bytes");

[[nodiscard]] segment_header seal(const segment_id& id, std::string_view actor, std::string_view payload);
/// Fills `payload` when whole.
[[nodiscard]] reading decode_segment_file(std::string_view bytes, const segment_id& id,
                                          std::string_view actor, std::string& payload);
/// "seg-<20 digits of the life>-<20 digits of the number>".
[[nodiscard]] std::string to_file_name(const segment_id& id);
[[nodiscard]] bool parse_file_name(std::string_view text, segment_id& out);

class dir_segments final : public segments {
public:
  /// `parent`: of the folders of all actors; need not exist. Removes what is not `needed`.
  [[nodiscard]] static expected<std::unique_ptr<segments>> open(file_system& files, const std::string& parent,
                                                                std::string actor, incarnation life,
                                                                std::shared_ptr<life_fence> fence,
                                                                const std::vector<segment_id>& needed);

  // These open nothing: the writer goes on.
  [[nodiscard]] static expected<std::vector<segment_id>> list(file_system& files, const std::string& parent,
                                                              const std::string& actor);
  [[nodiscard]] static expected<std::string> read(file_system& files, const std::string& parent,
                                                  const std::string& actor, const segment_id& id);

  expected<void> write(const segment_id& id, std::string_view payload) override;
  expected<std::string> read(const segment_id& id) const override;
  expected<void> remove(const std::vector<segment_id>& ids) override;

private:
  dir_segments(file_system& files, const std::string& parent, std::string actor, incarnation life,
               std::shared_ptr<life_fence> fence);
  [[nodiscard]] expected<void> remove_all_but(const std::vector<segment_id>& needed);
  [[nodiscard]] expected<void> make_folders();
  [[nodiscard]] expected<void> check_fence() const { return fence_->check(life_, actor_); }
  [[nodiscard]] std::string path(const segment_id& id) const { return folder_ + "/" + to_file_name(id); }

  file_system& files_;
  std::string parent_;
  std::string folder_;
  std::string actor_;
  incarnation life_;
  std::shared_ptr<life_fence> fence_;
  bool made_ = false;
};

}  // namespace millrace::snapshot
